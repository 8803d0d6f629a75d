#pragma once
/*
 * delegate.h: the provider's DHCPv6 server: it hands out prefixes (IA_PD, RFC 8415) and nothing
 * else; addresses come from router advertisements. Each client, by its DUID, keeps its prefix for
 * as long as the lab runs, and traffic for the prefix is routed to the client.
 */
#include "base/clock.h"
#include "data/addr.h"

enum { DELEGATE_CLIENTS = 8, DELEGATE_DUID_MAX = 130, DELEGATE_PREFIX = 56 };

struct delegate_client {
	uint8_t duid[DELEGATE_DUID_MAX];
	size_t duid_len; /* 0: free */
};

/* The answer's content; everything else about the server is the socket around it. */
struct delegate_state {
	struct addr pool; /* network of the first client's prefix; the others follow */
	struct delegate_client clients[DELEGATE_CLIENTS];
};

/*
 * Answers one message: bytes written to `answer`, 0 where there is nothing to say. *ret_prefix is
 * set (family 6) where the answer gives the client a prefix that has to be routed. Pure.
 */
size_t delegate_answer(struct delegate_state *s, const uint8_t *message, size_t len,
		       uint8_t *answer, size_t answer_max, struct addr *ret_prefix);

struct delegate;

/* Serves on `device` of the namespace. */
int delegate_open(int netns, const char *device, const struct addr *pool, const struct clock *clock,
		  struct delegate **ret, struct err **err);
struct delegate *delegate_free(struct delegate *d);
