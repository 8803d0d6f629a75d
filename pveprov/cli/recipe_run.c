#include "cli/recipe_run.h"

#include "base/fs.h"
#include "cli/plan_view.h"
#include "pve/client.h"
#include "step/session.h"

enum { RECIPE_BYTES_MAX = 1 << 20 };

const struct operand recipe_run_operands[] = {
	{ .name = "RECIPE", .help = "The recipe, a YAML file", .complete = COMPLETE_FILE },
	{ 0 },
};

static unsigned *item_of(struct recipe_run *r, const struct plan_item *item)
{
	return &r->items[item - r->plan.items];
}

static void on_started(void *ctx, const struct plan_item *item)
{
	struct recipe_run *r = ctx;

	*item_of(r, item) = progress_start(r->app->progress, item->step.id);
}

static void on_changes(void *ctx, const struct plan_item *item)
{
	struct recipe_run *r = ctx;

	plan_view_item(item, r->app->progress);
}

static void on_line(void *ctx, const struct plan_item *item, const char *text)
{
	struct recipe_run *r = ctx;

	progress_note(r->app->progress, *item_of(r, item), text);
}

static void on_ended(void *ctx, const struct plan_item *item, const struct err *error)
{
	struct recipe_run *r = ctx;
	enum progress_result result = PROGRESS_DONE;

	if (error)
		result = PROGRESS_FAILED;
	else if (item->state == PLAN_SKIPPED)
		result = PROGRESS_SKIPPED;
	else if (item->state == PLAN_SAME && item->step.ops->check)
		result = PROGRESS_SAME;
	/* the error itself is printed once, at the end */
	progress_end(r->app->progress, *item_of(r, item), result, NULL);
}

/* One file for each recipe and server: "home-router@pve.lan_8006". */
static int open_journal(struct recipe_run *r, const char *path, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	char digest[DIGEST_SHA256_HEX];
	_cleanup_free_ char *name =
		xasprintf("%s@%s", r->recipe->name, pve_client_endpoint(r->client));

	if (fs_read(path, RECIPE_BYTES_MAX, &text, err) < 0)
		return -1;
	for (char *c = name; *c; c++)
		if (*c == '/' || *c == ':' || *c == '[' || *c == ']')
			*c = '_';
	digest_sha256(text.data, text.len, digest);
	if (journal_open(r->state_dir, name, digest, r->app->clock, &r->journal, err) < 0)
		return -1;
	r->options.journal = r->journal;
	return table_resume(r->client, r->journal, r->app->log, err);
}

static int open_session(struct recipe_run *r, unsigned flags, struct err **err)
{
	const struct context *context;

	if (app_context(r->app, &context, err) < 0)
		return -1;
	const struct session_options o = {
		.recipe = r->recipe,
		.client = r->client,
		.node = r->app->globals.node ? r->app->globals.node : context->node,
		.ssh = { .user = context->ssh.user,
			 .key_file = context->ssh.key,
			 .agent_socket = getenv("SSH_AUTH_SOCK"),
			 .proxy_command = context->ssh.proxy },
		.clock = r->app->clock,
		.log = r->app->log,
		.guests_only = flags & RECIPE_RUN_GUESTS,
		.firewall = { .from = context->lab_client, .scale = context->lab_scale, .state_dir = r->state_dir },
	};
	receipt_enter(&r->receipt, RECEIPT_SERVER);
	int n = session_open(&o, &r->session, err);
	receipt_leave(&r->receipt, RECEIPT_SERVER);
	return n;
}

int recipe_run_open(struct recipe_run *r, struct app *app, const char *path, unsigned flags,
		    struct err **err)
{
	*r = (struct recipe_run){ .app = app, .state_dir = context_state_path(NULL) };
	receipt_start(&r->receipt, app->clock);
	r->events = (struct plan_events){ .started = on_started,
					  .changes = on_changes,
					  .line = on_line,
					  .ended = on_ended,
					  .ctx = r };
	r->options = (struct plan_options){
		.clock = app->clock, .events = &r->events, .log = app->log, .receipt = &r->receipt
	};
	if (recipe_load(path, &r->recipe, err) < 0 || app_client(app, &r->client, err) < 0)
		return -1;
	if ((flags & RECIPE_RUN_JOURNAL) && open_journal(r, path, err) < 0)
		return -1;
	return open_session(r, flags, err);
}

int recipe_run_plan(struct recipe_run *r, enum table_kind kind, struct err **err)
{
	receipt_enter(&r->receipt, RECEIPT_SERVER);
	int n = table_plan(kind, r->session, &r->options, &r->plan, err);
	receipt_leave(&r->receipt, RECEIPT_SERVER);
	return n;
}

int recipe_run_show(struct recipe_run *r, bool as_result, struct err **err)
{
	if (as_result)
		return plan_view_result(&r->plan, r->app->out, err);
	for (size_t i = 0; i < r->plan.n; i++)
		plan_view_item(&r->plan.items[i], r->app->progress);
	if (plan_changes_all(&r->plan)) {
		_cleanup_free_ char *summary = plan_view_summary(&r->plan);
		progress_line(r->app->progress, PROGRESS_NORMAL, "%s", summary);
	}
	return 0;
}

int recipe_run_do(struct recipe_run *r, struct err **err)
{
	free(r->items);
	r->items = xcalloc(r->plan.n, sizeof(*r->items));
	if (plan_run(&r->plan, &r->options, err) < 0) {
		if (err && *err && (*err)->kind == ERR_INTERRUPTED)
			err_hint(err, "run the same command again to go on");
		return -1;
	}
	return r->journal ? journal_finish(r->journal, err) : 0;
}

int recipe_run_report(struct recipe_run *r, enum probe_format format, struct err **err)
{
	const struct probe_report *report = &r->session->report;
	struct out *out = r->app->out;
	_cleanup_buf_ struct buf text = { 0 };

	if (report->n == 0)
		return 0;
	if (format == PROBE_TABLE && out->format != OUTPUT_TABLE) {
		_cleanup_json_ json_t *rows = probe_report_json(report);
		return out_list(out, "verify", NULL, rows, err);
	}
	if (probe_report_write(report, format, out->width, out->color, &text, err) < 0)
		return -1;
	out_text(out, buf_text(&text));
	return 0;
}

void recipe_run_receipt(struct recipe_run *r)
{
	struct pve_counters n = { 0 };

	if (!r->client)
		return;
	pve_client_counters(r->client, &n);
	_cleanup_free_ char *text = receipt_text(&r->receipt, n.http.requests, n.http.connections);
	progress_line(r->app->progress, PROGRESS_NORMAL, "time: %s", text);
}

void recipe_run_close(struct recipe_run *r)
{
	free(r->items);
	free(r->state_dir);
	plan_free(&r->plan);
	r->session = session_free(r->session);
	r->journal = journal_close(r->journal);
	r->recipe = recipe_free(r->recipe);
}
