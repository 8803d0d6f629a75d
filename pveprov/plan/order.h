#pragma once
/*
 * order.h: a plan's needs as numbers, and an order in which every step comes after what it needs;
 * within that, the table's own order. Inside plan/ only.
 */
#include "plan/run.h"

struct plan_order {
	size_t n;
	size_t *sorted;			 /* indexes of items */
	size_t **needs; /* of each item */
	size_t *n_needs;
};

/* ERR_INTERNAL for a need that no step has, a doubled id or a circle: a fault of the table. */
int plan_order(const struct plan *p, struct plan_order *ret, struct err **err);
void plan_order_free(struct plan_order *o);
#define _cleanup_plan_order_ _cleanup_(plan_order_free)

/* As plan_guard() for one item. */
int plan_guard_item(const struct plan_item *item, const struct plan_options *o, struct err **err);
