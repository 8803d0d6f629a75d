/* What groups and IP sets have in common: they are lists with a name and a comment. */
#include "base/text.h"
#include "lab/firewall_private.h"

json_t *firewall_sorted(const json_t *map)
{
	_cleanup_free_ const char **keys = xcalloc(json_object_size(map) + 1, sizeof(*keys));
	json_t *list = json_array(), *v;
	const char *key;
	size_t n = 0;

	json_object_foreach((json_t *)map, key, v) {
		size_t k = n++;
		for (; k && strcmp(keys[k - 1], key) > 0; k--)
			keys[k] = keys[k - 1];
		keys[k] = key;
	}
	for (size_t i = 0; i < n; i++)
		json_array_append(list, json_object_get(map, keys[i]));
	return list;
}

void firewall_reply_list(struct request *q, const json_t *list)
{
	json_t *out = json_deep_copy(list), *e;
	char hex[41];
	size_t i;

	firewall_digest_list(list, hex);
	json_array_foreach(out, i, e)
		json_object_set_new(e, "digest", json_string(hex));
	reply_data(q, out);
}

void firewall_set_comment(json_t *object, const char *comment)
{
	_cleanup_free_ char *line = xstrndup(comment ? comment : "", strcspn(comment ? comment : "", "\n"));
	char *text = text_trim(line);

	if (*text)
		json_object_set_new(object, "comment", json_string(text));
	else
		json_object_del(object, "comment");
}

/* [{name, comment}], sorted by name. */
static json_t *names(const json_t *map, const struct firewall_kind *k)
{
	json_t *by_name = json_object(), *v;
	const char *name;

	json_object_foreach((json_t *)map, name, v) {
		json_t *e = json_pack("{s:s}", k->param, name);
		if (json_text(v, "comment"))
			json_object_set(e, "comment", json_object_get(v, "comment"));
		json_object_set_new(by_name, name, e);
	}
	json_t *list = firewall_sorted(by_name);
	json_decref(by_name);
	return list;
}

void firewall_get_names(struct request *q, const struct firewall_kind *k)
{
	json_t *list = names(json_object_get(firewall_file_of(q), k->section), k);

	firewall_reply_list(q, list);
	json_decref(list);
}

/* Names are looked up as they are given and read back in lower case. */
static json_t *rename_one(struct request *q, const struct firewall_kind *k, json_t *map)
{
	const char *name = param_text(q, k->param), *from = param_text(q, "rename");
	json_t *list = names(map, k), *old = json_object_get(map, from);
	bool fits = firewall_check_list(q, list);

	json_decref(list);
	if (!fits)
		return NULL;
	if (!old) {
		reply_param_error(q, k->param, "%s '%s' does not exist", k->what, from);
		return NULL;
	}
	if (!streq(name, from) && json_object_get(map, name)) {
		reply_param_error(q, k->param, "%s '%s' does already exist", k->what, name);
		return NULL;
	}
	json_incref(old);
	json_object_del(map, from);
	return old;
}

void firewall_post_name(struct request *q, const struct firewall_kind *k,
			void (*renamed)(struct lab *l, const char *from, const char *to))
{
	const char *name = param_text(q, k->param), *from = param_text(q, "rename");
	_cleanup_free_ char *key = firewall_lower(name);
	json_t *map = json_object_get(firewall_file_of(q), k->section), *e;

	if (from) {
		e = rename_one(q, k, map);
		if (!e)
			return;
	} else if (json_object_get(map, name)) {
		reply_param_error(q, k->param, "%s '%s' already exists", k->what, name);
		return;
	} else {
		e = json_pack("{s:[]}", k->content);
	}
	if (param_given(q, "comment"))
		firewall_set_comment(e, param_text(q, "comment"));
	/* of two sections that differ in letter case the one in lower case is read last */
	if (!json_object_get(map, key))
		json_object_set(map, key, e);
	json_decref(e);
	if (from && renamed && !streq(from, name))
		renamed(q->lab, from, name);
	firewall_changed(q->lab, false);
	reply_null(q);
}
