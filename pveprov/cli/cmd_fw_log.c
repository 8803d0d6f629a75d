#include "cli/app.h"
#include "cli/commands.h"
#include "firewall/fw_scope.h"
#include "firewall/fw_log.h"

enum { POLL_MS = 1000, LINES_MAX = 500 };

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

static json_t *row_of(const char *text)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct fw_log_line l;

	if (!fw_log_parse(&a, text, &l))
		return json_pack("{s:s}", "packet", text);
	const char *packet = l.source ? arena_printf(&a, "%s %s%s%s -> %s%s%s%s%s", l.proto ? l.proto : "?", l.source,
						     l.sport ? ":" : "", l.sport ? l.sport : "", l.dest ? l.dest : "?",
						     l.dport ? ":" : "", l.dport ? l.dport : "", l.in ? " in " : "",
						     l.in ? l.in : "")
				      : l.details;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "time", l.time, "vm",
			 streq(l.vmid, "0") ? "node" : l.vmid, "level", l.level, "chain", l.chain, "verdict", l.verdict,
			 "packet", packet, "source", l.source, "dest", l.dest, "proto", l.proto, "dport", l.dport);
}

/* Lines from number `start`; *next is where to go on. */
static int read_lines(struct pve_client *c, const char *path, int64_t start, int64_t limit, json_t *rows, int64_t *next,
		      struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_json_ json_t *data = NULL;
	json_t *o;
	size_t i;

	pve_params_add_int(&p, "start", start);
	pve_params_add_int(&p, "limit", limit);
	if (pve_get(c, path, &p, &data, err) < 0)
		return -1;
	json_array_foreach(data, i, o) {
		const char *text = json_text(o, "t");
		int64_t n = json_int(o, "n", 0);
		/* an empty log is one line that says so */
		if (!text || streq(text, "no content"))
			continue;
		json_array_append_new(rows, row_of(text));
		*next = MAX(*next, n);
	}
	return 0;
}

/* The log's path; a guest has its own. */
static int find_path(struct pve_client *c, const struct args *args, struct arena *a, char **ret, struct err **err)
{
	_cleanup_fw_files_ struct fw_files none = { 0 };
	const struct fw_scope_wish wish = { .wanted = &none, .words = args->v };
	struct fw_scope scope;

	if (fw_scope_find(c, &wish, a, &scope, err) < 0)
		return -1;
	if (scope.n_guests)
		*ret = pve_path("/nodes/%s/%s/%s/firewall/log", scope.guests[0].node, scope.guests[0].kind,
				scope.guests[0].id);
	else if (args->n > 1)
		*ret = pve_path("/nodes/%s/firewall/log", args->v[1]);
	else if (scope.nodes[0] && !scope.nodes[1])
		*ret = pve_path("/nodes/%s/firewall/log", scope.nodes[0]);
	else
		return err_set(err, ERR_USAGE, "there are several nodes: say which one");
	return 0;
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_free_ char *path = NULL;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_json_ json_t *rows = json_array();
	struct pve_client *client;
	int64_t next = 0;

	if (app_client(app, &client, err) < 0 || find_path(client, args, &a, &path, err) < 0 ||
	    read_lines(client, path, 0, o->lines, rows, &next, err) < 0)
		return -1;
	if (out_list(app->out, "fw.log", columns, rows, err) < 0)
		return -1;
	while (o->follow) {
		_cleanup_json_ json_t *more = json_array();
		if (clock_sleep(app->clock, POLL_MS, err) < 0 ||
		    read_lines(client, path, next, LINES_MAX, more, &next, err) < 0)
			return -1;
		if (json_array_size(more) && out_list(app->out, "fw.log", columns, more, err) < 0)
			return -1;
		fflush(app->out->stream);
	}
	return 0;
}

static const char *const kinds[] = { "node", "vm", NULL };

const struct command cmd_fw_log = {
	.group = "fw",
	.name = "log",
	.summary = "show the firewall's log, decoded",
	.about = "Prints what the firewall logged: machine, level, chain, verdict and packet of each line. A rule logs where "
		 "it has a log level, a policy where log_level_in or log_level_out is set; the node passes at most one "
		 "line a second.",
	.operands =
		(const struct operand[]){ { .name = "WHAT", .help = "node or vm", .optional = true, .names = kinds },
					  { .name = "NAME", .help = "The node, or the guest's id or name", .optional = true },
					  { 0 } },
	.options =
		(const struct option_spec[]){
			{ OPTION_FLAG(struct options, follow), .name = "follow", .letter = 'f',
			  .help = "Go on with what comes" },
			{ OPTION_INT(struct options, lines), .name = "lines", .letter = 'n', .arg = "N", .min = 1,
			  .max = LINES_MAX, .help = "Print at most so many lines (50)" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.defaults = &(const struct options){ .lines = 50 },
	.examples =
		(const struct example[]){
			{ "fw log", "of the only node" }, { "fw log vm 100 -f", "of a machine, as it happens" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run,
};
