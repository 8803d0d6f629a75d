/* Whether two files mean the same to the server: fw_config_equal(). */
#include "firewall/fw_config.h"

/* Goes through the rules of one section, or of all [RULES] (which may be written several times) from it on. */
struct rule_walk {
	const struct fw_section *s;
	const struct fw_entry *e;
	bool all;
};

static const struct fw_entry *next_rule(struct rule_walk *w)
{
	for (; w->s; w->s = w->all ? w->s->next : NULL, w->e = NULL) {
		if (w->all && w->s->kind != FW_RULES)
			continue;
		do
			w->e = w->e ? w->e->next : w->s->first;
		while (w->e && w->e->bad);
		if (w->e)
			return w->e;
	}
	return NULL;
}

static bool same_rules(const struct fw_section *s, const struct fw_section *t, bool all)
{
	struct rule_walk a = { .s = s, .all = all }, b = { .s = t, .all = all };

	for (;;) {
		const struct fw_entry *x = next_rule(&a), *y = next_rule(&b);
		if (!x || !y)
			return !x && !y;
		if (!fw_rule_equal(&x->rule, &y->rule) || !streq_null(x->comment, y->comment))
			return false;
	}
}

static const struct fw_entry *find_member(const struct fw_section *s, const char *address)
{
	for (const struct fw_entry *e = s ? s->first : NULL; e; e = e->next)
		if (!e->bad && streq(e->value, address))
			return e;
	return NULL;
}

static bool same_address(const struct fw_entry *a, const struct fw_entry *b)
{
	return b && streq(a->value, b->value) && a->nomatch == b->nomatch && streq_null(a->comment, b->comment);
}

static bool entry_covered(const struct fw_section *s, const struct fw_entry *e, const struct fw_config *b,
			  const struct fw_section *other)
{
	switch (s->kind) {
	case FW_OPTIONS:
		return streq_null(fw_option(b, e->key), e->value);
	case FW_ALIASES:
		return same_address(e, fw_alias(b, e->key));
	case FW_IPSET:
		return same_address(e, find_member(other, e->value));
	default:
		return true;
	}
}

/* Every entry of a that counts has its equal in b; called both ways. */
static bool covered(const struct fw_config *a, const struct fw_config *b)
{
	for (const struct fw_section *s = a->first; s; s = s->next) {
		const struct fw_section *other = s->name ? fw_section_find(b, s->kind, s->name) : NULL;
		if (!fw_section_counts(a, s))
			continue;
		if (s->name && (!other || !streq_null(s->comment, other->comment)))
			return false;
		if (s->kind == FW_GROUP && !same_rules(s, other, false))
			return false;
		for (const struct fw_entry *e = s->first; e; e = e->next)
			if (fw_entry_counts(a, s, e) && !entry_covered(s, e, b, other))
				return false;
	}
	return true;
}

bool fw_config_equal(const struct fw_config *a, const struct fw_config *b)
{
	return a->level == b->level && covered(a, b) && covered(b, a) &&
	       same_rules(a->first, b->first, true);
}
