/* The engine: what runs, in which order, on how many threads, and what happens on failure. */
#include "base/buf.h"
#include "plan/run.h"
#include "test.h"

#include <pthread.h>

/* A made-up world: a step's subject is one of these. */
struct thing {
	bool is_so;	     /* the state */
	bool was_planned_so; /* what planning sees; is_so otherwise */
	bool stubborn;	     /* apply works, nothing holds */
	bool late_differs;
	enum step_effect effect;
	enum err_kind fails; /* apply fails with it, where not 0 */
	int checks, applies, undos;
	struct meeting *meeting;
};

/* Threads that have to meet: each waits until `expected` are there. */
struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t all;
	int here, expected, most, inside;
};

static void meet(struct meeting *m)
{
	pthread_mutex_lock(&m->lock);
	m->inside++;
	m->most = MAX(m->most, m->inside);
	if (++m->here >= m->expected)
		pthread_cond_broadcast(&m->all);
	while (m->here < m->expected)
		pthread_cond_wait(&m->all, &m->lock);
	m->inside--;
	pthread_mutex_unlock(&m->lock);
}

static int check(const struct step *s, struct step_run *run, struct step_changes *ret,
		 struct err **err)
{
	struct thing *t = (struct thing *)s->subject;

	(void)err;
	t->checks++;
	if (run->phase == STEP_PLANNING && t->was_planned_so)
		return 0;
	if (!t->is_so)
		step_changed(ret, STEP_CHANGE, t->effect, NULL, "%s is to be so", s->id);
	return 0;
}

static int apply(const struct step *s, struct step_run *run, struct err **err)
{
	struct thing *t = (struct thing *)s->subject;

	t->applies++;
	step_line(run, "at work on %s", s->id);
	if (t->meeting)
		meet(t->meeting);
	if (t->fails)
		return err_set(err, t->fails, "it cannot be done");
	t->is_so = !t->stubborn;
	return 0;
}

static int undo(const struct step *s, struct step_run *run, struct err **err)
{
	(void)run, (void)err;
	((struct thing *)s->subject)->undos++;
	return 0;
}

static int look(const struct step *s, struct step_run *run, struct err **err)
{
	struct thing *t = (struct thing *)s->subject;

	t->applies++;
	if (run->phase == STEP_LOOKING && !t->is_so)
		return STEP_SKIP;
	return t->fails ? err_set(err, t->fails, "nothing to be seen") : 0;
}

static const struct step_ops ops = {
	.name = "thing", .check = check, .apply = apply, .undo = undo
};
static const struct step_ops late_ops = {
	.name = "late", .late = true, .check = check, .apply = apply
};
static const struct step_ops look_ops = { .name = "look", .apply = look };

static struct clock real;
static struct plan_options options;
static struct buf seen;

static void on_started(void *ctx, const struct plan_item *i)
{
	(void)ctx;
	buf_addf(&seen, "start %s\n", i->step.id);
}

static void on_line(void *ctx, const struct plan_item *i, const char *text)
{
	(void)ctx, (void)i;
	buf_addf(&seen, "line %s\n", text);
}

static void on_changes(void *ctx, const struct plan_item *i)
{
	(void)ctx;
	buf_addf(&seen, "found %s\n", i->changes.v[0].text);
}

static void on_ended(void *ctx, const struct plan_item *i, const struct err *error)
{
	(void)ctx;
	buf_addf(&seen, "end %s%s%s\n", i->step.id, error ? " " : "", error ? error->text : "");
}

static const struct plan_events events = {
	.started = on_started, .line = on_line, .changes = on_changes, .ended = on_ended
};

static int setup(void **state)
{
	(void)state;
	real = clock_real(-1);
	options = (struct plan_options){ .clock = &real, .events = &events };
	buf_reset(&seen);
	return 0;
}

static void test_what_is_so_is_left_alone(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct thing a = { .is_so = true }, b = { .is_so = true };

	plan_add(&p, &ops, NULL, &a, "a");
	plan_add(&p, &ops, NULL, &b, "b");
	plan_need(&p, "a");
	assert_works(plan_check(&p, &options, &err));
	assert_works(plan_run(&p, &options, &err));
	assert_int_equal(a.checks + b.checks, 2); /* planning only: nothing before it has changed */
	assert_int_equal(a.applies + b.applies, 0);
	assert_int_equal(plan_changes_all(&p), 0);
	assert_int_equal(p.items[0].state, PLAN_SAME);
}

static void test_a_change_is_applied_and_checked_again(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct thing a = { 0 }, b = { .was_planned_so = true }, far = { .is_so = true };

	plan_add(&p, &ops, NULL, &a, "a");
	plan_add(&p, &ops, NULL, &b, "b");
	plan_need(&p, "a");
	plan_add(&p, &ops, NULL, &far, "far");
	plan_need(&p, "b");
	assert_works(plan_check(&p, &options, &err));
	assert_works(plan_run(&p, &options, &err));
	assert_int_equal(a.applies, 1);
	assert_int_equal(a.checks, 3);	/* planned, before, after */
	assert_int_equal(b.applies, 1); /* planned as the same, but what it needs was changed */
	assert_int_equal(far.checks, 2);
	assert_int_equal(far.applies, 0);
	assert_string_equal(buf_text(&seen),
			    "start a\nline at work on a\nend a\n"
			    "start b\nfound b is to be so\nline at work on b\nend b\n"
			    "start far\nend far\n");
}

