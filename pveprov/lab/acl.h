#pragma once
/*
 * acl.h: privileges. A user's roles on a path are those of the deepest entry above it; a separated
 * token has what both it and its user have; root@pam has everything.
 */
#include "lab/request.h"

/* Whether the caller has one (or all, all = true) of the privileges "A|B" on the path. */
bool acl_has(const struct lab *l, const struct caller *who, const char *path,
	     const char *privileges, bool all);

/* As acl_has() with all; answers 403 "Permission check failed (path, A|B)" and returns false where
 * they are missing. */
bool acl_require(struct request *q, const char *path, const char *privileges);

/* As acl_has() with any of them. */
bool acl_require_any(struct request *q, const char *path, const char *privileges);

/* The endpoint's expression; false: 403 was sent. */
bool acl_check(struct request *q, const char *expression);

/* {privilege: propagated} on a path; new reference. */
json_t *acl_privileges(const struct lab *l, const struct caller *who, const char *path);

/* The roles every node has: {name: {privilege: 1}}; new reference. */
json_t *acl_builtin_roles(void);

/* Every path that some entry names, plus the roots of the tree; new reference to an array of texts.
 */
json_t *acl_paths(const struct lab *l);
