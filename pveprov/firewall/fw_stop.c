#include "firewall/fw_stop.h"
#include "base/text.h"
#include "firewall/fw_address.h"
#include "firewall/fw_options.h"
#include "firewall/fw_write.h"

struct stops {
	const struct fw_config *c;
	fw_stop_fn *fn;
	void *ctx;
	size_t n;
};

static void found(struct stops *s, unsigned line, unsigned column, const char *why)
{
	s->fn(s->ctx, s->c, line, column, why);
	s->n++;
}

/* [A-Za-z][A-Za-z0-9_-]* at the cursor; NULL: none. */
static const char *take_name(struct arena *a, const char **at)
{
	static const char bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t n = strspn(*at, bytes);
	const char *name = *at;

	if (!n || (*name | 32) < 'a' || (*name | 32) > 'z')
		return NULL;
	*at += n;
	return arena_strndup(a, name, n);
}

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

static bool is_one_of(const char *word, const char *const *names)
{
	for (; *names; names++)
		if (strcasecmp(*names, word) == 0)
			return true;
	return false;
}

/* ACCEPT, or MACRO(ACCEPT), in any letter case. */
static const char *read_action(struct arena *a, const char **at)
{
	static const char *const actions[] = { "ACCEPT", "DROP", "REJECT", NULL };
	const char *word = take_name(a, at);

	if (word && **at == '(') {
		++*at;
		word = take_name(a, at);
		if (!word || *(*at)++ != ')')
			return "a macro has no action";
	}
	return !word || !is_one_of(word, actions) ? "the action is none of ACCEPT, DROP, REJECT" : NULL;
}

/* "-name value" or "--name value" up to the end; `group`: only the interface. */
static const char *read_options(struct arena *a, const char *at, bool group)
{
	static const char *const names[] = { "proto", "p",     "dport", "sport",     "dest", "source",
					     "iface", "i",     "log",	"icmp-type", NULL };
	static const char *const ifaces[] = { "iface", "i", NULL };
	bool seen[ARRAY_SIZE(names)] = { false };

	for (skip_blanks(&at); *at; skip_blanks(&at)) {
		if (*at++ != '-')
			return "an option begins with '-'";
		at += *at == '-';
		const char *name = take_name(a, &at);
		size_t i = 0;
		while (name && names[i] && !streq(names[i], name))
			i++;
		if (!name || !names[i])
			return arena_printf(a, "unknown option '-%s'", name ? name : "");
		if (group && !is_one_of(name, ifaces))
			return "a GROUP line takes only an interface";
		skip_blanks(&at);
		const char *value = arena_strndup(a, at, strcspn(at, " \t"));
		if (!*value)
			return arena_printf(a, "'-%s' has no value", name);
		if (streq(name, "log") && !fw_log_level(value))
			return arena_printf(a, "'%s' is not a log level", value);
		at += strlen(value);
		if (seen[i])
			return arena_printf(a, "'-%s' is there twice", name);
		seen[i] = true;
	}
	return seen[2] && seen[9] ? "dport and icmp-type exclude each other" : NULL;
}

/* NULL: it is read. */
static const char *read_rule(struct arena *a, const char *line)
{
	static const char *const directions[] = { "IN", "OUT", "FORWARD", NULL };
	const char *hash = strchr(line, '#');
	const char *at = text_trim(arena_strndup(a, line, hash && hash[1] ? (size_t)(hash - line) : strlen(line)));

	if (*at == '|')
		at++;
	skip_blanks(&at);
	bool group = starts_with(at, "GROUP");
	const char *type = take_name(a, &at), *why;
	skip_blanks(&at);
	if (group)
		return !streq(type, "GROUP") || !take_name(a, &at) ? "a group's name is missing" : read_options(a, at, true);
	if (!type || !is_one_of(type, directions))
		return "the type is none of IN, OUT, FORWARD, GROUP in capitals";
	why = read_action(a, &at);
	return why ? why : read_options(a, at, false);
}

static const char *read_alias(struct arena *a, const char *line)
{
	const char *at = line, *name = take_name(a, &at);
	struct addr_cidr c;

	skip_blanks(&at);
	const char *value = arena_strndup(a, at, strcspn(at, " \t"));
	if (!name || !addr_net_parse(value, &c))
		return "an alias has no address";
	at += strlen(value);
	skip_blanks(&at);
	return *at && *at != '#' ? "something stands behind an alias's address" : NULL;
}

static const char *read_option(const struct fw_config *c, const char *line)
{
	const char *colon = strchr(line, ':');
	_cleanup_free_ char *key = colon ? xstrndup(line, (size_t)(colon - line)) : NULL;
	const struct fw_option_spec *spec = key ? fw_option_spec(c->level, text_trim(key)) : NULL;

	if (!colon)
		return "an option has no colon";
	/* it ignores what it does not know and takes numbers of any size */
	return spec && spec->type == FW_CHOICE ? "the policy is none of ACCEPT, DROP, REJECT" : NULL;
}

/* A header that pve-firewall did not take; this backend knows [ALIASES] and [group x] in every file, and carriage returns. */
static const char *read_header(struct arena *a, const char *line)
{
	static const char *const plain[] = { "[options]", "[aliases]", "[rules]", NULL };
	const char *header = text_trim(arena_strdup(a, line));

	return is_one_of(header, plain) || starts_with(header, "[group ") ? NULL : "unknown section";
}

static const char *read_entry(struct arena *a, const struct fw_config *c, const struct fw_section *s, const struct fw_entry *e)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (e->bad && *e->bad == '[')
		return read_header(a, e->bad);
	switch (s->kind) {
	case FW_OPTIONS:
		if (e->bad)
			return read_option(c, e->bad);
		return fw_entry_counts(c, s, e) ? NULL : "an option is set twice";
	case FW_ALIASES:
		if (e->bad)
			return read_alias(a, e->bad);
		return fw_entry_counts(c, s, e) ? NULL : "an alias is defined twice";
	case FW_RULES:
	case FW_GROUP:
		if (!e->bad)
			fw_rule_write(&e->rule, NULL, &text);
		return read_rule(a, e->bad ? e->bad : buf_text(&text));
	default:
		return NULL;
	}
}

/* Lines before the first section. */
static void read_head(struct arena *a, struct stops *s)
{
	const char *text = s->c->first ? s->c->first->lead : s->c->tail;
	char *rest = text ? arena_strdup(a, text) : NULL;
	unsigned number = 0;

	for (char *line; (line = strsep(&rest, "\n"));) {
		number++;
		if (!*line || *line == '#')
			continue;
		const char *why = *line == '[' ? read_header(a, line) : "a line before any section";
		if (!why)
			return;
		found(s, number, 1, why);
	}
}

size_t fw_stops(const struct fw_config *c, fw_stop_fn *fn, void *ctx)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct stops stops = { .c = c, .fn = fn, .ctx = ctx };

	read_head(&a, &stops);
	for (const struct fw_section *s = c->first; s; s = s->next) {
		if (!fw_section_counts(c, s))
			found(&stops, s->line, s->column, "a set or group is written twice");
		for (const struct fw_entry *e = s->first; e; e = e->next) {
			const char *why = read_entry(&a, c, s, e);
			if (why)
				found(&stops, e->line, e->column, why);
		}
	}
	const struct fw_entry *enable = fw_option_entry(c, "enable");
	if (c->level == FW_CLUSTER && enable && strlen(enable->value) > 1)
		found(&stops, enable->line, enable->column, "'enable' is a time and no boolean");
	return stops.n;
}
