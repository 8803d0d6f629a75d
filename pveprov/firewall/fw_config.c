#include "firewall/fw_config.h"

#define FIELD(api_name, word, member) { api_name, word, offsetof(struct fw_rule, member) }
const struct fw_field fw_fields[FW_FIELDS] = {
	FIELD("iface", "-i", iface),	   FIELD("source", "-source", source), FIELD("dest", "-dest", dest),
	FIELD("proto", "-p", proto),	   FIELD("dport", "-dport", dport),    FIELD("sport", "-sport", sport),
	FIELD("log", "-log", log),	   FIELD("icmp-type", "-icmp-type", icmp_type),
};

static const char *const types[FW_TYPES] = { "in", "out", "forward", "group" };
static const char *const levels[FW_LEVELS] = { "cluster", "host", "guest", "vnet" };

const char *fw_field_get(const struct fw_rule *r, const struct fw_field *f)
{
	return *(const char *const *)((const char *)r + f->offset);
}

void fw_field_set(struct fw_rule *r, const struct fw_field *f, const char *value)
{
	*(const char **)((char *)r + f->offset) = value;
}

const struct fw_field *fw_field_find(const char *api)
{
	for (size_t i = 0; i < FW_FIELDS; i++)
		if (streq(fw_fields[i].api, api))
			return &fw_fields[i];
	return NULL;
}

const char *fw_type_name(enum fw_type t)
{
	return types[t];
}

bool fw_type_parse(const char *name, enum fw_type *ret)
{
	for (enum fw_type t = 0; t < FW_TYPES; t++) {
		if (strcasecmp(name, types[t]) == 0) {
			*ret = t;
			return true;
		}
	}
	return false;
}

const char *fw_level_name(enum fw_level l)
{
	return levels[l];
}

struct fw_config *fw_config_new(enum fw_level level, const char *file, const char *id)
{
	struct fw_config *c = xcalloc(1, sizeof(*c));

	c->level = level;
	c->file = arena_strdup(&c->arena, file);
	c->id = arena_strdup(&c->arena, id);
	return c;
}

struct fw_config *fw_config_free(struct fw_config *c)
{
	if (c) {
		arena_free(&c->arena);
		free(c);
	}
	return NULL;
}

static void copy_entry(struct arena *a, struct fw_entry *to, const struct fw_entry *from)
{
	struct fw_entry *next = to->next;

	*to = *from;
	to->next = next;
	to->lead = arena_strdup(a, from->lead);
	to->comment = arena_strdup(a, from->comment);
	to->bad = arena_strdup(a, from->bad);
	to->key = arena_strdup(a, from->key);
	to->value = arena_strdup(a, from->value);
	to->rule.action = arena_strdup(a, from->rule.action);
	to->rule.macro = arena_strdup(a, from->rule.macro);
	for (size_t i = 0; i < FW_FIELDS; i++)
		fw_field_set(&to->rule, &fw_fields[i], arena_strdup(a, fw_field_get(&from->rule, &fw_fields[i])));
}

struct fw_config *fw_config_copy(const struct fw_config *c)
{
	struct fw_config *copy = fw_config_new(c->level, c->file, c->id);
	struct arena *a = &copy->arena;
	struct fw_section **end = &copy->first;

	copy->live = c->live;
	copy->tail = arena_strdup(a, c->tail);
	for (const struct fw_section *s = c->first; s; s = s->next, end = &(*end)->next) {
		*end = arena_alloc(a, sizeof(**end));
		**end = (struct fw_section){ .kind = s->kind,
					     .line = s->line,
					     .column = s->column,
					     .name = arena_strdup(a, s->name),
					     .comment = arena_strdup(a, s->comment),
					     .lead = arena_strdup(a, s->lead) };
		for (const struct fw_entry *e = s->first; e; e = e->next)
			copy_entry(a, fw_entry_add(copy, *end), e);
	}
	return copy;
}

static bool same_name(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) == 0 : a == b;
}

struct fw_section *fw_section_find(const struct fw_config *c, enum fw_section_kind kind, const char *name)
{
	struct fw_section *found = NULL;

	/* a set or group that is written twice: the later one replaces the earlier */
	for (struct fw_section *s = c ? c->first : NULL; s; s = s->next)
		if (s->kind == kind && same_name(s->name, name))
			found = s;
	return found;
}

struct fw_section *fw_section_need(struct fw_config *c, enum fw_section_kind kind, const char *name)
{
	struct fw_section *s = fw_section_find(c, kind, name);
	struct fw_section **place = &c->first;

	if (s)
		return s;
	while (*place && (*place)->kind <= kind)
		place = &(*place)->next;
	s = arena_alloc(&c->arena, sizeof(*s));
	s->kind = kind;
	if (name) {
		char *lower = arena_strdup(&c->arena, name);
		for (char *p = lower; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 32 : *p);
		s->name = lower;
	}
	s->next = *place;
	*place = s;
	return s;
}

struct fw_entry *fw_entry_add(struct fw_config *c, struct fw_section *s)
{
	struct fw_entry **end = &s->first;

	while (*end)
		end = &(*end)->next;
	*end = arena_alloc(&c->arena, sizeof(**end));
	s->n++;
	return *end;
}

const struct fw_entry *fw_option_entry(const struct fw_config *c, const char *key)
{
	const struct fw_entry *found = NULL;

	for (const struct fw_section *s = c ? c->first : NULL; s; s = s->next)
		for (const struct fw_entry *e = s->kind == FW_OPTIONS ? s->first : NULL; e; e = e->next)
			if (!e->bad && streq(e->key, key))
				found = e;
	return found;
}

const char *fw_option(const struct fw_config *c, const char *key)
{
	const struct fw_entry *e = fw_option_entry(c, key);

	return e ? e->value : NULL;
}

bool fw_entry_counts(const struct fw_config *c, const struct fw_section *s, const struct fw_entry *e)
{
	if (e->bad)
		return false;
	return s->kind == FW_OPTIONS   ? fw_option_entry(c, e->key) == e
	       : s->kind == FW_ALIASES ? fw_alias(c, e->key) == e
				       : fw_section_counts(c, s);
}

bool fw_section_counts(const struct fw_config *c, const struct fw_section *s)
{
	return !s->name || fw_section_find(c, s->kind, s->name) == s;
}

const struct fw_entry *fw_alias(const struct fw_config *c, const char *name)
{
	const struct fw_entry *found = NULL;

	for (const struct fw_section *s = c ? c->first : NULL; s; s = s->next)
		for (const struct fw_entry *e = s->kind == FW_ALIASES ? s->first : NULL; e; e = e->next)
			if (!e->bad && strcasecmp(e->key, name) == 0)
				found = e;
	return found;
}

bool fw_rule_equal(const struct fw_rule *a, const struct fw_rule *b)
{
	if (a->enabled != b->enabled || a->type != b->type || !streq(a->action, b->action) ||
	    !streq_null(a->macro, b->macro))
		return false;
	for (size_t i = 0; i < FW_FIELDS; i++)
		if (!streq_null(fw_field_get(a, &fw_fields[i]), fw_field_get(b, &fw_fields[i])))
			return false;
	return true;
}
