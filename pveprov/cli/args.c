/* Not getopt_long(): it accepts abbreviations, prints by itself and cannot say which name is near.
 */
#include "cli/args.h"
#include "cli/app.h"
#include "cli/commands.h"
#include "base/strv.h"
#include "base/text.h"

struct parser {
	struct globals *globals;
	struct args_parsed *ret;
	void *options; /* the command's */
	const char **operands;
	size_t n_operands;
	const char *const *next; /* the next word of argv */
	bool only_operands;	 /* after "--" */
};

bool args_duration(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }
	};
	uint64_t n, sum = 0;

	if (text_to_u64(text, 0, INT64_MAX / 1000, &n)) {
		*ret_ms = (int64_t)n * 1000;
		return true;
	}
	while (*text) {
		size_t digits = strspn(text, "0123456789"),
		       letters = strcspn(text + digits, "0123456789"), u;
		_cleanup_free_ char *number = xstrndup(text, digits),
				    *unit = xstrndup(text + digits, letters);
		for (u = 0; u < ARRAY_SIZE(units) && !streq(unit, units[u].unit); u++)
			;
		if (u == ARRAY_SIZE(units) || !text_to_u64(number, 0, INT32_MAX, &n))
			return false;
		sum += n * (uint64_t)units[u].ms;
		text += digits + letters;
	}
	*ret_ms = (int64_t)sum;
	return sum > 0;
}

/* "pveprov vm list --help": where the rest can be read. */
static char *see(const struct parser *p)
{
	const struct command *c = p->ret->command;

	if (c)
		return xasprintf("see 'pveprov %s%s%s --help'", c->group ? c->group : "",
				 c->group ? " " : "", c->name);
	if (p->ret->group)
		return xasprintf("see 'pveprov %s --help'", p->ret->group->name);
	return xstrdup("see 'pveprov --help'");
}

static int hint_near(const struct parser *p, const char *prefix, const char *typed,
		     const struct strv *names, struct err **err)
{
	const char *name = names->n ? text_nearest(typed, (const char *const *)names->v) : NULL;
	_cleanup_free_ char *rest = see(p);

	return name ? err_hint(err, "did you mean '%s%s'? %s", prefix, name, rest)
		    : err_hint(err, "%s", rest);
}

/* The tables in which an option is looked up: the command's first. */
struct found {
	const struct option_spec *spec;
	void *object;
};

static struct found find_in(const struct option_spec *table, void *object, const char *name,
			    char letter)
{
	for (; table && table->name; table++)
		if (name ? streq(table->name, name) : table->letter == letter)
			return (struct found){ table, object };
	return (struct found){ 0 };
}

static struct found find(const struct parser *p, const char *name, char letter)
{
	struct found f = { 0 };

	if (p->ret->command)
		f = find_in(p->ret->command->options, p->options, name, letter);
	return f.spec ? f : find_in(global_options, p->globals, name, letter);
}

static int unknown_option(const struct parser *p, const char *word, struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };
	const struct command *c = p->ret->command;
	const struct operand *o = c ? c->operands : NULL;

	err_set(err, ERR_USAGE, "unknown option '%s'", word);
	for (; o && o->name; o++)
		if (o->complete == COMPLETE_COMMAND)
			return err_hint(err, "put '--' before the words that are not for pveprov");
	for (const struct option_spec *s = c ? c->options : NULL; s && s->name; s++)
		strv_add(&names, s->name);
	for (const struct option_spec *s = global_options; s->name; s++)
		strv_add(&names, s->name);
	return hint_near(p, "--", word + strspn(word, "-"), &names, err);
}

static int set_enum(const struct option_spec *s, int *member, const char *value, struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (int i = 0; s->names[i]; i++)
		if (streq(s->names[i], value)) {
			*member = i;
			return 0;
		}
	strv_add_all(&names, s->names);
	_cleanup_free_ char *all = strv_join(&names, ", ");
	err_set(err, ERR_USAGE, "'--%s %s': no such %s", s->name, value, s->arg);
	return err_hint(err, "one of: %s", all);
}

