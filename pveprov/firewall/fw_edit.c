#include "firewall/fw_edit.h"

#include <limits.h>

enum { NONE = -1 };

bool fw_item_equal(const struct fw_item *a, const struct fw_item *b)
{
	return fw_rule_equal(&a->rule, &b->rule) && streq_null(a->comment, b->comment);
}

bool fw_list_equal(const struct fw_list *a, const struct fw_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!fw_item_equal(&a->v[i], &b->v[i]))
			return false;
	return true;
}

static void add_items(struct arena *a, struct fw_list *l, const struct fw_section *s)
{
	struct fw_item *v = arena_array(a, l->n + s->n, sizeof(*v));

	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	l->v = v;
	for (const struct fw_entry *e = s->first; e; e = e->next)
		if (!e->bad)
			l->v[l->n++] = (struct fw_item){ .rule = e->rule, .comment = e->comment };
}

struct fw_list fw_list_of(struct arena *a, const struct fw_section *s)
{
	struct fw_list l = { 0 };

	if (s)
		add_items(a, &l, s);
	return l;
}

struct fw_list fw_list_of_config(struct arena *a, const struct fw_config *c)
{
	struct fw_list l = { 0 };

	for (const struct fw_section *s = c ? c->first : NULL; s; s = s->next)
		if (s->kind == FW_RULES)
			add_items(a, &l, s);
	return l;
}

/* How the two lists belong together: for each target its live rule, for each live rule its target. */
struct pairing {
	ssize_t *live_of;   /* per target */
	ssize_t *target_of; /* per live rule */
	bool *moved;	    /* per target: its live rule stands elsewhere */
};

/*
 * The alignment with the fewest writes: rules stay, are updated in place, go or come. One that comes before all that
 * stay costs one call, any other two: it lands at position 0 and is moved. Of two ways the one with fewer moves.
 */
enum { CALL = 1 << 12, MOVE = CALL + 1 };

struct costs {
	unsigned *v[2]; /* [does a rule stay before?], of what is left from live rule i and target j on */
	size_t width;
};

static unsigned cost_at(const struct costs *c, bool behind, size_t i, size_t j)
{
	return c->v[behind][i * c->width + j];
}

static unsigned pair_cost(const struct costs *c, const struct fw_list *live, const struct fw_list *target, size_t i,
			  size_t j)
{
	return cost_at(c, true, i + 1, j + 1) + (fw_item_equal(&live->v[i], &target->v[j]) ? 0 : CALL);
}

static unsigned come_cost(const struct costs *c, bool behind, size_t i, size_t j)
{
	return cost_at(c, behind, i, j + 1) + CALL + (behind ? MOVE : 0);
}

static struct costs count_costs(struct arena *a, const struct fw_list *live, const struct fw_list *target)
{
	struct costs c = { .width = target->n + 1 };

	for (int behind = 0; behind < 2; behind++)
		c.v[behind] = arena_array(a, (live->n + 1) * c.width, sizeof(**c.v));
	for (size_t i = live->n + 1; i-- > 0;) {
		for (size_t j = target->n + 1; j-- > 0;) {
			for (int behind = 0; behind < 2; behind++) {
				unsigned best = i == live->n && j == target->n ? 0 : UINT_MAX;
				if (i < live->n)
					best = MIN(best, cost_at(&c, behind, i + 1, j) + CALL);
				if (j < target->n)
					best = MIN(best, come_cost(&c, behind, i, j));
				if (i < live->n && j < target->n)
					best = MIN(best, pair_cost(&c, live, target, i, j));
				c.v[behind][i * c.width + j] = best;
			}
		}
	}
	return c;
}

static void pair_nearest(struct arena *a, const struct fw_list *live, const struct fw_list *target, struct pairing *p)
{
	struct costs c = count_costs(a, live, target);
	bool behind = false;

	for (size_t i = 0, j = 0; i < live->n && j < target->n;) {
		unsigned here = cost_at(&c, behind, i, j);
		if (here == pair_cost(&c, live, target, i, j)) {
			p->live_of[j] = (ssize_t)i;
			p->target_of[i++] = (ssize_t)j++;
			behind = true;
		} else if (here == come_cost(&c, behind, i, j)) {
			j++;
		} else {
			i++;
		}
	}
}

