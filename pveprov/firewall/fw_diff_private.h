#pragma once
/* fw_diff_private.h: shared by the fw_diff*.c only. */
#include "firewall/fw_diff.h"
#include "firewall/fw_misfit.h"

enum phase {
	OFF_FIRST,
	MISFITS,
	ALIASES,
	HIDING_ALIASES,
	SETS,
	GROUPS,
	RULES,
	GUEST_OPTIONS,
	HOST_OPTIONS,
	CLUSTER_OPTIONS,
	GOING_ENTRIES,
	GOING,
};

struct diff {
	struct arena *a;
	const struct fw_target *t;
	const struct fw_target *cluster; /* or NULL */
	struct fw_changes *out;
	size_t cap;
};

/* The aliases that the file's rules may name. A security group's rules are read with the cluster's only, as are a node's. */
struct fw_aliases fw_diff_aliases(const struct diff *d);

/* The file in messages: "cluster", "node pve", "VM 100". */
const char *fw_diff_file(const struct diff *d);

/* A call below ".../firewall/<x>/<y>/<z>"; y and z may be NULL. */
struct fw_change *fw_diff_add(struct diff *d, enum fw_verb verb, enum fw_object object, int phase, const char *x,
			      const char *y, const char *z);

/* NULL values are left out. */
void fw_diff_param(struct fw_change *c, const char *key, const char *value);

/* The rules of the file, or of a group. */
void fw_diff_rules(struct diff *d, struct fw_list now, const struct fw_list *then, const char *group, int phase);
