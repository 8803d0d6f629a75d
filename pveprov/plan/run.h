#pragma once
/*
 * run.h: the engine: takes a table of steps and plans, looks or applies it.
 *
 * Ready steps run on at most PLAN_WORKERS threads; events are handed to the thread that called, in
 * order, so that whoever prints needs no lock. The first failure starts nothing more, lets running
 * steps end and is returned.
 */
#include "base/arena.h"
#include "base/log.h"
#include "plan/step.h"

enum { PLAN_WORKERS = 4, PLAN_STEPS_MAX = 512 };

enum plan_state {
	PLAN_WAITING,
	PLAN_RUNNING,
	PLAN_SAME,
	PLAN_CHANGED,
	PLAN_DIFFERS,
	PLAN_SKIPPED,
	PLAN_FAILED
};

struct plan_item {
	struct step step;
	enum plan_state state;
	struct step_changes changes; /* of the last check that found any */
	int64_t elapsed_ms;
};

/* A plan owns its steps' ids and whatever a table puts in the arena. */
struct plan {
	struct arena arena;
	struct plan_item *items;
	size_t n;
	size_t cap;
};

/* Adds a step; its id is copied. Returns it so that needs can be added; valid until the next
 * plan_add(). */
struct step *plan_add(struct plan *p, const struct step_ops *ops, void *ctx, const void *subject,
		      const char *fmt, ...) PRINTF(5, 6);

/* The last step added needs the one with that id (which need not be there yet). Copied. */
void plan_need(struct plan *p, const char *fmt, ...) PRINTF(2, 3);

/* Seen from the calling thread of plan_run(); every member may be NULL. */
struct plan_events {
	void (*started)(void *ctx, const struct plan_item *item);
	void (*changes)(void *ctx,
			const struct plan_item *item); /* found while running, not planned before */
	void (*line)(void *ctx, const struct plan_item *item, const char *text);
	void (*ended)(void *ctx, const struct plan_item *item,
		      const struct err *error); /* error NULL: well */
	void (*tick)(void *ctx);		/* ten times a second */
	void *ctx;
};

struct plan_options {
	const struct clock *clock;
	const struct plan_events *events; /* may be NULL */
	const struct log *log;
	struct journal *journal;
	struct receipt *receipt;
	bool look; /* drift: nothing is applied */
	bool allow_restart;
	bool allow_destroy;
};

/* Checks every step as STEP_PLANNING, in order of needs, on the calling thread. Items then carry
 * their changes. */
int plan_check(struct plan *p, const struct plan_options *o, struct err **err);

/* ERR_GUARD when a change restarts or destroys something and that is not allowed. */
int plan_guard(const struct plan *p, const struct plan_options *o, struct err **err);

/* Runs the plan (after plan_check()). */
int plan_run(struct plan *p, const struct plan_options *o, struct err **err);

/* Changes found (planned or while running), remarks not counted. */
size_t plan_changes(const struct plan *p, enum step_mark mark);
size_t plan_changes_all(const struct plan *p);

void plan_free(struct plan *p);
#define _cleanup_plan_ _cleanup_(plan_free)
