#pragma once
/*
 * clock.h: where time comes from, and the only way to wait.
 *
 * Library code never asks the kernel for the time and never sleeps by itself: it is handed a clock, so that a
 * test runs with a fake one. A wait ends early when the clock is cancelled (Ctrl-C through a self-pipe).
 */
#include "base/err.h"

struct clock;

struct clock_ops {
	int64_t (*now_ms)(const struct clock *c);  /* monotonic */
	int64_t (*wall_s)(const struct clock *c);  /* seconds since 1970, UTC */
	/* Waits; returns 0, or -1 when cancelled. */
	int (*sleep_ms)(const struct clock *c, int64_t ms);
};

struct clock {
	const struct clock_ops *ops;
	void *ctx;
	int cancel_fd; /* readable once the run is cancelled; -1: cannot be cancelled */
};

/* The real clock; cancel_fd may be -1. */
struct clock clock_real(int cancel_fd);

/* A clock for tests: time moves only by sleeping, at once. *now_ms is its state. */
struct clock clock_fake(int64_t *now_ms);

int64_t clock_now_ms(const struct clock *c);
int64_t clock_wall_s(const struct clock *c);

/* Waits ms milliseconds. -1: ERR_INTERRUPTED. */
int clock_sleep(const struct clock *c, int64_t ms, struct err **err);

/* -1 (ERR_INTERRUPTED) once the run is cancelled. */
int clock_check(const struct clock *c, struct err **err);
