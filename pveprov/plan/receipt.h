#pragma once
/*
 * receipt.h: where a run's time went: the server's, the guests', our own.
 *
 * At each moment the time belongs to the server while some thread waits for it, else to a guest
 * while some thread waits for one, else to us. The parts add up to the wall time, whatever runs
 * side by side.
 */
#include "base/clock.h"

#include <pthread.h>

enum receipt_part { RECEIPT_SERVER, RECEIPT_GUEST, RECEIPT_OWN, RECEIPT_PARTS };

struct receipt {
	pthread_mutex_t lock;
	const struct clock *clock;
	int64_t start_ms;
	int64_t since_ms;
	int waiting[RECEIPT_OWN];
	int64_t spent_ms[RECEIPT_PARTS];
};

void receipt_start(struct receipt *r, const struct clock *clock);

/* A thread begins and ends to wait for the server or a guest. May nest and overlap. NULL r:
 * nothing. */
void receipt_enter(struct receipt *r, enum receipt_part part);
void receipt_leave(struct receipt *r, enum receipt_part part);

/* Milliseconds of each part up to now; returns the wall time. */
int64_t receipt_sum(struct receipt *r, int64_t spent_ms[static RECEIPT_PARTS]);

/* malloc'd: "server 41.2 s, guests 63.0 s, own 0.4 s, 38 requests, 1 connection". */
char *receipt_text(struct receipt *r, uint64_t requests, uint64_t connections);
