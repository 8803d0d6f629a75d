#include "test.h"
#include "base/strv.h"
#include "guest/shell.h"

/* A carrier that tells what it was asked and gives what the test says. */
struct fake {
	struct shell shell;
	int64_t timeout_ms;
	size_t output_max;
	const char *out, *err;
	int status;
	struct strv argv;
	struct buf input;
};

static int fake_exec(struct shell *s, const struct shell_exec *x, struct shell_result *ret, struct err **err)
{
	struct fake *f = (struct fake *)s;

	f->timeout_ms = x->timeout_ms;
	f->output_max = x->output_max;
	strv_free(&f->argv);
	strv_add_all(&f->argv, x->argv);
	buf_reset(&f->input);
	buf_add(&f->input, x->input, x->input_len);
	if (buf_adds(&ret->out, f->out ? f->out : "") < 0)
		return err_set(err, ERR_INTERNAL, "too much");
	buf_adds(&ret->err, f->err ? f->err : "");
	ret->status = f->status;
	return 0;
}

static const struct shell_ops ops = {
	.name = "fake", .exec = fake_exec, .write_file = shell_write_by_exec, .read_file = shell_read_by_exec
};

static struct fake fake(int status, const char *out, const char *err)
{
	return (struct fake){ .shell = { .ops = &ops, .peer = "vm" }, .status = status, .out = out, .err = err };
}

static void fake_free(struct fake *f)
{
	strv_free(&f->argv);
	buf_free(&f->input);
}

static void failures_carry_the_last_words(void **state UNUSED)
{
	_cleanup_(fake_free) struct fake f = fake(2, "out\n", "a\nb\nc\nd\n");
	_cleanup_(fake_free) struct fake quiet = fake(1, "only out\n", "");
	_cleanup_(fake_free) struct fake silent = fake(1, "", "");
	const char *argv[] = { "tool", NULL };
	struct shell_exec x = { .argv = argv };

	assert_fails(shell_check(&f.shell, &x, NULL, &err), ERR_INTERNAL, "vm: 'tool' failed with status 2: b; c; d");
	assert_fails(shell_check(&quiet.shell, &x, NULL, &err), ERR_INTERNAL, "status 1: only out");
	assert_fails(shell_check(&silent.shell, &x, NULL, &err), ERR_INTERNAL, "'tool' failed with status 1");
	_cleanup_err_ struct err *err = NULL;
	shell_check(&f.shell, &x, NULL, &err);
	assert_int_equal(err->code, 2);
}

static void limits_have_defaults(void **state UNUSED)
{
	_cleanup_(fake_free) struct fake f = fake(0, "12345", "");
	_cleanup_shell_result_ struct shell_result r = { 0 };
	const char *argv[] = { "tool", NULL };

	assert_works(shell_exec(&f.shell, &(struct shell_exec){ .argv = argv }, &r, &err));
	assert_int_equal(f.timeout_ms, 60000);
	assert_int_equal(f.output_max, 1 << 20);
	assert_fails(shell_exec(&f.shell, &(struct shell_exec){ .argv = argv, .output_max = 4 }, &r, &err), ERR_INTERNAL,
		     "too much");
}

static void a_script_goes_through_stdin_and_its_words_stay_words(void **state UNUSED)
{
	_cleanup_(fake_free) struct fake f = fake(0, "", "");
	_cleanup_shell_result_ struct shell_result r = { 0 };
	const char *args[] = { "a b", "$(c)", NULL };

	assert_works(shell_script(&f.shell, "echo \"$1\"\n", args, 0, &r, &err));
	_cleanup_free_ char *line = strv_join(&f.argv, "|");
	assert_string_equal(line, "/bin/sh|-s|--|a b|$(c)");
	assert_string_equal(buf_text(&f.input), "echo \"$1\"\n");
}

static void files_that_are_not_there_are_told_apart(void **state UNUSED)
{
	_cleanup_(fake_free) struct fake missing = fake(66, "", "");
	_cleanup_(fake_free) struct fake denied = fake(1, "", "cat: f: Permission denied\n");
	_cleanup_buf_ struct buf b = { 0 };

	assert_fails(shell_read_file(&missing.shell, "/f", 9, &b, &err), ERR_NOT_FOUND, "vm: '/f' does not exist");
	assert_fails(shell_read_file(&denied.shell, "/f", 9, &b, &err), ERR_INTERNAL, "Permission denied");
}

static void quoting_leaves_nothing_to_the_shell(void **state UNUSED)
{
	static const struct {
		const char *word, *quoted;
	} cases[] = { { "", "''" }, { "a b", "'a b'" }, { "it's", "'it'\\''s'" }, { "$x`y`\\\n", "'$x`y`\\\n'" } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf b = { 0 };
		shell_quote(&b, cases[i].word);
		assert_string_equal(buf_text(&b), cases[i].quoted);
	}
}

static void keep(void *ctx, const char *text)
{
	strv_add(ctx, text);
}

static void lines_are_passed_when_they_are_whole(void **state UNUSED)
{
	_cleanup_strv_ struct strv lines = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	struct shell_exec x = { .line = keep, .line_ctx = &lines };
	size_t seen = 0;

	buf_adds(&b, "on");
	shell_pass_lines(&x, &b, &seen, false);
	assert_int_equal(lines.n, 0);
	buf_adds(&b, "e\r\ntwo\nthr");
	shell_pass_lines(&x, &b, &seen, false);
	shell_pass_lines(&x, &b, &seen, true);
	shell_pass_lines(&x, &b, &seen, true);
	_cleanup_free_ char *all = strv_join(&lines, "|");
	assert_string_equal(all, "one|two|thr");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_carry_the_last_words),
		cmocka_unit_test(limits_have_defaults),
		cmocka_unit_test(a_script_goes_through_stdin_and_its_words_stay_words),
		cmocka_unit_test(files_that_are_not_there_are_told_apart),
		cmocka_unit_test(quoting_leaves_nothing_to_the_shell),
		cmocka_unit_test(lines_are_passed_when_they_are_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
