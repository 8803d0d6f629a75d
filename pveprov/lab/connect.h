#pragma once
/*
 * connect.h: `pveprov-lab connect HOST PORT`: standard input and output to a guest's TCP port, as a
 * proxy command of SSH. The running lab makes the connection (it alone can reach the guests) and
 * hands the descriptor over a Unix socket, so the client needs no privilege and the lab carries no
 * bytes.
 *
 * Question: "HOST PORT\n". Answer: one byte '+' with the descriptor, or '-' and the reason.
 */
#include "lab/hypervisor.h"

struct connect;

/* Answers on a Unix socket at `path` (0600, replaced). */
int connect_open(struct event_base *base, const char *path, struct hypervisor *h,
		 struct connect **ret, struct err **err);
struct connect *connect_free(struct connect *c);

/* Asks the lab behind `path` for a connection: a connected, blocking descriptor. ERR_UNREACHABLE,
 * ERR_TIMEOUT. */
int connect_ask(const char *path, const char *host, int port, int64_t timeout_ms,
		const struct clock *clock, int *ret_fd, struct err **err);

/* Carries bytes between in/out and the connection until the far side, or both, have ended. */
int connect_carry(int fd, int in, int out, struct err **err);
