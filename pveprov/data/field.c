#include "data/field.h"
#include "base/text.h"
#include "data/field_scalar.h"

struct field_fault {
	struct tree_pos pos;
	const char *text;
};

static const char *const kind_names[] = {
	[TREE_SCALAR] = "a value", [TREE_LIST] = "a list", [TREE_MAP] = "a map"
};

int field_error(struct field_ctx *c, struct tree_pos pos, const char *fmt, ...)
{
	va_list ap;

	if (c->n_faults++ >= FIELD_FAULTS_MAX)
		return -1;
	if (!c->faults)
		c->faults = arena_array(c->arena, FIELD_FAULTS_MAX, sizeof(*c->faults));
	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	c->faults[c->n_faults - 1] = (struct field_fault){ pos, arena_strdup(c->arena, text) };
	return -1;
}

static int compare_faults(const void *a, const void *b)
{
	const struct tree_pos *p = &((const struct field_fault *)a)->pos;
	const struct tree_pos *q = &((const struct field_fault *)b)->pos;

	if (p->line != q->line)
		return p->line < q->line ? -1 : 1;
	return (p->column > q->column) - (p->column < q->column);
}

const char *field_fault(const struct field_ctx *c, size_t i, struct tree_pos *ret_pos)
{
	if (i >= MIN(c->n_faults, (size_t)FIELD_FAULTS_MAX))
		return NULL;
	*ret_pos = c->faults[i].pos;
	return c->faults[i].text;
}

int field_finish(const struct field_ctx *c, struct err **err)
{
	_cleanup_buf_ struct buf lines = { 0 };
	size_t kept = MIN(c->n_faults, (size_t)FIELD_FAULTS_MAX);

	if (!kept)
		return 0;
	qsort(c->faults, kept, sizeof(*c->faults), compare_faults);
	for (size_t i = 0; i < kept; i++)
		buf_addf(&lines, "%s%s:%u:%u: %s", i ? "\n" : "", c->file, c->faults[i].pos.line,
			 c->faults[i].pos.column, c->faults[i].text);
	if (c->n_faults > kept)
		buf_addf(&lines, "\nand %zu more", c->n_faults - kept);
	return err_set(err, ERR_RECIPE, "%s", buf_text(&lines));
}

/* text with every ${name} replaced; NULL when an error was added. */
static const char *substitute(struct field_ctx *c, const struct tree *t)
{
	_cleanup_buf_ struct buf out = { .ceiling = TREE_BYTES_MAX };
	const char *p = t->text, *dollar;

	if (!strstr(p, "${"))
		return p;
	for (; (dollar = strstr(p, "${")); p++) {
		if (dollar > p &&
		    dollar[-1] == '$') { /* "$${": keep one dollar and go on behind the brace */
			buf_add(&out, p, (size_t)(dollar - p) - 1);
			buf_adds(&out, "${");
			p = dollar + 1;
			continue;
		}
		const char *end = strchr(dollar, '}'), *why = "substitution is not possible here";
		if (!end) {
			field_error(c, t->pos, "'${' without '}'");
			return NULL;
		}
		const char *name = arena_strndup(c->arena, dollar + 2, (size_t)(end - dollar) - 2);
		const char *value =
			c->substitute ? c->substitute(c->substitute_ctx, name, &why) : NULL;
		if (!value) {
			field_error(c, t->pos, "${%s}: %s", name, why);
			return NULL;
		}
		buf_add(&out, p, (size_t)(dollar - p));
		buf_adds(&out, value);
		p = end;
	}
	buf_adds(&out, p);
	if (out.overflow) {
		field_error(c, t->pos, "longer than %d bytes after substitution", TREE_BYTES_MAX);
		return NULL;
	}
	return arena_strdup(c->arena, buf_text(&out));
}

static bool has_control(const char *text, const char *but)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' || *text == 0x7f) && !strchr(but, *text))
			return true;
	return false;
}

static const char *scalar_text(struct field_ctx *c, const struct tree *t, const char *expected,
			       bool lines)
{
	if (t->kind != TREE_SCALAR) {
		field_error(c, t->pos, "%s%s%sexpected %s, found %s", t->key ? "'" : "",
			    t->key ? t->key : "", t->key ? "': " : "", expected,
			    kind_names[t->kind]);
		return NULL;
	}
	if (tree_is_null(t)) {
		field_error(c, tree_place(t), "%s%s%sno value: expected %s", t->key ? "'" : "",
			    t->key ? t->key : "", t->key ? "': " : "", expected);
		return NULL;
	}
	const char *text = substitute(c, t);
	if (text && has_control(text, lines ? "\n\t" : "")) {
		field_error(c, t->pos, "control characters%s are not allowed here",
			    lines ? "" : " and line ends");
		return NULL;
	}
	return text;
}

const char *field_scalar(struct field_ctx *c, const struct tree *t, const char *expected)
{
	return scalar_text(c, t, expected, false);
}

