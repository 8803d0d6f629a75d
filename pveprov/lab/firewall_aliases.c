/* Aliases of the cluster and of guests. */
#include "lab/firewall_private.h"
#include "lab/route.h"

static json_t *aliases(const struct request *q)
{
	return json_object_get(firewall_file_of(q), "aliases");
}

const json_t *firewall_alias(const struct request *q, const char *name)
{
	bool dc = starts_with(name, "dc/"), guest = starts_with(name, "guest/");
	_cleanup_free_ char *key = firewall_lower(dc ? name + 3 : guest ? name + 6 : name);
	const json_t *own = param_text(q, "vmid") && !dc ? json_object_get(aliases(q), key) : NULL;

	if (own || guest)
		return own;
	return json_object_get(json_object_get(firewall_file(q->lab, "cluster"), "aliases"), key);
}

static void get_aliases(struct request *q)
{
	json_t *list = firewall_sorted(aliases(q));

	firewall_reply_list(q, list);
	json_decref(list);
}

/* Host bits stay as they are; only the prefix of a single address is cut off when the file is read. */
static json_t *alias_entry(const struct request *q, const char *name)
{
	_cleanup_free_ char *cidr = xstrdup(param_text(q, "cidr"));
	bool v6 = strchr(cidr, ':') != NULL;
	char *slash = strchr(cidr, '/');

	if (slash && streq(slash, v6 ? "/128" : "/32"))
		*slash = '\0';
	json_t *e = json_pack("{s:s, s:s, s:i}", "name", name, "cidr", cidr, "ipversion", v6 ? 6 : 4);
	firewall_set_comment(e, param_text(q, "comment"));
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

static bool check_digest(struct request *q)
{
	json_t *list = firewall_sorted(aliases(q));
	bool fits = firewall_check_list(q, list);

	json_decref(list);
	return fits;
}

static void put_alias(struct request *q)
{
	const char *name = param_text(q, "name"), *rename = param_text(q, "rename");
	_cleanup_free_ char *key = firewall_lower(name), *to = firewall_lower(rename ? rename : name);

	if (!check_digest(q))
		return;
	if (!json_object_get(aliases(q), key)) {
		reply_param_error(q, "name", "no such alias");
		return;
	}
	bool moves = !streq(key, to);
	if (moves && json_object_get(aliases(q), to)) {
		reply_param_error(q, "name", "alias '%s' already exists", rename);
		return;
	}
	json_object_del(aliases(q), key);
	json_object_set_new(aliases(q), to, alias_entry(q, moves ? rename : name));
	firewall_changed(q->lab, false);
	reply_null(q);
}

static void delete_alias(struct request *q)
{
	_cleanup_free_ char *key = firewall_lower(param_text(q, "name"));

	if (!check_digest(q))
		return;
	/* one that is not there is fine */
	json_object_del(aliases(q), key);
	firewall_changed(q->lab, false);
	reply_null(q);
}

#define ALIASES(path)                                                                                         \
	{ "GET", path, get_aliases }, { "POST", path, post_alias }, { "GET", path "/{name}", get_alias },     \
		{ "PUT", path "/{name}", put_alias }, { "DELETE", path "/{name}", delete_alias }

const struct route firewall_alias_routes[] = {
	ALIASES("/cluster/firewall/aliases"),
	ALIASES("/nodes/{node}/qemu/{vmid}/firewall/aliases"),
	ALIASES("/nodes/{node}/lxc/{vmid}/firewall/aliases"),
	{ 0 },
};
