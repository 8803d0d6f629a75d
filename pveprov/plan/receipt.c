#include "plan/receipt.h"

#include "base/text.h"

/* The part that the time from since_ms to now belongs to. */
static enum receipt_part owner(const struct receipt *r)
{
	if (r->waiting[RECEIPT_SERVER] > 0)
		return RECEIPT_SERVER;
	return r->waiting[RECEIPT_GUEST] > 0 ? RECEIPT_GUEST : RECEIPT_OWN;
}

static int64_t settle(struct receipt *r)
{
	int64_t now = clock_now_ms(r->clock);

	r->spent_ms[owner(r)] += now - r->since_ms;
	r->since_ms = now;
	return now;
}

void receipt_start(struct receipt *r, const struct clock *clock)
{
	int64_t now = clock_now_ms(clock);

	*r = (struct receipt){ .clock = clock, .start_ms = now, .since_ms = now };
	pthread_mutex_init(&r->lock, NULL);
}

static void change(struct receipt *r, enum receipt_part part, int by)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	settle(r);
	r->waiting[part] += by;
	pthread_mutex_unlock(&r->lock);
}

void receipt_enter(struct receipt *r, enum receipt_part part)
{
	change(r, part, 1);
}

void receipt_leave(struct receipt *r, enum receipt_part part)
{
	change(r, part, -1);
}

int64_t receipt_sum(struct receipt *r, int64_t spent_ms[static RECEIPT_PARTS])
{
	pthread_mutex_lock(&r->lock);
	int64_t wall = settle(r) - r->start_ms;
	memcpy(spent_ms, r->spent_ms, sizeof(r->spent_ms));
	pthread_mutex_unlock(&r->lock);
	return wall;
}

char *receipt_text(struct receipt *r, uint64_t requests, uint64_t connections)
{
	int64_t ms[RECEIPT_PARTS];

	receipt_sum(r, ms);
	_cleanup_free_ char *server = text_duration(ms[RECEIPT_SERVER]);
	_cleanup_free_ char *guest = text_duration(ms[RECEIPT_GUEST]);
	_cleanup_free_ char *own = text_duration(ms[RECEIPT_OWN]);
	return xasprintf("server %s, guests %s, own %s, %" PRIu64 " request%s, %" PRIu64
			 " connection%s",
			 server, guest, own, requests, requests == 1 ? "" : "s", connections,
			 connections == 1 ? "" : "s");
}
