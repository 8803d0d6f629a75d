#include "firewall/fw_yaml.h"
#include "base/fs.h"
#include "base/text.h"
#include "firewall/fw_address.h"
#include "firewall/fw_options.h"
#include "firewall/fw_read.h"

struct yaml {
	struct field_ctx *f;
	struct fw_config *c;
};

static int unknown(struct yaml *y, const struct tree *t, const char *what, const char *const *known)
{
	const char *near = text_nearest(t->key, known);

	return near ? field_error(y->f, t->key_pos, "unknown %s '%s', did you mean '%s'?", what, t->key, near)
		    : field_error(y->f, t->key_pos, "unknown %s '%s'", what, t->key);
}

/* The kind must be as expected; `form` says what that looks like. */
static bool need(struct yaml *y, const struct tree *t, enum tree_kind kind, const char *form)
{
	if (t->kind == kind || (kind != TREE_SCALAR && tree_is_null(t)))
		return true;
	field_error(y->f, t->pos, "expected %s", form);
	return false;
}

static void at(struct fw_entry *e, struct tree_pos pos)
{
	e->line = pos.line;
	e->column = pos.column;
}

/* The section, which stands where its key does. */
static struct fw_section *section(struct yaml *y, enum fw_section_kind kind, const struct tree *t, const char *name)
{
	struct fw_section *s = fw_section_need(y->c, kind, name);

	s->line = t->key_pos.line;
	s->column = t->key_pos.column;
	return s;
}

static const char *copy(struct yaml *y, const char *text)
{
	return arena_strdup(&y->c->arena, text);
}

/* What stands behind '#' in a file: one line without blanks around it. NULL: none. */
static const char *comment_of(struct yaml *y, const struct tree *t)
{
	char *text = text_trim(arena_strdup(&y->c->arena, t->text));

	if (strpbrk(text, "\r\n"))
		field_error(y->f, t->pos, "a comment is one line");
	return *text ? text : NULL;
}

static bool flag_of(struct yaml *y, const struct tree *t)
{
	bool on = streq(t->text, "true") || streq(t->text, "1");

	if (!on && !streq(t->text, "false") && !streq(t->text, "0"))
		field_error(y->f, t->pos, "expected true or false, not '%s'", t->text);
	return on;
}

/* Booleans are written as such in YAML and as 1 and 0 in the firewall. */
static const char *option_text(const struct fw_option_spec *s, const struct tree *t)
{
	if (s->type == FW_BOOLEAN && !t->quoted)
		return streq(t->text, "true") ? "1" : streq(t->text, "false") ? "0" : t->text;
	return t->text;
}

static void read_options(struct yaml *y, const struct tree *map)
{
	const char *known[64] = { NULL };
	const struct fw_option_spec *s;
	size_t n = 0;

	for (size_t i = 0; n < 63 && (s = fw_option_next(y->c->level, &i));)
		known[n++] = s->key;
	if (!need(y, map, TREE_MAP, "a map of options"))
		return;
	struct fw_section *options = section(y, FW_OPTIONS, map, NULL);
	for (const struct tree *t = map->first; t; t = t->next) {
		const char *why = NULL;
		s = fw_option_spec(y->c->level, t->key);
		if (!s) {
			unknown(y, t, "option", known);
			continue;
		}
		if (!need(y, t, TREE_SCALAR, "a value"))
			continue;
		const char *value = fw_option_normal(&y->c->arena, s, option_text(s, t), &why);
		if (!value) {
			field_error(y->f, t->pos, "%s: %s", s->key, why);
			continue;
		}
		struct fw_entry *e = fw_entry_add(y->c, options);
		at(e, t->key_pos);
		e->key = s->key;
		e->value = value;
	}
}

/* "address" or { cidr: address, comment: text, nomatch: bool } */
static const struct tree *read_address(struct yaml *y, const struct tree *t, const char **ret_comment, bool *ret_nomatch)
{
	static const char *const known[] = { "cidr", "comment", "nomatch", NULL };

	if (t->kind == TREE_SCALAR)
		return t;
	if (!need(y, t, TREE_MAP, "an address, or { cidr: ..., comment: ... }"))
		return NULL;
	for (const struct tree *k = t->first; k; k = k->next) {
		if (k->kind != TREE_SCALAR)
			field_error(y->f, k->pos, "expected text");
		else if (streq(k->key, "comment"))
			*ret_comment = comment_of(y, k);
		else if (streq(k->key, "nomatch"))
			*ret_nomatch = flag_of(y, k);
		else if (!streq(k->key, "cidr"))
			unknown(y, k, "key", known);
	}
	const struct tree *cidr = tree_get(t, "cidr");
	if (!cidr || cidr->kind != TREE_SCALAR)
		field_error(y->f, t->pos, "'cidr' is missing");
	return cidr && cidr->kind == TREE_SCALAR ? cidr : NULL;
}