/* Longest common subsequence: the most rules stay where they are. Better where rules only changed places. */
static void pair_common(struct arena *a, const struct fw_list *live, const struct fw_list *target, struct pairing *p)
{
	size_t w = target->n + 1;
	unsigned *length = arena_array(a, (live->n + 1) * w, sizeof(*length));

	for (size_t i = live->n; i-- > 0;)
		for (size_t j = target->n; j-- > 0;)
			length[i * w + j] = fw_item_equal(&live->v[i], &target->v[j])
						    ? length[(i + 1) * w + j + 1] + 1
						    : MAX(length[(i + 1) * w + j], length[i * w + j + 1]);
	for (size_t i = 0, j = 0; i < live->n && j < target->n;) {
		if (fw_item_equal(&live->v[i], &target->v[j])) {
			p->live_of[j] = (ssize_t)i;
			p->target_of[i++] = (ssize_t)j++;
		} else if (length[(i + 1) * w + j] >= length[i * w + j + 1]) {
			i++;
		} else {
			j++;
		}
	}
}

/* A rule that leaves one place and comes up in another is one move, not a deletion and an insertion. */
static void pair_moves(const struct fw_list *live, const struct fw_list *target, struct pairing *p)
{
	for (size_t j = 0; j < target->n; j++) {
		for (size_t i = 0; p->live_of[j] == NONE && i < live->n; i++) {
			if (p->target_of[i] != NONE || !fw_item_equal(&live->v[i], &target->v[j]))
				continue;
			p->live_of[j] = (ssize_t)i;
			p->target_of[i] = (ssize_t)j;
			p->moved[j] = true;
		}
	}
}

/* The list while it is being edited: which target each rule is, in order; NONE: to be deleted. */
struct sequence {
	ssize_t *v;
	size_t n;
};

static size_t place_of(const struct sequence *s, ssize_t target)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == target)
			return i;
	return s->n;
}

static void remove_at(struct sequence *s, size_t i)
{
	for (s->n--; i < s->n; i++)
		s->v[i] = s->v[i + 1];
}

static void insert_at(struct sequence *s, size_t i, ssize_t target)
{
	memmove(&s->v[i + 1], &s->v[i], (s->n++ - i) * sizeof(*s->v));
	s->v[i] = target;
}

/* Puts the rule before `to`, unless only rules that will be deleted stand between. */
static void move(struct fw_edits *e, struct sequence *s, size_t from, size_t to)
{
	ssize_t target = s->v[from];
	size_t next = from + 1;

	while (next < to && s->v[next] == NONE)
		next++;
	if (next == to)
		return;
	e->v[e->n++] = (struct fw_edit){ .kind = FW_EDIT_MOVE, .pos = from, .to = to };
	remove_at(s, from);
	insert_at(s, to > from ? to - 1 : to, target);
}

/* May target j's rule overwrite its live one: is that one not wanted any more, or there in another place? */
static bool may_overwrite(const struct fw_list *live, const struct fw_list *target, const struct pairing *p,
			  const bool *pending, size_t j)
{
	const struct fw_item *old = &live->v[p->live_of[j]];
	bool wanted = false;

	for (size_t k = 0; k < target->n; k++) {
		if (k != j && fw_item_equal(pending[k] ? &live->v[p->live_of[k]] : &target->v[k], old))
			return true;
		wanted = wanted || fw_item_equal(&target->v[k], old);
	}
	return !wanted;
}

/* A rule that only changes places by updates is made where it goes before it is overwritten; not where they swap. */
static void plan_updates(struct arena *a, struct fw_edits *e, const struct sequence *s, const struct fw_list *live,
			 const struct fw_list *target, const struct pairing *p)
{
	bool *pending = arena_array(a, target->n, sizeof(*pending));
	size_t left = 0;

	for (size_t j = 0; j < target->n; j++) {
		pending[j] = p->live_of[j] != NONE && !fw_item_equal(&live->v[p->live_of[j]], &target->v[j]);
		left += pending[j];
	}
	for (; left; left--) {
		size_t first = target->n, j = 0;
		for (; j < target->n; j++) {
			if (!pending[j])
				continue;
			first = MIN(first, j);
			if (may_overwrite(live, target, p, pending, j))
				break;
		}
		j = j < target->n ? j : first;
		pending[j] = false;
		e->v[e->n++] = (struct fw_edit){ .kind = FW_EDIT_UPDATE, .pos = place_of(s, (ssize_t)j), .item = target->v[j] };
	}
}

