#include "firewall/fw_yaml.h"
#include "base/fs.h"
#include "firewall/fw_address.h"
#include "firewall/fw_options.h"
#include "firewall/fw_read.h"
#include "firewall/fw_yaml_part.h"

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
	if (!fw_yaml_need(y, map, TREE_MAP, "a map of options"))
		return;
	struct fw_section *options = section(y, FW_OPTIONS, map, NULL);
	for (const struct tree *t = map->first; t; t = t->next) {
		const char *why = NULL;
		s = fw_option_spec(y->c->level, t->key);
		if (!s) {
			fw_yaml_unknown(y, t, "option", known);
			continue;
		}
		if (!fw_yaml_need(y, t, TREE_SCALAR, "a value"))
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
	if (!fw_yaml_need(y, t, TREE_MAP, "an address, or { cidr: ..., comment: ... }"))
		return NULL;
	for (const struct tree *k = t->first; k; k = k->next) {
		if (k->kind != TREE_SCALAR)
			field_error(y->f, k->pos, "expected text");
		else if (streq(k->key, "comment"))
			*ret_comment = fw_yaml_comment(y, k);
		else if (streq(k->key, "nomatch"))
			*ret_nomatch = fw_yaml_flag(y, k);
		else if (!streq(k->key, "cidr"))
			fw_yaml_unknown(y, k, "key", known);
	}
	const struct tree *cidr = tree_get(t, "cidr");
	if (!cidr || cidr->kind != TREE_SCALAR)
		field_error(y->f, t->pos, "'cidr' is missing");
	return cidr && cidr->kind == TREE_SCALAR ? cidr : NULL;
}

static void read_aliases(struct yaml *y, const struct tree *map)
{
	if (!fw_yaml_need(y, map, TREE_MAP, "a map of names and addresses"))
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
		if (!addr_net_parse(value->text, &c)) {
			field_error(y->f, value->pos, "'%s' is not an IP address or network", value->text);
			continue;
		}
		struct fw_entry *e = fw_entry_add(y->c, aliases);
		at(e, t->key_pos);
		e->key = fw_yaml_copy(y, t->key);
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
	if (addr_net_parse(text, &c) && c.prefix) {
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
	e->value = fw_yaml_copy(y, text);
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
			fw_yaml_unknown(y, k, "key", known);
		else if (fw_yaml_need(y, k, TREE_SCALAR, "text"))
			s->comment = fw_yaml_comment(y, k);
	}
	return list;
}

static void read_sets(struct yaml *y, const struct tree *map)
{
	if (!fw_yaml_need(y, map, TREE_MAP, "a map of IP sets"))
		return;
	for (const struct tree *t = map->first; t; t = t->next) {
		if (!fw_name_valid(t->key, FW_NAME_MAX))
			field_error(y->f, t->key_pos, "'%s' is not a name for an IP set", t->key);
		struct fw_section *s = section(y, FW_IPSET, t, t->key);
		const struct tree *list = read_named(y, s, t, "members");
		if (!list || !fw_yaml_need(y, list, TREE_LIST, "a list of addresses"))
			continue;
		for (const struct tree *m = list->first; m; m = m->next)
			read_member(y, s, m);
	}
}

static void read_groups(struct yaml *y, const struct tree *map)
{
	if (!fw_yaml_need(y, map, TREE_MAP, "a map of security groups"))
		return;
	for (const struct tree *t = map->first; t; t = t->next) {
		if (!fw_name_valid(t->key, FW_GROUP_NAME_MAX))
			field_error(y->f, t->key_pos, "'%s' is not a name for a group (2 to %d characters)", t->key,
				    FW_GROUP_NAME_MAX);
		struct fw_section *s = section(y, FW_GROUP, t, t->key);
		const struct tree *list = read_named(y, s, t, "rules");
		if (list)
			fw_yaml_rules(y, s, list);
	}
}

static void read_plain_rules(struct yaml *y, const struct tree *list)
{
	fw_yaml_rules(y, section(y, FW_RULES, list, NULL), list);
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
	for (const struct tree *k = fw_yaml_need(&y, t, TREE_MAP, "a map: options, rules ...") ? t->first : NULL; k; k = k->next) {
		size_t i = 0;
		while (i < ARRAY_SIZE(parts) && !(streq(parts[i].key, k->key) && parts[i].levels & 1u << level))
			i++;
		if (i < ARRAY_SIZE(parts))
			parts[i].read(&y, k);
		else
			fw_yaml_unknown(&y, k, "key", known);
	}
	fw_files_add(files, y.c);
}

static void read_switch(struct yaml *y, const struct tree *t, bool *ret_off)
{
	if (!fw_yaml_need(y, t, TREE_SCALAR, "true or false"))
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

	if (!fw_yaml_need(&y, t, TREE_MAP, "a map: cluster, nodes, guests, vnets"))
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
			fw_yaml_unknown(&y, k, "key", known);
		} else if (fw_yaml_need(&y, k, TREE_MAP, "a map of names")) {
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
