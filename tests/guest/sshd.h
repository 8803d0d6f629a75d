#pragma once
/*
 * sshd.h: a real sshd for a test, with its own keys and configuration, on a loopback port of the kernel's choice.
 * Each connection is one `sshd -i`. Needs root (sshd's own rule).
 */
#include "base/base.h"

#include <sys/types.h>

struct sshd {
	char *dir;	 /* private, removed at the end */
	char *config;	 /* sshd_config */
	char *key;	 /* of a user who may log in */
	char *other_key; /* of one who may not */
	char *locked_key; /* with a passphrase */
	char *host_key;	 /* the .pub line */
	char *wrong_host_key;
	uint16_t port;
	pid_t pid;
	bool made_run_dir;
};

/* Aborts the test program with a text when it cannot be started. */
void sshd_start(struct sshd *s);
void sshd_stop(struct sshd *s);
