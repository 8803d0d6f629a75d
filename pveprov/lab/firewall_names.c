/* What rules name: aliases, IP sets, security groups, macros. */
#include "lab/firewall_private.h"
#include "lab/route.h"

/* The values of a map of objects, sorted by key, each with its digest. */
static json_t *listed(const json_t *map)
{
	json_t *list = json_array(), *v;
	_cleanup_free_ const char **keys = xcalloc(json_object_size(map) + 1, sizeof(*keys));
	const char *key;
	char hex[41];
	size_t n = 0, i;

	json_object_foreach((json_t *)map, key, v)
		keys[n++] = key;
	for (i = 1; i < n; i++)
		for (size_t k = i; k && strcmp(keys[k - 1], keys[k]) > 0; k--) {
			const char *t = keys[k];
			keys[k] = keys[k - 1];
			keys[k - 1] = t;
		}
	for (i = 0; i < n; i++)
		json_array_append_new(list, json_deep_copy(json_object_get(map, keys[i])));
	firewall_digest_list(list, hex);
	json_array_foreach(list, i, v)
		json_object_set_new(v, "digest", json_string(hex));
	return list;
}

/* --- aliases --- */

static json_t *aliases(const struct request *q)
{
	return json_object_get(firewall_file_of(q), "aliases");
}

static void get_aliases(struct request *q)
{
	reply_data(q, listed(aliases(q)));
}

static json_t *alias_entry(const struct request *q, const char *name)
{
	_cleanup_free_ char *cidr = firewall_alias_cidr(param_text(q, "cidr"));
	const char *comment = param_text(q, "comment");
	json_t *e = json_pack("{s:s, s:s, s:i}", "name", name, "cidr", cidr, "ipversion", strchr(cidr, ':') ? 6 : 4);

	if (comment && *comment)
		json_object_set_new(e, "comment", json_string(comment));
	return e;
}

static void post_alias(struct request *q)
{
	const char *name = param_text(q, "name");
	_cleanup_free_ char *key = firewall_lower(name);

	if (json_object_get(aliases(q), key)) {
		reply_param_error(q, "name", "alias '%s' already exists", name);
		return;
	}
	json_object_set_new(aliases(q), key, alias_entry(q, name));
	firewall_changed(q->lab, false);
	reply_null(q);
}

static void get_alias(struct request *q)
{
	_cleanup_free_ char *key = firewall_lower(param_text(q, "name"));
	json_t *e = json_object_get(aliases(q), key);

	if (e)
		reply_data(q, json_deep_copy(e));
	else
		reply_param_error(q, "name", "no such alias");
}

static bool alias_digest(struct request *q)
{
	json_t *list = listed(aliases(q)), *e;
	char hex[41];
	size_t i;

	json_array_foreach(list, i, e)
		json_object_del(e, "digest");
	firewall_digest_list(list, hex);
	json_decref(list);
	return firewall_check_digest(q, hex);
}

static void put_alias(struct request *q)
{
	const char *name = param_text(q, "name"), *rename = param_text(q, "rename");
	_cleanup_free_ char *key = firewall_lower(name), *to = firewall_lower(rename ? rename : name);

	if (!alias_digest(q))
		return;
	if (!json_object_get(aliases(q), key)) {
		reply_param_error(q, "name", "no such alias");
		return;
	}
	if (!streq(key, to) && json_object_get(aliases(q), to)) {
		reply_param_error(q, "name", "alias '%s' already exists", rename);
		return;
	}
	json_object_del(aliases(q), key);
	json_object_set_new(aliases(q), to, alias_entry(q, rename ? rename : name));
	firewall_changed(q->lab, false);
	reply_null(q);
}

static void delete_alias(struct request *q)
{
	_cleanup_free_ char *key = firewall_lower(param_text(q, "name"));

	if (!alias_digest(q))
		return;
	/* one that is not there is fine */
	json_object_del(aliases(q), key);
	firewall_changed(q->lab, false);
	reply_null(q);
}

/* --- groups and IP sets: named containers with a comment --- */

/* Each with its name, as the member `key`, and its comment. */
static void reply_containers(struct request *q, json_t *containers, const char *key)
{
	json_t *map = json_object(), *c;
	const char *name;

	json_object_foreach(containers, name, c) {
		json_t *e = json_pack("{s:s}", key, name);
		if (json_text(c, "comment"))
			json_object_set(e, "comment", json_object_get(c, "comment"));
		json_object_set_new(map, name, e);
	}
	reply_data(q, listed(map));
	json_decref(map);
}

static void set_comment(const struct request *q, json_t *object)
{
	const char *comment = param_text(q, "comment");

	if (comment && *comment)
		json_object_set_new(object, "comment", json_string(comment));
	else if (comment)
		json_object_del(object, "comment");
}

