#include "cli/commands.h"
#include "cli/fw_view.h"
#include "firewall/fw_switch.h"

struct options {
	struct fw_flags firewall;
};

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_fw_job_ struct fw_job j = { 0 };
	struct fw_job_options job = { .path = args->v[0] };

	fw_flags_use(&o->firewall, &job);
	if (fw_view_plan(app, &job, &j, err) < 0)
		return -1;
	if (!j.changes.n) {
		progress_line(app->progress, PROGRESS_NORMAL, "no changes");
		return 0;
	}
	_cleanup_json_ json_t *rows = fw_view_changes(&j);
	if (app->out->format == OUTPUT_TABLE && out_list(app->out, "fw.apply", fw_view_columns, rows, err) < 0)
		return -1;
	fflush(stdout); /* the table stands before what follows, also in one file */
	fw_job_say_guard(&j);
	if (j.access_added)
		progress_line(app->progress, PROGRESS_NORMAL, "added: '%s' in the IP set 'management' (--keep-access)",
			      j.access_added);
	if (fw_job_judge(&j, err) < 0)
		return -1;
	if (app_confirm(app, err, "send %zu change%s?", j.changes.n, j.changes.n == 1 ? "" : "s") < 0 ||
	    fw_switch_apply(&j, err) < 0)
		return -1;
	if (app->out->format != OUTPUT_TABLE) {
		_cleanup_json_ json_t *item =
			json_pack("{s:O, s:o}", "changes", rows, "guard", fw_view_guard(&j));
		return out_item(app->out, "fw.apply", NULL, item, err);
	}
	progress_line(app->progress, PROGRESS_NORMAL, "%zu change%s made%s", j.changes.n, j.changes.n == 1 ? "" : "s",
		      j.guard.enabled || j.guard.enabling ? ", and we still get in" : "");
	return 0;
}

const struct command cmd_fw_apply = {
	.group = "fw",
	.name = "apply",
	.summary = "make the firewall what files say, never locked out",
	.about = "Sends the smallest set of changes: aliases, sets, groups and rules first, the switches of guests and nodes "
		 "next, the cluster's last. Before anything is sent the result is evaluated for the connections that must "
		 "stay; where it would close them nothing is sent (exit 11).\n\n"
		 "Switching the firewall on uses the server's own 60 s switch: it is armed, a request is made over a new "
		 "connection, and only then it is made permanent; if the request fails the server undoes it by itself (exit "
		 "10). Other changes are proved by such a request too; if that fails the inverse is sent over connections that "
		 "were held open.\n\n"
		 "With the nftables backend on any node the switch proves nothing: there --revert-over-ssh sets a timer on a "
		 "node that switches the firewall off, or somebody has a console (--i-have-console). A change by somebody else "
		 "in between stops everything (exit 6).",
	.operands = fw_view_operands,
	.options =
		(const struct option_spec[]){
			FW_OPTION_FROM(struct options, firewall), FW_OPTION_SSH(struct options, firewall),
			FW_OPTION_KEEP_ACCESS(struct options, firewall), FW_OPTION_CONSOLE(struct options, firewall),
			FW_OPTION_DEAD_MAN(struct options, firewall), FW_OPTION_REVERT(struct options, firewall),
			{ 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "fw apply recipes/firewall.yaml", "ask, then make it so" },
			{ "fw apply recipes/firewall.yaml --keep-access -y", "without a question, and never locked out" },
			{ "fw apply firewall.yaml --revert-over-ssh root@pve", "with the nftables backend" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_REVERTED | EXITS_GUARD | EXITS_INPUT,
	.run = run,
};
