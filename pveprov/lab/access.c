#include "lab/access.h"
#include "lab/acl.h"
#include "lab/auth.h"
#include "lab/route.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/json.h"

#include <openssl/rand.h>

static void add_world_roles(struct access *a, const struct world *w)
{
	const struct world_role *r = w->roles.v;

	for (size_t i = 0; i < w->roles.n; i++) {
		json_t *set = json_object();
		for (size_t k = 0; k < r[i].privileges.n; k++)
			json_object_set_new(set, r[i].privileges.v[k], json_integer(1));
		json_object_set_new(a->roles, r[i].name, set);
	}
}

static void add_world_users(struct access *a, const struct world *w)
{
	const struct world_user *u = w->users.v;

	for (size_t i = 0; i < w->users.n; i++) {
		_cleanup_free_ char *made = u[i].password ? NULL : lab_uuid();
		json_t *user = json_pack("{s:s, s:i, s:s*, s:s*}", "password",
					 u[i].password ? u[i].password : made, "enable", 1, "totp",
					 u[i].totp, "comment", u[i].comment);
		json_object_set_new(a->users, u[i].name, user);
	}
}

static void add_world_tokens(struct access *a, const struct world *w)
{
	const struct world_token *t = w->tokens.v;

	for (size_t i = 0; i < w->tokens.n; i++) {
		_cleanup_free_ char *made = t[i].secret ? NULL : lab_uuid();
		json_object_set_new(a->tokens, t[i].name,
				    json_pack("{s:s, s:b, s:i}", "secret",
					      t[i].secret ? t[i].secret : made, "privsep",
					      (int)t[i].privsep, "expire", 0));
	}
}

static void add_acl(struct access *a, const char *path, const char *who, const char *role,
		    bool propagate)
{
	json_array_append_new(a->acl, json_pack("{s:s, s:s, s:s, s:s, s:i}", "path", path, "ugid",
						who, "type", strchr(who, '!') ? "token" : "user",
						"roleid", role, "propagate", (int)propagate));
}

struct access *access_new(struct lab *l)
{
	struct access *a = xcalloc(1, sizeof(*a));
	const struct world_acl *e = l->world->acl.v;

	a->users = json_object();
	a->tokens = json_object();
	a->acl = json_array();
	a->roles = acl_builtin_roles();
	RAND_bytes(a->ticket_key, sizeof(a->ticket_key));
	RAND_bytes(a->csrf_key, sizeof(a->csrf_key));
	add_world_roles(a, l->world);
	add_world_users(a, l->world);
	add_world_tokens(a, l->world);
	for (size_t i = 0; i < l->world->acl.n; i++)
		add_acl(a, e[i].path, e[i].who, e[i].role, e[i].propagate);
	return a;
}

struct access *access_free(struct access *a)
{
	if (!a)
		return NULL;
	json_decref(a->users);
	json_decref(a->tokens);
	json_decref(a->roles);
	json_decref(a->acl);
	OPENSSL_cleanse(a, sizeof(*a));
	free(a);
	return NULL;
}

json_t *access_describe(const struct lab *l)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach(l->access->tokens, name, value)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "token", name, "secret",
						      json_text(value, "secret"), "privsep",
						      (int)json_flag(value, "privsep", true)));
	json_object_foreach(l->access->users, name, value)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s*}", "user", name, "password",
						      json_text(value, "password"), "totp",
						      json_text(value, "totp")));
	return list;
}

static void get_domains(struct request *q)
{
	reply_data(q, json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "realm", "pam", "type", "pam",
				"comment", "Linux PAM standard authentication", "realm", "pve",
				"type", "pve", "comment", "Proxmox VE authentication server"));
}

/* The caller itself, or (with Sys.Audit on /access) another user or token. */
static void get_permissions(struct request *q)
{
	const char *other = param_text(q, "userid"), *path = param_text(q, "path");
	struct caller who = { 0 };
	json_t *data = json_object(), *paths, *item;
	size_t i;

	if (other && !streq(other, q->who.id)) {
		json_t *token = json_object_get(q->lab->access->tokens, other);
		if (!acl_has(q->lab, &q->who, "/access", "Sys.Audit", true)) {
			json_decref(data);
			reply_error(q, 403, "Permission check failed (/access, Sys.Audit)");
			return;
		}
		who.user = xstrndup(other, strcspn(other, "!"));
		who.id = xstrdup(other);
		who.privsep = token && json_flag(token, "privsep", true);
	} else {
		caller_copy(&who, &q->who);
	}
	paths = path ? json_pack("[s]", path) : acl_paths(q->lab);
	json_array_foreach(paths, i, item) {
		json_t *set = acl_privileges(q->lab, &who, json_string_value(item));
		if (path || json_object_size(set))
			json_object_set_new(data, json_string_value(item), set);
		else
			json_decref(set);
	}
	json_decref(paths);
	caller_clear(&who);
	reply_data(q, data);
}

