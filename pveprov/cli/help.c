#include "cli/help.h"
#include "cli/commands.h"
#include "cli/exits.h"
#include "cli/wrap.h"

enum { TERM_COLUMN = 26 };

static void heading(struct buf *out, const char *text)
{
	buf_addf(out, "\n%s:\n", text);
}

static const char *group_prefix(const struct command *c, char text[static 32])
{
	snprintf(text, 32, "%s%s", c->group ? c->group : "", c->group ? " " : "");
	return text;
}

void help_usage(struct buf *out, const struct command *c)
{
	char prefix[32];

	buf_addf(out, "pveprov %s%s [OPTION]...", group_prefix(c, prefix), c->name);
	for (const struct operand *o = c->operands; o && o->name; o++)
		buf_addf(out, " %s%s%s%s%s", o->complete == COMPLETE_COMMAND ? "-- " : "",
			 o->optional ? "[" : "", o->name, o->optional ? "]" : "",
			 o->repeated ? "..." : "");
}

static bool command_has_letter(const struct command *c, char letter)
{
	for (const struct option_spec *s = c ? c->options : NULL; s && s->name; s++)
		if (s->letter == letter)
			return true;
	return false;
}

void help_option(struct buf *out, const struct option_spec *s, const struct command *command)
{
	if (s->letter && !command_has_letter(command, s->letter))
		buf_addf(out, "-%c, ", s->letter);
	buf_addf(out, "--%s%s%s", s->name, s->arg ? " " : "", s->arg ? s->arg : "");
}

void help_option_values(struct buf *out, const struct option_spec *s)
{
	int64_t unit = s->type == OPT_DURATION ? 1000 : 1;

	for (size_t i = 0; s->type == OPT_ENUM && s->names[i]; i++)
		buf_addf(out, "%s%s", i ? ", " : "One of: ", s->names[i]);
	if (s->type == OPT_LIST)
		buf_adds(out, "May be given several times");
	if (s->type == OPT_DURATION)
		buf_adds(out, "Such as 90s, 10m or 1h30m");
	if (s->type == OPT_INT && s->max)
		buf_addf(out, "From %" PRId64 " to %" PRId64, s->min / unit, s->max / unit);
}

static void option_line(struct buf *out, const struct option_spec *s, const struct command *own,
			size_t width)
{
	_cleanup_buf_ struct buf term = { 0 }, text = { 0 };

	help_option(&term, s, own);
	if (term.data[1] == '-') { /* long names stand in one column */
		_cleanup_free_ char *plain = buf_take(&term);
		buf_addf(&term, "    %s", plain);
	}
	buf_addf(&text, "%s.", s->help);
	size_t before = text.len;
	buf_addc(&text, ' ');
	help_option_values(&text, s);
	if (text.len == before + 1)
		text.data[--text.len] = '\0';
	else
		buf_addc(&text, '.');
	wrap_term(out, buf_text(&term), buf_text(&text), TERM_COLUMN, width);
}

static void operands(struct buf *out, const struct command *c, size_t width)
{
	if (!c->operands)
		return;
	heading(out, "Arguments");
	for (const struct operand *o = c->operands; o->name; o++) {
		_cleanup_free_ char *text =
			xasprintf("%s%s", o->help, o->optional ? " (optional)." : ".");
		wrap_term(out, o->name, text, TERM_COLUMN, width);
	}
}

static void options(struct buf *out, const struct command *c, size_t width)
{
	_cleanup_buf_ struct buf global = { 0 };

	heading(out, "Options");
	for (const struct option_spec *s = c->options; s && s->name; s++)
		option_line(out, s, NULL, width);
	buf_adds(&global, "As for every command:");
	for (const struct option_spec *s = global_options; s->name; s++) {
		buf_adds(&global, s == global_options ? " " : ", ");
		if (s->letter && !command_has_letter(c, s->letter))
			buf_addf(&global, "-%c/", s->letter);
		buf_addf(&global, "--%s", s->name);
	}
	buf_adds(&global, " (see 'pveprov --help').");
	buf_adds(out, "  ");
	wrap_text(out, buf_text(&global), 2, 2, width);
}

static void examples(struct buf *out, const struct command *c, size_t width)
{
	heading(out, "Examples");
	for (const struct example *e = c->examples; e && e->line; e++) {
		buf_addf(out, "  pveprov %s\n", e->line);
		wrap_text(out, e->what, 0, 6, width);
	}
}

static void exit_codes(struct buf *out, const struct command *c, size_t width)
{
	heading(out, "Exit codes");
	for (const struct exit_info *e = exit_infos; e->summary; e++) {
		char code[8];
		if (c && !exit_applies(e, c))
			continue;
		snprintf(code, sizeof(code), "%3d", e->code);
		wrap_term(out, code, e->summary, 7, width);
	}
	if (c && (c->exits & EXITS_PROGRAM))
		wrap_term(out, "  *", "any other: the status of the program that was run", 7,
			  width);
}

void help_command(struct buf *out, const struct command *c, size_t width)
{
	char prefix[32];

	buf_addf(out, "pveprov %s%s: %s\n", group_prefix(c, prefix), c->name, c->summary);
	heading(out, "Usage");
	buf_adds(out, "  ");
	help_usage(out, c);
	buf_adds(out, "\n\n");
	wrap_text(out, c->about, 0, 0, width);
	operands(out, c, width);
	options(out, c, width);
	examples(out, c, width);
	exit_codes(out, c, width);
}

static void command_lines(struct buf *out, const char *group, size_t width)
{
	for (const struct command *const *c = commands; *c; c++) {
		char prefix[32];
		if (!streq_null((*c)->group, group))
			continue;
		_cleanup_free_ char *term = xasprintf("%s%s", group_prefix(*c, prefix), (*c)->name);
		wrap_term(out, term, (*c)->summary, TERM_COLUMN, width);
	}
}

void help_group(struct buf *out, const struct command_group *g, size_t width)
{
	buf_addf(out, "pveprov %s: %s\n", g->name, g->summary);
	heading(out, "Usage");
	buf_addf(out, "  pveprov %s COMMAND [OPTION]...\n", g->name);
	if (g->about) {
		buf_addc(out, '\n');
		wrap_text(out, g->about, 0, 0, width);
	}
	heading(out, "Commands");
	command_lines(out, g->name, width);
	buf_addf(out, "\n'pveprov %s COMMAND --help' explains each.\n", g->name);
}

void help_top(struct buf *out, size_t width)
{
	buf_adds(out, "pveprov: one recipe becomes running, verified machines on Proxmox VE\n");
	heading(out, "Usage");
	buf_adds(out, "  pveprov COMMAND [OPTION]...\n");
	heading(out, "Commands");
	command_lines(out, NULL, width);
	for (const struct command_group *g = command_groups; g->name; g++) {
		if (!command_group_find(g->name))
			continue;
		_cleanup_free_ char *title = xasprintf("%s: %s", g->name, g->summary);
		heading(out, title);
		command_lines(out, g->name, width);
	}
	heading(out, "Options of every command");
	for (const struct option_spec *s = global_options; s->name; s++)
		option_line(out, s, NULL, width);
	exit_codes(out, NULL, width);
	buf_adds(out, "\n'pveprov COMMAND --help' explains a command, 'pveprov explain CODE' an "
		      "exit code or error.\n");
}
