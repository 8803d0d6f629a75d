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

/* How often something is looked at: after a share of the time that it has run for, within limits. */
struct pace {
	int64_t share; /* 25: after 4 % of it */
	int64_t least_ms, most_ms;
};

/*
 * How long to wait before the next look at something that has run for elapsed_ms. (Measured with a share of 25: 7.0 s
 * for 6.9 s of work, where a fixed second needs 9.0 s.)
 */
int64_t pace_ms(const struct pace *p, int64_t elapsed_ms);

/* Waits that long, counted from the deadline's start, but not beyond its end. -1: ERR_INTERRUPTED. */
int deadline_pace(const struct deadline *d, const struct pace *p, struct err **err);
