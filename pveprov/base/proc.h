#pragma once
/*
 * proc.h: other programs, by argv (never through a shell), with a deadline and ceilings.
 */
#include "base/buf.h"
#include "base/deadline.h"

#include <sys/types.h>

/*
 * The system's ssh as the first words of an argv: the user's own configuration, but only to a host whose key is known, over a
 * connection of its own, and without a question.
 */
#define PROC_SSH                                                                                                        \
	"ssh", "-T", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oClearAllForwardings=yes", "-oForwardAgent=no",   \
		"-oControlPath=none"

struct proc_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	const void *input;	 /* standard input; NULL: /dev/null */
	size_t input_len;
	const char *dir;	       /* working directory; NULL: ours */
	const char *const *env;	       /* NULL-terminated "K=V" that are added to our environment */
	int64_t timeout_ms;	       /* 0: 60 s */
	size_t output_max;	       /* bytes each of stdout and stderr; 0: 1 MiB. More is dropped */
	/* Called in the child before exec (async-signal-safe code only); nonzero ends it. May be NULL. */
	int (*in_child)(void *ctx);
	void *in_child_ctx;
};

struct proc_result {
	int status; /* exit status; 128 + signal when killed */
	struct buf out;
	struct buf err;
};

/*
 * Runs a program to its end. 0 when it could be started and ended in time, whatever its status; -1: it does not
 * exist (ERR_NOT_FOUND), ran out of time (ERR_TIMEOUT, it is killed) or the run was cancelled (ERR_INTERRUPTED).
 */
int proc_run(const struct proc_spec *spec, const struct clock *clock, struct proc_result *ret, struct err **err);

/* As proc_run(), but a status other than 0 is an error that carries the last line of stderr. */
int proc_check(const struct proc_spec *spec, const struct clock *clock, struct err **err);

/* Whether a program is found in PATH (or in /usr/sbin, /sbin, which users often lack there). */
bool proc_find(const char *name);

void proc_result_free(struct proc_result *r);
#define _cleanup_proc_result_ _cleanup_(proc_result_free)
