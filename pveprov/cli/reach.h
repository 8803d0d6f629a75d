#pragma once
/*
 * reach.h: a machine as the system's ssh and scp reach it: its address and host keys as the guest
 * agent tells them. The keys go into a known_hosts file of this machine's own: nothing is trusted
 * on first use, and nothing of the user's own known_hosts is changed when a machine is built anew.
 */
#include "base/strv.h"
#include "cli/target.h"
#include "data/addr.h"

struct reach {
	char *address;
	struct strv options; /* of ssh and scp: known_hosts, key, proxy command */
	const char *user;    /* borrowed from the context, or "root" */
};

/* nic: "net0"; NULL: the first address that is not link-local. port 0: 22. */
int reach_find(struct app *app, struct target *t, const char *nic, int64_t port, const char *user,
	       struct reach *ret, struct err **err);
void reach_free(struct reach *r);
#define _cleanup_reach_ _cleanup_(reach_free)

/* The MAC address of a network device of the configuration. ERR_NOT_FOUND: no such device. */
int reach_mac_of(struct target *t, const char *nic, struct addr_mac *ret, struct err **err);
