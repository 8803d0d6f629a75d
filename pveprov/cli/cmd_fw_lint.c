#include "cli/app.h"
#include "cli/commands.h"
#include "firewall/fw_files.h"
#include "firewall/fw_lint.h"

struct options {
	bool strict;
};

static const struct output_column columns[] = {
	{ .key = "file", .header = "FILE" },	     { .key = "line", .header = "LINE", .right = true },
	{ .key = "column", .header = "COL", .right = true }, { .key = "severity", .header = "SEVERITY" },
	{ .key = "code", .header = "CODE" },	     { .key = "text", .header = "WHAT", .wide = true },
	{ .key = "hint", .header = NULL },	     { 0 }
};

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	_cleanup_fw_files_ struct fw_files files = { 0 };
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 0; i < args->n; i++)
		if (fw_files_load(&files, args->v[i], app->globals.node, &issues, err) < 0)
			return -1;
	struct fw_site site = fw_files_site(&files, &a);
	fw_lint(&site, &issues);
	if (app->out->format == OUTPUT_TABLE) {
		_cleanup_buf_ struct buf text = { 0 };
		fw_issues_text(&issues, &text);
		out_text(app->out, buf_text(&text));
	} else {
		_cleanup_json_ json_t *rows = fw_issues_json(&issues);
		if (out_list(app->out, "fw.lint", columns, rows, err) < 0)
			return -1;
	}
	size_t errors = fw_issues_count(&issues, FW_ERROR), warnings = fw_issues_count(&issues, FW_WARNING);
	size_t notes = fw_issues_count(&issues, FW_NOTE);
	progress_line(app->progress, PROGRESS_NORMAL, "%zu file%s: %zu error%s, %zu warning%s, %zu note%s", files.n,
		      plural(files.n), errors, plural(errors), warnings, plural(warnings), notes, plural(notes));
	return errors || (o->strict && warnings) ? err_exit_code(ERR_RECIPE) : 0;
}

const struct command cmd_fw_lint = {
	.group = "fw",
	.name = "lint",
	.summary = "say what firewall files really do",
	.about = "Reads firewall files without a server: cluster.fw, host.fw, VMID.fw, a folder of them, or the YAML form. "
		 "The server skips a line that it cannot read and does not apply a rule that names something missing, "
		 "without a word; this names every such line, and what is hardly meant: rules that are never reached, "
		 "'enable' forgotten, ports opened by surprise. Where a host.fw says 'nftables: 1' it names the lines over "
		 "which that backend stops: it then loads no rule of any file.\n\n"
		 "Give cluster.fw along with the others, so that aliases, sets and groups are known.",
	.operands =
		(const struct operand[]){ { .name = "FILE",
					    .help = "A .fw file, a folder of them, or a YAML file with 'firewall:'",
					    .repeated = true,
					    .complete = COMPLETE_FILE },
					  { 0 } },
	.options =
		(const struct option_spec[]){
			{ OPTION_FLAG(struct options, strict), .name = "strict", .help = "Exit with 65 for warnings too" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "fw lint /etc/pve/firewall", "all files of a node, on the node or copied from it" },
			{ "fw lint cluster.fw 100.fw -o json", "two files, for a machine" },
			{ 0 } },
	.exits = EXITS_INPUT | EXITS_NOT_FOUND,
	.run = run,
};
