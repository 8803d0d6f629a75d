/* The lists of rules: of the cluster, the node, a guest, a security group. */
#include "base/text.h"
#include "lab/firewall_private.h"
#include "lab/route.h"

static const char *const fields[] = { "type",  "action", "enable", "macro", "iface", "source",	  "dest",
				      "proto", "dport",	 "sport",  "log",   "icmp-type", "comment", NULL };

/* The list of the request; NULL: an error was answered. */
static json_t *need_rules(struct request *q)
{
	const char *group = param_text(q, "group");
	json_t *file = firewall_file_of(q);

	if (!group)
		return json_object_get(file, "rules");
	_cleanup_free_ char *key = firewall_lower(group);
	json_t *g = json_object_get(json_object_get(file, "groups"), key);
	if (!g)
		reply_error(q, 500, "no such security group '%s'", group);
	return json_object_get(g, "rules");
}

static void get_rules(struct request *q)
{
	json_t *rules = need_rules(q), *out = json_array(), *r;
	char hex[41];
	size_t i;

	if (!rules) {
		json_decref(out);
		return;
	}
	firewall_digest_list(rules, hex);
	json_array_foreach(rules, i, r) {
		json_t *e = json_deep_copy(r);
		json_object_set_new(e, "pos", json_integer((json_int_t)i));
		json_object_set_new(e, "digest", json_string(hex));
		json_array_append_new(out, e);
	}
	reply_data(q, out);
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
	json_t *rules = need_rules(q);
	char hex[41];
	size_t pos;

	if (!rules || !need_pos(q, rules, &pos))
		return;
	firewall_digest_list(rules, hex);
	json_t *e = json_deep_copy(json_array_get(rules, pos));
	/* a string here, a number in the list */
	json_object_set_new(e, "pos", json_string(param_text(q, "pos")));
	json_object_set_new(e, "digest", json_string(hex));
	reply_data(q, e);
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
			json_object_set_new(rule, *f, json_integer(param_int(q, "enable", 0)));
		else
			json_object_set_new(rule, *f, json_string(v));
	}
}

static bool verify(struct request *q, json_t *rule)
{
	const char *param = NULL;
	_cleanup_free_ char *why = firewall_verify(q, rule, param_text(q, "group") != NULL, &param);

	if (why)
		reply_param_error(q, param, "%s", why);
	return !why;
}

static void post_rule(struct request *q)
{
	json_t *rules = need_rules(q), *rule = json_object();

	if (!rules) {
		json_decref(rule);
		return;
	}
	copy_fields(q, rule);
	if (!verify(q, rule)) {
		json_decref(rule);
		return;
	}
	if (!param_given(q, "enable"))
		json_object_set_new(rule, "enable", json_integer(0));
	/* neither pos nor digest counts here */
	json_array_insert_new(rules, 0, rule);
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

static void delete_fields(const char *list, json_t *rule)
{
	_cleanup_free_ char *copy = xstrdup(list);
	char *at = copy, *name;

	while ((name = strsep(&at, ",; ")))
		if (!streq(name, "type") && !streq(name, "action"))
			json_object_del(rule, name);
}

static void put_rule(struct request *q)
{
	json_t *rules = need_rules(q);
	int64_t to = param_int(q, "moveto", -1);
	char hex[41];
	size_t pos;

	if (!rules)
		return;
	firewall_digest_list(rules, hex);
	if (!firewall_check_digest(q, hex) || !need_pos(q, rules, &pos))
		return;
	if (to >= 0 && (size_t)to != pos) {
		move_rule(rules, pos, (size_t)to);
	} else {
		json_t *rule = json_deep_copy(json_array_get(rules, pos));
		copy_fields(q, rule);
		if (param_text(q, "delete"))
			delete_fields(param_text(q, "delete"), rule);
		if (!verify(q, rule)) {
			json_decref(rule);
			return;
		}
		json_array_set_new(rules, pos, rule);
	}
	firewall_changed(q->lab, false);
	reply_null(q);
}

static void delete_rule(struct request *q)
{
	json_t *rules = need_rules(q);
	char hex[41];
	size_t pos;

	if (!rules)
		return;
	firewall_digest_list(rules, hex);
	if (!firewall_check_digest(q, hex) || !need_pos(q, rules, &pos))
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
	LIST("/cluster/firewall/groups/{group}"),
	{ 0 },
};
