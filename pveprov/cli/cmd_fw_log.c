#include "cli/app.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "firewall/fw_log.h"
#include "firewall/fw_scope.h"
#include "firewall/fw_tail.h"

/* The server reads its whole log for each look: while nothing comes, looks grow rarer. */
enum { LOOK_MIN_MS = 1000, LOOK_MAX_MS = 5000, PATIENCE_MS = 120000, LINES_MAX = 500 };

struct options {
	bool follow;
	int64_t lines;
};

static const struct output_column columns[] = {
	{ .key = "time", .header = "TIME" },	   { .key = "vm", .header = "VM", .right = true },
	{ .key = "level", .header = "LEVEL" },	   { .key = "chain", .header = "CHAIN" },
	{ .key = "verdict", .header = "VERDICT" }, { .key = "packet", .header = "PACKET", .wide = true },
	{ 0 }
};

/* Of the columns where lines come one by one; the last one has no end. */
static const int widths[ARRAY_SIZE(columns) - 1] = { 25, 5, 7, 15, 13, 0 };

static json_t *row_of(const char *text)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct fw_log_line l;

	if (!fw_log_parse(&a, text, &l))
		return json_pack("{s:s, s:s}", "packet", text, "line", text);
	json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s}", "time", l.time, "vm", streq(l.vmid, "0") ? "node" : l.vmid, "level",
				l.level, "packet", fw_log_packet(&a, &l), "line", text);
	const struct {
		const char *key, *value;
	} more[] = { { "chain", l.chain }, { "verdict", l.verdict }, { "note", l.note },   { "proto", l.proto },     { "source", l.source },
		     { "sport", l.sport }, { "dest", l.dest },	     { "dport", l.dport }, { "type", l.type },	     { "code", l.code },
		     { "in", l.in },	   { "out", l.out },	     { "physin", l.physin }, { "physout", l.physout } };
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (more[i].value)
			json_object_set_new(row, more[i].key, json_string(more[i].value));
	return row;
}

static void print_cells(struct out *o, const json_t *row)
{
	for (size_t i = 0; columns[i].key; i++) {
		const char *value = row ? json_text(row, columns[i].key) : columns[i].header;
		_cleanup_free_ char *text = xstrdup(value ? value : "-");
		if (o->width)
			screen_clean(text);
		out_printf(o, "%*s%s", columns[i].right ? widths[i] : -widths[i], text, columns[i + 1].key ? " " : "\n");
	}
}

/* Lines of a log without an end: a table whose columns do not move, or a JSON object each. */
static int print_stream(struct out *o, const struct strv *lines, struct err **err)
{
	_cleanup_json_ json_t *rows = json_array();

	for (size_t i = 0; i < lines->n; i++) {
		json_t *row = row_of(lines->v[i]);
		json_array_append_new(rows, row);
		if (o->format == OUTPUT_TABLE)
			print_cells(o, row);
	}
	if (o->format != OUTPUT_TABLE && out_list(o, "fw.log", columns, rows, err) < 0)
		return -1;
	return out_finish(o, err);
}

static int print_all(struct out *o, const struct strv *lines, struct err **err)
{
	_cleanup_json_ json_t *rows = json_array();

	for (size_t i = 0; i < lines->n; i++)
		json_array_append_new(rows, row_of(lines->v[i]));
	return out_list(o, "fw.log", columns, rows, err);
}

/* The log's path; a guest has its own. */
static int find_path(struct app *app, struct pve_client *c, const struct args *args, char **ret, struct err **err)
{
	_cleanup_fw_files_ struct fw_files none = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	const struct fw_scope_wish wish = { .wanted = &none, .words = args->v };
	const char *node = args->n > 1 ? args->v[1] : app->globals.node;
	struct fw_scope scope;

	if (args->n == 1)
		return err_set(err, ERR_USAGE, "%s: which one? its name is missing", args->v[0]);
	if (fw_scope_find(c, &wish, &a, &scope, err) < 0)
		return -1;
	if (scope.n_guests) {
		*ret = pve_path("/nodes/%s/%s/%s/firewall/log", scope.guests[0].node, scope.guests[0].kind, scope.guests[0].id);
		return 0;
	}
	if (!node && scope.nodes[0] && !scope.nodes[1])
		node = scope.nodes[0];
	if (!node)
		return err_hint((err_set(err, ERR_USAGE, "there are several nodes: say which one"), err), "pveprov fw log node NAME");
	*ret = pve_path("/nodes/%s/firewall/log", node);
	return 0;
}

static bool may_pass(const struct err *why)
{
	return why->kind == ERR_UNREACHABLE || why->kind == ERR_TIMEOUT || why->kind == ERR_BUSY;
}

