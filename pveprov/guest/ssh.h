#pragma once
/*
 * ssh.h: a guest's shell over SSH, by libssh. One connection, any number of programs one after another.
 *
 * The server's key must be one of the keys that the caller gives (they are read through the guest agent): there is no
 * trust on first use. Nobody's ~/.ssh/config or known_hosts is read, nothing is forwarded, no keep-alives are sent.
 * Every operation has a deadline and ends early when the clock is cancelled. A program that did not end in time leaves
 * the connection unusable: close the shell.
 */
#include "guest/shell.h"

struct ssh_target {
	const char *address;		/* numeric, IPv4 or IPv6 */
	uint16_t port;			/* 0: 22 */
	const char *user;		/* "root" */
	const char *const *host_keys;	/* NULL-terminated: lines of ssh_host_*_key.pub */
	const char *key_file;		/* a private key without passphrase; NULL: the SSH agent */
	const char *agent_socket;	/* $SSH_AUTH_SOCK as the caller has it; NULL: none */
	const char *proxy_command;	/* words with %h, %p, %r, %%; NULL: a TCP connection */
	int64_t connect_timeout_ms;	/* until logged in; 0: 20 s */
};

/*
 * Connects and logs in. ERR_UNREACHABLE: no connection, or the proxy command ended; ERR_TIMEOUT; ERR_GUARD: the
 * server's key is none of host_keys (nothing was sent); ERR_AUTH: no key of ours is accepted.
 */
int ssh_open(const struct ssh_target *target, const struct clock *clock, struct shell **ret, struct err **err);
