/* The lists of rules: of the cluster, the node, a guest, a vnet, a security group. */
#include "lab/firewall_private.h"
#include "lab/route.h"

static const char *const fields[] = { "type",  "action", "enable", "macro", "iface", "source",	  "dest",
				      "proto", "dport",	 "sport",  "log",   "icmp-type", "comment", NULL };

static const char ANY[] = "SDN.Audit|SDN.Allocate", MODIFY[] = "SDN.Allocate";

/* The list of the request, as it is stored; NULL: an error was answered. */
static json_t *need_rules(struct request *q, const char *privileges)
{
	const char *group = param_text(q, "group");

	if (!firewall_may(q, privileges))
		return NULL;
	json_t *file = firewall_file_of(q);
	if (!group)
		return json_object_get(file, "rules");
	json_t *g = json_object_get(json_object_get(file, "groups"), group);
	if (!g)
		reply_error(q, 500, "no such security group '%s'", group);
	return json_object_get(g, "rules");
}

/*
 * The rules as they are read from their file: what is wrong with one (the alias it names is gone) stands beside it in
 * `errors`; one that mixes families is skipped, and lost with the next write. New reference.
 */
static json_t *read_rules(const struct request *q, json_t *stored)
{
	json_t *list = json_array(), *rule;
	size_t i = 0;

	while ((rule = json_array_get(stored, i))) {
		json_t *copy = json_copy(rule), *errors = json_object();
		_cleanup_free_ char *fatal = firewall_verify(q, copy, errors);
		if (json_object_size(errors))
			json_object_set(copy, "errors", errors);
		json_decref(errors);
		if (fatal)
			json_array_remove(stored, i);
		else
			json_array_append(list, copy), i++;
		json_decref(copy);
	}
	return list;
}

static void get_rules(struct request *q)
{
	json_t *stored = need_rules(q, ANY), *r;
	char hex[41];
	size_t i;

	if (!stored)
		return;
	json_t *list = read_rules(q, stored);
	firewall_digest_list(list, hex);
	json_array_foreach(list, i, r) {
		json_object_set_new(r, "pos", json_integer((json_int_t)i));
		json_object_set_new(r, "digest", json_string(hex));
	}
	reply_data(q, list);
}

/* The position of the path; false: there is no such rule, the answer was sent. */
static bool need_pos(struct request *q, const json_t *rules, size_t *ret)
{
	int64_t pos = param_int(q, "pos", -1);

	if (pos < 0 || (size_t)pos >= json_array_size(rules)) {
		reply_error(q, 500, "no rule at position %" PRId64, pos);
		return false;
	}
	*ret = (size_t)pos;
	return true;
}

static void get_rule(struct request *q)
{
	json_t *stored = need_rules(q, ANY), *list = stored ? read_rules(q, stored) : NULL;
	char hex[41];
	size_t pos;

	if (list && need_pos(q, list, &pos)) {
		firewall_digest_list(list, hex);
		json_t *e = json_incref(json_array_get(list, pos));
		/* a string here, a number in the list */
		json_object_set_new(e, "pos", json_string(param_text(q, "pos")));
		json_object_set_new(e, "digest", json_string(hex));
		reply_data(q, e);
	}
	json_decref(list);
}

/* Copies the rule's parameters; an empty value or "-" removes a field. */
static void copy_fields(const struct request *q, json_t *rule)
{
	for (const char *const *f = fields; *f; f++) {
		const char *v = param_text(q, *f);
		if (!v)
			continue;
		if (!*v || streq(v, "-"))
			json_object_del(rule, *f);
		else if (streq(*f, "enable"))
			json_object_set_new(rule, *f, json_integer(param_int(q, "enable", 0) != 0));
		else if (streq(*f, "comment"))
			firewall_set_comment(rule, v);
		else
			json_object_set_new(rule, *f, json_string(v));
	}
}

/* `delete`: false: the answer was sent. */
static bool delete_fields(struct request *q, json_t *rule)
{
	_cleanup_free_ char *copy = xstrdup(param_text(q, "delete"));
	char *at = copy, *name;

	while ((name = strsep(&at, ",; "))) {
		bool known = streq(name, "pos") || streq(name, "digest");
		for (const char *const *f = fields; *f; f++)
			known |= streq(*f, name);
		if (!*name)
			continue;
		if (!known || streq(name, "type") || streq(name, "action")) {
			reply_param_error(q, "delete",
					  known ? "unable to delete required property '%s'" : "no such property ('%s')", name);
			return false;
		}
		json_object_del(rule, name);
	}
	return true;
}

