#pragma once
/*
 * facts.h: what a guest's files depend on and only the guest knows: its distribution and where the
 * ports of its passed-through cards sit. Pure reading of text that the guest printed.
 */
#include "recipe/recipe.h"
#include "render/render.h"

/* The program that prints the PCI network functions of a machine, a line each: "ADDRESS MAC,MAC" or
 * "ADDRESS -". */
extern const char facts_script[];

/*
 * Gives the passed-through ports of `vm` their names: functions in order of their address, cards
 * whose MAC is one of the VM's own NICs left out. ERR_CONFLICT when there are not as many as the
 * recipe names; the text lists what was seen.
 */
int facts_ports(const struct recipe_vm *vm, const char *printed, struct arena *a,
		struct render_port **ret, size_t *ret_n, struct err **err);

/* os-release's ID. ERR_CONFLICT: neither Debian nor Arch. */
int facts_distribution(const char *id, const char *pretty, enum render_distribution *ret,
		       struct err **err);

/* Facts for rendering without a machine: Debian, ports at the slots where QEMU's q35 puts the first
 * card. */
int facts_assume(const struct recipe_vm *vm, struct arena *a, struct render_facts *ret,
		 struct err **err);

/* Facts from a file (JSON: {"distribution": "debian", "ports": {"wan": "pci-0000:01:00.0", ...}}).
 */
int facts_load(const char *path, const struct recipe_vm *vm, struct arena *a,
	       struct render_facts *ret, struct err **err);
