#include "lab/acl.h"
#include "lab/access.h"
#include "lab/pool.h"
#include "base/strv.h"
#include "data/json.h"

static bool path_is_valid(const char *path)
{
	return *path == '/';
}

/* Whether an entry on `entry` speaks for `path`; *depth: how deep it stands. */
static bool entry_covers(const char *entry, bool propagate, const char *path, size_t *depth)
{
	size_t n = streq(entry, "/") ? 0 : strlen(entry);

	*depth = n;
	if (streq(entry, path))
		return true;
	return propagate && strncmp(entry, path, n) == 0 && path[n] == '/';
}

/* What the entries of one user or token give on a path; value: whether it propagates. New
 * reference. */
static json_t *privileges_of(const struct access *a, const char *who, const char *path)
{
	json_t *set = json_object(), *entry;
	size_t i, deepest = 0;
	bool found = false;

	json_array_foreach(a->acl, i, entry) {
		size_t depth;
		if (!streq(json_text(entry, "ugid"), who) ||
		    !entry_covers(json_text(entry, "path"), json_flag(entry, "propagate", true),
				  path, &depth))
			continue;
		if (found && depth < deepest)
			continue;
		if (!found || depth > deepest)
			json_object_clear(set);
		found = true;
		deepest = depth;
		json_t *role = json_object_get(a->roles, json_text(entry, "roleid"));
		const char *name;
		json_t *value;
		json_object_foreach(role, name, value)
			json_object_set_new(set, name,
					    json_integer(json_flag(entry, "propagate", true)));
	}
	return set;
}

static json_t *user_privileges(const struct lab *l, const char *user, const char *path)
{
	json_t *set = streq(user, "root@pam")
			      ? json_deep_copy(json_object_get(l->access->roles, "Administrator"))
			      : privileges_of(l->access, user, path);
	const char *pool = starts_with(path, "/vms/") ? pool_of(l, path + 5) : NULL;

	if (pool) {
		char *pool_path = xasprintf("/pool/%s", pool);
		json_t *more = privileges_of(l->access, user, pool_path);
		json_object_update_missing(set, more);
		json_decref(more);
		free(pool_path);
	}
	return set;
}

json_t *acl_privileges(const struct lab *l, const struct caller *who, const char *path)
{
	json_t *set, *mine, *value;
	const char *name;
	void *next;

	if (!who->user || !path_is_valid(path))
		return json_object();
	set = user_privileges(l, who->user, path);
	if (!who->privsep)
		return set;
	mine = user_privileges(l, who->id, path);
	json_object_foreach_safe(set, next, name, value) if (!json_object_get(mine, name))
		json_object_del(set, name);
	json_decref(mine);
	return set;
}

bool acl_has(const struct lab *l, const struct caller *who, const char *path,
	     const char *privileges, bool all)
{
	_cleanup_strv_ struct strv wanted = { 0 };
	json_t *set = acl_privileges(l, who, path);
	size_t n = 0;

	strv_split(&wanted, privileges, "|");
	for (size_t i = 0; i < wanted.n; i++)
		n += json_object_get(set, wanted.v[i]) != NULL;
	json_decref(set);
	return all ? n == wanted.n : n > 0;
}

static bool require(struct request *q, const char *path, const char *privileges, bool all)
{
	if (acl_has(q->lab, &q->who, path, privileges, all))
		return true;
	reply_error(q, 403, "Permission check failed (%s, %s)", path, privileges);
	return false;
}

bool acl_require(struct request *q, const char *path, const char *privileges)
{
	return require(q, path, privileges, true);
}

bool acl_require_any(struct request *q, const char *path, const char *privileges)
{
	return require(q, path, privileges, false);
}

/* "/vms/{vmid}" with the parameters filled in; "" when one of them is a list. malloc'd. */
static char *fill_path(const struct request *q, const char *pattern)
{
	_cleanup_buf_ struct buf b = { 0 };

	while (*pattern) {
		size_t n = strcspn(pattern, "{");
		buf_add(&b, pattern, n);
		pattern += n;
		if (*pattern == '{') {
			char *name = xstrndup(pattern + 1, strcspn(pattern + 1, "}"));
			const char *value = param_text(q, name);
			const json_t *given = json_object_get(q->param, name);
			pattern += strlen(name) + 2;
			free(name);
			if (!value && json_is_array(given))
				return xstrdup("");
			buf_adds(&b, value ? value : "");
		}
	}
	while (b.len > 1 && b.data[b.len - 1] == '/')
		b.data[--b.len] = '\0';
	buf_text(&b);
	return buf_take(&b);
}

