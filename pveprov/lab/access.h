#pragma once
/*
 * access.h: accounts of the node: users, tokens, roles, access control lists. JSON objects hold
 * them, since most of them come from the API and go back to it.
 */
#include "lab/request.h"

struct access {
	json_t *users;	/* name -> {password, totp?, comment?, enable} */
	json_t *tokens; /* user@realm!id -> {secret, privsep, comment?, expire} */
	json_t *roles;	/* name -> {privilege: 1} */
	json_t *acl;	/* [{path, ugid, type, roleid, propagate}] */
	uint8_t ticket_key[32], csrf_key[32];
};

struct access *access_new(struct lab *l);
struct access *access_free(struct access *a);

/* Accounts of the world with their secrets, for lab.json; new reference. */
json_t *access_describe(const struct lab *l);
