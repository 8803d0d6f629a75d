#pragma once
/*
 * fw_diff.h: the calls that bring live firewall files to what they are to be, in an order that never leaves a rule
 * without what it names: aliases, sets, groups, rules, guests' options, nodes' options, the cluster's options last;
 * what goes away goes after that. (Switching off comes first.) Renames are: create, rewrite, delete. Pure.
 *
 * An alias that comes to mean the other address family makes the server drop rules that mix both then: those go before.
 *
 * Each call says what must be there before it, so that a change by somebody else in between is seen even where the API
 * takes no digest. Source of the paths and quirks: pve-firewall 6.0.4, API2/Firewall.
 */
#include "firewall/fw_edit.h"

enum fw_verb { FW_POST, FW_PUT, FW_DELETE };
enum { FW_PATH_MAX = 9, FW_PARAMS_MAX = 24 }; /* a node has 19 options */

struct fw_param {
	const char *key, *value;
};

enum fw_object { FW_OBJ_OPTIONS, FW_OBJ_ALIAS, FW_OBJ_SET, FW_OBJ_MEMBER, FW_OBJ_GROUP, FW_OBJ_RULE };

struct fw_change {
	enum fw_verb verb;
	enum fw_object object;
	const char *path[FW_PATH_MAX]; /* segments, not escaped, NULL-terminated */
	size_t list_depth;	       /* the first so many segments are the list that holds the digest */
	struct fw_param params[FW_PARAMS_MAX];
	size_t n_params;
	bool takes_digest;
	const char *text;		/* for people: "rule 3: IN ACCEPT ..." */
	const struct fw_list *before;	/* FW_OBJ_RULE: the list as it must be now, and as it will be */
	const struct fw_list *after;
	const struct fw_entry *expected; /* alias, member, the comment of a set or group: what is there now; NULL: nothing */
	const struct fw_config *was;	 /* options: as they are now, and as they will be */
	const struct fw_config *then;
	int phase;
};

struct fw_changes {
	struct fw_change *v;
	size_t n;
};

/* How many of them may change what reaches a node: those of the cluster and of nodes, not of guests and vnets. */
size_t fw_changes_at_nodes(const struct fw_changes *c);

/* Puts those first, the order among them kept; returns how many. */
size_t fw_changes_nodes_first(struct fw_changes *c);

/* Where a file is in the API. */
struct fw_target {
	enum fw_level level;
	const char *node;  /* host, guest */
	const char *id;	   /* guest: VMID; vnet: its name */
	const char *guest; /* "qemu" or "lxc" */
	const struct fw_config *live;
	const struct fw_config *wanted;
	bool in_haste; /* a set goes in one call, whatever somebody else put into it: the way back has few calls */
};

/*
 * The changes of all targets in their order. The cluster's file should be among them even where it stays as it is (its
 * names count in all others); everything lives in the arena, configs must outlive it. */
struct fw_changes fw_diff(struct arena *a, const struct fw_target *targets, size_t n);
