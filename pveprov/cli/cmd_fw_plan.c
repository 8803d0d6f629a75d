#include "cli/commands.h"
#include "cli/fw_view.h"

struct options {
	struct fw_flags firewall;
	bool detailed;
};

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_fw_job_ struct fw_job j = { 0 };
	struct fw_job_options job = { .path = args->v[0] };

	fw_flags_use(&o->firewall, &job);
	if (fw_view_plan(app, &job, &j, err) < 0)
		return -1;
	_cleanup_json_ json_t *rows = fw_view_changes(&j);
	if (app->out->format == OUTPUT_TABLE) {
		if (j.changes.n && out_list(app->out, "fw.plan", fw_view_columns, rows, err) < 0)
			return -1;
	} else {
		_cleanup_json_ json_t *item =
			json_pack("{s:O, s:o}", "changes", rows, "guard", fw_view_guard(&j));
		if (out_item(app->out, "fw.plan", NULL, item, err) < 0)
			return -1;
	}
	if (j.changes.n)
		fw_job_say_guard(&j);
	progress_line(app->progress, PROGRESS_NORMAL, j.changes.n ? "%zu change%s" : "no changes", j.changes.n,
		      j.changes.n == 1 ? "" : "s");
	return o->detailed && j.changes.n ? 2 : 0;
}

const struct command cmd_fw_plan = {
	.group = "fw",
	.name = "plan",
	.summary = "show what would change, and who would be locked out",
	.about = "Compares firewall files with the live state: cluster, nodes and guests that the files name. Prints the "
		 "smallest set of calls that makes them equal, and what becomes of the connections that must stay: the "
		 "API, SSH to the node, corosync between nodes. Changes nothing.",
	.operands = fw_view_operands,
	.options =
		(const struct option_spec[]){
			FW_OPTION_FROM(struct options, firewall), FW_OPTION_SSH(struct options, firewall),
			{ OPTION_FLAG(struct options, detailed), .name = "detailed-exitcode",
			  .help = "Exit with 2 when there are changes" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "fw plan recipes/firewall.yaml", "what the file would change" },
			{ "fw plan firewall/ --from 192.168.7.10", "a folder of .fw files, seen from that address" },
			{ 0 } },
	.exits = EXITS_CHANGES | EXITS_SERVER | EXITS_OBJECT | EXITS_INPUT,
	.run = run,
};
