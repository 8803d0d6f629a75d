#pragma once
/*
 * step.h: one piece of work: a thing that is to be so (check, apply, undo), or a look at something
 * (apply only).
 *
 * check() only reads; it yields what would change. apply() makes it so; afterwards check() must
 * yield nothing, which the engine (plan/run) looks after. A step without check() is a look: done in
 * every run, changes nothing, yields facts to the steps that need it. So plan, apply, drift,
 * resuming and a second run that changes nothing are the same table, run in different ways.
 *
 * A step's functions run on a worker thread, one at a time for one step, never before all its needs
 * are done.
 */
#include "plan/receipt.h"

enum step_mark {
	STEP_CREATE,  /* +   */
	STEP_CHANGE,  /* ~   */
	STEP_RESTART, /* !   needs a restart of something that runs */
	STEP_REPLACE, /* -/+ */
	STEP_DELETE,  /* -   */
	STEP_NOTE,    /* a remark in the plan (a warning, a choice and why); changes nothing */
};

/* When a change has its effect. */
enum step_effect {
	STEP_LIVE,	 /* at once */
	STEP_COLD_START, /* at the next cold start of the machine */
	STEP_RESTARTS, /* restarts or cuts off something that runs: refused without --allow-restart
			*/
	STEP_DESTROYS, /* destroys data: refused without --allow-destroy */
};

struct step_change {
	enum step_mark mark;
	enum step_effect effect;
	char *text;	  /* "net1: none -> virtio=BC:24:11:..,bridge=vmbr1" */
	char *privileges; /* "VM.Config.Network on /vms/100", or NULL */
};

struct step_changes {
	struct step_change *v;
	size_t n;
};

/* Adds a change; privileges may be NULL. */
void step_changed(struct step_changes *c, enum step_mark mark, enum step_effect effect,
		  const char *privileges, const char *fmt, ...) PRINTF(5, 6);

/* Adds a remark. */
void step_note(struct step_changes *c, const char *fmt, ...) PRINTF(2, 3);

/* Changes that are not remarks. */
size_t step_changes_count(const struct step_changes *c);
void step_changes_free(struct step_changes *c);
#define _cleanup_step_changes_ _cleanup_(step_changes_free)

/* "+", "~", "!", "-/+", "-", "#"; and "live", "next cold start", "restart", "destroys data". */
const char *step_mark_text(enum step_mark mark);
const char *step_effect_text(enum step_effect effect);

enum step_phase {
	STEP_PLANNING, /* nothing that waits: the world as read, no guest is asked */
	STEP_LOOKING,  /* drift: guests are asked, with short limits; nothing is changed */
	STEP_APPLYING, /* needs are done; read what may have changed since */
};

struct journal;

/* What the engine hands to a step while it runs. */
struct step_run {
	const struct clock *clock;
	enum step_phase phase;
	unsigned worker;	 /* 0 .. PLAN_WORKERS - 1; a thread's own number */
	struct journal *journal; /* may be NULL */
	struct receipt *receipt; /* may be NULL */
	const struct step *step;
	void (*line)(struct step_run *run, const char *text);
	void *engine;
};

/* A line of progress: the last one is shown beside the running step. Any thread. */
void step_line(struct step_run *run, const char *fmt, ...) PRINTF(2, 3);

/* A look's answer when there is nothing to look at (machine off, not there yet); only while
 * STEP_LOOKING. */
enum { STEP_SKIP = 1 };

struct step_ops {
	const char *name;
	enum receipt_part part; /* whom it waits for: RECEIPT_SERVER, RECEIPT_GUEST */
	/* The answer is known only once needs are done (a guest must be asked): planning shows what
	 * it yields without. */
	bool late;
	int (*check)(const struct step *s, struct step_run *run, struct step_changes *ret,
		     struct err **err);
	int (*apply)(const struct step *s, struct step_run *run, struct err **err);
	/* After a failed apply(): leave nothing half done (a staged network). Its own error is
	 * logged. May be NULL. */
	int (*undo)(const struct step *s, struct step_run *run, struct err **err);
};

struct step {
	const struct step_ops *ops;
	const char *id;			       /* unique and for people: "clone router" */
	const char **needs;		       /* ids */
	size_t n_needs;
	void *ctx;			       /* of the whole run */
	const void *subject;		       /* the part of the recipe it is about */
};
