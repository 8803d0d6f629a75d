#include "pve/access.h"
#include "pve/client_private.h"

int pve_permissions_get(struct pve_client *c, struct pve_permissions *ret, struct err **err)
{
	json_t *data = NULL;

	if (pve_get(c, "/access/permissions", NULL, &data, err) < 0)
		return -1;
	if (!json_is_object(data)) {
		json_decref(data);
		return err_set(err, ERR_INTERNAL,
			       "GET /access/permissions: the answer is of another kind");
	}
	ret->paths = data;
	return 0;
}

int pve_permissions_add_path(struct pve_client *c, struct pve_permissions *p, const char *path,
			     struct err **err)
{
	_cleanup_pve_params_ struct pve_params q = { 0 };
	_cleanup_json_ json_t *data = NULL;

	pve_params_add(&q, "path", path);
	if (pve_get(c, "/access/permissions", &q, &data, err) < 0)
		return -1;
	json_t *here = json_map(data, path);
	/* No entry: nothing there, which is an answer as well. */
	json_object_set_new(p->paths, path, here ? json_incref(here) : json_object());
	return 0;
}

void pve_permissions_free(struct pve_permissions *p)
{
	json_decref(p->paths);
	p->paths = NULL;
}

bool pve_permissions_has(const struct pve_permissions *p, const char *path, const char *privilege)
{
	_cleanup_free_ char *at = xstrdup(path);

	for (bool above = false;; above = true) {
		const json_t *listed = json_map(p->paths, *at ? at : "/");
		const json_t *v = json_object_get(listed, privilege);
		if (listed) /* 1: also below, 0: just here */
			return v && (!above || json_flag(listed, privilege, false));
		if (!*at || streq(at, "/"))
			return false;
		*strrchr(at, '/') = '\0';
	}
}

int pve_access_role_create(struct pve_client *c, const char *role, const char *privileges,
			   struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "roleid", role);
	pve_params_add(&p, "privs", privileges);
	return pve_post(c, "/access/roles", &p, NULL, err);
}

int pve_access_role_update(struct pve_client *c, const char *role, const char *privileges,
			   struct err **err)
{
	_cleanup_free_ char *path = pve_path("/access/roles/%s", role);
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "privs", privileges);
	return pve_put(c, path, &p, NULL, err);
}

int pve_access_user_create(struct pve_client *c, const char *user, const char *comment,
			   struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "userid", user);
	pve_params_add(&p, "comment", comment);
	return pve_post(c, "/access/users", &p, NULL, err);
}

int pve_access_grant(struct pve_client *c, const char *path, const char *user, const char *role,
		     bool propagate, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "path", path);
	pve_params_add(&p, strchr(user, '!') ? "tokens" : "users", user);
	pve_params_add(&p, "roles", role);
	pve_params_add_bool(&p, "propagate", propagate);
	return pve_put(c, "/access/acl", &p, NULL, err);
}

int pve_access_token_create(struct pve_client *c, const char *user, const char *id, bool separated,
			    const char *comment, struct secret *ret_token, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/access/users/%s/token/%s", user, id);
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_json_ json_t *data = NULL;
	const char *value;

	pve_params_add_bool(&p, "privsep", separated);
	pve_params_add(&p, "comment", comment);
	if (pve_post(c, path, &p, &data, err) < 0)
		return -1;
	if (json_need_text(data, "value", &value, err) < 0)
		return err_wrap(err, "token '%s!%s'", user, id);
	secret_set(ret_token, value, strlen(value));
	return 0;
}

int pve_access_token_delete(struct pve_client *c, const char *user, const char *id,
			    struct err **err)
{
	_cleanup_free_ char *path = pve_path("/access/users/%s/token/%s", user, id);

	return pve_delete(c, path, NULL, NULL, err);
}
