#include "cli/fw_view.h"

static char *mark_text(const json_t *v)
{
	return xstrdup(json_string_value(v));
}

const struct operand fw_view_operands[] = {
	{ .name = "RECIPE",
	  .help = "A YAML file with 'firewall:', a .fw file, or a folder of .fw files",
	  .complete = COMPLETE_FILE },
	{ 0 }
};

const struct output_column fw_view_columns[] = {
	{ .key = "mark", .header = "", .text = mark_text }, { .key = "text", .header = "CHANGE", .wide = true }, { 0 }
};

static const char *mark_of(const struct fw_change *c)
{
	static const char *const marks[] = { [FW_POST] = "+", [FW_PUT] = "~", [FW_DELETE] = "-" };

	return marks[c->verb];
}

json_t *fw_view_changes(const struct fw_job *j)
{
	static const char *const methods[] = { [FW_POST] = "POST", [FW_PUT] = "PUT", [FW_DELETE] = "DELETE" };
	json_t *rows = json_array();

	for (size_t i = 0; i < j->changes.n; i++) {
		const struct fw_change *c = &j->changes.v[i];
		_cleanup_free_ char *path = fw_change_path(c, 0);
		json_t *params = json_object();
		for (size_t k = 0; k < c->n_params; k++)
			json_object_set_new(params, c->params[k].key, json_string(c->params[k].value));
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:o}", "mark", mark_of(c), "text", c->text,
						      "method", methods[c->verb], "path", path, "params", params));
	}
	return rows;
}

static json_t *decision(const struct fw_decision *d)
{
	json_t *o = json_pack("{s:s, s:s*, s:s*, s:s*}", "verdict", fw_verdict_name(d->verdict), "rule", d->rule, "reason",
			      d->reason, "file", d->file);

	if (d->line)
		json_object_set_new(o, d->live ? "position" : "line", json_integer(d->live ? d->line - 1 : d->line));
	return o;
}

json_t *fw_view_guard(const struct fw_job *j)
{
	static const char *const verdicts[] = { "open", "unknown", "closed" };
	json_t *ways = json_array();

	for (size_t i = 0; i < j->guard.n; i++) {
		const struct fw_way *w = &j->guard.ways[i];
		json_array_append_new(ways, json_pack("{s:s, s:o, s:o}", "what", w->what, "now", decision(&w->now), "then",
						      decision(&w->then)));
	}
	return json_pack("{s:s, s:b, s:b, s:o, s:s*}", "verdict", verdicts[j->guard.verdict], "enabling",
			 j->guard.enabling, "nftables", j->guard.nftables, "ways", ways, "fix", j->guard.fix_member);
}

static void say(void *ctx, const char *text)
{
	struct app *app = ctx;

	progress_line(app->progress, PROGRESS_NORMAL, "%s", text);
}

void fw_flags_use(const struct fw_flags *f, struct fw_job_options *o)
{
	o->from = f->from ? f->from : o->from;
	o->revert_ssh = f->revert_ssh;
	o->ssh = f->ssh;
	o->keep_access = f->keep_access;
	o->console = f->console;
	o->dead_man = f->dead_man;
}

int fw_view_plan(struct app *app, const struct fw_job_options *o, struct fw_job *j, struct err **err)
{
	_cleanup_free_ char *state_dir = context_state_path(NULL);
	struct fw_job_options mine = *o;
	const struct context *context;
	struct pve_client *client;

	if (app_context(app, &context, err) < 0 || app_client(app, &client, err) < 0)
		return -1;
	/* the lab's node sees its clients where its world says, not on the loopback */
	mine.from = o->from ? o->from : context->lab_client;
	mine.scale = context->lab_scale;
	mine.node = app->globals.node;
	mine.state_dir = arena_strdup(&j->arena, state_dir);
	mine.say = say;
	mine.say_ctx = app;
	return fw_job_plan(client, &mine, j, err);
}
