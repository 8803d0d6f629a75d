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
	struct timer *lapse;  /* of the switch */
	struct timer *soon;   /* machines changed */
	char *rules;	      /* the hypervisor has, or is about to have; NULL: none yet */
	bool sending;
	struct firewall_knock *knock; /* NULL: the door is the lab's own reading of the rules alone */
	char *log;		  /* the node's /var/log/pve-firewall.log */
	struct firewall_logger *logger; /* who writes it; NULL where there are no packets */
};

/* --- digests: SHA-1 over "key:value\n" of an object, or of a list of objects, as the server makes them --- */

void firewall_digest_object(const json_t *object, char hex[static 41]);
void firewall_digest_list(const json_t *list, char hex[static 41]);

/* False: the request's digest does not fit, the answer was sent. */
bool firewall_check_digest(struct request *q, const char *hex);
bool firewall_check_list(struct request *q, const json_t *list);

/* Answers with a copy of the list, each with the digest of the whole; an empty list has none. */
void firewall_reply_list(struct request *q, const json_t *list);

/* --- what rules name: maps of a file by lower-case name --- */

struct firewall_kind {
	const char *section; /* of the file: "groups" */
	const char *param;   /* that tells the name: "group" */
	const char *what;    /* in messages: "Security group" */
	const char *content; /* what it holds: "rules" */
};

/* Lists the names with their comments. */
void firewall_get_names(struct request *q, const struct firewall_kind *k);

/* Makes a new one; with `rename` gives one another name (`renamed` follows it up, may be NULL) or another comment. */
void firewall_post_name(struct request *q, const struct firewall_kind *k,
			void (*renamed)(struct lab *l, const char *from, const char *to));

/* The values of a map, sorted by key; new reference. */
json_t *firewall_sorted(const json_t *map);

/* The alias of a name ("dc/x", "guest/x", "x") seen from a request's file; NULL: none. */
const json_t *firewall_alias(const struct request *q, const char *name);

/* The lower-case copy of a name; malloc'd. */
char *firewall_lower(const char *name);

/* Sets `comment` as it comes back from the file: its first line without blanks around it; none where that is empty. */
void firewall_set_comment(json_t *object, const char *comment);

/* --- files and what is made of them --- */

/* A file in the server's form. */
void firewall_text(const json_t *file, struct buf *out);

/* Writes all files; removes the one of that name. */
void firewall_save(const struct lab *l);
void firewall_unsave(const struct lab *l, const char *name);

/* The rules in force as text for nft; malloc'd. */
char *firewall_rules(const struct lab *l);

/* Gives them to the hypervisor where they are new to it. */
void firewall_send(struct lab *l);

/* --- rules --- */

/*
 * Verifies a rule as the server does when it is written and whenever its file is read. What is wrong: param -> text, in
 * the order of finding it. Fills in ipversion and the macro's own spelling. NULL, or (malloc'd) what the server dies of
 * without naming a parameter: a rule of a file is skipped then.
 */
char *firewall_verify(const struct request *q, json_t *rule, json_t *errors);

/* "cluster", "host", "vm", "ct", "vnet", "group": where a request's rules stand, in the server's word. */
const char *firewall_env(const struct request *q);

/* The endpoints of vnets look for privileges (any of "A|B") themselves. False: answered. */
bool firewall_may(struct request *q, const char *privileges);

/* The verdict of loaded files on a new connection of `client` to tcp `port` of the node. */
bool firewall_decide(const struct lab *l, const json_t *files, const struct addr *client, int port);
