#include "firewall/fw_merge.h"

struct merge {
	const struct fw_config *former, *wanted, *now;
	struct fw_config *out;
};

static bool is_section(const struct fw_section *s, const struct fw_section *like)
{
	return s->kind == like->kind && (s->name && like->name ? strcasecmp(s->name, like->name) == 0 : s->name == like->name);
}

/* The same thing: an option, an alias, a member, a rule. */
static bool is_same_thing(enum fw_section_kind kind, const struct fw_entry *a, const struct fw_entry *b)
{
	switch (kind) {
	case FW_OPTIONS:
		return streq(a->key, b->key);
	case FW_ALIASES:
		return strcasecmp(a->key, b->key) == 0;
	case FW_IPSET:
		return streq(a->value, b->value);
	default:
		return fw_rule_equal(&a->rule, &b->rule) && streq_null(a->comment, b->comment);
	}
}

/* ... and as it is there. */
static bool is_as(const struct fw_entry *a, const struct fw_entry *b)
{
	return streq_null(a->value, b->value) && a->nomatch == b->nomatch && streq_null(a->comment, b->comment);
}

/* The last one counts. */
static const struct fw_entry *find(const struct fw_config *c, const struct fw_section *like, const struct fw_entry *e)
{
	const struct fw_entry *found = NULL;

	for (const struct fw_section *s = c->first; s; s = s->next)
		for (const struct fw_entry *x = s->first; x && is_section(s, like); x = x->next)
			if (!x->bad && is_same_thing(s->kind, x, e))
				found = x;
	return found;
}

static void take_out(struct fw_config *c, const struct fw_section *like, const struct fw_entry *e)
{
	for (struct fw_section *s = c->first; s; s = s->next) {
		struct fw_entry **at = &s->first;
		while (*at && is_section(s, like)) {
			if (!(*at)->bad && is_same_thing(s->kind, *at, e)) {
				*at = (*at)->next;
				s->n--;
			} else {
				at = &(*at)->next;
			}
		}
	}
}

static void put_in(struct fw_config *c, const struct fw_section *like, const struct fw_entry *e, size_t position)
{
	struct fw_section *s = fw_section_need(c, like->kind, like->name);
	struct fw_entry *copy = arena_alloc(&c->arena, sizeof(*copy)), **at = &s->first;

	for (size_t i = 0; *at && i < position; i++)
		at = &(*at)->next;
	*copy = *e;
	copy->next = *at;
	*at = copy;
	s->n++;
}

/* What is neither as before nor as wanted is somebody else's. */
static void keep_theirs(struct merge *m, const struct fw_section *s)
{
	bool in_order = s->kind == FW_RULES || s->kind == FW_GROUP;
	size_t position = 0;

	for (const struct fw_entry *e = s->first; e; e = e->next, position++) {
		if (e->bad)
			continue;
		const struct fw_entry *was = find(m->former, s, e), *would = find(m->wanted, s, e);
		if ((was && is_as(e, was)) || (would && is_as(e, would)))
			continue;
		take_out(m->out, s, e);
		put_in(m->out, s, e, in_order ? position : SIZE_MAX);
	}
}

/* What we would have left alone, and is gone, went by somebody else's hand. */
static void leave_out_gone(struct merge *m, const struct fw_section *s)
{
	for (const struct fw_entry *e = s->first; e; e = e->next)
		if (!e->bad && find(m->wanted, s, e) && !find(m->now, s, e))
			take_out(m->out, s, e);
}

/* Their new sets and groups, and their comments on those that were there. */
static void keep_name(struct merge *m, const struct fw_section *s)
{
	const struct fw_section *was = fw_section_find(m->former, s->kind, s->name),
				*would = fw_section_find(m->wanted, s->kind, s->name);

	if ((was && streq_null(was->comment, s->comment)) || (would && streq_null(would->comment, s->comment)))
		return;
	fw_section_need(m->out, s->kind, s->name)->comment = s->comment;
}

static void leave_out_names_gone(struct merge *m)
{
	struct fw_section **at = &m->out->first;

	while (*at) {
		const struct fw_section *s = *at;
		if (s->name && fw_section_find(m->wanted, s->kind, s->name) && !fw_section_find(m->now, s->kind, s->name))
			*at = s->next;
		else
			at = &(*at)->next;
	}
}

struct fw_config *fw_merge(const struct fw_config *former, const struct fw_config *wanted, const struct fw_config *now)
{
	struct merge m = { former, wanted, now, fw_config_copy(former) };

	leave_out_names_gone(&m);
	for (const struct fw_section *s = former->first; s; s = s->next)
		leave_out_gone(&m, s);
	for (const struct fw_section *s = now->first; s; s = s->next) {
		if (s->name)
			keep_name(&m, s);
		keep_theirs(&m, s);
	}
	return m.out;
}
