#pragma once
/*
 * plan_view.h: a plan as people read it, or as JSON.
 */
#include "cli/output.h"
#include "cli/progress.h"
#include "plan/run.h"

/* On standard output: a block for each step with changes and a summary; as JSON one row for each
 * change. */
int plan_view_result(const struct plan *p, struct out *out, struct err **err);

/* One step's changes as progress lines. */
void plan_view_item(const struct plan_item *item, struct progress *progress);

/* "2 to add, 1 to change (1 restart), 0 to destroy", or "no changes"; malloc'd. */
char *plan_view_summary(const struct plan *p);
