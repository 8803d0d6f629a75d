#pragma once
/*
 * probe.h: one thing that is looked at in a running machine: what is expected, what was seen.
 *
 * A probe is data: a kind (one file each, all in one table) and its parameters. All probes of one machine run side by
 * side in one program (probe.sh) over one exec of any shell; each has its own limit in time, so the whole is bounded.
 * The program only measures; the judgement is made here, from what it printed.
 *
 * Stands on what Debian 13 and Arch cloud images surely have: iproute2 with JSON, ping, getent, bash (/dev/tcp), timeout;
 * on a router also systemctl, nft and unshare.
 */
#include "base/arena.h"
#include "guest/bundle.h"
#include "guest/shell.h"
#include "recipe/recipe.h"

enum probe_status { PROBE_PASSED, PROBE_FAILED, PROBE_SKIPPED };

struct probe_result {
	char *machine; /* "test1" */
	char *name;    /* "ping 1.1.1.1" */
	enum probe_status status;
	char *expected;
	char *seen;
	int64_t ms; /* how long it took in the machine */
};

struct probe_report {
	struct probe_result *v;
	size_t n;
};

size_t probe_report_failed(const struct probe_report *r);
void probe_report_free(struct probe_report *r);
#define _cleanup_probe_report_ _cleanup_(probe_report_free)

struct probe_kind;

struct probe {
	const struct probe_kind *kind;
	const char *interface;	       /* where the kind is about one */
	const char *text;	       /* name to resolve, search domain, unit, file */
	struct addr address;	       /* family 0: none */
	struct addr_cidr cidr;	       /* family 0: none */
	const struct addr *nameservers;
	size_t n_nameservers;
	uint16_t port;
	int with;		       /* refused: index of admin-prohibited, reset, any */
	bool only;		       /* default-route: no other one */
	bool optional;		       /* an interface that may have no carrier */
	int64_t timeout_ms;
};

/* Probes of one machine; what they point to lives in the arena. */
struct probe_set {
	struct arena arena;
	struct probe *v;
	size_t n;
};

void probe_set_free(struct probe_set *s);
#define _cleanup_probe_set_ _cleanup_(probe_set_free)

/* The probes that the recipe's `verify` names, for its test VM. */
int probe_set_verify(const struct recipe *r, struct probe_set *ret, struct err **err);

/*
 * The router's own: every interface named, up and addressed, one default route and on wan, the bundle's units active,
 * the ruleset loaded as its file has it, no plain DNS on wan.
 */
int probe_set_router(const struct recipe_vm *vm, const struct bundle *rendered, struct probe_set *ret,
		     struct err **err);

/*
 * Runs them all in one exec and adds the results to `report`, in the set's order. 0 whatever the results; -1 when the
 * program could not be run or its output makes no sense.
 */
int probe_run(struct shell *s, const char *machine, const struct probe_set *set, struct probe_report *report,
	      struct err **err);
