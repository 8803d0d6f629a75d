#include "cli/app.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "test.h"

static int parse(const char *line, struct globals *g, struct args_parsed *p, struct err **err)
{
	static char text[256];
	static const char *argv[32];
	size_t n = 0;

	snprintf(text, sizeof(text), "pveprov %s", line);
	char *save = NULL;
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	*g = (struct globals){ 0 };
	return args_parse(argv, g, p, err);
}

static void wrong_lines_are_refused_with_a_hint(void **state UNUSED)
{
	static const struct {
		const char *line, *text, *hint;
	} lines[] = {
		{ "", "no command given", "pveprov --help" },
		{ "explian", "unknown command 'explian'", "did you mean 'explain'?" },
		{ "frobnicate", "unknown command 'frobnicate'", "see 'pveprov --help'" },
		{ "explain --outptu json", "unknown option '--outptu'",
		  "did you mean '--output'?" },
		{ "explain -x", "unknown option '-x'", "see 'pveprov explain --help'" },
		{ "explain -qx", "unknown option '-qx'", "pveprov explain --help" },
		{ "explain -o", "option '--output' needs a value: FORMAT",
		  "pveprov explain --help" },
		{ "explain -o text", "'--output text': no such FORMAT",
		  "one of: table, json, jsonl, yaml" },
		{ "explain --quiet=1", "option '--quiet' takes no value", NULL },
		{ "explain --timeout 0", "must be from 1 to 86400 s", NULL },
		{ "explain --timeout soon", "not a duration", "such as 90s" },
		{ "explain 1 2", "unexpected argument '2'", "pveprov explain --help" },
		{ "completion", "SHELL is missing", "pveprov completion --help" },
		{ "completion tcsh", "'tcsh' is no SHELL", "one of: bash, zsh, fish" },
		{ "--lab", "no command given", "pveprov --help" },
		{ "completion -- --help", "'--help' is no SHELL", "bash" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_err_ struct err *err = NULL;
		_cleanup_args_ struct args_parsed p = { 0 };
		struct globals g;
		assert_int_equal(parse(lines[i].line, &g, &p, &err), -1);
		assert_int_equal(err->kind, ERR_USAGE);
		if (!strstr(err->text, lines[i].text))
			fail_msg("'%s': '%s' does not contain '%s'", lines[i].line, err->text,
				 lines[i].text);
		if (lines[i].hint && (!err->hint || !strstr(err->hint, lines[i].hint)))
			fail_msg("'%s': the hint '%s' does not contain '%s'", lines[i].line,
				 err->hint, lines[i].hint);
	}
}

static void options_stand_anywhere_in_any_form(void **state UNUSED)
{
	static const char *const lines[] = {
		"-q -o json -c home --timeout 90s explain 8",
		"explain 8 --quiet --output=json --context=home --timeout=1m30s",
		"explain -qojson 8 -chome --timeout 90",
		"explain -q --output json -c home --timeout 90000ms -- 8",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_args_ struct args_parsed p = { 0 };
		struct globals g;
		assert_works(parse(lines[i], &g, &p, &err));
		assert_ptr_equal(p.command, &cmd_explain);
		assert_true(g.quiet);
		assert_int_equal(g.format, OUTPUT_JSON);
		assert_string_equal(g.context, "home");
		assert_int_equal(g.timeout_ms, 90000);
		assert_int_equal(p.args.n, 1);
		assert_string_equal(p.args.v[0], "8");
		assert_null(p.args.v[1]);
	}
}

static void help_needs_nothing_else(void **state UNUSED)
{
	static const struct {
		const char *line;
		const struct command *command;
	} lines[] = { { "--help", NULL },
		      { "completion --help", &cmd_completion },
		      { "--help explain", &cmd_explain } };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_args_ struct args_parsed p = { 0 };
		struct globals g;
		assert_works(parse(lines[i].line, &g, &p, &err));
		assert_true(g.help);
		assert_ptr_equal(p.command, lines[i].command);
	}
}

static void durations_have_units(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "90", 90000 },	   { "90s", 90000 }, { "10m", 600000 },
		     { "1h30m", 5400000 }, { "250ms", 250 }, { "1d", 86400000 } };
	static const char *const bad[] = { "",	   "s",	 "10x",		 "-1s", "1.5h",
					   "10 m", "0s", "99999999999s", "m10" };
	int64_t ms;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(args_duration(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (args_duration(bad[i], &ms))
			fail_msg("'%s' is no duration, yet it was read as %" PRId64 " ms", bad[i],
				 ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_lines_are_refused_with_a_hint),
		cmocka_unit_test(options_stand_anywhere_in_any_form),
		cmocka_unit_test(help_needs_nothing_else),
		cmocka_unit_test(durations_have_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
