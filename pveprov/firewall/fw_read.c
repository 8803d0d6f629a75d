#include "firewall/fw_read.h"
#include "base/text.h"
#include "firewall/fw_address.h"
#include "firewall/fw_options.h"

struct reader {
	struct fw_config *c;
	struct fw_issues *issues;
	struct fw_section *section;
	struct buf lead; /* comments and blank lines seen since the last entry */
	unsigned line, indent; /* of the line that is read: its number, the blanks before it */
	bool carriage;	       /* it ends in a carriage return */
};

static const struct {
	const char *word;
	enum fw_section_kind kind;
	bool named;
	unsigned levels; /* bits of enum fw_level */
} headers[] = {
	{ "options", FW_OPTIONS, false, 1 << FW_CLUSTER | 1 << FW_HOST | 1 << FW_GUEST | 1 << FW_VNET },
	{ "aliases", FW_ALIASES, false, 1 << FW_CLUSTER | 1 << FW_GUEST },
	{ "ipset", FW_IPSET, true, 1 << FW_CLUSTER | 1 << FW_GUEST },
	{ "rules", FW_RULES, false, 1 << FW_CLUSTER | 1 << FW_HOST | 1 << FW_GUEST | 1 << FW_VNET },
	{ "group", FW_GROUP, true, 1 << FW_CLUSTER },
};

static const char *take_lead(struct reader *r)
{
	const char *s = r->lead.len ? arena_strdup(&r->c->arena, buf_text(&r->lead)) : NULL;

	buf_reset(&r->lead);
	return s;
}

static struct fw_issue *report(struct reader *r, unsigned column, enum fw_severity severity, const char *code,
			       const char *text)
{
	return fw_issue_add(r->issues, r->c->file, r->line, r->indent + column, severity, code, "%s", text);
}

static struct fw_entry *add_entry(struct reader *r)
{
	struct fw_entry *e = fw_entry_add(r->c, r->section);

	e->line = r->line;
	e->column = r->indent + 1;
	e->lead = take_lead(r);
	return e;
}

/* A line that the server skips: kept as it is. Before any section it belongs to the file's head. */
static void keep_bad(struct reader *r, const char *line, unsigned column, const char *code, const char *why)
{
	report(r, column, FW_ERROR, code, why);
	if (!r->section) {
		buf_addf(&r->lead, "%s\n", line);
		return;
	}
	add_entry(r)->bad = arena_strdup(&r->c->arena, line);
}

/* Appends a section even where one of that name is there already, so that the file's own order is kept. */
static void open_section(struct reader *r, enum fw_section_kind kind, const char *name, const char *comment)
{
	struct fw_section **end = &r->c->first, *s = arena_alloc(&r->c->arena, sizeof(*s));
	struct fw_section *before = fw_section_find(r->c, kind, name);

	if (before && (kind == FW_IPSET || kind == FW_GROUP))
		fw_issue_hint(report(r, 1, FW_WARNING, "duplicate-section",
				     arena_printf(&r->c->arena, "'%s' is written twice: this one replaces line %u",
						  name, before->line)),
			      "join them, or give one another name");
	while (*end)
		end = &(*end)->next;
	s->kind = kind;
	s->comment = comment;
	s->line = r->line;
	s->column = r->indent + 1;
	s->lead = take_lead(r);
	if (name) {
		char *lower = arena_strdup(&r->c->arena, name);
		for (char *p = lower; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 32 : *p);
		s->name = lower;
		if (!streq(lower, name))
			report(r, 1, FW_NOTE, "name-lower-case",
			       arena_printf(&r->c->arena, "the server reads '%s' as '%s'", name, lower));
	}
	*end = s;
	r->section = s;
}

/* What the server makes of the lines below a header that it does not know. */
static void hint_below(struct reader *r, struct fw_issue *i)
{
	for (size_t k = 0; r->section && k < ARRAY_SIZE(headers); k++)
		if (headers[k].kind == r->section->kind)
			fw_issue_hint(i, "the lines below still count as [%s%s%s]", headers[k].word,
				      r->section->name ? " " : "", r->section->name ? r->section->name : "");
	if (!r->section)
		fw_issue_hint(i, "the lines below are skipped, too");
}

