#pragma once
/*
 * access.h: what the account may do, and the users, roles, grants and tokens that `auth
 * token-setup` makes.
 */
#include "pve/client.h"

/* What an account may do: an object of paths to objects of privileges. One read answers every
 * question. */
struct pve_permissions {
	json_t *paths; /* {"/vms": {"VM.Audit": 1}} */
};

/* Everything the calling account has, on the paths where it has any. */
int pve_permissions_get(struct pve_client *c, struct pve_permissions *ret, struct err **err);

/* Reads one path and adds it: what comes through a pool's membership is listed only when the path
 * is asked for. */
int pve_permissions_add_path(struct pve_client *c, struct pve_permissions *p, const char *path,
			     struct err **err);
void pve_permissions_free(struct pve_permissions *p);
#define _cleanup_pve_permissions_ _cleanup_(pve_permissions_free)

/*
 * Whether the account has the privilege on `path`: the nearest listed path at or above it decides,
 * and what it has above counts only where it propagates. root@pam has all.
 */
bool pve_permissions_has(const struct pve_permissions *p, const char *path, const char *privilege);

int pve_access_role_create(struct pve_client *c, const char *role, const char *privileges,
			   struct err **err);
int pve_access_role_update(struct pve_client *c, const char *role, const char *privileges,
			   struct err **err);
int pve_access_user_create(struct pve_client *c, const char *user, const char *comment,
			   struct err **err);

/* Grants a role on a path to "user@realm" or to the token "user@realm!id". */
int pve_access_grant(struct pve_client *c, const char *path, const char *user, const char *role,
		     bool propagate, struct err **err);

/* Creates a token; its secret is shown this once. separated: it has only what is granted to it
 * itself. */
int pve_access_token_create(struct pve_client *c, const char *user, const char *id, bool separated,
			    const char *comment, struct secret *ret_token, struct err **err);
int pve_access_token_delete(struct pve_client *c, const char *user, const char *id,
			    struct err **err);