static void plan_deletions(struct fw_edits *e, struct sequence *s)
{
	for (size_t i = s->n; i-- > 0;) {
		if (s->v[i] != NONE)
			continue;
		e->v[e->n++] = (struct fw_edit){ .kind = FW_EDIT_DELETE, .pos = i };
		remove_at(s, i);
	}
}

typedef void pair_fn(struct arena *a, const struct fw_list *live, const struct fw_list *target, struct pairing *p);

static struct fw_edits plan_with(pair_fn *pair, struct arena *a, const struct fw_list *live,
				 const struct fw_list *target)
{
	struct pairing p = { .live_of = arena_array(a, target->n, sizeof(ssize_t)),
			     .target_of = arena_array(a, live->n, sizeof(ssize_t)),
			     .moved = arena_array(a, target->n, sizeof(bool)) };
	struct fw_edits e = { .v = arena_array(a, 2 * (live->n + target->n) + 1, sizeof(*e.v)) };
	struct sequence s = { .v = arena_array(a, live->n + target->n + 1, sizeof(ssize_t)) };

	for (size_t j = 0; j < target->n; j++)
		p.live_of[j] = NONE;
	for (size_t i = 0; i < live->n; i++)
		p.target_of[i] = NONE;
	pair(a, live, target, &p);
	pair_moves(live, target, &p);
	for (size_t i = 0; i < live->n; i++)
		s.v[s.n++] = p.target_of[i];
	for (size_t j = target->n; j-- > 0;) {
		if (p.live_of[j] == NONE) {
			e.v[e.n++] = (struct fw_edit){ .kind = FW_EDIT_CREATE, .item = target->v[j] };
			insert_at(&s, 0, (ssize_t)j);
		}
		/* everything behind it is in place: it belongs right before its successor */
		size_t successor = j + 1 < target->n ? place_of(&s, (ssize_t)j + 1) : s.n;
		if (p.live_of[j] == NONE || p.moved[j])
			move(&e, &s, place_of(&s, (ssize_t)j), successor);
	}
	plan_updates(a, &e, &s, live, target, &p);
	plan_deletions(&e, &s);
	return e;
}

struct fw_edits fw_edit_plan(struct arena *a, const struct fw_list *live, const struct fw_list *target)
{
	struct fw_edits near = plan_with(pair_nearest, a, live, target);
	struct fw_edits common = plan_with(pair_common, a, live, target);

	return common.n < near.n ? common : near;
}

struct fw_list fw_edit_apply(struct arena *a, const struct fw_list *l, const struct fw_edit *e)
{
	struct fw_list r = { .v = arena_array(a, l->n + 1, sizeof(*r.v)), .n = l->n };
	struct fw_item item;
	size_t to;

	if (l->n)
		memcpy(r.v, l->v, l->n * sizeof(*r.v));
	switch (e->kind) {
	case FW_EDIT_UPDATE:
		r.v[e->pos] = e->item;
		break;
	case FW_EDIT_DELETE:
		memmove(&r.v[e->pos], &r.v[e->pos + 1], (--r.n - e->pos) * sizeof(*r.v));
		break;
	case FW_EDIT_CREATE:
		memmove(&r.v[1], &r.v[0], r.n++ * sizeof(*r.v));
		r.v[0] = e->item;
		break;
	case FW_EDIT_MOVE:
		item = r.v[e->pos];
		to = MIN(e->to, r.n);
		to = to > e->pos ? to - 1 : to;
		memmove(&r.v[e->pos], &r.v[e->pos + 1], (r.n - 1 - e->pos) * sizeof(*r.v));
		memmove(&r.v[to + 1], &r.v[to], (r.n - 1 - to) * sizeof(*r.v));
		r.v[to] = item;
		break;
	}
	return r;
}
