/* The table of steps: order of needs, planning, guards. */
#include "base/buf.h"
#include "plan/run.h"
#include "plan/order.h"
#include "test.h"

static int64_t now;
static struct clock fake;
static struct plan_options options;

static int setup(void **state)
{
	(void)state;
	now = 0;
	fake = clock_fake(&now);
	options = (struct plan_options){ .clock = &fake };
	return 0;
}

/* ctx is a text that records the order of checks; subject names what is found. */
static int check_order(const struct step *s, struct step_run *run, struct step_changes *ret,
		       struct err **err)
{
	(void)err;
	assert_int_equal(run->phase, STEP_PLANNING);
	buf_addf(s->ctx, "%s ", s->id);
	if (s->subject)
		step_changed(ret, STEP_CHANGE, *(const enum step_effect *)s->subject, NULL,
			     "thing");
	return 0;
}

static int check_fails(const struct step *s, struct step_run *run, struct step_changes *ret,
		       struct err **err)
{
	(void)s, (void)run, (void)ret;
	return err_set(err, ERR_NOT_FOUND, "no such thing");
}

static const struct step_ops order_ops = { .name = "order", .check = check_order };
static const struct step_ops failing_ops = { .name = "failing", .check = check_fails };
static const struct step_ops look_ops = { .name = "look" };

static void test_needs_come_first(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	_cleanup_buf_ struct buf seen = { 0 };

	plan_add(&p, &order_ops, &seen, NULL, "c");
	plan_need(&p, "%s", "b");
	plan_add(&p, &order_ops, &seen, NULL, "b");
	plan_need(&p, "a%d", 1);
	plan_add(&p, &order_ops, &seen, NULL, "x");
	plan_add(&p, &order_ops, &seen, NULL, "a%d", 1);
	plan_add(&p, &look_ops, &seen, NULL, "look");
	assert_works(plan_check(&p, &options, &err));
	assert_string_equal(buf_text(&seen), "x a1 b c ");
}

static void test_a_step_may_need_many(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	_cleanup_buf_ struct buf seen = { 0 };

	plan_add(&p, &order_ops, &seen, NULL, "last");
	for (int i = 0; i < 100; i++)
		plan_need(&p, "%d", i);
	for (int i = 0; i < 100; i++)
		plan_add(&p, &order_ops, &seen, NULL, "%d", i);
	assert_works(plan_check(&p, &options, &err));
	assert_string_equal(buf_text(&seen) + seen.len - strlen("99 last "), "99 last ");
}

static void test_bad_tables(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf seen = { 0 };
	_cleanup_plan_ struct plan missing = { 0 }, circle = { 0 }, twice = { 0 };

	plan_add(&missing, &order_ops, &seen, NULL, "a");
	plan_need(&missing, "nobody");
	assert_fails(plan_check(&missing, &options, &err), ERR_INTERNAL, "needs 'nobody'");
	plan_add(&circle, &order_ops, &seen, NULL, "a");
	plan_need(&circle, "b");
	plan_add(&circle, &order_ops, &seen, NULL, "b");
	plan_need(&circle, "a");
	assert_fails(plan_check(&circle, &options, &err), ERR_INTERNAL, "circle");
	plan_add(&twice, &order_ops, &seen, NULL, "a");
	plan_add(&twice, &order_ops, &seen, NULL, "a");
	assert_fails(plan_check(&twice, &options, &err), ERR_INTERNAL, "two steps are called 'a'");
}

static void test_a_failing_check_names_its_step(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };

	plan_add(&p, &failing_ops, NULL, NULL, "clone router");
	assert_fails(plan_check(&p, &options, &err), ERR_NOT_FOUND, "clone router: no such thing");
}

static void test_guards(void **state)
{
	(void)state;
	static const enum step_effect live = STEP_LIVE, restarts = STEP_RESTARTS,
				      destroys = STEP_DESTROYS;
	_cleanup_buf_ struct buf seen = { 0 };
	_cleanup_plan_ struct plan calm = { 0 }, restart = { 0 }, destroy = { 0 };

	plan_add(&calm, &order_ops, &seen, &live, "a");
	assert_works(plan_check(&calm, &options, &err));
	assert_works(plan_guard(&calm, &options, &err));
	plan_add(&restart, &order_ops, &seen, &restarts, "a");
	assert_works(plan_check(&restart, &options, &err));
	assert_fails(plan_guard(&restart, &options, &err), ERR_GUARD, "restart or cut off");
	options.allow_restart = true;
	assert_works(plan_guard(&restart, &options, &err));
	plan_add(&destroy, &order_ops, &seen, &destroys, "a");
	assert_works(plan_check(&destroy, &options, &err));
	assert_fails(plan_guard(&destroy, &options, &err), ERR_GUARD, "destroy data");
	options.allow_destroy = true;
	assert_works(plan_guard(&destroy, &options, &err));
}

static void test_counts_leave_remarks_out(void **state)
{
	(void)state;
	_cleanup_plan_ struct plan p = { 0 };
	static const enum step_effect live = STEP_LIVE;
	_cleanup_buf_ struct buf seen = { 0 };

	plan_add(&p, &order_ops, &seen, &live, "a");
	assert_works(plan_check(&p, &options, &err));
	step_note(&p.items[0].changes, "everyone there sees port %d", 8006);
	assert_int_equal(plan_changes_all(&p), 1);
	assert_int_equal(plan_changes(&p, STEP_CHANGE), 1);
	assert_int_equal(plan_changes(&p, STEP_NOTE), 1);
	assert_int_equal(plan_changes(&p, STEP_CREATE), 0);
	/* planning again starts afresh */
	assert_works(plan_check(&p, &options, &err));
	assert_int_equal(plan_changes(&p, STEP_NOTE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_needs_come_first, setup),
		cmocka_unit_test_setup(test_a_step_may_need_many, setup),
		cmocka_unit_test_setup(test_bad_tables, setup),
		cmocka_unit_test_setup(test_a_failing_check_names_its_step, setup),
		cmocka_unit_test_setup(test_guards, setup),
		cmocka_unit_test_setup(test_counts_leave_remarks_out, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
