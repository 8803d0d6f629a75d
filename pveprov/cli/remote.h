#pragma once
/*
 * remote.h: a script on another machine, through the system's ssh, that ends when we do.
 *
 * Its standard input is a lifeline: nothing is written to it, and it ends when we are interrupted, when we are killed and when
 * the connection is gone, as far as the far end can know. What it prints goes to our standard output and error. The user's
 * ssh configuration counts, but the host's key must be known already (StrictHostKeyChecking=yes) and nothing is asked.
 */
#include "base/clock.h"

/*
 * Runs the shell command to its end; *ret_status is its status. Ctrl-C cuts the lifeline and waits for the end: then, and after
 * more than 10 s without it, the error is ERR_INTERRUPTED; *ret_ended says whether the far end came to its end by itself.
 * ERR_NOT_FOUND: there is no ssh; ERR_UNREACHABLE: no connection, or it was lost.
 */
int remote_run(const char *target, const char *command, const struct clock *clock, int *ret_status, bool *ret_ended,
	       struct err **err);
