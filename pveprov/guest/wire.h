#pragma once
/*
 * wire.h: the byte stream that SSH runs over: a TCP connection, or a proxy command with its stdin and stdout.
 */
#include "base/deadline.h"

#include <sys/types.h>

struct wire {
	int fd;	    /* non-blocking; -1 once it was handed over */
	pid_t pid;  /* of the proxy; 0: none */
	int err_fd; /* what the proxy says on stderr (at most a pipe's worth); -1 */
};

#define WIRE_NONE ((struct wire){ .fd = -1, .err_fd = -1 })

/* Connects to a numeric address. ERR_UNREACHABLE, ERR_TIMEOUT, ERR_INTERRUPTED. */
int wire_connect(const char *address, uint16_t port, const struct deadline *d, struct wire *ret, struct err **err);

/*
 * Starts a proxy command by argv, no shell: words are separated by blanks, 'single' or "double" quotes keep blanks,
 * %h %p %r %% are replaced within words. ERR_USAGE for a command that cannot be read so.
 */
int wire_proxy(const char *command, const char *host, uint16_t port, const char *user, struct wire *ret,
	       struct err **err);

/* Adds the last line of the proxy's stderr to an error, if there is one. Returns -1. */
int wire_blame(struct wire *w, struct err **err);

/* Closes and, for a proxy, ends it. */
void wire_close(struct wire *w);