static void test_what_does_not_hold_fails(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct thing a = { .stubborn = true }, b = { 0 };

	plan_add(&p, &ops, NULL, &a, "a");
	plan_add(&p, &ops, NULL, &b, "b");
	plan_need(&p, "a");
	assert_works(plan_check(&p, &options, &err));
	assert_fails(plan_run(&p, &options, &err), ERR_CONFLICT,
		     "a: was applied but does not hold: a is to be so");
	assert_int_equal(b.applies, 0);
	assert_int_equal(a.undos, 0);
}

static void test_a_failure_is_undone_and_stops(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct thing a = { .fails = ERR_TASK }, b = { 0 };

	plan_add(&p, &ops, NULL, &a, "a");
	plan_add(&p, &ops, NULL, &b, "b");
	plan_need(&p, "a");
	assert_works(plan_check(&p, &options, &err));
	assert_fails(plan_run(&p, &options, &err), ERR_TASK, "a: it cannot be done");
	assert_int_equal(a.undos, 1);
	assert_int_equal(b.applies, 0);
	assert_int_equal(p.items[0].state, PLAN_FAILED);
	assert_int_equal(p.items[1].state, PLAN_WAITING);
	assert_non_null(strstr(buf_text(&seen), "end a a: it cannot be done\n"));
}

static void test_steps_run_side_by_side(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct meeting m = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
			     .expected = PLAN_WORKERS };
	struct thing t[3 * PLAN_WORKERS] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		t[i].meeting = &m;
		plan_add(&p, &ops, NULL, &t[i], "t%zu", i);
	}
	assert_works(plan_check(&p, &options, &err));
	assert_works(plan_run(&p, &options, &err)); /* would never end with fewer threads */
	assert_true(m.most <= PLAN_WORKERS);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(t[i].applies, 1);
}

static void test_running_steps_end_after_a_failure(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct meeting m = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .expected = 2 };
	struct thing a = { .fails = ERR_BUSY, .meeting = &m },
		     b = { .fails = ERR_TASK, .meeting = &m };

	plan_add(&p, &ops, NULL, &a, "a");
	plan_add(&p, &ops, NULL, &b, "b");
	assert_works(plan_check(&p, &options, &err));
	_cleanup_err_ struct err *err = NULL;
	assert_int_equal(plan_run(&p, &options, &err), -1);
	assert_true(err->kind == ERR_BUSY || err->kind == ERR_TASK);
	assert_int_equal(p.items[0].state, PLAN_FAILED);
	assert_int_equal(p.items[1].state, PLAN_FAILED);
	assert_int_equal(a.undos + b.undos, 2);
}

static void test_looking_changes_nothing(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct thing differs = { 0 }, late = { .was_planned_so = true }, there = { .is_so = true },
		     absent = { 0 };
	struct thing behind = { .was_planned_so = true };

	options.look = true;
	plan_add(&p, &ops, NULL, &differs, "differs");
	plan_add(&p, &look_ops, NULL, &there, "there");
	plan_add(&p, &late_ops, NULL, &late, "late");
	plan_need(&p, "there");
	plan_add(&p, &look_ops, NULL, &absent, "absent");
	plan_add(&p, &late_ops, NULL, &behind, "behind");
	plan_need(&p, "absent");
	assert_works(plan_check(&p, &options, &err));
	assert_int_equal(plan_changes_all(&p), 1);
	assert_works(plan_run(&p, &options, &err));
	assert_int_equal(plan_changes_all(&p), 2);
	assert_int_equal(p.items[0].state, PLAN_DIFFERS);
	assert_int_equal(p.items[1].state, PLAN_SAME);
	assert_int_equal(p.items[2].state, PLAN_DIFFERS);
	assert_int_equal(p.items[3].state, PLAN_SKIPPED);
	assert_int_equal(p.items[4].state, PLAN_SAME); /* as planned: there was nobody to ask */
	assert_int_equal(differs.applies + late.applies + behind.applies, 0);
}

static void test_guards_hold_for_what_is_found_late(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct thing late = { .was_planned_so = true, .effect = STEP_RESTARTS };

	plan_add(&p, &late_ops, NULL, &late, "late");
	assert_works(plan_check(&p, &options, &err));
	assert_works(plan_guard(&p, &options, &err));
	assert_fails(plan_run(&p, &options, &err), ERR_GUARD, "late");
	assert_int_equal(late.applies, 0);
}

static void test_cancelled(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	struct thing a = { 0 };
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	plan_add(&p, &ops, NULL, &a, "a");
	assert_works(plan_check(&p, &options, &err));
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
	real = clock_real(pipe_fds[0]);
	assert_fails(plan_run(&p, &options, &err), ERR_INTERRUPTED, "interrupted");
	assert_int_equal(a.applies, 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&seen);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_is_so_is_left_alone, setup),
		cmocka_unit_test_setup(test_a_change_is_applied_and_checked_again, setup),
		cmocka_unit_test_setup(test_what_does_not_hold_fails, setup),
		cmocka_unit_test_setup(test_a_failure_is_undone_and_stops, setup),
		cmocka_unit_test_setup(test_steps_run_side_by_side, setup),
		cmocka_unit_test_setup(test_running_steps_end_after_a_failure, setup),
		cmocka_unit_test_setup(test_looking_changes_nothing, setup),
		cmocka_unit_test_setup(test_guards_hold_for_what_is_found_late, setup),
		cmocka_unit_test_setup(test_cancelled, setup),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
