#include "plan/run.h"
#include "plan/order.h"

#include <pthread.h>

enum event_kind { EVENT_STARTED, EVENT_CHANGES, EVENT_LINE, EVENT_ENDED };

struct event {
	enum event_kind kind;
	const struct plan_item *item;
	char *text;
	const struct err *error;
	struct event *next;
};

/* Everything below `lock` is guarded by it. An item's state too; the rest of an item belongs to its
 * worker. */
struct engine {
	struct plan *plan;
	const struct plan_options *options;
	struct plan_order order;
	pthread_mutex_t lock;
	pthread_cond_t work; /* for workers: something became ready, or the end */
	pthread_cond_t news; /* for the caller's thread */
	struct event *first, **last;
	size_t n_running;
	size_t n_left;	      /* neither ended nor running */
	bool *touched;	      /* the step, or one that it needs, changed something */
	struct err *error;    /* the first */
	struct err **further; /* later ones, kept for their events */
	size_t n_further;
	bool stop;
};

struct worker {
	struct engine *engine;
	unsigned number;
	pthread_t thread;
};

static void post(struct engine *e, enum event_kind kind, const struct plan_item *item, char *text,
		 const struct err *error)
{
	struct event *event = xcalloc(1, sizeof(*event));

	*event = (struct event){ .kind = kind, .item = item, .text = text, .error = error };
	*e->last = event;
	e->last = &event->next;
	pthread_cond_signal(&e->news);
}

static void post_line(struct step_run *run, const char *text)
{
	struct engine *e = run->engine;
	const struct plan_item *item = (const struct plan_item *)((const char *)run->step -
								  offsetof(struct plan_item, step));

	pthread_mutex_lock(&e->lock);
	post(e, EVENT_LINE, item, xstrdup(text), NULL);
	pthread_mutex_unlock(&e->lock);
}

static bool is_over(enum plan_state s)
{
	return s != PLAN_WAITING && s != PLAN_RUNNING;
}

static bool needs_over(const struct engine *e, size_t i)
{
	for (size_t k = 0; k < e->order.n_needs[i]; k++)
		if (!is_over(e->plan->items[e->order.needs[i][k]].state))
			return false;
	return true;
}

static bool need_skipped(const struct engine *e, size_t i)
{
	for (size_t k = 0; k < e->order.n_needs[i]; k++)
		if (e->plan->items[e->order.needs[i][k]].state == PLAN_SKIPPED)
			return true;
	return false;
}

static bool need_touched(const struct engine *e, size_t i)
{
	for (size_t k = 0; k < e->order.n_needs[i]; k++)
		if (e->touched[e->order.needs[i][k]])
			return true;
	return false;
}

/* What was found now replaces what was planned; said when it was not planned. */
static void found(struct engine *e, struct plan_item *item, struct step_changes *now)
{
	pthread_mutex_lock(&e->lock);
	bool planned = step_changes_count(&item->changes) > 0;
	struct step_changes old = item->changes;
	item->changes = *now;
	*now = old;
	if (!planned || item->step.ops->late)
		post(e, EVENT_CHANGES, item, NULL, NULL);
	pthread_mutex_unlock(&e->lock);
}

static void undo(struct engine *e, struct plan_item *item, struct step_run *run)
{
	_cleanup_err_ struct err *why = NULL;

	if (item->step.ops->undo && item->step.ops->undo(&item->step, run, &why) < 0)
		log_warning(e->options->log, "%s: undoing failed: %s", item->step.id, why->text);
}

static int apply_and_check(struct engine *e, struct plan_item *item, struct step_run *run,
			   struct err **err)
{
	const struct step *s = &item->step;
	_cleanup_step_changes_ struct step_changes rest = { 0 };

	if (s->ops->apply(s, run, err) < 0) {
		undo(e, item, run);
		return -1;
	}
	if (s->ops->check(s, run, &rest, err) < 0)
		return -1;
	for (size_t i = 0; i < rest.n; i++)
		if (rest.v[i].mark != STEP_NOTE) {
			err_set(err, ERR_CONFLICT, "was applied but does not hold: %s",
				rest.v[i].text);
			return err_hint(err,
					"somebody else may be changing the same thing; run again");
		}
	return 0;
}

