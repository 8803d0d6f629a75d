#include "plan/order.h"

static ssize_t find(const struct plan *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->items[i].step.id, id))
			return (ssize_t)i;
	return -1;
}

static int resolve(const struct plan *p, struct plan_order *o, struct err **err)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->items[i].step;
		if (find(p, s->id) != (ssize_t)i)
			return err_set(err, ERR_INTERNAL, "two steps are called '%s'", s->id);
		o->needs[i] = xcalloc(s->n_needs, sizeof(*o->needs[i]));
		for (size_t k = 0; k < s->n_needs; k++) {
			ssize_t at = find(p, s->needs[k]);
			if (at < 0)
				return err_set(err, ERR_INTERNAL,
					       "step '%s' needs '%s', which is not in the plan",
					       s->id, s->needs[k]);
			o->needs[i][o->n_needs[i]++] = (size_t)at;
		}
	}
	return 0;
}

static bool ready(const struct plan_order *o, size_t i, const bool *placed)
{
	for (size_t k = 0; k < o->n_needs[i]; k++)
		if (!placed[o->needs[i][k]])
			return false;
	return true;
}

static int sort(const struct plan *p, struct plan_order *o, struct err **err)
{
	_cleanup_free_ bool *placed = xcalloc(p->n, sizeof(*placed));

	for (size_t n = 0; n < p->n;) {
		size_t i = 0;
		while (i < p->n && (placed[i] || !ready(o, i, placed)))
			i++;
		if (i == p->n)
			return err_set(err, ERR_INTERNAL,
				       "the steps of the plan need each other in a circle");
		placed[i] = true;
		o->sorted[n++] = i;
	}
	return 0;
}

int plan_order(const struct plan *p, struct plan_order *ret, struct err **err)
{
	_cleanup_plan_order_ struct plan_order o = { .n = p->n };

	if (p->n > PLAN_STEPS_MAX)
		return err_set(err, ERR_INTERNAL, "a plan of %zu steps (at most %d)", p->n,
			       PLAN_STEPS_MAX);
	o.sorted = xcalloc(p->n, sizeof(*o.sorted));
	o.needs = xcalloc(p->n, sizeof(*o.needs));
	o.n_needs = xcalloc(p->n, sizeof(*o.n_needs));
	if (resolve(p, &o, err) < 0 || sort(p, &o, err) < 0)
		return -1;
	*ret = o;
	o = (struct plan_order){ 0 };
	return 0;
}

void plan_order_free(struct plan_order *o)
{
	free(o->sorted);
	for (size_t i = 0; o->needs && i < o->n; i++)
		free(o->needs[i]);
	free(o->needs);
	free(o->n_needs);
	*o = (struct plan_order){ 0 };
}
