#include "firewall/fw_live.h"
#include "firewall/fw_options.h"
#include "pve/fault.h"

struct live {
	struct pve_client *client;
	struct fw_config *c;
	const char *base; /* "/cluster/firewall" */
};

char *fw_change_path(const struct fw_change *c, size_t depth)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < FW_PATH_MAX && c->path[i] && (!depth || i < depth); i++) {
		_cleanup_free_ char *segment = pve_percent_encode(c->path[i]);
		buf_addf(&b, "/%s", segment);
	}
	return buf_take(&b);
}

/* GET base/a/b; b may be NULL. */
static int get(struct live *l, const char *a, const char *b, json_t **ret, struct err **err)
{
	_cleanup_free_ char *name = b ? pve_percent_encode(b) : NULL;
	_cleanup_free_ char *path = name ? xasprintf("%s/%s/%s", l->base, a, name) : xasprintf("%s/%s", l->base, a);

	return pve_get(l->client, path, NULL, ret, err);
}

static int strange(const char *path, const char *what, struct err **err)
{
	return err_set(err, ERR_INTERNAL, "%s: the server's answer is no %s", path, what);
}

/* The text of a member that may be a string or a number; NULL where absent or empty. */
static const char *text_of(struct arena *a, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_integer(v))
		return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	const char *s = json_string_value(v);
	if (!s || !*s)
		return NULL;
	size_t n = strlen(s);
	while (n && (s[n - 1] == '\n' || s[n - 1] == ' '))
		n--;
	return n ? arena_strndup(a, s, n) : NULL;
}

int fw_live_options(const json_t *data, struct fw_config *c, struct err **err)
{
	struct arena *a = &c->arena;
	const struct fw_option_spec *s;

	if (!json_is_object(data))
		return strange(c->file, "object of options", err);
	for (size_t i = 0; (s = fw_option_next(c->level, &i));) {
		const char *why, *value = text_of(a, data, s->key);
		const char *normal = value ? fw_option_normal(a, s, value, &why) : NULL;
		if (!value)
			continue;
		struct fw_entry *e = fw_entry_add(c, fw_section_need(c, FW_OPTIONS, NULL));
		e->key = s->key;
		e->value = normal ? normal : value;
	}
	return 0;
}

static int read_options(struct live *l, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;

	return get(l, "options", NULL, &data, err) < 0 ? -1 : fw_live_options(data, l->c, err);
}

int fw_live_rules(const json_t *data, struct fw_config *c, struct fw_section *s, struct err **err)
{
	const json_t *o;
	size_t i;

	if (!json_is_array(data))
		return strange(c->file, "list of rules", err);
	json_array_foreach((json_t *)data, i, o) {
		const char *type = json_string_value(json_object_get(o, "type"));
		struct fw_entry e = { .comment = text_of(&c->arena, o, "comment") };
		e.rule.enabled = json_flag(o, "enable", false);
		e.rule.action = text_of(&c->arena, o, "action");
		e.rule.macro = text_of(&c->arena, o, "macro");
		if (!type || !fw_type_parse(type, &e.rule.type) || !e.rule.action)
			return strange(c->file, "list of rules with type and action", err);
		for (size_t k = 0; k < FW_FIELDS; k++)
			fw_field_set(&e.rule, &fw_fields[k], text_of(&c->arena, o, fw_fields[k].api));
		struct fw_entry *added = fw_entry_add(c, s);
		e.line = (unsigned)i + 1;
		*added = e;
	}
	return 0;
}

static int read_rules(struct live *l, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;

	if (get(l, "rules", NULL, &data, err) < 0)
		return -1;
	if (json_is_array(data) && !json_array_size(data))
		return 0; /* nor has a file such a section then */
	return fw_live_rules(data, l->c, fw_section_need(l->c, FW_RULES, NULL), err);
}

static int read_aliases(struct live *l, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	struct arena *a = &l->c->arena;
	json_t *o;
	size_t i;

	if (get(l, "aliases", NULL, &data, err) < 0)
		return -1;
	json_array_foreach(data, i, o) {
		const char *name = text_of(a, o, "name"), *cidr = text_of(a, o, "cidr");
		if (!name || !cidr)
			return strange(l->base, "list of aliases", err);
		struct fw_entry *e = fw_entry_add(l->c, fw_section_need(l->c, FW_ALIASES, NULL));
		e->key = name;
		e->value = cidr;
		e->comment = text_of(a, o, "comment");
	}
	return 0;
}

