#pragma once
/*
 * child.h: a program that runs beside the lab for as long as it is wanted: QEMU, dnsmasq, dnsdist.
 *
 * It is started from a thread that lives as long as it does, and asks the kernel to be killed when
 * that thread ends: so it never outlives the lab. Its output goes to a file, whose last line
 * explains a death.
 */
#include "base/clock.h"

#include <sys/types.h>

struct child;

struct child_spec {
	const char *const *argv;
	const char *output; /* file for stdout and stderr, made anew */
	int netns;	    /* network namespace to run in; -1: ours */
	const int
		*pass; /* descriptors that it gets as 3, 4, ... (the originals stay the caller's) */
	size_t n_pass;
	void (*exited)(void *ctx, int status); /* on the child's thread, once; may be NULL. 128 +
						  signal when killed */
	void *ctx;
};

/* Starts it; what spec points to is copied or no longer needed on return. */
int child_start(const struct child_spec *spec, struct child **ret, struct err **err);

bool child_alive(struct child *c);
void child_signal(struct child *c, int sig);

/* Waits for its end; false when it still runs after timeout_ms of real time. */
bool child_wait(struct child *c, int64_t timeout_ms);

/* Its process id; 0 once it has ended. */
pid_t child_pid(struct child *c);

/* What it ended with, 128 + signal when killed; -1 while it runs. */
int child_status(struct child *c);

/* malloc'd: the last line that it wrote, or what it ended with. For error texts. */
char *child_last_words(struct child *c);

/* Ends it (SIGTERM, after three seconds SIGKILL) and frees it. */
struct child *child_free(struct child *c);
DEFINE_CLEANUP(struct child *, child_free)
