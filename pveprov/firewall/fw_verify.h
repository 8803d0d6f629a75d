#pragma once
/*
 * fw_verify.h: would the server apply this rule? A rule with an error is kept in the file but not applied, silently.
 * The words are the server's own, so that they can be found. Source: verify_rule of pve-firewall 6.0.4.
 */
#include "firewall/fw_site.h"

/* Where a rule stands: its level, and whether in a group's body. */
struct fw_place {
	const struct fw_config *cluster; /* for names; NULL: no cluster file */
	const struct fw_config *own;	 /* the file of the rule; may be the cluster's */
	enum fw_level level;
	bool in_group;
	bool sdn_known;
};

/* What a rule names and nobody knows: for the nearest name. */
enum fw_unknown { FW_UNKNOWN_NOTHING, FW_UNKNOWN_ALIAS, FW_UNKNOWN_SET, FW_UNKNOWN_MACRO, FW_UNKNOWN_PROTO, FW_UNKNOWN_PORT,
		  FW_UNKNOWN_ICMP, FW_UNKNOWN_ACTION };

struct fw_problem {
	const char *field; /* API name: "source", "macro" ... */
	const char *text;  /* arena */
	enum fw_unknown unknown;
	const char *name; /* of what is unknown */
};

/*
 * True: applied; *ret_family is 4, 6 or 0 for both. False: *ret_problem says why it is not.
 */
bool fw_rule_verify(struct arena *a, const struct fw_place *p, const struct fw_rule *r, int *ret_family,
		    struct fw_problem *ret_problem);

/* The set or alias that a rule means, with the file it is in; NULL: none. */
const struct fw_section *fw_find_set(const struct fw_place *p, int scope, const char *name,
				     const struct fw_config **ret_owner);
const struct fw_entry *fw_find_alias(const struct fw_place *p, int scope, const char *name);