/* Creates a group or IP set, or with `rename` gives one another name or comment. */
static void post_container(struct request *q, json_t *map, const char *param, const char *what, const char *part)
{
	const char *name = param_text(q, param), *rename = param_text(q, "rename");
	_cleanup_free_ char *key = firewall_lower(name), *from = rename ? firewall_lower(rename) : NULL;
	json_t *old = from ? json_object_get(map, from) : NULL;

	if (rename && !old) {
		reply_param_error(q, param, "%s '%s' does not exist", what, rename);
		return;
	}
	if (rename && !streq(key, from) && json_object_get(map, key)) {
		reply_param_error(q, param, "%s '%s' does already exist", what, name);
		return;
	}
	if (!rename && json_object_get(map, key)) {
		reply_param_error(q, param, "%s '%s' already exists", what, name);
		return;
	}
	json_t *e = old ? json_deep_copy(old) : json_pack("{s:[]}", part);
	set_comment(q, e);
	if (from)
		json_object_del(map, from);
	json_object_set_new(map, key, e);
	firewall_changed(q->lab, false);
	reply_null(q);
}

/* --- groups --- */

static json_t *groups(const struct request *q)
{
	return json_object_get(firewall_file_of(q), "groups");
}

static void get_groups(struct request *q)
{
	reply_containers(q, groups(q), "group");
}

static void post_group(struct request *q)
{
	post_container(q, groups(q), "group", "Security group", "rules");
}

static void delete_group(struct request *q)
{
	_cleanup_free_ char *key = firewall_lower(param_text(q, "group"));
	json_t *g = json_object_get(groups(q), key);

	if (g && json_array_size(json_object_get(g, "rules"))) {
		reply_error(q, 500, "Security group '%s' is not empty", param_text(q, "group"));
		return;
	}
	json_object_del(groups(q), key);
	firewall_changed(q->lab, false);
	reply_null(q);
}

/* --- IP sets --- */

static json_t *sets(const struct request *q)
{
	return json_object_get(firewall_file_of(q), "ipset");
}

static void get_sets(struct request *q)
{
	reply_containers(q, sets(q), "name");
}

static void post_set(struct request *q)
{
	post_container(q, sets(q), "name", "IPSet", "entries");
}

static json_t *need_entries(struct request *q)
{
	_cleanup_free_ char *key = firewall_lower(param_text(q, "name"));
	json_t *s = json_object_get(sets(q), key);

	if (!s)
		reply_error(q, 500, "no such IPSet '%s'", param_text(q, "name"));
	return json_object_get(s, "entries");
}

static void delete_set(struct request *q)
{
	_cleanup_free_ char *key = firewall_lower(param_text(q, "name"));
	json_t *entries = need_entries(q);

	if (!entries)
		return;
	if (json_array_size(entries) && !param_flag(q, "force", false)) {
		reply_error(q, 500, "IPSet '%s' is not empty", param_text(q, "name"));
		return;
	}
	json_object_del(sets(q), key);
	firewall_changed(q->lab, false);
	reply_null(q);
}

static void get_entries(struct request *q)
{
	json_t *entries = need_entries(q), *e;
	char hex[41];
	size_t i;

	if (!entries)
		return;
	json_t *out = json_deep_copy(entries);
	firewall_digest_list(entries, hex);
	json_array_foreach(out, i, e)
		json_object_set_new(e, "digest", json_string(hex));
	reply_data(q, out);
}

/* The member of the path; SIZE_MAX: none. */
static size_t find_entry(const json_t *entries, const char *cidr)
{
	json_t *e;
	size_t i;

	json_array_foreach((json_t *)entries, i, e)
		if (streq(json_text(e, "cidr"), cidr))
			return i;
	return SIZE_MAX;
}

static void set_entry(const struct request *q, json_t *e)
{
	const char *comment = param_text(q, "comment");

	json_object_del(e, "nomatch");
	json_object_del(e, "comment");
	if (param_flag(q, "nomatch", false))
		json_object_set_new(e, "nomatch", json_integer(1));
	if (comment && *comment)
		json_object_set_new(e, "comment", json_string(comment));
}

static void post_entry(struct request *q)
{
	const char *given = param_text(q, "cidr");
	_cleanup_free_ char *cidr = firewall_clean_cidr(given);
	json_t *entries = need_entries(q);
	size_t at = 0;

	if (!entries)
		return;
	if (!cidr && strpbrk(given, ".:")) {
		_cleanup_free_ char *why = firewall_address_complaint(param_text(q, "cidr"));
		reply_param_error(q, "cidr", "invalid format - %s\n", why);
		return;
	}
	if (!cidr && !firewall_alias(q, given)) {
		reply_error(q, 500, "no such alias '%s'", given);
		return;
	}
	const char *value = cidr ? cidr : given;
	if (find_entry(entries, value) != SIZE_MAX) {
		reply_param_error(q, "cidr", "address '%s' already exists", value);
		return;
	}
	if (strlen(value) > 2 && streq(value + strlen(value) - 2, "/0")) {
		reply_param_error(q, "cidr", "a zero prefix is not allowed in ipset entries");
		return;
	}
	json_t *e = json_pack("{s:s}", "cidr", value);
	set_entry(q, e);
	/* members come back sorted */
	while (at < json_array_size(entries) && strcmp(json_text(json_array_get(entries, at), "cidr"), value) < 0)
		at++;
	json_array_insert_new(entries, at, e);
	firewall_changed(q->lab, false);
	reply_null(q);
}

