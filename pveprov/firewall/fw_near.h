#pragma once
/*
 * fw_near.h: what a rule probably meant by a name that nobody knows.
 */
#include "firewall/fw_verify.h"

/* The nearest known name (arena), or NULL. A set's or alias's is looked for in the files that the place sees. */
const char *fw_near(struct arena *a, const struct fw_place *p, const struct fw_rule *r, const struct fw_problem *problem);

/* The name of the cluster's group nearest to this one, or NULL. */
const char *fw_near_group(struct arena *a, const struct fw_config *cluster, const char *name);

/* The alias nearest to this one that the place sees, or NULL. */
const char *fw_near_alias(struct arena *a, const struct fw_place *p, const char *name);
