/* The rules of the YAML form. */
#include "base/text.h"
#include "firewall/fw_address.h"
#include "firewall/fw_options.h"
#include "firewall/fw_read.h"
#include "firewall/fw_yaml_part.h"

int fw_yaml_unknown(struct yaml *y, const struct tree *t, const char *what, const char *const *known)
{
	const char *near = text_nearest(t->key, known);

	return near ? field_error(y->f, t->key_pos, "unknown %s '%s', did you mean '%s'?", what, t->key, near)
		    : field_error(y->f, t->key_pos, "unknown %s '%s'", what, t->key);
}

bool fw_yaml_need(struct yaml *y, const struct tree *t, enum tree_kind kind, const char *form)
{
	if (t->kind == kind || (kind != TREE_SCALAR && tree_is_null(t)))
		return true;
	field_error(y->f, t->pos, "expected %s", form);
	return false;
}

const char *fw_yaml_copy(struct yaml *y, const char *text)
{
	return arena_strdup(&y->c->arena, text);
}

const char *fw_yaml_comment(struct yaml *y, const struct tree *t)
{
	char *text = text_trim(arena_strdup(&y->c->arena, t->text));

	if (strchr(text, '\n'))
		field_error(y->f, t->pos, "a comment is one line");
	return *text ? text : NULL;
}

bool fw_yaml_flag(struct yaml *y, const struct tree *t)
{
	bool on = streq(t->text, "true") || streq(t->text, "1");

	if (!on && !streq(t->text, "false") && !streq(t->text, "0"))
		field_error(y->f, t->pos, "expected true or false, not '%s'", t->text);
	return on;
}

/* A word of a rule: what would end it in a file, or begin another, is refused. */
static const char *word_of(struct yaml *y, const struct tree *k)
{
	for (const char *p = k->text; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '#') {
			field_error(y->f, k->pos, "'%s' has no blanks and no '#'", k->key);
			return NULL;
		}
	}
	if (!*k->text)
		field_error(y->f, k->pos, "'%s' is empty: leave it out", k->key);
	return *k->text ? fw_yaml_copy(y, k->text) : NULL;
}

static void read_action(struct yaml *y, const struct tree *k, struct fw_rule *r)
{
	*(streq(k->key, "macro") ? &r->macro : &r->action) = word_of(y, k);
	r->action_line = k->pos.line;
	r->action_column = k->pos.column;
}

static void read_field(struct yaml *y, const struct tree *k, const struct fw_field *f, struct fw_rule *r)
{
	fw_field_set(r, f, word_of(y, k));
	r->lines[f - fw_fields] = k->pos.line;
	r->columns[f - fw_fields] = k->pos.column;
	if (streq(k->key, "log") && !fw_log_level(k->text))
		field_error(y->f, k->pos, "'%s' is not a log level: emerg, alert ... debug, nolog", k->text);
}

/* What a rule's line could not say. */
static void check_rule(struct yaml *y, const struct tree *t, const struct fw_rule *r)
{
	bool more = r->macro != NULL;

	for (size_t i = 0; i < FW_FIELDS; i++)
		more |= fw_field_get(r, &fw_fields[i]) && !streq(fw_fields[i].api, "iface");
	if (r->type == FW_GROUP_RULE && more)
		field_error(y->f, t->pos, "a rule of type group has no more than 'action' and 'iface'");
	if (!fw_name_valid(r->action, FW_NAME_MAX))
		field_error(y->f, t->pos, "'%s' is no action: ACCEPT, DROP, REJECT or a group's name", r->action);
	else if (r->macro && !streq(r->action, "ACCEPT") && !streq(r->action, "DROP") && !streq(r->action, "REJECT"))
		field_error(y->f, t->pos, "a macro goes with ACCEPT, DROP or REJECT, not with '%s'", r->action);
}

/* A rule as a map with the API's names. */
static bool read_rule_map(struct yaml *y, const struct tree *t, struct fw_entry *e)
{
	static const char *const known[] = { "type",  "action", "enable", "macro", "iface", "source",	 "dest",    "proto",
					     "dport", "sport",	"log",	  "icmp-type",	    "comment", NULL };
	struct fw_rule *r = &e->rule;
	size_t faults = y->f->n_faults;
	bool typed = false;

	r->enabled = true;
	for (const struct tree *k = t->first; k; k = k->next) {
		const struct fw_field *f = fw_field_find(k->key);
		if (k->kind != TREE_SCALAR)
			field_error(y->f, k->pos, "expected text");
		else if (streq(k->key, "type"))
			typed = fw_type_parse(k->text, &r->type) ||
				field_error(y->f, k->pos, "the type is in, out, forward or group") == 0;
		else if (streq(k->key, "action") || streq(k->key, "macro"))
			read_action(y, k, r);
		else if (streq(k->key, "enable"))
			r->enabled = fw_yaml_flag(y, k);
		else if (streq(k->key, "comment"))
			e->comment = fw_yaml_comment(y, k);
		else if (f)
			read_field(y, k, f, r);
		else
			fw_yaml_unknown(y, k, "key", known);
	}
	if (!tree_get(t, "type") || !r->action) {
		field_error(y->f, t->pos, "a rule needs 'type' and 'action'");
		return false;
	}
	if (typed)
		check_rule(y, t, r);
	return y->f->n_faults == faults;
}

void fw_yaml_rules(struct yaml *y, struct fw_section *s, const struct tree *list)
{
	if (!fw_yaml_need(y, list, TREE_LIST, "a list of rules"))
		return;
	for (const struct tree *t = list->first; t; t = t->next) {
		struct fw_entry e = { .line = t->pos.line, .column = t->pos.column };
		const char *why = NULL;
		unsigned column = 1;
		if (t->kind == TREE_MAP) {
			if (!read_rule_map(y, t, &e))
				continue;
		} else if (!fw_yaml_need(y, t, TREE_SCALAR, "a rule: a line of a .fw file, or a map") ||
			   !fw_rule_parse(&y->c->arena, t->text, &e.rule, &e.comment, &why, &column)) {
			if (why)
				field_error(y->f, (struct tree_pos){ t->pos.line, t->pos.column + column - 1 + t->quoted },
					    "%s", why);
			continue;
		} else {
			fw_rule_shift(&e.rule, t->pos.line, t->pos.column - 1 + t->quoted);
		}
		struct fw_entry *added = fw_entry_add(y->c, s);
		struct fw_entry *next = added->next;
		*added = e;
		added->next = next;
	}
}
