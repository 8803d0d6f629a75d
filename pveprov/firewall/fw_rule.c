/* Reads one rule line: "[|]TYPE ACTION [options] [# comment]". Source: parse_fw_rule of pve-firewall 6.0.4. */
#include "base/text.h"
#include "firewall/fw_options.h"
#include "firewall/fw_read.h"

/* Words of a file that set a field; one blank must follow, as in the server's expressions. */
static const struct {
	const char *word, *api;
} words[] = {
	{ "-i", "iface" },	    { "-p", "proto" },		{ "-proto", "proto" },	   { "--proto", "proto" },
	{ "-dport", "dport" },	    { "--dport", "dport" },	{ "-sport", "sport" },	   { "--sport", "sport" },
	{ "-source", "source" },    { "--source", "source" },	{ "-dest", "dest" },	   { "--dest", "dest" },
	{ "-log", "log" },	    { "--log", "log" },		{ "-icmp-type", "icmp-type" },
	{ "--icmp-type", "icmp-type" },
};

/* What people write and the server does not read. */
static const struct {
	const char *word, *instead;
} mistakes[] = {
	{ "--iface", "-i" }, { "-iface", "-i" },   { "--in-interface", "-i" }, { "-s", "-source" },
	{ "-d", "-dest" },   { "--dst", "-dest" }, { "--src", "-source" },	   { "-enable", "'|' in front to disable" },
};

struct cursor {
	const char *start, *at;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *word(struct arena *a, struct cursor *c)
{
	const char *begin = c->at;

	while (*c->at && !is_blank(*c->at))
		c->at++;
	const char *w = arena_strndup(a, begin, (size_t)(c->at - begin));
	while (is_blank(*c->at))
		c->at++;
	return w;
}

static unsigned column_of(const struct cursor *c, const char *p)
{
	return (unsigned)(p - c->start) + 1;
}

/* MACRO(ACTION) */
static void split_macro(struct arena *a, struct fw_rule *r)
{
	static const char *const actions[] = { "ACCEPT", "DROP", "REJECT" };
	const char *open = strrchr(r->action, '(');
	size_t len = strlen(r->action);

	if (!open || open == r->action || r->action[len - 1] != ')')
		return;
	const char *inner = arena_strndup(a, open + 1, (size_t)(r->action + len - 1 - (open + 1)));
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (streq(inner, actions[i])) {
			r->macro = arena_strndup(a, r->action, (size_t)(open - r->action));
			r->action = actions[i];
			return;
		}
	}
}

static const char *explain_word(struct arena *a, const char *w)
{
	const char *known[ARRAY_SIZE(words) + 1] = { NULL };

	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++)
		if (streq(mistakes[i].word, w))
			return arena_printf(a, "'%s' is not a word of firewall files, use %s", w, mistakes[i].instead);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		known[i] = words[i].word;
		if (streq(words[i].word, w))
			return arena_printf(a, "'%s' needs a value after exactly one blank", w);
	}
	const char *near = text_nearest(w, known);
	return near ? arena_printf(a, "unknown word '%s', did you mean '%s'?", w, near)
		    : arena_printf(a, "unknown word '%s'", w);
}

/* One option; false where the server stops reading. */
static bool parse_option(struct arena *a, struct cursor *c, struct fw_rule *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].word);
		const struct fw_field *f = fw_field_find(words[i].api);
		if (strncmp(c->at, words[i].word, n) != 0 || c->at[n] != ' ' || !c->at[n + 1] || is_blank(c->at[n + 1]))
			continue;
		if (r->type == FW_GROUP_RULE && !streq(words[i].api, "iface"))
			return false;
		const char *before = c->at;
		c->at += n + 1;
		const char *value = word(a, c);
		if (streq(words[i].api, "log") && !fw_log_level(value)) {
			c->at = before;
			return false;
		}
		fw_field_set(r, f, value);
		r->columns[f - fw_fields] = column_of(c, before) + (unsigned)n + 1;
		return true;
	}
	return false;
}

bool fw_rule_parse(struct arena *a, const char *line, struct fw_rule *ret, const char **ret_comment, const char **why,
		   unsigned *column)
{
	const char *hash = strchr(line, '#');
	char *text = arena_strndup(a, line, hash ? (size_t)(hash - line) : strlen(line));
	struct cursor c = { .start = text, .at = text };
	struct fw_rule r = { .enabled = *text != '|' };

	*ret_comment = hash ? text_trim(arena_strdup(a, hash + 1)) : NULL;
	if (*ret_comment && !**ret_comment)
		*ret_comment = NULL;
	if (!r.enabled)
		c.at++;
	*column = column_of(&c, c.at);
	const char *type = word(a, &c);
	const char *action_at = c.at;
	r.action = word(a, &c);
	if (!*type || !*r.action) {
		*why = "a rule needs a type and an action: 'IN ACCEPT'";
		return false;
	}
	if (!fw_type_parse(type, &r.type)) {
		*why = arena_printf(a, "unknown rule type '%s', expected IN, OUT, FORWARD or GROUP", type);
		return false;
	}
	if (r.type != FW_GROUP_RULE)
		split_macro(a, &r);
	*column = r.action_column = column_of(&c, action_at);
	while (*c.at) {
		if (parse_option(a, &c, &r))
			continue;
		*column = column_of(&c, c.at);
		const char *bad = word(a, &c);
		*why = r.type == FW_GROUP_RULE ? arena_printf(a, "a GROUP line takes only '-i', not '%s'", bad)
		       : streq(bad, "-log") || streq(bad, "--log")
			       ? arena_printf(a, "'%s' needs one of the log levels emerg ... debug, nolog", bad)
			       : explain_word(a, bad);
		return false;
	}
	*ret = r;
	return true;
}

void fw_rule_shift(struct fw_rule *r, unsigned line, unsigned columns)
{
	r->action_line = line;
	r->action_column += columns;
	for (size_t i = 0; i < FW_FIELDS; i++) {
		r->lines[i] = line;
		if (r->columns[i])
			r->columns[i] += columns;
	}
}
