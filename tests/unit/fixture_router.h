#pragma once
/*
 * fixture_router.h: typed routers for the tests of render/, as recipe_load() would make them.
 */
#include "render/render.h"

struct fixture {
	const char *name; /* of its folder of goldens */
	struct recipe recipe;
	struct recipe_vm vm;
	struct recipe_router router;
	struct render_facts facts;
};

/* The router of recipes/router.yaml on Debian: vm0, vm1 and a card with wan, lan, opt1, opt2. */
void fixture_home(struct fixture *f);

/* The same on Arch, with assumed facts. */
void fixture_arch(struct fixture *f);

/* Three networks with odd names, IPv6 by delegation and fixed, every option in use, no card. */
void fixture_odd(struct fixture *f);