static void read_aliases(struct yaml *y, const struct tree *map)
{
	if (!need(y, map, TREE_MAP, "a map of names and addresses"))
		return;
	struct fw_section *aliases = section(y, FW_ALIASES, map, NULL);
	for (const struct tree *t = map->first; t; t = t->next) {
		const char *comment = NULL;
		bool nomatch = false;
		struct addr_cidr c;
		const struct tree *value = read_address(y, t, &comment, &nomatch);
		if (!fw_name_valid(t->key, FW_NAME_MAX))
			field_error(y->f, t->key_pos, "'%s' is not a name for an alias", t->key);
		if (!value)
			continue;
		if (!fw_cidr_parse(value->text, &c)) {
			field_error(y->f, value->pos, "'%s' is not an IP address or network", value->text);
			continue;
		}
		struct fw_entry *e = fw_entry_add(y->c, aliases);
		at(e, t->key_pos);
		e->key = copy(y, t->key);
		e->value = fw_cidr_read(&y->c->arena, value->text);
		e->comment = comment;
	}
}

static void read_member(struct yaml *y, struct fw_section *s, const struct tree *t)
{
	const char *comment = NULL, *why = NULL;
	bool nomatch = false;
	struct addr_cidr c;
	const struct tree *value = read_address(y, t, &comment, &nomatch);

	if (!value)
		return;
	const char *text = value->text;
	if (*text == '!') {
		nomatch = true;
		text++;
	}
	if (fw_cidr_parse(text, &c) && c.prefix) {
		text = fw_cidr_read(&y->c->arena, text);
	} else {
		const struct fw_address *name = fw_address_parse(&y->c->arena, text, &why);
		if (!name || name->kind != FW_ADDRESS_ALIAS) {
			field_error(y->f, value->pos, "'%s' is not an address, a network or an alias", text);
			return;
		}
	}
	for (const struct fw_entry *e = s->first; e; e = e->next)
		if (streq(fw_member_stored(&y->c->arena, e->value), fw_member_stored(&y->c->arena, text)))
			field_error(y->f, value->pos, "'%s' is in the set twice", text);
	struct fw_entry *e = fw_entry_add(y->c, s);
	at(e, value->pos);
	e->value = copy(y, text);
	e->nomatch = nomatch;
	e->comment = comment;
}

/* A set or group: its list, or { comment: text, <key>: list }. NULL: it has none. */
static const struct tree *read_named(struct yaml *y, struct fw_section *s, const struct tree *t, const char *key)
{
	const char *const known[] = { "comment", key, NULL };
	const struct tree *list = NULL;

	if (t->kind != TREE_MAP)
		return t;
	for (const struct tree *k = t->first; k; k = k->next) {
		if (streq(k->key, key))
			list = k;
		else if (!streq(k->key, "comment"))
			unknown(y, k, "key", known);
		else if (need(y, k, TREE_SCALAR, "text"))
			s->comment = comment_of(y, k);
	}
	return list;
}

static void read_sets(struct yaml *y, const struct tree *map)
{
	if (!need(y, map, TREE_MAP, "a map of IP sets"))
		return;
	for (const struct tree *t = map->first; t; t = t->next) {
		if (!fw_name_valid(t->key, FW_NAME_MAX))
			field_error(y->f, t->key_pos, "'%s' is not a name for an IP set", t->key);
		struct fw_section *s = section(y, FW_IPSET, t, t->key);
		const struct tree *list = read_named(y, s, t, "members");
		if (!list || !need(y, list, TREE_LIST, "a list of addresses"))
			continue;
		for (const struct tree *m = list->first; m; m = m->next)
			read_member(y, s, m);
	}
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
	return *k->text ? copy(y, k->text) : NULL;
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
			r->enabled = flag_of(y, k);
		else if (streq(k->key, "comment"))
			e->comment = comment_of(y, k);
		else if (f)
			read_field(y, k, f, r);
		else
			unknown(y, k, "key", known);
	}
	if (!tree_get(t, "type") || !r->action) {
		field_error(y->f, t->pos, "a rule needs 'type' and 'action'");
		return false;
	}
	if (typed)
		check_rule(y, t, r);
	return typed;
}

