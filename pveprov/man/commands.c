/* The pages of section 1, from the tables of cli/commands.h. */
#include "man/pages.h"
#include "man/scd.h"
#include "cli/commands.h"
#include "cli/exits.h"
#include "cli/explain.h"
#include "cli/help.h"

static void options(struct buf *out, const struct option_spec *table)
{
	for (const struct option_spec *s = table; s && s->name; s++) {
		_cleanup_buf_ struct buf term = { 0 }, text = { 0 }, values = { 0 };
		if (s->letter)
			buf_addf(&term, "*-%c*, ", s->letter);
		buf_addf(&term, "*--%s*", s->name);
		if (s->arg)
			buf_addf(&term, " _%s_", s->arg);
		help_option_values(&values, s);
		buf_addf(&text, "%s.%s%s%s", s->help, values.len ? " " : "", buf_text(&values),
			 values.len ? "." : "");
		scd_item(out, buf_text(&term), buf_text(&text));
	}
}

static void exit_codes(struct buf *out, const struct command *c)
{
	for (const struct exit_info *e = exit_infos; e->summary; e++) {
		char term[16];
		if (c && !exit_applies(e, c))
			continue;
		snprintf(term, sizeof(term), "*%d*", e->code);
		_cleanup_free_ char *text =
			c ? xasprintf("%s.", e->summary)
			  : xasprintf("%s. %s %s", e->summary, e->cause, e->action);
		scd_item(out, term, text);
	}
	if (c && (c->exits & EXITS_PROGRAM))
		scd_item(out, "any other", "The status of the program that was run.");
}

/* One command: its own page's body, or a part of its group's. level: of the heading. */
static void command_body(struct buf *out, const struct command *c)
{
	_cleanup_buf_ struct buf usage = { 0 };

	help_usage(&usage, c);
	scd_text(out, buf_text(&usage));
	buf_adds(out, "\n\n");
	scd_paragraphs(out, c->about);
	for (const struct operand *o = c->operands; o && o->name; o++) {
		_cleanup_free_ char *term = xasprintf("_%s_", o->name);
		_cleanup_free_ char *text =
			xasprintf("%s%s.", o->help, o->optional ? " (optional)" : "");
		scd_item(out, term, text);
	}
	options(out, c->options);
	for (const struct example *e = c->examples; e && e->line; e++) {
		_cleanup_buf_ struct buf term = { 0 };
		buf_adds(&term, "Example: *pveprov ");
		scd_text(&term, e->line);
		buf_addc(&term, '*');
		scd_item(out, buf_text(&term), e->what);
	}
}

static void summary(struct buf *out, const char *name, const char *text)
{
	scd_heading(out, "NAME");
	buf_addf(out, "%s - ", name);
	scd_text(out, text);
	buf_addc(out, '\n');
}

static void footer(struct buf *out)
{
	scd_heading(out, "SEE ALSO");
	buf_adds(out, "*pveprov*(1), *pveprov-recipe*(5)\n");
}

static void command_page(struct buf *out, const struct command *c)
{
	_cleanup_free_ char *name = xasprintf("pveprov-%s", c->name);

	scd_title(out, name, 1);
	summary(out, name, c->summary);
	scd_heading(out, "SYNOPSIS AND DESCRIPTION");
	command_body(out, c);
	scd_heading(out, "EXIT STATUS");
	exit_codes(out, c);
	buf_adds(out, "The options of every command are in *pveprov*(1).\n");
	footer(out);
}

/* One exit table for the page: what any of its commands has. */
static struct command group_exits(const struct command_group *g)
{
	struct command all = { 0 };

	for (const struct command *const *c = commands; *c; c++)
		if (streq_null((*c)->group, g->name))
			all.exits |= (*c)->exits;
	return all;
}

static void group_page(struct buf *out, const struct command_group *g)
{
	_cleanup_free_ char *name = xasprintf("pveprov-%s", g->name);
	struct command all = group_exits(g);

	scd_title(out, name, 1);
	summary(out, name, g->summary);
	scd_heading(out, "DESCRIPTION");
	if (g->about)
		scd_paragraphs(out, g->about);
	buf_adds(out, "The options of every command are in *pveprov*(1).\n");
	for (const struct command *const *c = commands; *c; c++) {
		if (!streq_null((*c)->group, g->name))
			continue;
		_cleanup_free_ char *title =
			xasprintf("%s %s: %s", g->name, (*c)->name, (*c)->summary);
		buf_addf(out, "\n# %s\n\n", title);
		command_body(out, *c);
	}
	scd_heading(out, "EXIT STATUS");
	exit_codes(out, &all);
	footer(out);
}

