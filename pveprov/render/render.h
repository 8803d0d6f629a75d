#pragma once
/*
 * render.h: a typed router spec and facts about the guest become the router's files. Pure: no I/O,
 * same input, same bytes.
 */
#include "guest/bundle.h"
#include "recipe/recipe.h"

enum render_distribution { RENDER_DEBIAN, RENDER_ARCH };

/* One port of a passed-through card as the guest sees it. */
struct render_port {
	const char *name;     /* wan, lan ... from the recipe, in function order */
	const char *pci_path; /* udev's ID_PATH "pci-0000:01:00.0"; never NULL */
};

/* What the files depend on beside the recipe. */
struct render_facts {
	enum render_distribution distribution;
	const char *hostname;
	const struct render_port *ports;
	size_t n_ports;
	bool assumed; /* facts are assumptions: said in a header comment */
};

/* All files of the router VM `vm` (vm->router is not NULL) into an empty bundle. */
int render_router(const struct recipe *r, const struct recipe_vm *vm,
		  const struct render_facts *facts, struct bundle *out, struct err **err);
