#pragma once
/*
 * fw_apply.h: sends changes one after the other; looks at each list right before it is written.
 *
 * Before every write the list is read again: it must be what the plan expects, else somebody else changed it and nothing
 * more is sent (ERR_CONFLICT). PUT and DELETE carry the digest of that reading; POST takes none, so the list is read
 * once more after it.
 */
#include "firewall/fw_live.h"

struct fw_apply_events {
	/* Before each call; -1 (with *err) ends it there. */
	int (*sending)(void *ctx, const struct fw_change *c, size_t index, size_t n, struct err **err);
	void *ctx;
};

/* Sends them. *ret_sent is how many were carried out, also on failure. */
int fw_apply(struct pve_client *c, const struct fw_changes *changes, const struct fw_apply_events *events,
	     size_t *ret_sent, struct err **err);

/*
 * A new TCP connection to host:port, closed again: does the firewall let us in? *ret_from (may be NULL) is our own
 * address on it. ERR_UNREACHABLE or ERR_TIMEOUT otherwise.
 */
int fw_dial(const char *host, int port, int64_t timeout_ms, const struct clock *clock, struct addr *ret_from,
	    struct addr *ret_to, struct err **err);
