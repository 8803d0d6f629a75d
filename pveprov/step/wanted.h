#pragma once
/*
 * wanted.h: what a machine's configuration is to be, compared by meaning with what it is. Pure.
 *
 * Only what the recipe says is compared; everything else of the machine stays as it is. Options of
 * a network card that the recipe does not know (mtu, queues ...) are kept.
 */
#include "data/json.h"
#include "plan/step.h"
#include "base/strv.h"
#include "recipe/recipe.h"

/* What the comparison depends on beside the recipe. */
struct wanted_facts {
	const struct recipe *recipe;
	const struct recipe_vm *vm;
	const struct strv *keys; /* public keys */
	const char *const
		*hostpci;  /* values, one for each vm->passthrough; NULL: leave it as it is */
	bool running;	   /* decides when a change has its effect */
	bool no_ciupgrade; /* the server is too old for it */
};

struct wanted_change {
	char *key;
	char *from;  /* for people; NULL: nothing there */
	char *to;    /* for people; NULL: removed */
	char *value; /* to be sent; NULL: removed */
	enum step_effect effect;
	const char *privilege; /* "VM.Config.Network" */
	bool cloud_init; /* belongs to the data that cloud-init is given: it runs again at the next
			    cold start */
};

struct wanted {
	struct wanted_change *v;
	size_t n;
};

/* Compares with the configuration `live` as the server sends it. */
int wanted_compare(const struct wanted_facts *f, const json_t *live, struct wanted *ret,
		   struct err **err);

const struct wanted_change *wanted_find(const struct wanted *w, const char *key);

/* The values that recipes stand for, malloc'd; NULL: none. */
char *wanted_ipconfig(const struct recipe_nic *nic);
char *wanted_net(const struct recipe_nic *nic, const char *live);

/* A configuration has a cloud-init drive (without one, cloud-init values do nothing, silently); its
 * agent option is on. */
bool wanted_has_cloudinit(const json_t *config);
bool wanted_has_agent(const json_t *config);

void wanted_free(struct wanted *w);
#define _cleanup_wanted_ _cleanup_(wanted_free)
