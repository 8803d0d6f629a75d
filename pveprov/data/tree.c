#include "data/tree.h"

#include <yaml.h>

struct reader {
	struct arena *arena;
	const char *name;
	yaml_parser_t yaml;
	size_t nodes;
	struct err **err;
};

static struct tree_pos place(const yaml_mark_t *m)
{
	return (struct tree_pos){ (uint32_t)m->line + 1, (uint32_t)m->column + 1 };
}

static int refuse(struct reader *r, struct tree_pos at, const char *fmt, ...) PRINTF(3, 4);
static int refuse(struct reader *r, struct tree_pos at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(r->err, ERR_RECIPE, "%s:%u:%u: %s", r->name, at.line, at.column, text);
}

static int next_event(struct reader *r, yaml_event_t *e)
{
	if (yaml_parser_parse(&r->yaml, e))
		return 0;
	const yaml_parser_t *y = &r->yaml;
	if (y->error == YAML_READER_ERROR) /* has no line: the bytes are no characters */
		return err_set(r->err, ERR_RECIPE, "%s: byte %zu: %s", r->name, y->problem_offset,
			       y->problem);
	if (!y->context)
		return refuse(r, place(&y->problem_mark), "%s", y->problem);
	return refuse(r, place(&y->problem_mark), "%s (%s that began at line %zu)", y->problem,
		      y->context, y->context_mark.line + 1);
}

/* What hides meaning from the reader of a recipe, or lets ten lines become ten million nodes. */
static const char *forbidden(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return "aliases (*name) are not allowed: write the value out";
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor ? "anchors (&name) are not allowed"
		       : e->data.scalar.tag  ? "tags (!name) are not allowed"
					     : NULL;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor ? "anchors (&name) are not allowed"
		       : e->data.sequence_start.tag  ? "tags (!name) are not allowed"
						     : NULL;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor ? "anchors (&name) are not allowed"
		       : e->data.mapping_start.tag  ? "tags (!name) are not allowed"
						    : NULL;
	default:
		return NULL;
	}
}

static int read_scalar(struct reader *r, const yaml_event_t *e, struct tree *t)
{
	const char *text = (const char *)e->data.scalar.value;

	if (memchr(text, '\0', e->data.scalar.length))
		return refuse(r, t->pos, "a NUL character is not allowed");
	t->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	t->text = arena_strndup(r->arena, text, e->data.scalar.length);
	return 0;
}

static int read_node(struct reader *r, const yaml_event_t *e, int depth, struct tree **ret);

/* The key that `e` holds becomes *key; the next event is the value's. */
static int read_key(struct reader *r, const struct tree *map, yaml_event_t *e, struct tree *key)
{
	key->pos = place(&e->start_mark);
	const char *why = forbidden(e);
	if (why)
		return refuse(r, key->pos, "%s", why);
	if (e->type != YAML_SCALAR_EVENT)
		return refuse(r, key->pos, "a key must be a word");
	if (map->n >= TREE_KEYS_MAX)
		return refuse(r, key->pos, "more than %d keys in one map", TREE_KEYS_MAX);
	if (read_scalar(r, e, key) < 0)
		return -1;
	const struct tree *other = tree_get(map, key->text);
	if (other)
		return refuse(r, key->pos, "key '%s' was given at line %u already", key->text,
			      other->key_pos.line);
	yaml_event_delete(e);
	return next_event(r, e);
}

/* The children of t up to the end event. */
static int read_children(struct reader *r, struct tree *t, int depth)
{
	yaml_event_type_t end =
		t->kind == TREE_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	struct tree **tail = &t->first;

	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t e = { 0 };
		struct tree key = { 0 };
		if (next_event(r, &e) < 0)
			return -1;
		if (e.type == end)
			return 0;
		if (t->kind == TREE_MAP && read_key(r, t, &e, &key) < 0)
			return -1;
		if (read_node(r, &e, depth + 1, tail) < 0)
			return -1;
		(*tail)->key = key.text;
		(*tail)->key_pos = key.pos;
		tail = &(*tail)->next;
		t->n++;
	}
}

static int read_node(struct reader *r, const yaml_event_t *e, int depth, struct tree **ret)
{
	struct tree_pos pos = place(&e->start_mark);
	const char *why = forbidden(e);

	if (why)
		return refuse(r, pos, "%s", why);
	if (depth > TREE_DEPTH_MAX)
		return refuse(r, pos, "nested deeper than %d levels", TREE_DEPTH_MAX);
	if (++r->nodes > TREE_NODES_MAX)
		return refuse(r, pos, "more than %d values", TREE_NODES_MAX);
	struct tree *t = arena_alloc(r->arena, sizeof(*t));
	t->pos = pos;
	*ret = t;
	if (e->type == YAML_SCALAR_EVENT)
		return read_scalar(r, e, t);
	t->kind = e->type == YAML_MAPPING_START_EVENT ? TREE_MAP : TREE_LIST;
	return read_children(r, t, depth);
}

static int read_document(struct reader *r, struct tree **ret)
{
	bool seen = false;

	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t e = { 0 };
		if (next_event(r, &e) < 0)
			return -1;
		switch (e.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (seen)
				return refuse(r, place(&e.start_mark),
					      "a second document is not allowed");
			break;
		case YAML_STREAM_END_EVENT:
			return seen ? 0
				    : err_set(r->err, ERR_RECIPE, "%s: the file is empty", r->name);
		default:
			if (read_node(r, &e, 1, ret) < 0)
				return -1;
			seen = true;
		}
	}
}

int tree_parse(struct arena *a, const char *name, const char *text, size_t len, struct tree **ret,
	       struct err **err)
{
	struct reader r = { .arena = a, .name = name, .err = err };
	struct tree *root = NULL;

	if (len > TREE_BYTES_MAX)
		return err_set(err, ERR_RECIPE, "%s: larger than %d bytes", name, TREE_BYTES_MAX);
	if (!yaml_parser_initialize(&r.yaml)) /* fails only without memory */
		abort();
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, len);
	int result = read_document(&r, &root);
	yaml_parser_delete(&r.yaml);
	if (result == 0)
		*ret = root;
	return result;
}

const struct tree *tree_get(const struct tree *map, const char *key)
{
	if (!map || map->kind != TREE_MAP)
		return NULL;
	for (const struct tree *t = map->first; t; t = t->next)
		if (streq(t->key, key))
			return t;
	return NULL;
}

bool tree_is_null(const struct tree *t)
{
	return t->kind == TREE_SCALAR && !t->quoted &&
	       (!*t->text || streq(t->text, "~") || strcasecmp(t->text, "null") == 0);
}

struct tree_pos tree_place(const struct tree *t)
{
	return t->key ? t->key_pos : t->pos;
}
