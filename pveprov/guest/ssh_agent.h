#pragma once
/*
 * ssh_agent.h: the SSH agent of the user, with a limit. libssh waits for an agent's answer without end, and an agent may
 * wait for a person (a confirmation, a touch): a watching thread closes the way to it when the deadline passes or the run
 * is cancelled.
 */
#include "base/deadline.h"

#include <libssh/libssh.h>
#include <pthread.h>

struct ssh_agent_watch {
	pthread_t thread;
	struct deadline deadline;
	int fd;	     /* a second descriptor of the connection */
	int stop[2]; /* a pipe that ends the watch */
};

/* Connects to the agent's socket and gives it to the session. ERR_AUTH: nobody listens there. */
int ssh_agent_begin(struct ssh_agent_watch *w, const char *path, ssh_session session, const struct deadline *d,
		    struct err **err);
void ssh_agent_end(struct ssh_agent_watch *w);