/* *why gets the text of a refusal by a single privilege check. */
static bool evaluate(const struct request *q, const json_t *e, char **why);

static bool evaluate_perm(const struct request *q, const json_t *e, char **why)
{
	_cleanup_free_ char *path = fill_path(q, json_string_value(json_array_get(e, 1)));
	json_t *list = json_array_get(e, 2), *item;
	_cleanup_strv_ struct strv names = { 0 };
	_cleanup_free_ char *joined = NULL, *shown = NULL;
	bool any = false;
	size_t i;

	for (i = 3; i + 1 < json_array_size(e); i += 2) {
		const char *option = json_string_value(json_array_get(e, i));
		json_t *value = json_array_get(e, i + 1);
		if (streq(option, "any"))
			any = json_is_true(value) || json_integer_value(value) == 1;
		else if (streq(option, "require_param") &&
			 !param_given(q, json_string_value(value)))
			return false;
	}
	json_array_foreach(list, i, item)
		strv_add(&names, json_string_value(item));
	joined = strv_join(&names, "|");
	if (acl_has(q->lab, &q->who, path, joined, !any))
		return true;
	/* Without `any` the first missing one is named. */
	if (!any)
		for (i = 0; i < names.n && !shown; i++)
			if (!acl_has(q->lab, &q->who, path, names.v[i], true))
				shown = xstrdup(names.v[i]);
	free(*why);
	*why = xasprintf("Permission check failed (%s, %s)", path, shown ? shown : joined);
	return false;
}

static bool evaluate_user(const struct request *q, const json_t *e)
{
	const char *what = json_string_value(json_array_get(e, 1));
	const char *user = param_text(q, "userid");

	if (what && streq(what, "self"))
		return user && q->who.user && streq(user, q->who.user);
	if (what) {
		char *path = xasprintf("/access/realm/%s",
				       user && strchr(user, '@') ? strchr(user, '@') + 1 : "");
		bool ok = acl_has(q->lab, &q->who, path, what, true);
		free(path);
		return ok;
	}
	json_t *item;
	size_t i;
	json_array_foreach(json_array_get(e, 1), i, item)
		if (acl_has(q->lab, &q->who, "/access/groups", json_string_value(item), true))
			return true;
	return false;
}

static bool evaluate_modify(const struct request *q, const json_t *e, char **why)
{
	_cleanup_free_ char *path = fill_path(q, json_string_value(json_array_get(e, 1)));

	if (acl_has(q->lab, &q->who, path, "Permissions.Modify", true))
		return true;
	free(*why);
	*why = xasprintf("Permission check failed (%s, Permissions.Modify)", path);
	return false;
}

static bool evaluate(const struct request *q, const json_t *e, char **why)
{
	const char *op = json_string_value(json_array_get(e, 0));
	bool is_or = op && streq(op, "or");

	if (!op)
		return false;
	if (streq(op, "perm"))
		return evaluate_perm(q, e, why);
	if (streq(op, "perm-modify"))
		return evaluate_modify(q, e, why);
	if (starts_with(op, "userid-"))
		return evaluate_user(q, e);
	for (size_t i = 1; i < json_array_size(e); i++)
		if (evaluate(q, json_array_get(e, i), why) == is_or)
			return is_or;
	if (is_or) { /* Proxmox names nothing then */
		free(*why);
		*why = NULL;
	}
	return !is_or;
}

bool acl_check(struct request *q, const char *expression)
{
	json_t *e = expression ? json_loads(expression, 0, NULL) : NULL;
	json_t *check = json_object_get(e, "check");
	const char *user = json_text(e, "user");
	_cleanup_free_ char *why = NULL;
	bool ok;

	if (user)
		ok = streq(user, "world") || q->who.user;
	else
		ok = check ? evaluate(q, check, &why) : caller_is_root(&q->who);
	json_decref(e);
	if (!ok)
		reply_error(q, 403, "%s", why ? why : "Permission check failed");
	return ok;
}

json_t *acl_paths(const struct lab *l)
{
	static const char *const roots[] = {
		"/",	  "/access", "/access/groups", "/access/realm", "/mapping",
		"/nodes", "/pool",   "/sdn",	       "/storage",	"/vms"
	};
	json_t *seen = json_object(), *list = json_array(), *entry, *value;
	const char *path;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(roots); i++)
		json_object_set_new(seen, roots[i], json_true());
	json_array_foreach(l->access->acl, i, entry)
		json_object_set_new(seen, json_text(entry, "path"), json_true());
	json_object_foreach(seen, path, value)
		json_array_append_new(list, json_string(path));
	json_decref(seen);
	return list;
}
