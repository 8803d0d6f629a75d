#pragma once
/*
 * jobs.h: work that may block, beside an event loop: a few threads that live as long as the pool,
 * and a way back to the loop's thread.
 */
#include "base/err.h"

struct event_base;
struct jobs;

typedef void job_fn(void *arg);

int jobs_open(struct event_base *base, size_t n_threads, struct jobs **ret, struct err **err);

/* Runs fn(arg) on one of the threads; first come, first served. */
void jobs_submit(struct jobs *j, job_fn *fn, void *arg);

/* Runs fn(arg) on the loop's thread; from any thread, in order. */
void jobs_post(struct jobs *j, job_fn *fn, void *arg);

/* Waits for what was submitted, runs what was posted, ends the threads. On the loop's thread. */
struct jobs *jobs_free(struct jobs *j);
