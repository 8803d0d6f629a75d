/* The tables hold together: every command and option is complete, unique, documented and completed.
 */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/explain.h"
#include "cli/exits.h"
#include "cli/help.h"
#include "test.h"

static void is_sentence(const char *where, const char *what, const char *text)
{
	if (!text || !*text || text[strlen(text) - 1] == '.' || strlen(text) > 200)
		fail_msg("%s: %s is missing, ends with a full stop or is too long: '%s'", where,
			 what, text ? text : "");
}

static void check_options(const char *where, const struct option_spec *options)
{
	for (const struct option_spec *s = options; s && s->name; s++) {
		is_sentence(where, s->name, s->help);
		if ((s->type == OPT_FLAG) != !s->arg)
			fail_msg("%s --%s: a flag has no argument, everything else names it", where,
				 s->name);
		if ((s->type == OPT_ENUM) != !!s->names)
			fail_msg("%s --%s: names belong to OPT_ENUM", where, s->name);
		if (s->help[0] < 'A' || s->help[0] > 'Z')
			fail_msg("%s --%s: help begins with a capital letter", where, s->name);
		for (const struct option_spec *o = options; o != s; o++)
			if (streq(o->name, s->name) || (s->letter && o->letter == s->letter))
				fail_msg("%s: --%s is there twice", where, s->name);
	}
}

static void check_operands(const char *where, const struct operand *operands)
{
	bool optional = false;

	for (const struct operand *o = operands; o && o->name; o++) {
		is_sentence(where, o->name, o->help);
		if (optional && !o->optional)
			fail_msg("%s: %s comes after an optional one", where, o->name);
		if (o->repeated && o[1].name)
			fail_msg("%s: only the last operand may be repeated", where);
		optional = o->optional;
	}
}

static void every_command_is_complete(void **state UNUSED)
{
	for (const struct command *const *p = commands; *p; p++) {
		const struct command *c = *p;
		char where[64];
		snprintf(where, sizeof(where), "%s %s", c->group ? c->group : "", c->name);
		is_sentence(where, "summary", c->summary);
		if (strlen(c->summary) > 60)
			fail_msg("%s: summary is longer than 60 characters", where);
		if (!c->about || strlen(c->about) < 40 || c->about[strlen(c->about) - 1] != '.')
			fail_msg("%s: 'about' is missing, short, or no sentence", where);
		if (!c->examples || !c->examples->line)
			fail_msg("%s: no example", where);
		for (const struct example *e = c->examples; e->line; e++)
			is_sentence(where, "example", e->what);
		check_options(where, c->options);
		check_operands(where, c->operands);
		assert_non_null(c->run);
		assert_true(!c->options || c->options_size > 0);
		assert_ptr_equal(command_find(c->group, c->name), c);
		if (c->group)
			assert_non_null(command_group_find(c->group));
		else
			assert_null(command_group_find(c->name));
	}
	check_options("global", global_options);
}

static void help_and_completions_name_everything(void **state UNUSED)
{
	_cleanup_buf_ struct buf top = { 0 };

	help_top(&top, 80);
	for (const struct command *const *p = commands; *p; p++) {
		_cleanup_buf_ struct buf text = { 0 };
		_cleanup_free_ char *name = xasprintf("  %s%s%s", (*p)->group ? (*p)->group : "",
						      (*p)->group ? " " : "", (*p)->name);
		assert_non_null(strstr(buf_text(&top), name));
		help_command(&text, *p, 80);
		for (const struct option_spec *s = (*p)->options; s && s->name; s++) {
			_cleanup_free_ char *option = xasprintf("--%s", s->name);
			assert_non_null(strstr(buf_text(&text), option));
		}
		assert_null(strstr(buf_text(&text), "(null)"));
		for (const struct completion_shell *shell = completion_shells; shell->name;
		     shell++) {
			_cleanup_buf_ struct buf script = { 0 };
			shell->write(&script);
			assert_non_null(strstr(buf_text(&script), (*p)->name));
			for (const struct option_spec *s = (*p)->options; s && s->name; s++)
				assert_non_null(strstr(buf_text(&script), s->name));
		}
	}
}

static void no_line_of_help_is_too_wide(void **state UNUSED)
{
	for (const struct command *const *p = commands; *p; p++) {
		_cleanup_buf_ struct buf text = { 0 };
		help_command(&text, *p, 80);
		char *save = NULL;
		for (char *l = strtok_r(text.data, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
			if (strlen(l) > 80 && !starts_with(l, "  pveprov "))
				fail_msg("%s: '%s' is wider than 80", (*p)->name, l);
	}
}

static void exit_codes_are_those_of_the_errors(void **state UNUSED)
{
	for (int kind = 0; kind < ERR_KINDS; kind++) {
		const struct exit_info *e = exit_infos;
		while (e->summary && e->code != err_exit_code((enum err_kind)kind))
			e++;
		if (!e->summary)
			fail_msg("exit code %d is not explained",
				 err_exit_code((enum err_kind)kind));
	}
	for (const struct exit_info *e = exit_infos; e[1].summary; e++)
		assert_true(e->code < e[1].code);
	for (const struct explain_info *e = explain_infos; e[1].code; e++)
		assert_true(strcmp(e->code, e[1].code) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_is_complete),
		cmocka_unit_test(help_and_completions_name_everything),
		cmocka_unit_test(no_line_of_help_is_too_wide),
		cmocka_unit_test(exit_codes_are_those_of_the_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