static int set_number(const struct option_spec *s, int64_t *member, const char *value,
		      struct err **err)
{
	int64_t max = s->max ? s->max : INT64_MAX, n;
	bool duration = s->type == OPT_DURATION;

	if (duration ? !args_duration(value, &n) : !text_to_i64(value, INT64_MIN, INT64_MAX, &n)) {
		err_set(err, ERR_USAGE, "'--%s %s': not a %s", s->name, value,
			duration ? "duration" : "number");
		return duration ? err_hint(err, "such as 90s, 10m or 1h30m") : -1;
	}
	if (n < s->min || n > max) {
		int64_t unit = duration ? 1000 : 1;
		return err_set(err, ERR_USAGE,
			       "'--%s %s': must be from %" PRId64 " to %" PRId64 "%s", s->name,
			       value, s->min / unit, max / unit, duration ? " s" : "");
	}
	*member = n;
	return 0;
}

static void add_to_list(struct arena *a, struct option_list *list, const char *value)
{
	const char **v = arena_array(a, list->n + 2, sizeof(*v));

	if (list->n)
		memcpy(v, list->v, list->n * sizeof(*v));
	v[list->n++] = value;
	list->v = v;
}

static int set_option(struct parser *p, struct found f, const char *value, struct err **err)
{
	void *member = (char *)f.object + f.spec->offset;

	switch (f.spec->type) {
	case OPT_FLAG:
		*(bool *)member = true;
		return 0;
	case OPT_TEXT:
		*(const char **)member = value;
		return 0;
	case OPT_LIST:
		add_to_list(&p->ret->args.arena, member, value);
		return 0;
	case OPT_ENUM:
		return set_enum(f.spec, member, value, err);
	case OPT_INT:
	case OPT_DURATION:
		return set_number(f.spec, member, value, err);
	}
	return err_set(err, ERR_INTERNAL, "option '--%s' has no type", f.spec->name);
}

/* The value of an option: what follows in the same word, else the next word. */
static int take_value(struct parser *p, const struct option_spec *s, const char *here,
		      const char **ret, struct err **err)
{
	if (!here && !*p->next) {
		_cleanup_free_ char *rest = see(p);
		err_set(err, ERR_USAGE, "option '--%s' needs a value: %s", s->name, s->arg);
		return err_hint(err, "%s", rest);
	}
	*ret = here ? here : *p->next++;
	return 0;
}

static int parse_long(struct parser *p, const char *word, struct err **err)
{
	const char *equals = strchr(word, '='), *value = NULL;
	_cleanup_free_ char *name =
		xstrndup(word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2));
	struct found f = find(p, name, 0);

	if (!f.spec)
		return unknown_option(p, word, err);
	if (f.spec->type == OPT_FLAG && equals)
		return err_set(err, ERR_USAGE, "option '--%s' takes no value", name);
	if (f.spec->type != OPT_FLAG &&
	    take_value(p, f.spec, equals ? equals + 1 : NULL, &value, err) < 0)
		return -1;
	return set_option(p, f, value, err);
}

static int parse_letters(struct parser *p, const char *word, struct err **err)
{
	for (const char *c = word + 1; *c; c++) {
		struct found f = find(p, NULL, *c);
		const char *value = NULL;
		if (!f.spec)
			return unknown_option(p, word, err);
		bool flag = f.spec->type == OPT_FLAG;
		if (!flag && take_value(p, f.spec, c[1] ? c + 1 : NULL, &value, err) < 0)
			return -1;
		if (set_option(p, f, value, err) < 0)
			return -1;
		if (!flag)
			break;
	}
	return 0;
}

