/* task list, log, wait, stop. */
#include "base/deadline.h"
#include "cli/screen.h"
#include "cli/target.h"
#include "cli/watch.h"
#include "pve/node.h"
#include "pve/task.h"

static const struct pace follow_pace = { 25, 200, 500 };

struct options {
	const char *vm;
	bool active;
	bool errors;
	bool follow;
	int64_t limit;
};

static const struct output_column columns[] = {
	{ .key = "start", .header = "STARTED", .text = output_time },
	{ .key = "duration", .header = "TOOK", .right = true, .text = output_seconds },
	{ .key = "type", .header = "TYPE" },
	{ .key = "id", .header = "ID" },
	{ .key = "user", .header = "USER" },
	{ .key = "status", .header = "STATUS", .wide = true },
	{ .key = "upid", .header = "UPID" },
	{ 0 },
};

static json_t *row_of(const struct pve_task *t)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:s}", "upid", t->upid,
			 "node", t->node, "type", t->type, "id", t->id, "user", t->user, "start",
			 (json_int_t)t->start_s, "end", (json_int_t)t->end_s, "duration",
			 (json_int_t)(t->end_s ? t->end_s - t->start_s : 0), "running",
			 t->end_s == 0 && !t->status, "status", t->status ? t->status : "running");
}

static int list_node(struct pve_client *c, const char *node, const struct pve_task_filter *f,
		     struct arena *a, json_t *rows, struct err **err)
{
	struct pve_task *tasks;
	size_t n;

	if (pve_task_list(c, node, f, a, &tasks, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, row_of(&tasks[i]));
	return 0;
}

static int run_list(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_target_ struct target t = { 0 };
	_cleanup_json_ json_t *rows = json_array();
	struct pve_task_filter f = { .active = o->active,
				     .errors = o->errors,
				     .limit = (uint32_t)o->limit };
	struct pve_client *client;
	struct pve_node *nodes;
	size_t n;

	if (o->vm && target_find(app, o->vm, &t, err) < 0)
		return -1;
	f.vm = t.vm.id;
	if (app_client(app, &client, err) < 0 || pve_node_list(client, &a, &nodes, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (app->globals.node ? !streq(nodes[i].name, app->globals.node) : !nodes[i].online)
			continue;
		if (list_node(client, nodes[i].name, &f, &a, rows, err) < 0)
			return -1;
	}
	return out_list(app->out, "task.list", columns, rows, err);
}

static int check_upid(const char *text, struct err **err)
{
	struct pve_upid parts;

	if (pve_upid_parse(text, &parts))
		return 0;
	err_set(err, ERR_USAGE, "'%s' is no UPID", text);
	return err_hint(err, "'pveprov task list' shows them: UPID:node:...");
}

/* A terminal gets no control characters from a server; a file gets the log as it is. */
static void print_line(void *ctx, const char *text)
{
	struct out *o = ctx;
	_cleanup_free_ char *line = xstrdup(text);

	if (o->width)
		screen_clean(line);
	out_printf(o, "%s\n", line);
}

/* Prints what is new until the task has ended; the last look is after its end. */
static int follow(struct app *app, struct pve_client *c, const char *upid, uint64_t next,
		  struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	int64_t began_ms = clock_now_ms(app->clock);
	struct pve_task task = { 0 };

	for (bool running = true; running;) {
		int64_t elapsed_ms = clock_now_ms(app->clock) - began_ms;
		if (pve_task_status(c, upid, &a, &task, err) < 0 ||
		    pve_task_log(c, upid, next, print_line, app->out, &next, err) < 0)
			return -1;
		running = !task.status;
		if (running &&
		    (out_finish(app->out, err) < 0 ||
		     clock_sleep(app->clock, pace_ms(&follow_pace, elapsed_ms), err) < 0))
			return -1;
	}
	return 0;
}

static int run_log(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	struct pve_client *client;
	uint64_t next = 0;

	if (check_upid(args->v[0], err) < 0 || app_client(app, &client, err) < 0)
		return -1;
	if (o->follow)
		return follow(app, client, args->v[0], 0, err);
	return pve_task_log(client, args->v[0], 0, print_line, app->out, &next, err);
}

static int run_wait(struct app *app, const struct args *args, struct err **err)
{
	struct pve_client *client;
	struct pve_upid parts;
	struct watch w;

	if (check_upid(args->v[0], err) < 0 || app_client(app, &client, err) < 0)
		return -1;
	pve_upid_parse(args->v[0], &parts);
	watch_begin(&w, app, "%s %s", parts.type, parts.id);
	return watch_end(&w, pve_task_wait(client, args->v[0], &w.pve, err));
}

static int run_stop(struct app *app, const struct args *args, struct err **err)
{
	struct pve_client *client;

	if (check_upid(args->v[0], err) < 0 || app_client(app, &client, err) < 0)
		return -1;
	return pve_task_stop(client, args->v[0], err);
}

static const struct operand upid[] = {
	{ .name = "UPID", .help = "Name of the task, as 'task list' shows it" }, { 0 }
};

const struct command cmd_task_list = {
	.group = "task",
	.name = "list",
	.summary = "list the latest tasks of the server",
	.about =
		"Lists tasks of all nodes that are online, or of --node, the latest first on each.",
	.options =
		(const struct option_spec[]){
			{ OPTION_TEXT(struct options, vm), .name = "vm", .arg = "VM",
			  .help = "Only tasks of this machine (of a clone: its source)" },
			{ OPTION_FLAG(struct options, active), .name = "active", .letter = 'a',
			  .help = "Only running tasks" },
			{ OPTION_FLAG(struct options, errors), .name = "errors", .letter = 'e',
			  .help = "Only failed tasks" },
			{ OPTION_INT(struct options, limit), .name = "limit", .letter = 'n',
			  .arg = "COUNT", .min = 1, .max = 10000,
			  .help = "At most this many of each node (default 50)" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "task list --active", "what runs now" },
					      { "task list --vm router --errors -n 5",
						"the last five failures of 'router'" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run_list,
};

const struct command cmd_task_log = {
	.group = "task",
	.name = "log",
	.summary = "print the log of a task",
	.about = "Prints the whole log of a task. The exit status does not tell how the task "
		 "ended: 'task wait' does.",
	.operands = upid,
	.options = (const struct option_spec[]){ { OPTION_FLAG(struct options, follow),
						   .name = "follow", .letter = 'f',
						   .help = "Go on until the task has ended" },
						 { 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "task log -f UPID:pve:0000A1B2:...", "follow a running task" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run_log,
};

const struct command cmd_task_wait = {
	.group = "task",
	.name = "wait",
	.summary = "wait until a task has ended",
	.about = "Waits for the end of a task, whoever started it. Exit status 8 when it failed; "
		 "warnings are no failure.",
	.operands = upid,
	.examples =
		(const struct example[]){
			{ "task wait UPID:pve:0000A1B2:...", "wait, showing its log" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK,
	.run = run_wait,
};

const struct command cmd_task_stop = {
	.group = "task",
	.name = "stop",
	.summary = "end a running task",
	.about = "Asks the server to end a task. What it leaves behind (a lock, half a disk) is "
		 "the server's to clean up.",
	.operands = upid,
	.examples = (const struct example[]){ { "task stop UPID:pve:0000A1B2:...", "end a task" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run_stop,
};
