#pragma once
/*
 * machine.h: a make-believe guest for push.sh: a mount and network namespace of this very process, with an /etc,
 * /var/lib and /run of its own, a /usr/sbin that is written to in memory, stubs for systemctl, apt and their like in front of PATH, and a boot id that a test may
 * change. Real are: sh, tar, coreutils, git, nft, dnsmasq, systemd-analyze. Needs root.
 */
#include "guest/shell.h"

/* Enters the namespace and builds the first machine; once per process. `stubs` is the folder. */
void machine_enter(const char *stubs);

/* A fresh machine: everything empty again. */
void machine_reset(void);

/* Every path below /etc with type, mode, target and content: for "nothing has changed". malloc'd. */
char *machine_etc(void);

/* What systemd does: a new boot id, enabled units become active, then the unit that looks after a change. */
void machine_reboot(void);

/* Runs the ExecStart of an installed unit: what a timer does. False when there is no such unit. */
bool machine_run_unit(const char *unit);

void machine_write(const char *path, const char *text); /* parents are made */
char *machine_read(const char *path);			 /* malloc'd; "" when it is not there */
bool machine_has(const char *path);
void machine_do(const char *script); /* by sh -ec; aborts when it fails */

/* A shell to it; `fail` is asked before and after each program and may cut the connection. */
struct machine_shell {
	struct shell shell;
	struct clock clock;
	/* NULL, or: how much of the input arrives (SIZE_MAX: all); *after: the answer is lost */
	size_t (*cut)(const struct shell_exec *x, bool *after);
	/* NULL, or: called before each program */
	void (*before)(const struct shell_exec *x);
	int programs;
};

void machine_shell(struct machine_shell *s);

/* Removes what is on the disk. */
void machine_leave(void);
