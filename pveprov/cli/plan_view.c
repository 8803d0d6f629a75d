#include "cli/plan_view.h"

static const struct output_column columns[] = {
	{ .key = "step", .header = "STEP" },	 { .key = "mark", .header = "" },
	{ .key = "text", .header = "CHANGE" },	 { .key = "effect", .header = "EFFECT" },
	{ .key = "privileges", .header = NULL }, { 0 },
};

static json_t *row(const struct plan_item *item, const struct step_change *c)
{
	json_t *row = json_pack("{s:s, s:s, s:s}", "step", item->step.id, "mark",
				step_mark_text(c->mark), "text", c->text);

	if (c->mark != STEP_NOTE)
		json_object_set_new(row, "effect", json_string(step_effect_text(c->effect)));
	if (c->privileges)
		json_object_set_new(row, "privileges", json_string(c->privileges));
	return row;
}

/* "  + net1: ...   (next cold start)"; malloc'd. What is live needs no saying. */
static char *line(const struct step_change *c)
{
	if (c->mark == STEP_NOTE)
		return xasprintf("    # %s", c->text);
	if (c->effect == STEP_LIVE)
		return xasprintf("%5s %s", step_mark_text(c->mark), c->text);
	return xasprintf("%5s %s  (%s)", step_mark_text(c->mark), c->text,
			 step_effect_text(c->effect));
}

static void text_result(const struct plan *p, struct out *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->items[i];
		if (item->changes.n)
			out_printf(out, "%s\n", item->step.id);
		for (size_t k = 0; k < item->changes.n; k++) {
			_cleanup_free_ char *text = line(&item->changes.v[k]);
			out_printf(out, "%s\n", text);
		}
	}
	_cleanup_free_ char *summary = plan_view_summary(p);
	out_printf(out, "%s\n", summary);
}

int plan_view_result(const struct plan *p, struct out *out, struct err **err)
{
	_cleanup_json_ json_t *rows = json_array();

	if (out->format == OUTPUT_TABLE) {
		text_result(p, out);
		return 0;
	}
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->items[i].changes.n; k++)
			json_array_append_new(rows, row(&p->items[i], &p->items[i].changes.v[k]));
	return out_list(out, "plan", columns, rows, err);
}

void plan_view_item(const struct plan_item *item, struct progress *progress)
{
	if (item->changes.n)
		progress_line(progress, PROGRESS_NORMAL, "%s", item->step.id);
	for (size_t k = 0; k < item->changes.n; k++) {
		_cleanup_free_ char *text = line(&item->changes.v[k]);
		progress_line(progress, PROGRESS_NORMAL, "%s", text);
	}
}

char *plan_view_summary(const struct plan *p)
{
	size_t add = plan_changes(p, STEP_CREATE),
	       destroy = plan_changes(p, STEP_DELETE) + plan_changes(p, STEP_REPLACE);
	size_t restart = plan_changes(p, STEP_RESTART),
	       change = plan_changes(p, STEP_CHANGE) + restart;

	if (plan_changes_all(p) == 0)
		return xstrdup("no changes");
	_cleanup_free_ char *restarts =
		restart ? xasprintf(" (%zu restart%s)", restart, restart == 1 ? "" : "s") : NULL;
	return xasprintf("plan: %zu to add, %zu to change%s, %zu to destroy", add, change,
			 restarts ? restarts : "", destroy);
}