static int bind_scalar(struct field_ctx *c, const struct field *f, const struct tree *t,
		       void *member)
{
	_cleanup_free_ char *expected = field_expects(f);
	const char *text = scalar_text(c, t, expected, f->type == FIELD_LINES);

	if (!text)
		return -1;
	if (field_scalar_parse(f, text, member))
		return 0;
	/* the text as written, not what was substituted: that may be a secret */
	const char *near = f->type == FIELD_ENUM ? text_nearest(t->text, f->names) : NULL;
	return field_error(c, t->pos, "%s%s%sexpected %s, found '%.60s'%s%s%s", f->key ? "'" : "",
			   f->key ? f->key : "", f->key ? "': " : "", expected, t->text,
			   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* An empty value ("vms:") is an empty list or map. */
static int need_kind(struct field_ctx *c, const struct tree *t, enum tree_kind kind)
{
	if (t->kind == kind || tree_is_null(t))
		return 0;
	return field_error(c, t->pos, "%s%s%sexpected %s, found %s", t->key ? "'" : "",
			   t->key ? t->key : "", t->key ? "': " : "", kind_names[kind],
			   kind_names[t->kind]);
}

static int check_count(struct field_ctx *c, const struct field *f, const struct tree *t)
{
	if (!f->max || (t->n >= (size_t)f->min && t->n <= (size_t)f->max))
		return 0;
	return field_error(c, tree_place(t),
			   "'%s': expected %" PRId64 " to %" PRId64 " elements, found %zu", f->key,
			   f->min, f->max, t->n);
}

static int bind_texts(struct field_ctx *c, const struct field *f, const struct tree *t,
		      void *member)
{
	const struct field text = { f->key, FIELD_TEXT };
	struct field_texts *texts = member;
	const bool one = t->kind == TREE_SCALAR && !tree_is_null(t);
	int result = 0;

	if (!one && need_kind(c, t, TREE_LIST) < 0)
		return -1;
	texts->n = one ? 1 : t->n;
	texts->v = arena_array(c->arena, texts->n + 1, sizeof(*texts->v));
	size_t i = 0;
	for (const struct tree *e = one ? t : t->first; e && i < texts->n; e = e->next, i++) {
		texts->v[i] = "";
		result |= bind_scalar(c, &text, e, &texts->v[i]);
	}
	return result;
}

/* Lists and dicts: an array of elements in the arena. */
static int bind_items(struct field_ctx *c, const struct field *f, const struct tree *t,
		      void *member)
{
	if (need_kind(c, t, f->type == FIELD_LIST ? TREE_LIST : TREE_MAP) < 0 ||
	    check_count(c, f, t) < 0)
		return -1;
	char *items = arena_array(c->arena, t->n + 1, f->size), *at = items;
	int result = 0;

	for (const struct tree *e = t->first; e; e = e->next, at += f->size) {
		if (f->init)
			f->init(at);
		result |= f->parse ? f->parse(c, e, at) : field_bind(c, f->fields, e, at);
	}
	/* the member may be any pair of a pointer and a count: see struct field_items */
	const struct field_items pair = { items, t->n };
	memcpy(member, &pair, sizeof(pair));
	return result;
}

int field_value(struct field_ctx *c, const struct field *f, const struct tree *t, void *member)
{
	if (field_is_scalar(f->type))
		return bind_scalar(c, f, t, member);
	switch (f->type) {
	case FIELD_TEXTS:
		return bind_texts(c, f, t, member);
	case FIELD_MAP:
		return field_bind(c, f->fields, t, member);
	case FIELD_MAP_PTR: {
		void *object = arena_alloc(c->arena, f->size);
		if (f->init)
			f->init(object);
		memcpy(member, &object, sizeof(object));
		return field_bind(c, f->fields, t, object);
	}
	case FIELD_LIST:
	case FIELD_DICT:
		return bind_items(c, f, t, member);
	case FIELD_CUSTOM:
		return f->parse(c, t, member);
	default: /* FIELD_KEY, FIELD_POS: not values */
		abort();
	}
}

static bool is_key(const struct field *f)
{
	return f->type != FIELD_KEY && f->type != FIELD_POS;
}

static int unknown_key(struct field_ctx *c, const struct field *fields, const struct tree *t)
{
	_cleanup_buf_ struct buf known = { 0 };
	const char *names[128];
	size_t n = 0;

	for (const struct field *f = fields; f->key && n < ARRAY_SIZE(names) - 1; f++) {
		if (!is_key(f))
			continue;
		buf_addf(&known, "%s%s", n ? ", " : "", f->key);
		names[n++] = f->key;
	}
	names[n] = NULL;
	const char *near = text_nearest(t->key, names);
	if (near)
		return field_error(c, t->key_pos, "unknown key '%s'; did you mean '%s'?", t->key,
				   near);
	return field_error(c, t->key_pos, "unknown key '%s'; known here: %s", t->key,
			   buf_text(&known));
}

/* What comes from the map itself and not from a key in it. */
static int bind_self(struct field_ctx *c, const struct field *fields, const struct tree *t,
		     char *object)
{
	int result = 0;

	for (const struct field *f = fields; f->key; f++) {
		struct tree_pos at = tree_place(t);
		if (f->type == FIELD_POS)
			memcpy(object + f->offset, &at, sizeof(at));
		if (f->type != FIELD_KEY)
			continue;
		const struct field name = { "name", FIELD_NAME, .min = f->min, .max = f->max };
		const struct tree key = {
			.kind = TREE_SCALAR, .pos = at, .quoted = true, .text = t->key
		};
		result |= bind_scalar(c, &name, &key, object + f->offset);
	}
	return result;
}

int field_bind(struct field_ctx *c, const struct field *fields, const struct tree *t, void *object)
{
	if (need_kind(c, t, TREE_MAP) < 0)
		return -1;
	int result = bind_self(c, fields, t, object);

	for (const struct tree *e = t->first; e; e = e->next) {
		const struct field *f = fields;
		while (f->key && (!is_key(f) || !streq(f->key, e->key)))
			f++;
		if (!f->key) {
			result |= unknown_key(c, fields, e);
			continue;
		}
		if (field_value(c, f, e, (char *)object + f->offset) < 0)
			result = -1;
		else if (f->set_offset)
			*((bool *)object + f->set_offset) = true;
	}
	for (const struct field *f = fields; f->key; f++)
		if (f->required && is_key(f) && !tree_get(t, f->key))
			result |= field_error(c, tree_place(t), "'%s' is missing", f->key);
	return result;
}
