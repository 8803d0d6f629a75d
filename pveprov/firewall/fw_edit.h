#pragma once
/*
 * fw_edit.h: the fewest writes that turn one list of rules into another, as the API can do them.
 *
 * POST puts a rule at position 0 whatever is asked, positions are plain indexes, `moveto` counts in the list as it is
 * before the move. So: insertions and moves from the last rule to the first, then updates in place, then deletions from
 * the highest position down. What is new is there before what was there goes: a rule that lets us in is not gone for a
 * moment because another one takes its place. Pure; fw_edit_apply() is what the server does, for tests and for checking each step.
 */
#include "firewall/fw_config.h"

/* A rule with its comment, as a list holds it. */
struct fw_item {
	struct fw_rule rule;
	const char *comment; /* or NULL */
};

struct fw_list {
	struct fw_item *v;
	size_t n;
};

enum fw_edit_kind { FW_EDIT_UPDATE, FW_EDIT_DELETE, FW_EDIT_CREATE, FW_EDIT_MOVE };

struct fw_edit {
	enum fw_edit_kind kind;
	size_t pos;	     /* update, delete, move: the rule's position now */
	size_t to;	     /* move: it lands before the rule that has this position now */
	struct fw_item item; /* update, create: the rule as it is to be */
};

struct fw_edits {
	struct fw_edit *v;
	size_t n;
};

bool fw_item_equal(const struct fw_item *a, const struct fw_item *b);
bool fw_list_equal(const struct fw_list *a, const struct fw_list *b);

/* The rules of a section (bad lines left out); section may be NULL. Strings are borrowed. */
struct fw_list fw_list_of(struct arena *a, const struct fw_section *s);

/* All rules of a file's RULES sections. */
struct fw_list fw_list_of_config(struct arena *a, const struct fw_config *c);

struct fw_edits fw_edit_plan(struct arena *a, const struct fw_list *live, const struct fw_list *target);

/* What the server makes of the list; the result is a new list. */
struct fw_list fw_edit_apply(struct arena *a, const struct fw_list *l, const struct fw_edit *e);
