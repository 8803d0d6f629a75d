#pragma once
/*
 * auth.h: who we are to the server: an API token, or a user with password and perhaps a second
 * factor.
 *
 * A ticket lives two hours and is renewed (with itself as password) after one; writes with a ticket
 * carry the CSRF token. Tokens need neither, but no token is root@pam: root-only settings need a
 * ticket of root@pam. Secrets are copied into the client, wiped when it is freed and never logged.
 */
#include "base/err.h"
#include "base/secret.h"

struct pve_client;

struct pve_login {
	const char *user;	       /* "root@pam"; with a token "root@pam!ci" */
	const struct secret *token;    /* the token's secret (uuid); NULL: a ticket is wanted */
	const struct secret *password; /* may be NULL when a ticket is at hand */
	const struct secret *ticket;   /* of an earlier login; NULL: log in with the password */
	const struct secret *csrf;     /* belongs to the ticket */
	/* Asks for the code of the second factor (TOTP). NULL: ERR_SECOND_FACTOR. */
	int (*second_factor)(void *ctx, struct secret *ret_code, struct err **err);
	void *second_factor_ctx;
};

/* Splits "user@realm!id=uuid", the usual form of a token in one string, into user ("user@realm!id",
 * malloc'd) and secret. */
int pve_token_split(const char *text, char **ret_user, struct secret *ret_token, struct err **err);

/*
 * Logs in now (else the first request does). ERR_AUTH: refused; ERR_SECOND_FACTOR: a code is needed
 * and nobody gives it. With a token nothing is sent.
 */
int pve_auth_login(struct pve_client *c, struct err **err);

/* "root@pam" or "root@pam!ci". */
const char *pve_auth_user(const struct pve_client *c);

/* True for root@pam with a ticket: the only one who can set raw hostpci, args ... */
bool pve_auth_is_root(const struct pve_client *c);

/* Copies the present ticket, to be kept by the caller in a private file. ERR_AUTH: there is none (a
 * token). */
int pve_auth_ticket(struct pve_client *c, struct secret *ret_ticket, struct secret *ret_csrf,
		    struct err **err);
