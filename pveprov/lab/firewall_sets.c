/* IP sets of the cluster and of guests, and their members. */
#include "lab/firewall_private.h"
#include "lab/route.h"

static const struct firewall_kind kind = { "ipset", "name", "IPSet", "entries" };

static json_t *sets(const struct request *q)
{
	return json_object_get(firewall_file_of(q), "ipset");
}

static void get_sets(struct request *q)
{
	firewall_get_names(q, &kind);
}

/* Rules that name the set keep its former name and stop being applied. */
static void post_set(struct request *q)
{
	firewall_post_name(q, &kind, NULL);
}

static json_t *need_entries(struct request *q)
{
	json_t *s = json_object_get(sets(q), param_text(q, "name"));

	if (!s)
		reply_error(q, 500, "no such IPSet '%s'", param_text(q, "name"));
	return json_object_get(s, "entries");
}

static void delete_set(struct request *q)
{
	json_t *entries = need_entries(q);

	if (!entries)
		return;
	if (json_array_size(entries) && !param_flag(q, "force", false)) {
		reply_error(q, 500, "IPSet '%s' is not empty", param_text(q, "name"));
		return;
	}
	json_object_del(sets(q), param_text(q, "name"));
	firewall_changed(q->lab, false);
	reply_null(q);
}

/* The members as they are read: one that names an alias which is not there any more says so. New reference. */
static json_t *read_entries(const struct request *q, const json_t *entries)
{
	json_t *list = json_deep_copy(entries), *e;
	size_t i;

	json_array_foreach(list, i, e) {
		const char *cidr = json_text(e, "cidr");
		if (strpbrk(cidr, ".:") || firewall_alias(q, cidr))
			continue;
		const char *slash = strchr(cidr, '/');
		json_object_set_new(e, "errors",
				    json_pack("{s:o}", "cidr", json_sprintf("no such alias '%s'", slash ? slash + 1 : cidr)));
	}
	return list;
}

static void get_entries(struct request *q)
{
	json_t *entries = need_entries(q);

	if (!entries)
		return;
	json_t *list = read_entries(q, entries);
	firewall_reply_list(q, list);
	json_decref(list);
}

/* A member is found by exactly what is stored; SIZE_MAX: none. */
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
	json_object_del(e, "nomatch");
	if (param_flag(q, "nomatch", false))
		json_object_set_new(e, "nomatch", json_integer(1));
	firewall_set_comment(e, param_text(q, "comment"));
}

/* A network without host bits and without the prefix of a single address, malloc'd; NULL: it is none. */
static char *clean(const char *text)
{
	char out[ADDR_TEXT_MAX];
	struct addr_cidr c;

	if (!addr_cidr_parse(text, &c))
		return strpbrk(text, ".:") ? xstrdup(text) : NULL;
	struct addr_cidr net = { .addr = addr_network(&c), .prefix = c.prefix };
	if (c.prefix == (c.addr.family == 4 ? 32 : 128))
		return xstrdup(addr_text(&c.addr, out));
	return xstrdup(addr_cidr_text(&net, out));
}

static void post_entry(struct request *q)
{
	const char *given = param_text(q, "cidr"), *slash = strchr(given, '/');
	json_t *entries = need_entries(q);
	_cleanup_free_ char *cidr = clean(given);
	size_t at = 0;

	if (!entries)
		return;
	if (!cidr && !firewall_alias(q, given)) {
		reply_error(q, 500, "no such alias '%s'", slash ? slash + 1 : given);
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

static void get_entry(struct request *q)
{
	json_t *entries = need_entries(q);
	char hex[41];

	if (!entries)
		return;
	size_t at = find_entry(entries, param_text(q, "cidr"));
	if (at == SIZE_MAX) {
		reply_param_error(q, "cidr", "no such IP/Network");
		return;
	}
	json_t *list = read_entries(q, entries), *e = json_incref(json_array_get(list, at));
	firewall_digest_list(list, hex);
	json_decref(list);
	json_object_set_new(e, "digest", json_string(hex));
	reply_data(q, e);
}

static void put_entry(struct request *q)
{
	json_t *entries = need_entries(q);

	if (!entries || !firewall_check_list(q, entries))
		return;
	size_t at = find_entry(entries, param_text(q, "cidr"));
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
	json_t *entries = need_entries(q);

	if (!entries || !firewall_check_list(q, entries))
		return;
	/* one that is not there is fine */
	size_t at = find_entry(entries, param_text(q, "cidr"));
	if (at != SIZE_MAX)
		json_array_remove(entries, at);
	firewall_changed(q->lab, false);
	reply_null(q);
}

#define SETS(path)                                                                                              \
	{ "GET", path, get_sets }, { "POST", path, post_set }, { "DELETE", path "/{name}", delete_set },        \
		{ "GET", path "/{name}", get_entries }, { "POST", path "/{name}", post_entry },                 \
		{ "GET", path "/{name}/{cidr}", get_entry }, { "PUT", path "/{name}/{cidr}", put_entry },       \
		{ "DELETE", path "/{name}/{cidr}", delete_entry }

const struct route firewall_set_routes[] = {
	SETS("/cluster/firewall/ipset"),
	SETS("/nodes/{node}/qemu/{vmid}/firewall/ipset"),
	SETS("/nodes/{node}/lxc/{vmid}/firewall/ipset"),
	{ 0 },
};