/* The member and its list; false: the answer was sent. */
static bool need_entry(struct request *q, json_t **ret_list, size_t *ret_at)
{
	json_t *entries = need_entries(q);

	if (!entries)
		return false;
	*ret_list = entries;
	*ret_at = find_entry(entries, param_text(q, "cidr"));
	return true;
}

static void get_entry(struct request *q)
{
	json_t *entries;
	char hex[41];
	size_t at;

	if (!need_entry(q, &entries, &at))
		return;
	if (at == SIZE_MAX) {
		reply_param_error(q, "cidr", "no such IP/Network");
		return;
	}
	firewall_digest_list(entries, hex);
	json_t *e = json_deep_copy(json_array_get(entries, at));
	json_object_set_new(e, "digest", json_string(hex));
	reply_data(q, e);
}

static void put_entry(struct request *q)
{
	json_t *entries;
	char hex[41];
	size_t at;

	if (!need_entry(q, &entries, &at))
		return;
	firewall_digest_list(entries, hex);
	if (!firewall_check_digest(q, hex))
		return;
	if (at == SIZE_MAX) {
		reply_param_error(q, "cidr", "no such IP/Network");
		return;
	}
	set_entry(q, json_array_get(entries, at));
	firewall_changed(q->lab, false);
	reply_null(q);
}

static void delete_entry(struct request *q)
{
	json_t *entries;
	char hex[41];
	size_t at;

	if (!need_entry(q, &entries, &at))
		return;
	firewall_digest_list(entries, hex);
	if (!firewall_check_digest(q, hex))
		return;
	if (at != SIZE_MAX)
		json_array_remove(entries, at);
	firewall_changed(q->lab, false);
	reply_null(q);
}

/* --- what there is to name --- */

static void get_macros(struct request *q)
{
	json_t *list = json_array();

	for (const char *const *m = firewall_macros; *m; m++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "macro", *m, "descr", *m));
	reply_data(q, list);
}

static void add_refs(json_t *list, const json_t *file, const char *scope, const char *only)
{
	const char *key;
	json_t *v;

	json_object_foreach(json_object_get(file, "aliases"), key, v)
		if (!only || streq(only, "alias"))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "type", "alias", "name",
							      json_text(v, "name"), "ref", json_text(v, "name"), "scope",
							      scope));
	json_object_foreach(json_object_get(file, "ipset"), key, v) {
		_cleanup_free_ char *ref = xasprintf("+%s", key);
		if (!only || streq(only, "ipset"))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "type", "ipset", "name", key, "ref",
							      ref, "scope", scope));
	}
}

static void get_refs(struct request *q)
{
	json_t *list = json_array();

	add_refs(list, firewall_file(q->lab, "cluster"), "dc", param_text(q, "type"));
	if (param_text(q, "vmid"))
		add_refs(list, firewall_file_of(q), "guest", param_text(q, "type"));
	reply_data(q, list);
}

#define ALIASES(path)                                                                                         \
	{ "GET", path, get_aliases }, { "POST", path, post_alias }, { "GET", path "/{name}", get_alias },     \
		{ "PUT", path "/{name}", put_alias }, { "DELETE", path "/{name}", delete_alias }
#define SETS(path)                                                                                              \
	{ "GET", path, get_sets }, { "POST", path, post_set }, { "DELETE", path "/{name}", delete_set },        \
		{ "GET", path "/{name}", get_entries }, { "POST", path "/{name}", post_entry },                 \
		{ "GET", path "/{name}/{cidr}", get_entry }, { "PUT", path "/{name}/{cidr}", put_entry },       \
		{ "DELETE", path "/{name}/{cidr}", delete_entry }

const struct route firewall_name_routes[] = {
	ALIASES("/cluster/firewall/aliases"),
	ALIASES("/nodes/{node}/qemu/{vmid}/firewall/aliases"),
	SETS("/cluster/firewall/ipset"),
	SETS("/nodes/{node}/qemu/{vmid}/firewall/ipset"),
	{ "GET", "/cluster/firewall/groups", get_groups },
	{ "POST", "/cluster/firewall/groups", post_group },
	{ "DELETE", "/cluster/firewall/groups/{group}", delete_group },
	{ "GET", "/cluster/firewall/macros", get_macros },
	{ "GET", "/cluster/firewall/refs", get_refs },
	{ "GET", "/nodes/{node}/qemu/{vmid}/firewall/refs", get_refs },
	{ 0 },
};