static bool verify(struct request *q, json_t *rule)
{
	json_t *errors = json_object(), *text;
	_cleanup_free_ char *fatal = firewall_verify(q, rule, errors);
	const char *param;
	bool ok = !fatal && !json_object_size(errors);

	json_object_foreach(errors, param, text) {
		reply_param_error(q, param, "%s", json_string_value(text));
		break; /* it dies of the first */
	}
	if (fatal && !json_object_size(errors))
		reply_error(q, 500, "%s", fatal);
	json_decref(errors);
	return ok;
}

/* A line `GROUP name` has room for an interface and a comment only. */
static void write_rule(json_t *rule)
{
	static const char *const kept[] = { "type", "action", "enable", "iface", "comment", NULL };

	if (!streq(json_text(rule, "type"), "group"))
		return;
	for (const char *const *f = fields; *f; f++) {
		bool keep = false;
		for (const char *const *k = kept; *k; k++)
			keep |= streq(*k, *f);
		if (!keep)
			json_object_del(rule, *f);
	}
}

static void post_rule(struct request *q)
{
	json_t *stored = need_rules(q, MODIFY);

	if (!stored)
		return;
	json_decref(read_rules(q, stored));
	json_t *rule = json_object();
	copy_fields(q, rule);
	if (!verify(q, rule)) {
		json_decref(rule);
		return;
	}
	if (!param_given(q, "enable"))
		json_object_set_new(rule, "enable", json_integer(0));
	write_rule(rule);
	/* neither pos nor digest counts here */
	json_array_insert_new(stored, 0, rule);
	firewall_changed(q->lab, false);
	reply_null(q);
}

static void move_rule(json_t *rules, size_t from, size_t to)
{
	json_t *rule = json_incref(json_array_get(rules, from));

	json_array_remove(rules, from);
	size_t place = to > from ? to - 1 : to;
	json_array_insert_new(rules, MIN(place, json_array_size(rules)), rule);
}

/* The stored list and the position of a write whose digest fits; NULL: answered. */
static json_t *need_place(struct request *q, size_t *ret_pos)
{
	json_t *stored = need_rules(q, MODIFY), *list = stored ? read_rules(q, stored) : NULL;
	bool fits = list && firewall_check_list(q, list);

	json_decref(list);
	return fits && need_pos(q, stored, ret_pos) ? stored : NULL;
}

static void put_rule(struct request *q)
{
	int64_t to = param_int(q, "moveto", -1);
	size_t pos;
	json_t *rules = need_place(q, &pos);

	if (!rules)
		return;
	if (to >= 0 && (size_t)to != pos) {
		move_rule(rules, pos, (size_t)to);
	} else {
		json_t *rule = json_deep_copy(json_array_get(rules, pos));
		copy_fields(q, rule);
		if ((param_text(q, "delete") && !delete_fields(q, rule)) || !verify(q, rule)) {
			json_decref(rule);
			return;
		}
		write_rule(rule);
		json_array_set_new(rules, pos, rule);
	}
	firewall_changed(q->lab, false);
	reply_null(q);
}

static void delete_rule(struct request *q)
{
	size_t pos;
	json_t *rules = need_place(q, &pos);

	if (!rules)
		return;
	json_array_remove(rules, pos);
	firewall_changed(q->lab, false);
	reply_null(q);
}

#define LIST(path)                                                                        \
	{ "GET", path, get_rules }, { "POST", path, post_rule }, { "GET", path "/{pos}", get_rule }, \
		{ "PUT", path "/{pos}", put_rule }, { "DELETE", path "/{pos}", delete_rule }

const struct route firewall_rule_routes[] = {
	LIST("/cluster/firewall/rules"),
	LIST("/nodes/{node}/firewall/rules"),
	LIST("/nodes/{node}/qemu/{vmid}/firewall/rules"),
	LIST("/nodes/{node}/lxc/{vmid}/firewall/rules"),
	LIST("/cluster/sdn/vnets/{vnet}/firewall/rules"),
	LIST("/cluster/firewall/groups/{group}"),
	{ 0 },
};