static void unknown_header(struct reader *r, const char *whole, const char *code, const char *why)
{
	keep_bad(r, whole, 1, code, why);
	if (r->issues)
		hint_below(r, &r->issues->v[r->issues->n - 1]);
}

static void bad_header(struct reader *r, const char *whole, const char *word)
{
	struct arena *a = &r->c->arena;
	const char *known[ARRAY_SIZE(headers) + 1] = { NULL };

	if (r->carriage) {
		/* it is kept with its carriage return: without it the file would mean something else */
		unknown_header(r, arena_printf(a, "%s\r", whole), "bad-section", "a carriage return ends the line: the server does not know the header");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		known[i] = headers[i].word;
	const char *near = text_nearest(word, known);
	unknown_header(r, whole, "bad-section",
		       near && strcasecmp(near, word) != 0
			       ? arena_printf(a, "unknown section '%s', did you mean '%s'?", whole, near)
		       : near ? arena_printf(a, "a section '%s' is not written like this: '%s'", near, whole)
			      : arena_printf(a, "unknown section '%s'", whole));
}

/* "[word]" alone, or "[word name]" with a comment behind. */
static void read_header(struct reader *r, char *line)
{
	struct arena *a = &r->c->arena;
	const char *whole = arena_strdup(a, line);
	char *close = strchr(line, ']'), *behind = close ? text_trim(close + 1) : NULL;
	size_t i = 0;

	if (!close) {
		unknown_header(r, whole, "bad-section", "a section header needs a closing ']'");
		return;
	}
	*close = '\0';
	char *word = line + 1, *name = word + strcspn(word, " \t");
	bool blank = *name != '\0';
	if (blank)
		*name++ = '\0';
	name += strspn(name, " \t");
	while (i < ARRAY_SIZE(headers) && strcasecmp(word, headers[i].word) != 0)
		i++;
	bool named = i < ARRAY_SIZE(headers) && headers[i].named;
	bool good = named ? *name && !strpbrk(name, " \t") && (!*behind || *behind == '#')
			  : i < ARRAY_SIZE(headers) && !blank && !*behind && !r->carriage;
	if (!good) {
		bad_header(r, whole, word);
		return;
	}
	if (!(headers[i].levels & 1u << r->c->level)) {
		unknown_header(r, whole, "section-level",
			       arena_printf(a, "a %s file has no section '%s'", fw_level_name(r->c->level), word));
		return;
	}
	size_t max = headers[i].kind == FW_GROUP ? FW_GROUP_NAME_MAX : FW_NAME_MAX;
	if (named && !fw_name_valid(name, max)) {
		/* here the server forgets which section it was in */
		r->section = NULL;
		keep_bad(r, whole, (unsigned)(name - line) + 1, "bad-name",
			 arena_printf(a, "'%s' is not a name of 2 to %zu letters, digits, '-', '_', letter first", name, max));
		return;
	}
	if (named && strncmp(word, headers[i].kind == FW_IPSET ? "IPSET" : "group", 5) != 0)
		report(r, 1, FW_NOTE, "section-case",
		       arena_printf(a, "the nftables backend stops at '[%s': it knows '[%s' only", word,
				    headers[i].kind == FW_IPSET ? "IPSET" : "group"));
	char *comment = *behind ? text_trim(behind + 1) : NULL;
	open_section(r, headers[i].kind, named ? name : NULL, comment && *comment ? arena_strdup(a, comment) : NULL);
}

static void read_option(struct reader *r, const char *line)
{
	struct arena *a = &r->c->arena;
	const char *colon = strchr(line, ':'), *why = NULL;

	if (!colon) {
		keep_bad(r, line, 1, "bad-option", "an option is written 'key: value'");
		return;
	}
	char *key = arena_strndup(a, line, (size_t)(colon - line));
	char *value = text_trim(arena_strdup(a, colon + 1));
	const struct fw_option_spec *spec = fw_option_spec(r->c->level, key);
	if (!spec) {
		const char *keys[64] = { NULL };
		const struct fw_option_spec *s;
		size_t n = 0;
		for (size_t i = 0; n < 63 && (s = fw_option_next(r->c->level, &i));)
			keys[n++] = s->key;
		const char *near = text_nearest(key, keys);
		keep_bad(r, line, 1, "unknown-option",
			 near ? arena_printf(a, "unknown option '%s', did you mean '%s'?", key, near)
			      : arena_printf(a, "unknown %s option '%s'", fw_level_name(r->c->level), key));
		return;
	}
	const char *normal = fw_option_normal(a, spec, value, &why);
	if (!normal) {
		keep_bad(r, line, (unsigned)(colon + 1 + strspn(colon + 1, " \t") - line) + 1, "bad-value", why);
		return;
	}
	if (fw_option(r->c, spec->key))
		report(r, 1, FW_WARNING, "duplicate-option",
		       arena_printf(a, "'%s' is set twice: this one counts", spec->key));
	struct fw_entry *e = add_entry(r);
	e->key = spec->key;
	e->value = normal;
}

/* Cuts a trailing "# comment" off; returns it or NULL. */
static const char *cut_comment(struct arena *a, char *line)
{
	char *hash = strchr(line, '#');

	if (!hash)
		return NULL;
	char *comment = text_trim(arena_strdup(a, hash + 1));
	*hash = '\0';
	text_trim(line);
	return *comment ? comment : NULL;
}

static void read_alias(struct reader *r, const char *line)
{
	struct arena *a = &r->c->arena;
	char *text = arena_strdup(a, line);
	const char *comment = cut_comment(a, text);
	char *blank = strpbrk(text, " \t");
	struct addr_cidr c;

	if (!blank || strpbrk(blank + 1, " \t")) {
		keep_bad(r, line, 1, "bad-alias", "an alias is written 'name address', with exactly one blank");
		return;
	}
	*blank = '\0';
	if (!addr_net_parse(blank + 1, &c)) {
		keep_bad(r, line, (unsigned)(blank - text) + 2, "bad-address",
			 arena_printf(a, "'%s' is not an IP address or network", blank + 1));
		return;
	}
	if (!fw_name_valid(text, FW_NAME_MAX)) {
		keep_bad(r, line, 1, "bad-name",
			 arena_printf(a, "no rule can use the name '%s': 2 to %d letters, digits, '-', '_', letter first", text,
				      FW_NAME_MAX));
		return;
	}
	if (fw_alias(r->c, text))
		report(r, 1, FW_WARNING, "duplicate-alias",
		       arena_printf(a, "alias '%s' is defined twice: this one counts", text));
	struct fw_entry *e = add_entry(r);
	e->key = text;
	e->comment = comment;
	e->value = fw_cidr_read(a, blank + 1);
}

static void read_member(struct reader *r, const char *line)
{
	struct arena *a = &r->c->arena;
	char *text = arena_strdup(a, line);
	const char *comment = cut_comment(a, text), *why = NULL;
	bool nomatch = *text == '!';
	const char *value = text_trim(text + nomatch);
	struct addr_cidr c;

	if (!*value || strpbrk(value, " \t")) {
		keep_bad(r, line, 1, "bad-member", "a member is written '[!]address'");
		return;
	}
	if (addr_net_parse(value, &c)) {
		value = fw_cidr_read(a, value);
		if (c.prefix == 0) {
			keep_bad(r, line, 1, "zero-prefix", "a zero prefix is not allowed in ipset entries");
			return;
		}
	} else {
		struct fw_address *name = fw_address_parse(a, value, &why);
		if (!name || name->kind != FW_ADDRESS_ALIAS) {
			keep_bad(r, line, 1 + nomatch, "bad-address",
				 arena_printf(a, "'%s' is not an address, a network or an alias", value));
			return;
		}
	}
	for (const struct fw_entry *e = r->section->first; e; e = e->next) {
		if (!e->bad && streq(e->value, value)) {
			keep_bad(r, line, 1, "duplicate-member",
				 arena_printf(a, "duplicate ipset entry for '%s'", value));
			return;
		}
	}
	struct fw_entry *e = add_entry(r);
	e->value = value;
	e->nomatch = nomatch;
	e->comment = comment;
}

static void read_rule(struct reader *r, const char *line)
{
	struct fw_rule rule;
	const char *comment, *why = NULL;
	unsigned column = 1;

	if (!fw_rule_parse(&r->c->arena, line, &rule, &comment, &why, &column)) {
		keep_bad(r, line, column, "bad-rule", why);
		return;
	}
	const char *type = line + (*line == '|');
	if (rule.type == FW_GROUP_RULE && !starts_with(type, "GROUP"))
		report(r, 1, FW_NOTE, "group-case",
		       arena_printf(&r->c->arena, "the nftables backend stops at '%.5s': it knows GROUP in capitals only", type));
	struct fw_entry *e = add_entry(r);
	e->rule = rule;
	fw_rule_shift(&e->rule, e->line, r->indent);
	e->comment = comment;
}

static void (*const readers[FW_SECTION_KINDS])(struct reader *, const char *) = {
	[FW_OPTIONS] = read_option, [FW_ALIASES] = read_alias, [FW_IPSET] = read_member,
	[FW_RULES] = read_rule,	    [FW_GROUP] = read_rule,
};

static void read_line(struct reader *r, char *raw)
{
	size_t len = strlen(raw);

	r->carriage = len && raw[len - 1] == '\r';
	char *line = text_trim(raw);
	r->indent = (unsigned)(line - raw);
	if (!*line || *line == '#') {
		buf_addf(&r->lead, "%s\n", line);
		return;
	}
	if (*line == '[') {
		read_header(r, line);
		return;
	}
	if (!r->section) {
		keep_bad(r, line, 1, "no-section", "the line stands before any section and is skipped");
		return;
	}
	readers[r->section->kind](r, line);
}

int fw_read(const char *file, enum fw_level level, const char *id, const char *text, size_t len,
	    struct fw_issues *issues, struct fw_config **ret, struct err **err)
{
	if (len > FW_FILE_BYTES_MAX)
		return err_set(err, ERR_RECIPE, "'%s' is larger than %d bytes", file, FW_FILE_BYTES_MAX);
	if (len && memchr(text, '\0', len))
		return err_set(err, ERR_RECIPE, "'%s' has a NUL byte: it is no firewall file", file);
	_cleanup_fw_config_ struct fw_config *c = fw_config_new(level, file, id);
	struct reader r = { .c = c, .issues = issues };
	_cleanup_free_ char *copy = xmalloc(len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (char *p = copy, *next; p && p < copy + len; p = next) {
		if (++r.line > FW_FILE_LINES_MAX) {
			buf_free(&r.lead);
			return err_set(err, ERR_RECIPE, "'%s' has more than %d lines", file, FW_FILE_LINES_MAX);
		}
		size_t n = strcspn(p, "\n");
		next = p + n + 1;
		p[n] = '\0';
		read_line(&r, p);
	}
	c->tail = take_lead(&r);
	buf_free(&r.lead);
	*ret = TAKE_PTR(c);
	return 0;
}

/* Whether the base name's folder is, or ends in, that one. */
static bool is_below(const char *path, const char *base, const char *folder)
{
	size_t n = strlen(folder), before = (size_t)(base - path);

	return before >= n && memcmp(base - n, folder, n) == 0 && (before == n || base[-(ptrdiff_t)n - 1] == '/');
}

enum fw_level fw_level_of_file(const char *path, char **ret_id)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	bool vnet = is_below(path, base, "sdn/") || is_below(path, base, "sdn/firewall/");
	size_t n = strcspn(base, ".");
	_cleanup_free_ char *stem = xstrndup(base, n);

	*ret_id = NULL;
	if (!vnet && streq(stem, "cluster"))
		return FW_CLUSTER;
	if (!vnet && streq(stem, "host"))
		return FW_HOST;
	bool number = text_consists_of(stem, "0123456789");
	*ret_id = TAKE_PTR(stem);
	return number && !vnet ? FW_GUEST : FW_VNET;
}