/* Returns the state in which the item ends, or -1. */
static int do_check_step(struct engine *e, struct plan_item *item, struct step_run *run,
			 struct err **err)
{
	_cleanup_step_changes_ struct step_changes now = { 0 };
	const struct step *s = &item->step;

	if (s->ops->check(s, run, &now, err) < 0)
		return -1;
	bool same = step_changes_count(&now) == 0;
	if (!same || step_changes_count(&item->changes) > 0)
		found(e, item, &now);
	if (same)
		return PLAN_SAME;
	if (e->options->look)
		return PLAN_DIFFERS;
	if (plan_guard_item(item, e->options, err) < 0 || apply_and_check(e, item, run, err) < 0)
		return -1;
	return PLAN_CHANGED;
}

static int do_step(struct engine *e, size_t i, unsigned worker, bool skipped, struct err **err)
{
	const struct plan_options *o = e->options;
	struct plan_item *item = &e->plan->items[i];
	struct step_run run = {
		.clock = o->clock,
		.phase = o->look ? STEP_LOOKING : STEP_APPLYING,
		.worker = worker,
		.journal = o->journal,
		.receipt = o->receipt,
		.step = &item->step,
		.line = post_line,
		.engine = e,
	};

	if (clock_check(o->clock, err) < 0)
		return -1;
	if (item->step.ops->check) {
		if (skipped)
			run.phase = STEP_PLANNING;
		int state = do_check_step(e, item, &run, err);
		return state < 0 ? err_wrap(err, "%s", item->step.id) : state;
	}
	if (skipped)
		return PLAN_SKIPPED;
	int r = item->step.ops->apply(&item->step, &run, err);
	if (r < 0)
		return err_wrap(err, "%s", item->step.id);
	return r == STEP_SKIP ? PLAN_SKIPPED : PLAN_SAME;
}

/* Nothing was planned for it and nothing that it needs has changed: it is as it was. */
static bool is_settled(const struct engine *e, size_t i)
{
	const struct plan_item *item = &e->plan->items[i];

	return item->step.ops->check && !item->step.ops->late && !need_touched(e, i) &&
	       step_changes_count(&item->changes) == 0;
}

/* A ready item that has something to do, in the table's order; -1: none now. */
static ssize_t ready_item(struct engine *e)
{
	for (size_t k = 0; k < e->plan->n; k++) {
		size_t i = e->order.sorted[k];
		struct plan_item *item = &e->plan->items[i];
		if (item->state != PLAN_WAITING || !needs_over(e, i))
			continue;
		if (!is_settled(e, i))
			return (ssize_t)i;
		item->state = PLAN_SAME; /* later ones in this order see it */
		e->n_left--;
	}
	return -1;
}

/* The next item to run; waits for one. -1: the end. Called with the lock held. */
static ssize_t next_item(struct engine *e)
{
	for (;;) {
		if (e->stop)
			return -1;
		ssize_t i = ready_item(e);
		if (i >= 0 || e->n_left == 0)
			return i;
		pthread_cond_wait(&e->work, &e->lock);
	}
}

