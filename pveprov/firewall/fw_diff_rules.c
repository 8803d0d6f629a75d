/* The calls that turn one list of rules into another: of a file or of a security group. */
#include "firewall/fw_diff_private.h"
#include "firewall/fw_write.h"

static void rule_params(struct arena *a, struct fw_change *c, const struct fw_item *now, const struct fw_item *then)
{
	const struct fw_rule *r = &then->rule;
	struct buf gone = { 0 };

	fw_diff_param(c, "type", fw_type_name(r->type));
	fw_diff_param(c, "action", r->action);
	/* a rule is off unless told otherwise */
	fw_diff_param(c, "enable", r->enabled ? "1" : "0");
	fw_diff_param(c, "macro", r->macro);
	if (now && now->rule.macro && !r->macro)
		buf_adds(&gone, "macro");
	for (size_t i = 0; i < FW_FIELDS; i++) {
		const char *value = fw_field_get(r, &fw_fields[i]);
		fw_diff_param(c, fw_fields[i].api, value);
		if (now && !value && fw_field_get(&now->rule, &fw_fields[i]))
			buf_addf(&gone, "%s%s", gone.len ? "," : "", fw_fields[i].api);
	}
	fw_diff_param(c, "comment", then->comment);
	if (now && now->comment && !then->comment)
		buf_addf(&gone, "%scomment", gone.len ? "," : "");
	if (gone.len)
		fw_diff_param(c, "delete", arena_strdup(a, buf_text(&gone)));
	buf_free(&gone);
}

static const char *rule_text(struct arena *a, const struct fw_item *i)
{
	struct buf b = { 0 };

	fw_rule_write(&i->rule, i->comment, &b);
	const char *s = arena_strdup(a, buf_text(&b));
	buf_free(&b);
	return s;
}

static void add_edit(struct diff *d, const struct fw_edit *e, const struct fw_list *before,
		     const struct fw_list *after, const char *group, int phase)
{
	static const enum fw_verb verbs[] = { [FW_EDIT_UPDATE] = FW_PUT,
					      [FW_EDIT_DELETE] = FW_DELETE,
					      [FW_EDIT_CREATE] = FW_POST,
					      [FW_EDIT_MOVE] = FW_PUT };
	const char *pos = e->kind == FW_EDIT_CREATE ? NULL : arena_printf(d->a, "%zu", e->pos);
	struct fw_change *c = group ? fw_diff_add(d, verbs[e->kind], FW_OBJ_RULE, phase, "groups", group, pos)
				    : fw_diff_add(d, verbs[e->kind], FW_OBJ_RULE, phase, "rules", pos, NULL);
	const char *where = group ? arena_printf(d->a, "group %s", group) : "rules";

	c->before = before;
	c->after = after;
	c->takes_digest = e->kind != FW_EDIT_CREATE;
	switch (e->kind) {
	case FW_EDIT_CREATE:
		rule_params(d->a, c, NULL, &e->item);
		c->text = arena_printf(d->a, "%s: %s: %s", fw_diff_file(d), where, rule_text(d->a, &e->item));
		break;
	case FW_EDIT_UPDATE:
		rule_params(d->a, c, &before->v[e->pos], &e->item);
		c->text = arena_printf(d->a, "%s: %s: %s -> %s", fw_diff_file(d), where,
				       rule_text(d->a, &before->v[e->pos]), rule_text(d->a, &e->item));
		break;
	case FW_EDIT_DELETE:
		c->text = arena_printf(d->a, "%s: %s: %s", fw_diff_file(d), where, rule_text(d->a, &before->v[e->pos]));
		break;
	case FW_EDIT_MOVE:
		fw_diff_param(c, "moveto", arena_printf(d->a, "%zu", e->to));
		c->text = arena_printf(d->a, "%s: %s: %s moves from position %zu", fw_diff_file(d), where,
				       rule_text(d->a, &before->v[e->pos]), e->pos);
		break;
	}
}

/* One call on a list; returns the list after it. */
static struct fw_list *edit_list(struct diff *d, const struct fw_edit *e, const struct fw_list *before, const char *group,
				 int phase)
{
	struct fw_list *after = arena_alloc(d->a, sizeof(*after));

	*after = fw_edit_apply(d->a, before, e);
	add_edit(d, e, before, after, group, phase);
	return after;
}

void fw_diff_rules(struct diff *d, struct fw_list now, const struct fw_list *then, const char *group, int phase)
{
	struct fw_aliases around = fw_diff_aliases(d);
	struct fw_list *list = arena_alloc(d->a, sizeof(*list));

	*list = now;
	for (size_t i = now.n; i-- > 0;) {
		struct fw_edit gone = { .kind = FW_EDIT_DELETE, .pos = i };
		if (fw_misfit(d->a, &around, &now.v[i].rule))
			list = edit_list(d, &gone, list, group, MISFITS);
	}
	struct fw_edits e = fw_edit_plan(d->a, list, then);
	for (size_t i = 0; i < e.n; i++)
		list = edit_list(d, &e.v[i], list, group, phase);
}
