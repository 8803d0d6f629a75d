#include "plan/run.h"
#include "plan/order.h"

struct step *plan_add(struct plan *p, const struct step_ops *ops, void *ctx, const void *subject,
		      const char *fmt, ...)
{
	if (p->n == p->cap) {
		p->cap = MAX(p->cap * 2, (size_t)16);
		p->items = xrealloc(p->items, p->cap, sizeof(*p->items));
	}
	struct plan_item *item = &p->items[p->n++];
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *id = xvasprintf(fmt, ap);
	va_end(ap);
	*item = (struct plan_item){
		.step = { .ops = ops,
			  .id = arena_strdup(&p->arena, id),
			  .ctx = ctx,
			  .subject = subject },
	};
	return &item->step;
}

void plan_need(struct plan *p, const char *fmt, ...)
{
	struct step *s = &p->items[p->n - 1].step;
	const char **needs = arena_array(&p->arena, s->n_needs + 1, sizeof(*needs));
	va_list ap;

	if (s->n_needs)
		memcpy(needs, s->needs, s->n_needs * sizeof(*needs));
	va_start(ap, fmt);
	_cleanup_free_ char *id = xvasprintf(fmt, ap);
	va_end(ap);
	needs[s->n_needs++] = arena_strdup(&p->arena, id);
	s->needs = needs;
}

int plan_check(struct plan *p, const struct plan_options *o, struct err **err)
{
	_cleanup_plan_order_ struct plan_order order = { 0 };

	if (plan_order(p, &order, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		struct plan_item *item = &p->items[order.sorted[i]];
		struct step_run run = { .clock = o->clock,
					.phase = STEP_PLANNING,
					.step = &item->step,
					.receipt = o->receipt };
		step_changes_free(&item->changes);
		item->state = PLAN_WAITING;
		if (clock_check(o->clock, err) < 0)
			return -1;
		if (item->step.ops->check &&
		    item->step.ops->check(&item->step, &run, &item->changes, err) < 0)
			return err_wrap(err, "%s", item->step.id);
	}
	return 0;
}

static int guard_item(const struct plan_item *item, const struct plan_options *o, struct err **err)
{
	for (size_t i = 0; i < item->changes.n; i++) {
		const struct step_change *c = &item->changes.v[i];
		bool restarts = c->effect == STEP_RESTARTS && !o->allow_restart;
		bool destroys = c->effect == STEP_DESTROYS && !o->allow_destroy;
		if (!restarts && !destroys)
			continue;
		err_set(err, ERR_GUARD, "%s: '%s' would %s", item->step.id, c->text,
			restarts ? "restart or cut off something that runs" : "destroy data");
		return err_hint(err, "run again with %s if that is what you want",
				restarts ? "--allow-restart" : "--allow-destroy");
	}
	return 0;
}

int plan_guard(const struct plan *p, const struct plan_options *o, struct err **err)
{
	for (size_t i = 0; i < p->n; i++)
		if (guard_item(&p->items[i], o, err) < 0)
			return -1;
	return 0;
}

int plan_guard_item(const struct plan_item *item, const struct plan_options *o, struct err **err)
{
	return guard_item(item, o, err);
}

size_t plan_changes(const struct plan *p, enum step_mark mark)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->items[i].changes.n; k++)
			n += p->items[i].changes.v[k].mark == mark;
	return n;
}

size_t plan_changes_all(const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += step_changes_count(&p->items[i].changes);
	return n;
}

void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		step_changes_free(&p->items[i].changes);
	free(p->items);
	arena_free(&p->arena);
	*p = (struct plan){ 0 };
}