static void item_ended(struct engine *e, size_t i, int state, bool touched, struct err *error)
{
	struct plan_item *item = &e->plan->items[i];

	item->state = error ? PLAN_FAILED : (enum plan_state)state;
	e->touched[i] = touched || state == PLAN_CHANGED;
	e->n_running--;
	post(e, EVENT_ENDED, item, NULL, error);
	if (error && !e->error) {
		e->error = error;
		e->stop = true;
	} else if (error) {
		e->further = xrealloc(e->further, e->n_further + 1, sizeof(*e->further));
		e->further[e->n_further++] = error;
	}
	pthread_cond_broadcast(&e->work);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct engine *e = w->engine;
	ssize_t next;

	pthread_mutex_lock(&e->lock);
	while ((next = next_item(e)) >= 0) {
		size_t i = (size_t)next;
		struct plan_item *item = &e->plan->items[i];
		struct err *error = NULL;
		bool touched = need_touched(e, i);
		bool skipped = need_skipped(e, i);

		item->state = PLAN_RUNNING;
		e->n_running++;
		e->n_left--;
		post(e, EVENT_STARTED, item, NULL, NULL);
		pthread_mutex_unlock(&e->lock);
		int64_t start = clock_now_ms(e->options->clock);
		receipt_enter(e->options->receipt, item->step.ops->part);
		int state = do_step(e, i, w->number, skipped, &error);
		receipt_leave(e->options->receipt, item->step.ops->part);
		pthread_mutex_lock(&e->lock);
		item->elapsed_ms = clock_now_ms(e->options->clock) - start;
		item_ended(e, i, state, touched, error);
	}
	pthread_cond_broadcast(&e->work);
	pthread_cond_signal(&e->news);
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static void tell(const struct plan_events *to, const struct event *event)
{
	if (!to)
		return;
	if (event->kind == EVENT_STARTED && to->started)
		to->started(to->ctx, event->item);
	else if (event->kind == EVENT_CHANGES && to->changes)
		to->changes(to->ctx, event->item);
	else if (event->kind == EVENT_LINE && to->line)
		to->line(to->ctx, event->item, event->text);
	else if (event->kind == EVENT_ENDED && to->ended)
		to->ended(to->ctx, event->item, event->error);
}

/* Hands on what has been posted; the lock is released meanwhile. */
static void drain(struct engine *e)
{
	while (e->first) {
		struct event *list = e->first;
		e->first = NULL;
		e->last = &e->first;
		pthread_mutex_unlock(&e->lock);
		while (list) {
			struct event *event = list;
			list = event->next;
			tell(e->options->events, event);
			free(event->text);
			free(event);
		}
		pthread_mutex_lock(&e->lock);
	}
}

static void wait_for_news(struct engine *e)
{
	const struct plan_events *to = e->options->events;

	if (!to || !to->tick) {
		pthread_cond_wait(&e->news, &e->lock);
		return;
	}
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 100000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (pthread_cond_timedwait(&e->news, &e->lock, &until) != ETIMEDOUT)
		return;
	pthread_mutex_unlock(&e->lock);
	to->tick(to->ctx);
	pthread_mutex_lock(&e->lock);
}

static void attend(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	for (;;) {
		drain(e);
		if (e->n_running == 0 && (e->stop || e->n_left == 0) && !e->first)
			break;
		wait_for_news(e);
	}
	pthread_mutex_unlock(&e->lock);
}

static void engine_open(struct engine *e)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->work, NULL);
	pthread_cond_init(&e->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	e->last = &e->first;
	e->n_left = e->plan->n;
	e->touched = xcalloc(e->plan->n, sizeof(*e->touched));
}

static void engine_close(struct engine *e)
{
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->work);
	pthread_cond_destroy(&e->news);
	for (size_t i = 0; i < e->n_further; i++)
		err_free(e->further[i]);
	free(e->further);
	free(e->touched);
	plan_order_free(&e->order);
}

int plan_run(struct plan *p, const struct plan_options *o, struct err **err)
{
	struct engine e = { .plan = p, .options = o };
	struct worker workers[PLAN_WORKERS];
	unsigned n = 0;

	if (plan_order(p, &e.order, err) < 0)
		return -1;
	engine_open(&e);
	for (size_t i = 0; i < p->n; i++)
		p->items[i].state = PLAN_WAITING;
	for (; n < PLAN_WORKERS; n++) {
		workers[n] = (struct worker){ .engine = &e, .number = n };
		if (pthread_create(&workers[n].thread, NULL, worker_main, &workers[n]) != 0)
			break;
	}
	if (n > 0)
		attend(&e);
	for (unsigned i = 0; i < n; i++)
		pthread_join(workers[i].thread, NULL);
	struct err *error = e.error;
	engine_close(&e);
	if (n == 0)
		return err_set(err, ERR_INTERNAL, "no thread could be started");
	return error ? err_move(err, error) : 0;
}