static void read_rules(struct yaml *y, struct fw_section *s, const struct tree *list)
{
	if (!need(y, list, TREE_LIST, "a list of rules"))
		return;
	for (const struct tree *t = list->first; t; t = t->next) {
		struct fw_entry e = { .line = t->pos.line, .column = t->pos.column };
		const char *why = NULL;
		unsigned column = 1;
		if (t->kind == TREE_MAP) {
			if (!read_rule_map(y, t, &e))
				continue;
		} else if (!need(y, t, TREE_SCALAR, "a rule: a line of a .fw file, or a map") ||
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

static void read_groups(struct yaml *y, const struct tree *map)
{
	if (!need(y, map, TREE_MAP, "a map of security groups"))
		return;
	for (const struct tree *t = map->first; t; t = t->next) {
		if (!fw_name_valid(t->key, FW_GROUP_NAME_MAX))
			field_error(y->f, t->key_pos, "'%s' is not a name for a group (2 to %d characters)", t->key,
				    FW_GROUP_NAME_MAX);
		struct fw_section *s = section(y, FW_GROUP, t, t->key);
		const struct tree *list = read_named(y, s, t, "rules");
		if (list)
			read_rules(y, s, list);
	}
}

static void read_plain_rules(struct yaml *y, const struct tree *list)
{
	read_rules(y, section(y, FW_RULES, list, NULL), list);
}

/* The keys of one level. */
static const struct {
	const char *key;
	unsigned levels; /* bits of enum fw_level */
	void (*read)(struct yaml *y, const struct tree *t);
} parts[] = {
	{ "options", 1 << FW_CLUSTER | 1 << FW_HOST | 1 << FW_GUEST | 1 << FW_VNET, read_options },
	{ "aliases", 1 << FW_CLUSTER | 1 << FW_GUEST, read_aliases },
	{ "ipsets", 1 << FW_CLUSTER | 1 << FW_GUEST, read_sets },
	{ "groups", 1 << FW_CLUSTER, read_groups },
	{ "rules", 1 << FW_CLUSTER | 1 << FW_HOST | 1 << FW_GUEST | 1 << FW_VNET, read_plain_rules },
};

static void read_config(struct field_ctx *f, const struct tree *t, enum fw_level level, const char *id,
			struct fw_files *files)
{
	struct yaml y = { .f = f, .c = fw_config_new(level, f->file, id) };
	const char *known[ARRAY_SIZE(parts) + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].levels & 1u << level)
			known[n++] = parts[i].key;
	for (const struct tree *k = need(&y, t, TREE_MAP, "a map: options, rules ...") ? t->first : NULL; k; k = k->next) {
		size_t i = 0;
		while (i < ARRAY_SIZE(parts) && !(streq(parts[i].key, k->key) && parts[i].levels & 1u << level))
			i++;
		if (i < ARRAY_SIZE(parts))
			parts[i].read(&y, k);
		else
			unknown(&y, k, "key", known);
	}
	fw_files_add(files, y.c);
}

static void read_switch(struct yaml *y, const struct tree *t, bool *ret_off)
{
	if (!need(y, t, TREE_SCALAR, "true or false"))
		return;
	*ret_off = streq(t->text, "false");
	if (!*ret_off && !streq(t->text, "true"))
		field_error(y->f, t->pos, "expected true or false, found '%s'", t->text);
}

int fw_yaml_bind(struct field_ctx *c, const struct tree *t, struct fw_files *f)
{
	static const struct {
		const char *key;
		enum fw_level level;
	} levels[] = { { "nodes", FW_HOST }, { "guests", FW_GUEST }, { "vnets", FW_VNET } };
	static const char *const known[] = { "apply", "cluster", "nodes", "guests", "vnets", NULL };
	struct yaml y = { .f = c };
	size_t before = c->n_faults;

	if (!need(&y, t, TREE_MAP, "a map: cluster, nodes, guests, vnets"))
		return -1;
	for (const struct tree *k = t->first; k; k = k->next) {
		size_t i = 0;
		while (i < ARRAY_SIZE(levels) && !streq(levels[i].key, k->key))
			i++;
		if (streq(k->key, "apply")) {
			read_switch(&y, k, &f->by_hand);
		} else if (streq(k->key, "cluster")) {
			read_config(c, k, FW_CLUSTER, NULL, f);
		} else if (i == ARRAY_SIZE(levels)) {
			unknown(&y, k, "key", known);
		} else if (need(&y, k, TREE_MAP, "a map of names")) {
			for (const struct tree *one = k->first; one; one = one->next)
				read_config(c, one, levels[i].level, one->key, f);
		}
	}
	return c->n_faults == before ? 0 : -1;
}

/* What is wrong with the file, as issues where the caller takes them. */
static int report(const struct field_ctx *c, const char *path, struct fw_issues *issues, struct err **err)
{
	struct tree_pos pos;
	const char *text;
	size_t i;

	if (!issues)
		return field_finish(c, err);
	for (i = 0; (text = field_fault(c, i, &pos)); i++)
		fw_issue_add(issues, path, pos.line, pos.column, FW_ERROR, "bad-yaml", "%s", text);
	if (c->n_faults > i)
		fw_issue_add(issues, path, 0, 0, FW_ERROR, "bad-yaml", "and %zu more", c->n_faults - i);
	return 0;
}

int fw_yaml_load(struct fw_files *f, const char *path, struct fw_issues *issues, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf text = { 0 };
	struct field_ctx c = { .arena = &a, .file = path };
	struct tree *t = NULL;

	if (fs_read(path, FW_FILE_BYTES_MAX, &text, err) < 0 ||
	    tree_parse(&a, path, buf_text(&text), text.len, &t, err) < 0)
		return -1;
	const struct tree *firewall = t->kind == TREE_MAP ? tree_get(t, "firewall") : NULL;
	if (!firewall)
		return err_set(err, ERR_RECIPE, "%s:1:1: there is no key 'firewall'", path);
	fw_yaml_bind(&c, firewall, f);
	return report(&c, path, issues, err);
}
