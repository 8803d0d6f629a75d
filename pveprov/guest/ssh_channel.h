#pragma once
/*
 * ssh_channel.h: the inside of guest/ssh: the session, waiting on it, and one program over it.
 */
#include "guest/shell.h"
#include "guest/wire.h"

#include <libssh/libssh.h>

struct ssh_shell {
	struct shell shell;
	struct clock clock;
	char *peer; /* "root@10.0.2.15" */
	ssh_session session;
	struct wire wire;
	bool broken; /* a program did not end: nothing more over this connection */
};

/* Waits until the session's socket is ready, the deadline passes or the run is cancelled. */
int ssh_shell_wait(struct ssh_shell *s, const struct deadline *d, const char *what, struct err **err);

/* ssh.c's shell_ops.exec. */
int ssh_channel_run(struct shell *shell, const struct shell_exec *x, struct shell_result *ret, struct err **err);