static void get_roles(struct request *q)
{
	json_t *list = json_array(), *set, *builtin = acl_builtin_roles();
	const char *name;

	json_object_foreach(q->lab->access->roles, name, set) {
		_cleanup_strv_ struct strv privileges = { 0 };
		_cleanup_free_ char *joined = NULL;
		const char *privilege;
		json_t *value;
		json_object_foreach(set, privilege, value)
			strv_add(&privileges, privilege);
		strv_sort(&privileges);
		joined = strv_join(&privileges, ",");
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:i}", "roleid", name, "privs", joined,
						"special", json_object_get(builtin, name) ? 1 : 0));
	}
	json_decref(builtin);
	reply_data(q, list);
}

static void post_role(struct request *q)
{
	_cleanup_strv_ struct strv privileges = { 0 };
	const char *name = param_text(q, "roleid"), *privs = param_text(q, "privs");
	json_t *set;

	if (json_object_get(q->lab->access->roles, name)) {
		reply_error(q, 500, "create role failed: role '%s' already exists", name);
		return;
	}
	set = json_object();
	strv_split(&privileges, privs ? privs : "", ", ;");
	for (size_t i = 0; i < privileges.n; i++)
		json_object_set_new(set, privileges.v[i], json_integer(1));
	json_object_set_new(q->lab->access->roles, name, set);
	reply_null(q);
}

static void get_acl(struct request *q)
{
	json_t *list = json_array(), *entry;
	size_t i;

	json_array_foreach(q->lab->access->acl, i, entry) {
		const char *path = json_text(entry, "path");
		if (acl_has(q->lab, &q->who, path, "Permissions.Modify|Sys.Audit", false))
			json_array_append(list, entry);
	}
	reply_data(q, list);
}

static void remove_acl(struct access *a, const char *path, const char *who, const char *role)
{
	for (size_t i = json_array_size(a->acl); i-- > 0;) {
		json_t *e = json_array_get(a->acl, i);
		if (streq(json_text(e, "path"), path) && streq(json_text(e, "ugid"), who) &&
		    streq(json_text(e, "roleid"), role))
			json_array_remove(a->acl, i);
	}
}

static void put_acl(struct request *q)
{
	static const char *const kinds[] = { "users", "tokens" };
	struct access *a = q->lab->access;
	_cleanup_strv_ struct strv roles = { 0 };
	const char *path = param_text(q, "path");

	strv_split(&roles, param_text(q, "roles"), ", ;");
	for (size_t r = 0; r < roles.n; r++)
		if (!json_object_get(a->roles, roles.v[r])) {
			reply_error(q, 500, "update ACL failed: role '%s' does not exist",
				    roles.v[r]);
			return;
		}
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		_cleanup_strv_ struct strv names = { 0 };
		strv_split(&names, param_given(q, kinds[k]) ? param_text(q, kinds[k]) : "", ", ;");
		for (size_t i = 0; i < names.n; i++)
			for (size_t r = 0; r < roles.n; r++) {
				remove_acl(a, path, names.v[i], roles.v[r]);
				if (!param_flag(q, "delete", false))
					add_acl(a, path, names.v[i], roles.v[r],
						param_flag(q, "propagate", true));
			}
	}
	reply_null(q);
}

const struct route access_routes[] = {
	{ "POST", "/access/ticket", auth_login },
	{ "GET", "/access/ticket", reply_null },
	{ "GET", "/access/domains", get_domains },
	{ "GET", "/access/permissions", get_permissions },
	{ "GET", "/access/roles", get_roles },
	{ "POST", "/access/roles", post_role },
	{ "GET", "/access/acl", get_acl },
	{ "PUT", "/access/acl", put_acl },
	{ NULL },
};
