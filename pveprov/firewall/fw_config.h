#pragma once
/*
 * fw_config.h: one firewall file of Proxmox VE as a model: cluster.fw, host.fw, VMID.fw or VNET.fw.
 *
 * Sections and their entries keep the order and the comments of the file. Values are text in the server's own spelling,
 * so that the file, the API and a recipe are three ways to write one thing. An entry that the server would skip is kept
 * as `bad`, so that writing loses nothing. Everything lives in the config's arena.
 * Source: pve-firewall 6.0.4, Firewall.pm (generic_fw_config_parser, parse_fw_rule).
 */
#include "base/arena.h"
#include "base/buf.h"

enum fw_level { FW_CLUSTER, FW_HOST, FW_GUEST, FW_VNET, FW_LEVELS };

enum fw_section_kind { FW_OPTIONS, FW_ALIASES, FW_IPSET, FW_RULES, FW_GROUP, FW_SECTION_KINDS };

enum fw_type { FW_IN, FW_OUT, FW_FORWARD, FW_GROUP_RULE, FW_TYPES };

enum { FW_FIELDS = 8 };

/* A rule; absent parts are NULL. */
struct fw_rule {
	bool enabled;
	enum fw_type type;
	const char *action; /* ACCEPT, DROP, REJECT, or the group's name */
	const char *macro;
	const char *iface;
	const char *source;
	const char *dest;
	const char *proto;
	const char *dport;
	const char *sport;
	const char *log;
	const char *icmp_type;
	/* where the fields' values and the action stand, from 1; 0: not from a file */
	unsigned lines[FW_FIELDS], columns[FW_FIELDS];
	unsigned action_line, action_column;
};

struct fw_entry {
	struct fw_entry *next;
	unsigned line, column; /* in the file, from 1; 0: not from a file */
	const char *lead;    /* comment and blank lines above it, whole lines; or NULL */
	const char *comment; /* behind it; or NULL */
	const char *bad;     /* the whole line, when the server skips it; the rest is unset */
	const char *key;     /* option's key, alias's name */
	const char *value;   /* option's value, alias's or member's address */
	bool nomatch;	     /* member */
	struct fw_rule rule;
};

struct fw_section {
	struct fw_section *next;
	enum fw_section_kind kind;
	const char *name;    /* of an IP set or group, lower case */
	const char *comment; /* or NULL */
	const char *lead;
	unsigned line, column;
	struct fw_entry *first;
	size_t n; /* entries, bad ones too */
};

struct fw_config {
	struct arena arena;
	enum fw_level level;
	const char *file; /* name in messages: "cluster.fw" */
	const char *id;	  /* node, VMID or vnet; NULL for the cluster */
	bool live;	  /* read from a node: a rule's line is its position there, plus 1 */
	struct fw_section *first;
	const char *tail; /* comments after the last entry; or NULL */
};

/* The fields of a rule beside type, action and enabled, in the order in which a file has them. */
struct fw_field {
	const char *api;  /* parameter name of the API: "icmp-type" */
	const char *file; /* word in a file: "-icmp-type" */
	size_t offset;	  /* of the const char * in struct fw_rule */
};
extern const struct fw_field fw_fields[FW_FIELDS];

const char *fw_field_get(const struct fw_rule *r, const struct fw_field *f);
void fw_field_set(struct fw_rule *r, const struct fw_field *f, const char *value);
const struct fw_field *fw_field_find(const char *api);

/* "in", "out", "forward", "group". */
const char *fw_type_name(enum fw_type t);
bool fw_type_parse(const char *name, enum fw_type *ret); /* any letter case */

/* "cluster", "host", "guest", "vnet". */
const char *fw_level_name(enum fw_level l);

struct fw_config *fw_config_new(enum fw_level level, const char *file, const char *id);
struct fw_config *fw_config_free(struct fw_config *c);

/* A copy in an arena of its own. */
struct fw_config *fw_config_copy(const struct fw_config *c);

/* The section, or NULL. `name` (IP sets, groups) is compared in lower case. */
struct fw_section *fw_section_find(const struct fw_config *c, enum fw_section_kind kind, const char *name);

/* Finds or appends it. Sections stay in the server's order: options, aliases, sets, rules, groups. */
struct fw_section *fw_section_need(struct fw_config *c, enum fw_section_kind kind, const char *name);

/* Appends an empty entry. */
struct fw_entry *fw_entry_add(struct fw_config *c, struct fw_section *s);

/* An option's value, NULL where the file has none. The last one of a file counts, as on the server. */
const char *fw_option(const struct fw_config *c, const char *key);
const struct fw_entry *fw_option_entry(const struct fw_config *c, const char *key);

/* An alias of this file (letter case ignored); NULL: none. */
const struct fw_entry *fw_alias(const struct fw_config *c, const char *name);

/* False for what a later line of the file replaces: an option or alias that is set again, a set or group of that name. */
bool fw_entry_counts(const struct fw_config *c, const struct fw_section *s, const struct fw_entry *e);
bool fw_section_counts(const struct fw_config *c, const struct fw_section *s);

bool fw_rule_equal(const struct fw_rule *a, const struct fw_rule *b);

/* Same meaning for the server: options, aliases, sets and groups by name, rules and comments in order. */
bool fw_config_equal(const struct fw_config *a, const struct fw_config *b);

DEFINE_CLEANUP(struct fw_config *, fw_config_free)
#define _cleanup_fw_config_ _cleanup_(fw_config_freep)