static int unknown_word(const struct parser *p, const char *word, struct err **err)
{
	const struct command_group *g = p->ret->group;
	_cleanup_strv_ struct strv names = { 0 };

	for (const struct command *const *c = commands; *c; c++)
		if (streq_null((*c)->group, g ? g->name : NULL))
			strv_add(&names, (*c)->name);
	for (const struct command_group *x = command_groups; !g && x->name; x++)
		if (command_group_find(x->name))
			strv_add(&names, x->name);
	if (g)
		err_set(err, ERR_USAGE, "unknown command '%s %s'", g->name, word);
	else
		err_set(err, ERR_USAGE, "unknown command '%s'", word);
	_cleanup_free_ char *prefix = g ? xasprintf("%s ", g->name) : xstrdup("");
	return hint_near(p, prefix, word, &names, err);
}

static int parse_word(struct parser *p, const char *word, struct err **err)
{
	struct args_parsed *r = p->ret;

	if (r->command) {
		p->operands[p->n_operands++] = word;
		return 0;
	}
	r->command = command_find(r->group ? r->group->name : NULL, word);
	if (!r->command && !r->group && (r->group = command_group_find(word)))
		return 0;
	if (!r->command)
		return unknown_word(p, word, err);
	p->options = arena_alloc(&r->args.arena, r->command->options_size + 1);
	if (r->command->defaults)
		memcpy(p->options, r->command->defaults, r->command->options_size);
	return 0;
}

static int check_word(const struct operand *o, const char *word, struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };

	if (!o->names)
		return 0;
	strv_add_all(&names, o->names);
	if (strv_contains(&names, word))
		return 0;
	_cleanup_free_ char *all = strv_join(&names, ", ");
	err_set(err, ERR_USAGE, "'%s' is no %s", word, o->name);
	return err_hint(err, "one of: %s", all);
}

static int check_operands(struct parser *p, struct err **err)
{
	const struct operand *o = p->ret->command->operands;
	_cleanup_free_ char *rest = see(p);
	size_t i = 0;

	for (; o && o->name; o++) {
		if (i == p->n_operands && !o->optional) {
			err_set(err, ERR_USAGE, "%s is missing: %s", o->name, o->help);
			return err_hint(err, "%s", rest);
		}
		do {
			if (i < p->n_operands && check_word(o, p->operands[i++], err) < 0)
				return -1;
		} while (o->repeated && i < p->n_operands);
	}
	if (i == p->n_operands)
		return 0;
	err_set(err, ERR_USAGE, "unexpected argument '%s'", p->operands[i]);
	return err_hint(err, "%s", rest);
}

static int finish(struct parser *p, struct err **err)
{
	struct args_parsed *r = p->ret;
	_cleanup_free_ char *rest = see(p);

	r->args.v = p->operands;
	r->args.n = p->n_operands;
	r->args.options = p->options;
	if (p->globals->help || p->globals->version)
		return 0;
	if (r->command)
		return check_operands(p, err);
	if (r->group)
		err_set(err, ERR_USAGE, "'%s' needs a command", r->group->name);
	else
		err_set(err, ERR_USAGE, "no command given");
	return err_hint(err, "%s", rest);
}

int args_parse(const char *const *argv, struct globals *globals, struct args_parsed *ret,
	       struct err **err)
{
	struct parser p = { .globals = globals, .ret = ret, .next = argv + (argv[0] ? 1 : 0) };
	size_t n = 0;

	*ret = (struct args_parsed){ 0 };
	while (argv[n])
		n++;
	p.operands = arena_array(&ret->args.arena, n + 1, sizeof(*p.operands));
	while (*p.next) {
		const char *word = *p.next++;
		int r = 0;
		if (p.only_operands || word[0] != '-' || !word[1])
			r = parse_word(&p, word, err);
		else if (streq(word, "--"))
			p.only_operands = true;
		else if (word[1] == '-')
			r = parse_long(&p, word, err);
		else
			r = parse_letters(&p, word, err);
		if (r < 0)
			return -1;
	}
	return finish(&p, err);
}

void args_parsed_free(struct args_parsed *p)
{
	arena_free(&p->args.arena);
}
