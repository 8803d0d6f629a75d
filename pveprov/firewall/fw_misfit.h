#pragma once
/*
 * fw_misfit.h: rules that would not outlive a change of aliases.
 *
 * Where an alias brings the second address family into a rule, the server skips the rule when it reads the file, and loses
 * it with the next write; other mistakes it keeps. So a rule that an alias's new address would do that to goes first.
 * Source: verify_rule of pve-firewall 6.0.4 (set_ip_version dies outside of the eval that keeps errors).
 */
#include "firewall/fw_config.h"

/* The aliases around one file, as they are and as they will be. own_* are NULL where the level has none. */
struct fw_aliases {
	const struct fw_config *own_live, *own_wanted, *cluster_live, *cluster_wanted;
};

/* The own alias goes, and what names it is to find the cluster's: it cannot wait until the rules are written. */
bool fw_alias_hides(const struct fw_aliases *v, const char *name);

/* Once all aliases have come and changed, but those that hide nothing are still there: would the server skip the rule? */
bool fw_misfit(struct arena *a, const struct fw_aliases *v, const struct fw_rule *r);
