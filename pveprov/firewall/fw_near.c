#include "firewall/fw_near.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/fw_macro.h"
#include "data/fw_proto.h"

/* Names to choose from; borrowed. */
struct names {
	struct arena *arena;
	const char **v;
	size_t n, cap;
};

static void add(struct names *l, const char *name)
{
	if (l->n + 1 >= l->cap) {
		size_t cap = MAX(l->cap * 2, (size_t)64);
		const char **v = arena_array(l->arena, cap, sizeof(*v));
		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = name;
	l->v[l->n] = NULL;
}

static const char *nearest(const struct names *l, const char *name)
{
	return l->n ? text_nearest(name, l->v) : NULL;
}

static void add_sections(struct names *l, const struct fw_config *c, enum fw_section_kind kind)
{
	for (const struct fw_section *s = c ? c->first : NULL; s; s = s->next) {
		if (s->kind == kind && s->name)
			add(l, s->name);
		for (const struct fw_entry *e = s->kind == kind && kind == FW_ALIASES ? s->first : NULL; e; e = e->next)
			if (!e->bad)
				add(l, e->key);
	}
}

static const char *near_in_files(struct arena *a, const struct fw_place *p, enum fw_section_kind kind, const char *name)
{
	struct names l = { .arena = a };

	add_sections(&l, p->own, kind);
	if (p->cluster != p->own)
		add_sections(&l, p->cluster, kind);
	return nearest(&l, name);
}

const char *fw_near_alias(struct arena *a, const struct fw_place *p, const char *name)
{
	return near_in_files(a, p, FW_ALIASES, name);
}

const char *fw_near_group(struct arena *a, const struct fw_config *cluster, const char *name)
{
	const struct fw_place p = { .cluster = cluster, .own = cluster };

	return near_in_files(a, &p, FW_GROUP, name);
}

/* The first item of a list of ports that is no number and no known name. */
static const char *near_port(struct arena *a, const char *ports)
{
	_cleanup_strv_ struct strv items = { 0 };
	struct names l = { .arena = a };
	const char *name;
	uint16_t port;

	for (size_t i = 0; (name = fw_service_name(i)); i++)
		add(&l, name);
	strv_split(&items, ports, ",:");
	for (size_t i = 0; i < items.n; i++)
		if (!text_consists_of(items.v[i], "0123456789") && !fw_service_port(items.v[i], &port))
			return nearest(&l, items.v[i]);
	return NULL;
}

const char *fw_near(struct arena *a, const struct fw_place *p, const struct fw_rule *r, const struct fw_problem *problem)
{
	static const char *const actions[] = { "ACCEPT", "DROP", "REJECT", NULL };
	struct names l = { .arena = a };
	const char *name;
	size_t n;

	switch (problem->unknown) {
	case FW_UNKNOWN_NOTHING:
		break;
	case FW_UNKNOWN_ALIAS:
		return fw_near_alias(a, p, problem->name);
	case FW_UNKNOWN_SET:
		name = near_in_files(a, p, FW_IPSET, problem->name);
		return name ? arena_printf(a, "+%s", name) : NULL;
	case FW_UNKNOWN_MACRO:
		return fw_macro_nearest(problem->name);
	case FW_UNKNOWN_PORT:
		return near_port(a, problem->name);
	case FW_UNKNOWN_PROTO:
		for (size_t i = 0; (name = fw_proto_name(i)); i++)
			add(&l, name);
		return nearest(&l, problem->name);
	case FW_UNKNOWN_ICMP:
		for (size_t i = 0; (name = fw_icmp_name(r->proto ? fw_proto_family(r->proto) : 4, i)); i++)
			add(&l, name);
		return nearest(&l, problem->name);
	case FW_UNKNOWN_ACTION:
		/* the action in brackets was forgotten */
		if (fw_macro_find(problem->name, &n))
			return arena_printf(a, "%s(ACCEPT)", fw_macro_find(problem->name, &n)->name);
		return text_nearest(problem->name, actions);
	}
	return NULL;
}