static int read_members(struct live *l, struct fw_section *s, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	struct arena *a = &l->c->arena;
	json_t *o;
	size_t i;

	if (get(l, "ipset", s->name, &data, err) < 0)
		return -1;
	json_array_foreach(data, i, o) {
		const char *cidr = text_of(a, o, "cidr");
		if (!cidr)
			return strange(l->base, "list of members", err);
		struct fw_entry *e = fw_entry_add(l->c, s);
		e->value = cidr;
		e->nomatch = json_flag(o, "nomatch", false);
		e->comment = text_of(a, o, "comment");
	}
	return 0;
}

/* IP sets with their members, or groups with their rules. */
static int read_named(struct live *l, enum fw_section_kind kind, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	bool is_set = kind == FW_IPSET;
	json_t *o;
	size_t i;

	if (get(l, is_set ? "ipset" : "groups", NULL, &data, err) < 0)
		return -1;
	json_array_foreach(data, i, o) {
		const char *name = text_of(&l->c->arena, o, is_set ? "name" : "group");
		_cleanup_json_ json_t *rules = NULL;
		if (!name)
			return strange(l->base, "list of names", err);
		struct fw_section *s = fw_section_need(l->c, kind, name);
		s->comment = text_of(&l->c->arena, o, "comment");
		if (is_set ? read_members(l, s, err) < 0
			   : get(l, "groups", name, &rules, err) < 0 || fw_live_rules(rules, l->c, s, err) < 0)
			return -1;
	}
	return 0;
}

static int read_config(struct pve_client *client, enum fw_level level, const char *base, const char *id, bool absent,
		       struct fw_files *f, struct err **err)
{
	static const char *const files[FW_LEVELS] = { "cluster.fw", "%s/host.fw", "%s.fw", "sdn/%s.fw" };
	_cleanup_free_ char *file = id ? xasprintf(files[level], id) : xstrdup(files[level]);
	bool names = level == FW_CLUSTER || level == FW_GUEST;
	_cleanup_fw_config_ struct fw_config *c = fw_config_new(level, file, id);
	struct live l = { .client = client, .c = c, .base = base };

	c->live = true;

	if (absent) {
		fw_files_add(f, TAKE_PTR(c));
		return 0;
	}
	if (read_options(&l, err) < 0 || (names && read_aliases(&l, err) < 0) ||
	    (names && read_named(&l, FW_IPSET, err) < 0) || read_rules(&l, err) < 0 ||
	    (level == FW_CLUSTER && read_named(&l, FW_GROUP, err) < 0))
		return err_wrap(err, "firewall of the %s%s%s", fw_level_name(level), id ? " " : "", id ? id : "");
	fw_files_add(f, TAKE_PTR(c));
	return 0;
}

static int read_vnets(struct pve_client *c, const struct fw_scope *scope, struct fw_files *f, struct err **err)
{
	for (const char *const *v = scope->vnets; v && *v; v++) {
		_cleanup_free_ char *base = pve_path("/cluster/sdn/vnets/%s/firewall", *v);
		_cleanup_err_ struct err *e = NULL;
		if (read_config(c, FW_VNET, base, *v, false, f, &e) == 0)
			continue;
		if (scope->vnets_if_known && pve_is(e, PVE_NO_METHOD))
			return 0;
		return err_move(err, TAKE_PTR(e));
	}
	return 0;
}

int fw_live_read(struct pve_client *c, const struct fw_scope *scope, struct fw_files *f, struct err **err)
{
	if (scope->cluster && read_config(c, FW_CLUSTER, "/cluster/firewall", NULL, false, f, err) < 0)
		return -1;
	for (const char *const *n = scope->nodes; n && *n; n++) {
		_cleanup_free_ char *base = pve_path("/nodes/%s/firewall", *n);
		if (read_config(c, FW_HOST, base, *n, false, f, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < scope->n_guests; i++) {
		const struct fw_guest_ref *g = &scope->guests[i];
		_cleanup_free_ char *base = pve_path("/nodes/%s/%s/%s/firewall", g->node, g->kind, g->id);
		if (read_config(c, FW_GUEST, base, g->id, g->absent, f, err) < 0)
			return -1;
	}
	return read_vnets(c, scope, f, err);
}