static void overview_commands(struct buf *out)
{
	for (const struct command *const *c = commands; *c; c++) {
		_cleanup_free_ char *term = xasprintf("*pveprov%s%s %s*", (*c)->group ? " " : "",
						      (*c)->group ? (*c)->group : "", (*c)->name);
		_cleanup_free_ char *text = xasprintf("%s; pveprov-%s(1).", (*c)->summary,
						      (*c)->group ? (*c)->group : (*c)->name);
		scd_item(out, term, text);
	}
}

static void environment(struct buf *out)
{
	static const struct {
		const char *name, *text;
	} variables[] = {
		{ "PVEPROV_CONTEXT", "The context that is used without -c." },
		{ "PROXMOX_VE_ENDPOINT",
		  "The server, without any configuration file; with one of the next three." },
		{ "PROXMOX_VE_API_TOKEN", "USER@REALM!ID=SECRET." },
		{ "PROXMOX_VE_USERNAME, PROXMOX_VE_PASSWORD", "A user and its password." },
		{ "PVEPROV_FINGERPRINT", "The SHA-256 fingerprint of that server's certificate." },
		{ "NO_COLOR", "No colours, whatever its value." },
		{ "SSH_AUTH_SOCK", "The SSH agent whose keys log in to the machines." },
		{ "XDG_CONFIG_HOME, XDG_RUNTIME_DIR, XDG_STATE_HOME",
		  "Where configuration, tickets and journals are." },
	};

	scd_heading(out, "ENVIRONMENT");
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		_cleanup_buf_ struct buf term = { 0 };
		buf_addc(&term, '*');
		scd_text(&term, variables[i].name);
		buf_addc(&term, '*');
		scd_item(out, buf_text(&term), variables[i].text);
	}
}

static void files(struct buf *out)
{
	scd_heading(out, "FILES");
	scd_item(out, "_~/.config/pveprov/config.yaml_",
		 "Contexts: which server, as whom, and how its machines are reached by SSH. It is "
		 "refused when it holds a "
		 "secret and others may read it. A token is env:NAME, file:PATH, { cmd: [program, "
		 "argument] } or the token "
		 "itself.");
	buf_adds(out,
		 "```\ncurrent: home\ncontexts:\n  home:\n    endpoint: https://pve.example:8006\n"
		 "    fingerprint: \"AA:BB:...\"\n    token: { cmd: [pass, show, pve/token] }\n"
		 "    ssh: { key: ~/.ssh/id_ed25519, proxy: \"ssh -W %h:%p root@pve.example\" "
		 "}\n```\n\n");
	scd_item(out, "_$XDG\\_RUNTIME\\_DIR/pveprov/lab.json_",
		 "The running lab, as it describes itself.");
}

void man_overview(struct buf *out)
{
	scd_title(out, "pveprov", 1);
	summary(out, "pveprov", "one recipe becomes running, verified machines on Proxmox VE");
	scd_heading(out, "SYNOPSIS");
	buf_adds(out, "*pveprov* _COMMAND_ [_OPTION_]...\n");
	scd_heading(out, "DESCRIPTION");
	scd_paragraphs(out, "pveprov turns a recipe, one YAML file, into machines on Proxmox VE, "
			    "from a laptop, through the REST "
			    "API. A recipe that describes a router is built, configured and proved "
			    "by one command; another puts "
			    "it back from its snapshot.\n\n"
			    "Results go to standard output, progress and hints to standard error. "
			    "Nothing that runs is restarted "
			    "and nothing is destroyed unless an option allows it. There is no "
			    "state file: what is there is "
			    "looked at each time, and a second run changes nothing.");
	scd_heading(out, "COMMANDS");
	overview_commands(out);
	scd_heading(out, "OPTIONS");
	options(out, global_options);
	scd_heading(out, "EXIT STATUS");
	exit_codes(out, NULL);
	environment(out);
	files(out);
	scd_heading(out, "KNOWN ERRORS");
	for (const struct explain_info *e = explain_infos; e->code; e++) {
		_cleanup_free_ char *term = xasprintf("*%s*", e->code);
		_cleanup_free_ char *text = xasprintf("%s. %s", e->summary, e->action);
		scd_item(out, term, text);
	}
	footer(out);
}

bool man_page(const char *name, struct buf *out)
{
	if (!starts_with(name, "pveprov-"))
		return false;
	const struct command *c = command_find(NULL, name + strlen("pveprov-"));
	const struct command_group *g = command_group_find(name + strlen("pveprov-"));
	if (c)
		command_page(out, c);
	else if (g)
		group_page(out, g);
	return c || g;
}

void man_list(struct buf *out)
{
	buf_adds(out, "pveprov.1\npveprov-recipe.5\n");
	for (const struct command *const *c = commands; *c; c++)
		if (!(*c)->group)
			buf_addf(out, "pveprov-%s.1\n", (*c)->name);
	for (const struct command_group *g = command_groups; g->name; g++)
		if (command_group_find(g->name))
			buf_addf(out, "pveprov-%s.1\n", g->name);
}
