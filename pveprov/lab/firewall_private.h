#pragma once
/* firewall_private.h: shared by the firewall_*.c of the lab only. */
#include "data/addr.h"
#include "data/json.h"
#include "lab/firewall.h"

struct firewall {
	struct lab *lab;
	json_t *files;	  /* name -> file, as written */
	json_t *in_force; /* what the daemon loaded last; NULL: nothing yet */
	struct timer *daemon; /* the next look */
	struct timer *door;
	char *log;		  /* the node's /var/log/pve-firewall.log */
	struct firewall_logger *logger; /* who writes it; NULL where there are no packets */
};

/* SHA-1 over "key:value\n" of an object, or of a list of objects, as the server makes its digests. */
void firewall_digest_object(const json_t *object, char hex[static 41]);
void firewall_digest_list(const json_t *list, char hex[static 41]);

/* False: the request's digest does not fit, the answer was sent. */
bool firewall_check_digest(struct request *q, const char *hex);

/*
 * Verifies a rule as the server does: NULL, or an error text for *param (malloc'd). Fills in ipversion. `group`: it is
 * in a security group's body.
 */
char *firewall_verify(const struct request *q, json_t *rule, bool group, const char **param);

/*
 * A member of an IP set in the server's spelling (of a network the host bits are cleared, /32 is left out), malloc'd;
 * NULL: it is no address. An alias only loses /32 and /128.
 */
char *firewall_clean_cidr(const char *text);
char *firewall_alias_cidr(const char *text);

/* The alias of a name ("dc/x", "guest/x", "x") seen from a request's file; NULL: none. */
const json_t *firewall_alias(const struct request *q, const char *name);

/* The lower-case copy of a name; malloc'd. */
char *firewall_lower(const char *name);

/* The verdict of loaded files on a new connection of `client` to tcp `port` of the node. */
bool firewall_decide(const struct lab *l, const json_t *files, const struct addr *client, int port);

extern const char *const firewall_macros[]; /* sorted, NULL-terminated */

/* What is wrong with an address or network, as the API says it; malloc'd. */
char *firewall_address_complaint(const char *text);