/* One look. *silent_ms: since when the server has not answered; -1: it does. -1: it is of no use to go on. */
static int look(struct app *app, struct fw_tail *t, int64_t *silent_ms, struct strv *lines, struct err **err)
{
	_cleanup_err_ struct err *why = NULL;
	int64_t now_ms = clock_now_ms(app->clock);
	int r = fw_tail_more(t, lines, &why);

	if (t->lost)
		progress_line(app->progress, PROGRESS_NORMAL, "the log began anew; the last lines before may be missing here");
	t->lost = false;
	if (r == 0) {
		if (*silent_ms >= 0)
			progress_line(app->progress, PROGRESS_NORMAL, "the server answers again");
		*silent_ms = -1;
		return 0;
	}
	if (!may_pass(why) || (*silent_ms >= 0 && now_ms - *silent_ms > PATIENCE_MS))
		return err_move(err, TAKE_PTR(why));
	if (*silent_ms < 0) {
		progress_line(app->progress, PROGRESS_NORMAL, "%s; trying again", why->text);
		*silent_ms = now_ms;
	}
	return 0;
}

static int follow(struct app *app, struct fw_tail *t, struct err **err)
{
	int64_t wait_ms = LOOK_MIN_MS, silent_ms = -1;

	for (;;) {
		_cleanup_strv_ struct strv lines = { 0 };
		if (clock_sleep(app->clock, wait_ms, err) < 0)
			return -1;
		int r = look(app, t, &silent_ms, &lines, err);
		if (print_stream(app->out, &lines, r < 0 ? NULL : err) < 0 || r < 0)
			return -1;
		wait_ms = lines.n ? LOOK_MIN_MS : MIN(wait_ms * 3 / 2, (int64_t)LOOK_MAX_MS);
	}
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_free_ char *path = NULL;
	_cleanup_strv_ struct strv lines = { 0 };
	_cleanup_fw_tail_ struct fw_tail tail = { 0 };

	if (o->follow && app->out->format == OUTPUT_YAML)
		return err_set(err, ERR_USAGE, "-f goes with the output formats table, json and jsonl, not with yaml");
	if (app_client(app, &tail.client, err) < 0 || find_path(app, tail.client, args, &path, err) < 0)
		return -1;
	tail.path = path;
	if (fw_tail_last(&tail, o->lines, &lines, err) < 0)
		return -1;
	if (!o->follow && !lines.n)
		progress_line(app->progress, PROGRESS_NORMAL, "nothing was logged");
	if (!o->follow)
		return print_all(app->out, &lines, err);
	if (app->out->format == OUTPUT_JSON)
		app->out->format = OUTPUT_JSONL;
	if (app->out->format == OUTPUT_TABLE)
		print_cells(app->out, NULL);
	if (print_stream(app->out, &lines, err) < 0 || follow(app, &tail, err) == 0)
		return -1;
	if (err && *err && (*err)->kind == ERR_INTERRUPTED)
		err_hint(err, "all lines up to here were printed");
	return -1;
}

static const char *const kinds[] = { "node", "vm", NULL };

const struct command cmd_fw_log = {
	.group = "fw",
	.name = "log",
	.summary = "show the firewall's log, decoded",
	.about = "Prints the last lines that the firewall logged: time, machine, level, chain, verdict and packet of each. A rule "
		 "logs where it has a log level, a policy where log_level_in or log_level_out is set; the node logs at most "
		 "log_ratelimit lines a second (1, after a burst of 5). A line of another form is printed as it is.\n\n"
		 "With -f it goes on until Ctrl-C (exit status 130): each line once and in order, also when the node rotates its "
		 "log. It looks every second while lines come, every 5 s while none do, and waits for 2 minutes for a server "
		 "that does not answer. With -f, -o json is the same as -o jsonl: one object a line. The member 'line' is "
		 "the line as the node has it.\n\n"
		 "Needs Sys.Syslog on the node, VM.Console on a guest.",
	.operands =
		(const struct operand[]){ { .name = "WHAT", .help = "node or vm", .optional = true, .names = kinds },
					  { .name = "NAME", .help = "The node, or the guest's id or name", .optional = true },
					  { 0 } },
	.options =
		(const struct option_spec[]){
			{ OPTION_FLAG(struct options, follow), .name = "follow", .letter = 'f',
			  .help = "Go on with what comes" },
			{ OPTION_INT(struct options, lines), .name = "lines", .letter = 'n', .arg = "N", .min = 1,
			  .max = LINES_MAX, .help = "Begin with the last N lines (50)" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.defaults = &(const struct options){ .lines = 50 },
	.examples =
		(const struct example[]){
			{ "fw log", "of the only node" }, { "fw log vm 100 -f", "of a machine, as it happens" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run,
};
