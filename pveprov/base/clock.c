#include "base/clock.h"

#include <poll.h>

static int64_t real_now_ms(const struct clock *c UNUSED)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t real_wall_s(const struct clock *c UNUSED)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static int real_sleep_ms(const struct clock *c, int64_t ms)
{
	int64_t end = real_now_ms(c) + ms;

	for (;;) {
		int64_t left = MAX(end - real_now_ms(c), (int64_t)0);
		struct pollfd p = { .fd = c->cancel_fd, .events = POLLIN };
		int n = poll(&p, 1, (int)MIN(left, (int64_t)INT32_MAX));
		if (n > 0)
			return -1;
		if (n == 0 && left <= INT32_MAX)
			return 0;
	}
}

static const struct clock_ops real_ops = { real_now_ms, real_wall_s, real_sleep_ms };

struct clock clock_real(int cancel_fd)
{
	return (struct clock){ .ops = &real_ops, .cancel_fd = cancel_fd };
}

static int64_t fake_now_ms(const struct clock *c)
{
	return *(int64_t *)c->ctx;
}

static int64_t fake_wall_s(const struct clock *c)
{
	return 1700000000 + fake_now_ms(c) / 1000;
}

static int fake_sleep_ms(const struct clock *c, int64_t ms)
{
	*(int64_t *)c->ctx += MAX(ms, (int64_t)0);
	return 0;
}

static const struct clock_ops fake_ops = { fake_now_ms, fake_wall_s, fake_sleep_ms };

struct clock clock_fake(int64_t *now_ms)
{
	return (struct clock){ .ops = &fake_ops, .ctx = now_ms, .cancel_fd = -1 };
}

int64_t clock_now_ms(const struct clock *c)
{
	return c->ops->now_ms(c);
}

int64_t clock_wall_s(const struct clock *c)
{
	return c->ops->wall_s(c);
}

int clock_sleep(const struct clock *c, int64_t ms, struct err **err)
{
	if (c->ops->sleep_ms(c, ms) < 0)
		return err_set(err, ERR_INTERRUPTED, "interrupted");
	return 0;
}

int clock_check(const struct clock *c, struct err **err)
{
	struct pollfd p = { .fd = c->cancel_fd, .events = POLLIN };

	if (c->cancel_fd >= 0 && poll(&p, 1, 0) > 0)
		return err_set(err, ERR_INTERRUPTED, "interrupted");
	return 0;
}
