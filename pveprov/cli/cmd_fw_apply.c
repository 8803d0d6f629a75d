#include "base/fs.h"
#include "cli/commands.h"
#include "cli/fw_job.h"
#include "cli/fw_switch.h"

struct options {
	const char *from;
	bool ssh;
	bool keep_access;
	bool console;
	bool dead_man;
};

/* The guard's word on what is planned; 0: go on. */
static int judge(const struct fw_job *j, const struct options *o, struct err **err)
{
	const struct fw_guard *g = &j->guard;

	if (g->verdict == FW_GUARD_CLOSED) {
		for (size_t i = 0; i < g->n; i++) {
			const struct fw_way *w = &g->ways[i];
			if (w->then.verdict != FW_DROP && w->then.verdict != FW_REJECT)
				continue;
			err_set(err, ERR_GUARD, "refused: it would close the %s (%s)", w->what,
				w->then.rule ? w->then.rule : w->then.reason);
			const char *us = g->fix_member ? g->fix_member : "your address";
			if (w->then.line)
				return err_hint(err, "put 'IN ACCEPT -source %s -p tcp -dport %d' before %s:%u, or narrow that rule",
						us, w->port, w->then.file, w->then.line);
			return err_hint(err, "add '%s' to the IP set 'management', or let --keep-access do it", us);
		}
	}
	if (g->enabling && g->nftables && !o->console) {
		err_set(err, ERR_GUARD, "refused: with the nftables backend the 60 s switch of the server proves nothing");
		return err_hint(err, "%s", g->verdict == FW_GUARD_OPEN
						   ? "with a console at hand give --i-have-console"
						   : "say --from IP so that the verdict is clear, and give --i-have-console");
	}
	if (g->enabling && g->nftables && g->verdict == FW_GUARD_UNKNOWN) {
		err_set(err, ERR_GUARD, "refused: it cannot be told whether the API stays open");
		return err_hint(err, "say --from IP (our address as the node sees it)");
	}
	return 0;
}

static void sending(void *ctx, const struct fw_change *c, size_t i, size_t n)
{
	struct fw_switch *s = ctx;

	fw_switch_tend(s);
	progress_line(s->app->progress, PROGRESS_NORMAL, "%zu/%zu %s", i + 1, n, c->text);
}

static int carry_out(struct app *app, struct fw_job *j, const struct options *o, struct err **err)
{
	struct fw_switch s = { .app = app, .job = j, .armed = o->dead_man || (j->guard.enabling && !j->guard.nftables) };
	struct fw_apply_events events = { .sending = sending, .ctx = &s };
	size_t sent = 0;

	if (fw_switch_begin(&s, err) < 0)
		return -1;
	if (fw_apply(j->client, &j->changes, &events, &sent, err) < 0)
		return fw_switch_failed(&s, sent, err);
	return fw_switch_confirm(&s, err);
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_fw_job_ struct fw_job j = { 0 };
	struct fw_job_options job = {
		.path = args->v[0], .from = o->from, .ssh = o->ssh, .keep_access = o->keep_access
	};

	if (fw_job_plan(app, &job, &j, err) < 0)
		return -1;
	if (!j.changes.n) {
		progress_line(app->progress, PROGRESS_NORMAL, "no changes");
		return 0;
	}
	_cleanup_json_ json_t *rows = fw_job_changes_json(&j);
	if (app->out->format == OUTPUT_TABLE && out_list(app->out, "fw.apply", fw_job_columns, rows, err) < 0)
		return -1;
	fflush(stdout); /* the table stands before what follows, also in one file */
	fw_job_say_guard(app, &j);
	if (j.access_added)
		progress_line(app->progress, PROGRESS_NORMAL, "added: '%s' in the IP set 'management' (--keep-access)",
			      j.access_added);
	if (judge(&j, o, err) < 0)
		return -1;
	if (app_confirm(app, err, "send %zu change%s?", j.changes.n, j.changes.n == 1 ? "" : "s") < 0 ||
	    carry_out(app, &j, o, err) < 0)
		return -1;
	if (app->out->format != OUTPUT_TABLE) {
		_cleanup_json_ json_t *item =
			json_pack("{s:O, s:o}", "changes", rows, "guard", fw_job_guard_json(&j));
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
		 "Switching the firewall on uses the server's own 60 s switch: it is armed, a new connection is opened, and "
		 "only then it is made permanent; if the connection fails the server undoes it by itself (exit 10). Other "
		 "changes are proved by a new connection too; if that fails the inverse is sent over connections still open. "
		 "A change by somebody else in between stops everything (exit 6).",
	.operands = fw_job_operands,
	.options =
		(const struct option_spec[]){
			{ OPTION_TEXT(struct options, from), .name = "from", .arg = "IP",
			  .help = "Our address as the node sees it, where a router or NAT lies between" },
			{ OPTION_FLAG(struct options, ssh), .name = "ssh", .help = "SSH to the node must stay open too" },
			{ OPTION_FLAG(struct options, keep_access), .name = "keep-access",
			  .help = "Add our address to the IP set 'management' where it would be locked out" },
			{ OPTION_FLAG(struct options, console), .name = "i-have-console",
			  .help = "Switch on with the nftables backend, where nothing undoes it by itself" },
			{ OPTION_FLAG(struct options, dead_man), .name = "dead-man",
			  .help = "Arm the 60 s switch for edits too; on failure the whole firewall is off" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "fw apply recipes/firewall.yaml", "ask, then make it so" },
			{ "fw apply recipes/firewall.yaml --keep-access -y", "without a question, and never locked out" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_REVERTED | EXITS_GUARD | EXITS_INPUT,
	.run = run,
};
