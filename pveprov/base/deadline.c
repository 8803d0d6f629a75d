#include "base/deadline.h"

struct deadline deadline_in(const struct clock *clock, int64_t ms)
{
	int64_t now = clock_now_ms(clock);

	return (struct deadline){ .clock = clock, .start_ms = now, .end_ms = now + ms };
}

int64_t deadline_left_ms(const struct deadline *d)
{
	return MAX(d->end_ms - clock_now_ms(d->clock), (int64_t)0);
}

bool deadline_passed(const struct deadline *d)
{
	return deadline_left_ms(d) == 0;
}

int deadline_check(const struct deadline *d, struct err **err, const char *what, ...)
{
	if (clock_check(d->clock, err) < 0)
		return -1;
	if (!deadline_passed(d))
		return 0;
	va_list ap;

	va_start(ap, what);
	_cleanup_free_ char *name = xvasprintf(what, ap);
	va_end(ap);
	return err_set(err, ERR_TIMEOUT, "%s took longer than %.3g s", name,
		       (double)(d->end_ms - d->start_ms) / 1000);
}

int deadline_sleep(const struct deadline *d, int64_t ms, struct err **err)
{
	return clock_sleep(d->clock, MIN(ms, deadline_left_ms(d)), err);
}

int64_t pace_ms(const struct pace *p, int64_t elapsed_ms)
{
	return MAX(MIN(elapsed_ms / p->share, p->most_ms), p->least_ms);
}

int deadline_pace(const struct deadline *d, const struct pace *p, struct err **err)
{
	return deadline_sleep(d, pace_ms(p, clock_now_ms(d->clock) - d->start_ms), err);
}
