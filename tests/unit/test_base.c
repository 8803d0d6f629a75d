#include "test.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/secret.h"
#include "base/strv.h"
#include "base/text.h"

static void buf_refuses_to_grow_beyond_its_ceiling(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = { .ceiling = 4 };

	assert_int_equal(buf_adds(&b, "12345"), -1);
	assert_true(b.overflow);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_adds(&b, "1234"), 0);
	assert_string_equal(buf_text(&b), "1234");
	buf_consume(&b, 3);
	assert_string_equal(buf_text(&b), "4");
}

static void numbers_are_whole_and_in_range(void **state UNUSED)
{
	static const char *const bad[] = { "", "01", "1x", "-1", "+1", " 1", "18446744073709551616", "101" };
	uint64_t n = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_to_u64(bad[i], 0, 100, &n));
	assert_int_equal(n, 7);
	assert_true(text_to_u64("100", 0, 100, &n));
	assert_int_equal(n, 100);
	int64_t s;
	assert_true(text_to_i64("-5", -5, 5, &s));
	assert_int_equal(s, -5);
	assert_true(text_to_hex("6B00DAFD", UINT32_MAX, &n));
	assert_int_equal(n, 0x6B00DAFD);
	assert_false(text_to_hex("1FFFFFFFF", UINT32_MAX, &n));
}

static void the_nearest_name_is_found(void **state UNUSED)
{
	static const char *const names[] = { "bridge", "address", "memory", NULL };

	assert_string_equal(text_nearest("adress", names), "address");
	assert_string_equal(text_nearest("Bridge", names), "bridge");
	assert_null(text_nearest("frobnicate", names));
	assert_string_equal(text_nearest("bri", names), "bridge");
	assert_null(text_nearest("br", names));
	static const char *const short_names[] = { "id", "dns", "name", NULL };
	assert_string_equal(text_nearest("dsn", short_names), "dns");
	assert_string_equal(text_nearest("naem", short_names), "name");
	assert_null(text_nearest("nsd", short_names));
}

static void errors_gather_who_and_hint(void **state UNUSED)
{
	_cleanup_err_ struct err *err = NULL;

	assert_int_equal(err_set(&err, ERR_BUSY, "VM is locked (%s)", "backup"), -1);
	err_wrap(&err, "VM %d", 100);
	err_hint(&err, "wait for it");
	assert_string_equal(err->text, "VM 100: VM is locked (backup)");
	assert_string_equal(err->hint, "wait for it");
	assert_int_equal(err_exit_code(err->kind), 6);
	assert_int_equal(err_set(NULL, ERR_BUSY, "dropped"), -1);
}

static void a_deadline_names_what_took_too_long(void **state UNUSED)
{
	int64_t now = 0;
	struct clock c = clock_fake(&now);
	struct deadline d = deadline_in(&c, 2500);

	assert_works(deadline_check(&d, &err, "it"));
	assert_works(clock_sleep(&c, 2500, &err));
	assert_fails(deadline_check(&d, &err, "the %s", "clone"), ERR_TIMEOUT, "the clone took longer than 2.5 s");
}

static void a_pace_follows_the_time_that_has_gone(void **state UNUSED)
{
	static const struct pace p = { 25, 30, 500 };
	int64_t now = 0;
	struct clock c = clock_fake(&now);
	struct deadline d = deadline_in(&c, 5000);

	assert_int_equal(pace_ms(&p, 100), 30);
	assert_int_equal(pace_ms(&p, 4000), 160);
	assert_int_equal(pace_ms(&p, 60000), 500);
	now = 4000;
	assert_works(deadline_pace(&d, &p, &err));
	assert_int_equal(now, 4160);
	now = 4900; /* never beyond the end */
	assert_works(deadline_pace(&d, &p, &err));
	assert_int_equal(now, 5000);
}

static void a_program_gets_input_and_gives_output(void **state UNUSED)
{
	struct clock c = clock_real(-1);
	_cleanup_proc_result_ struct proc_result r = { 0 };
	const char *argv[] = { "sh", "-c", "cat; echo oops >&2; exit 3", NULL };

	assert_works(proc_run(&(struct proc_spec){ .argv = argv, .input = "hello", .input_len = 5 }, &c, &r, &err));
	assert_int_equal(r.status, 3);
	assert_string_equal(buf_text(&r.out), "hello");
	assert_string_equal(buf_text(&r.err), "oops\n");
	assert_fails(proc_check(&(struct proc_spec){ .argv = argv }, &c, &err), ERR_INTERNAL, "status 3: oops");
	const char *absent[] = { "no-such-program", NULL };
	assert_fails(proc_check(&(struct proc_spec){ .argv = absent }, &c, &err), ERR_NOT_FOUND, "no-such-program");
}

static void a_program_that_hangs_is_killed(void **state UNUSED)
{
	struct clock c = clock_real(-1);
	const char *argv[] = { "cat", "/dev/zero", NULL };

	assert_fails(proc_check(&(struct proc_spec){ .argv = argv, .timeout_ms = 50 }, &c, &err), ERR_TIMEOUT,
		     "'cat' took longer than 0.05 s");
}

static void files_are_written_whole(void **state UNUSED)
{
	_cleanup_free_ char *dir = NULL;
	_cleanup_buf_ struct buf b = { 0 };

	assert_works(fs_temp_dir(NULL, "pveprov-test", &dir, &err));
	_cleanup_free_ char *sub = fs_join(dir, "a/b/");
	_cleanup_free_ char *file = fs_join(sub, "/f");
	assert_works(fs_mkdirs(sub, 0700, &err));
	assert_works(fs_write(file, "text", 4, 0600, &err));
	assert_works(fs_read(file, 4, &b, &err));
	assert_string_equal(buf_text(&b), "text");
	_cleanup_buf_ struct buf small = { 0 };
	assert_fails(fs_read(file, 3, &small, &err), ERR_RECIPE, "larger than 3 bytes");
	assert_works(fs_remove_tree(dir, &err));
	assert_false(fs_exists(dir));
	assert_fails(fs_read(file, 4, &b, &err), ERR_NOT_FOUND, "cannot open");
}

static void lists_serve_as_argv(void **state UNUSED)
{
	_cleanup_strv_ struct strv l = { 0 };

	strv_split(&l, "b,,a c", ", ");
	strv_sort(&l);
	_cleanup_free_ char *s = strv_join(&l, "|");
	assert_string_equal(s, "a|b|c");
	assert_null(l.v[3]);
}

static void an_arena_gives_zeroed_memory(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 1; i < 40000; i = i * 3) {
		char *p = arena_alloc(&a, i);
		for (size_t j = 0; j < i; j++)
			assert_int_equal(p[j], 0);
		memset(p, 0xff, i);
	}
	assert_string_equal(arena_printf(&a, "%d", 5), "5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_refuses_to_grow_beyond_its_ceiling),
		cmocka_unit_test(numbers_are_whole_and_in_range),
		cmocka_unit_test(the_nearest_name_is_found),
		cmocka_unit_test(errors_gather_who_and_hint),
		cmocka_unit_test(a_deadline_names_what_took_too_long),
		cmocka_unit_test(a_pace_follows_the_time_that_has_gone),
		cmocka_unit_test(a_program_gets_input_and_gives_output),
		cmocka_unit_test(a_program_that_hangs_is_killed),
		cmocka_unit_test(files_are_written_whole),
		cmocka_unit_test(lists_serve_as_argv),
		cmocka_unit_test(an_arena_gives_zeroed_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
