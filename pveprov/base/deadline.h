#pragma once
/*
 * deadline.h: a point in time by which a named thing must have happened.
 */
#include "base/clock.h"

struct deadline {
	const struct clock *clock;
	int64_t start_ms;
	int64_t end_ms;
};

struct deadline deadline_in(const struct clock *clock, int64_t ms);

/* Milliseconds left, never negative. */
int64_t deadline_left_ms(const struct deadline *d);

bool deadline_passed(const struct deadline *d);

/* -1 with ERR_TIMEOUT "<what> took longer than N s" once it has passed, ERR_INTERRUPTED when cancelled. */
int deadline_check(const struct deadline *d, struct err **err, const char *what, ...) PRINTF(3, 4);

/* Waits ms, but not beyond the deadline. -1: ERR_INTERRUPTED. */
int deadline_sleep(const struct deadline *d, int64_t ms, struct err **err);

/*
 * How long to wait before the next look at something that has run for elapsed_ms: 4 % of it, between
 * floor_ms and 500 ms. (Measured: 7.0 s for 6.9 s of work, where a fixed second needs 9.0 s.)
 */
int64_t deadline_poll_ms(int64_t elapsed_ms, int64_t floor_ms);
