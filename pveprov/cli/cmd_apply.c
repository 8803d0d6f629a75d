/* apply, reprovision, verify, destroy: the main job. */
#include "cli/recipe_run.h"
#include "cli/commands.h"
#include "cli/fw_view.h"
#include "step/steps.h"

struct options {
	bool allow_restart;
	bool allow_destroy;
	int report;
	struct fw_flags firewall;
};

#define OPTION_RESTART                                                                             \
	{                                                                                          \
		OPTION_FLAG(struct options, allow_restart),                                        \
			.name = "allow-restart",                                                   \
			.help = "Allow changes that restart or cut off something that runs"        \
	}
#define OPTION_REPORT                                                                              \
	{                                                                                          \
		OPTION_ENUM(struct options, report),                                               \
			.name = "report", .arg = "FORMAT",                                         \
			.help = "How the probes' results are written", .names = probe_format_names \
	}

/* Runs the plan, then says what came of it: probes first (also failed ones), receipt, result. */
static int do_it(struct recipe_run *r, const struct options *o, struct err **err)
{
	int done = recipe_run_do(r, err);

	progress_flush(r->app->progress);
	if (recipe_run_report(r, (enum probe_format)o->report, done < 0 ? NULL : err) < 0 &&
	    done == 0)
		return -1;
	recipe_run_receipt(r);
	return done;
}

static void tell_result(struct recipe_run *r, const char *verb)
{
	size_t n = plan_changes_all(&r->plan);

	if (n)
		progress_line(r->app->progress, PROGRESS_NORMAL, "%s: %zu change%s", verb, n,
			      n == 1 ? "" : "s");
	else if (r->app->out->format == OUTPUT_TABLE)
		out_text(r->app->out, "no changes\n");
}

static int plan_and_do(struct recipe_run *r, enum table_kind kind, const struct options *o,
		       struct err **err)
{
	fw_flags_use(&o->firewall, &r->session->o.firewall);
	int planned = recipe_run_plan(r, kind, err);

	recipe_run_show(r, false, NULL);
	if (planned < 0 || plan_guard(&r->plan, &r->options, err) < 0 || firewall_judge(r->session, err) < 0)
		return -1;
	return do_it(r, o, err);
}

static int run_apply(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_recipe_run_ struct recipe_run r;

	if (recipe_run_open(&r, app, args->v[0], RECIPE_RUN_JOURNAL, err) < 0)
		return -1;
	r.options.allow_restart = o->allow_restart;
	r.session->o.allow_restart = o->allow_restart;
	r.options.allow_destroy = o->allow_destroy;
	if (plan_and_do(&r, TABLE_APPLY, o, err) < 0)
		return -1;
	tell_result(&r, "applied");
	return 0;
}

static int run_reprovision(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_recipe_run_ struct recipe_run r;

	if (recipe_run_open(&r, app, args->v[0], RECIPE_RUN_JOURNAL, err) < 0)
		return -1;
	if (recipe_run_plan(&r, TABLE_REPROVISION, err) < 0)
		return -1;
	recipe_run_show(&r, false, NULL);
	if (app_confirm(app, err, "Go back to the snapshot? What was written since is lost.") < 0)
		return -1;
	r.options.allow_restart = true;
	r.options.allow_destroy = true;
	return do_it(&r, o, err);
}

static int run_verify(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_recipe_run_ struct recipe_run r;

	if (recipe_run_open(&r, app, args->v[0], RECIPE_RUN_GUESTS, err) < 0 ||
	    recipe_run_plan(&r, TABLE_VERIFY, err) < 0)
		return -1;
	return do_it(&r, args->options, err);
}

static int run_destroy(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_recipe_run_ struct recipe_run r;

	if (recipe_run_open(&r, app, args->v[0], RECIPE_RUN_JOURNAL, err) < 0 ||
	    recipe_run_plan(&r, TABLE_DESTROY, err) < 0)
		return -1;
	recipe_run_show(&r, false, NULL);
	if (plan_changes_all(&r.plan) && !o->allow_destroy &&
	    app_confirm(app, err, "Destroy this? Disks and snapshots are gone for good.") < 0)
		return -1;
	r.options.allow_destroy = true;
	if (do_it(&r, o, err) < 0)
		return -1;
	tell_result(&r, "destroyed");
	return 0;
}

const struct command cmd_apply = {
	.name = "apply",
	.summary = "build what the recipe says, push it and prove it",
	.about = "Plans, then does it: bridges, clones, configuration, the snapshot before the "
		 "first start, the router's packages "
		 "and files over SSH under commit-confirm, and the probes from the test machine. "
		 "Steps that do not need each "
		 "other run side by side.\n\n"
		 "A second run changes nothing and says 'no changes'. A run that was interrupted "
		 "(Ctrl-C, a lost connection, a "
		 "crash) is continued by running it again. Nothing that runs is restarted without "
		 "--allow-restart, nothing is "
		 "destroyed without --allow-destroy.",
	.operands = recipe_run_operands,
	.options = (const struct option_spec[]){ OPTION_RESTART,
						 { OPTION_FLAG(struct options, allow_destroy),
						   .name = "allow-destroy",
						   .help = "Allow changes that destroy data" },
						 FW_OPTION_FROM(struct options, firewall),
						 FW_OPTION_KEEP_ACCESS(struct options, firewall),
						 FW_OPTION_CONSOLE(struct options, firewall),
						 FW_OPTION_DEAD_MAN(struct options, firewall),
						 FW_OPTION_REVERT(struct options, firewall),
						 OPTION_REPORT,
						 { 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "apply recipes/router.yaml", "build the router and verify it" },
			{ "apply --lab recipes/router.yaml", "on the built-in lab node" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK | EXITS_VERIFY | EXITS_REVERTED |
		 EXITS_GUARD | EXITS_INPUT,
	.run = run_apply,
};

const struct command cmd_reprovision = {
	.name = "reprovision",
	.summary = "put the router back to its snapshot, configure and prove it",
	.about = "Rolls the router back to the recipe's snapshot, brings its configuration up to "
		 "the recipe, starts it, pushes and "
		 "verifies. Everything written to its disk since the snapshot is lost, so it asks; "
		 "-y answers yes.",
	.operands = recipe_run_operands,
	.options = (const struct option_spec[]){ OPTION_REPORT, { 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "reprovision -y recipes/router.yaml", "without asking" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK | EXITS_VERIFY | EXITS_REVERTED |
		 EXITS_GUARD | EXITS_INPUT,
	.run = run_reprovision,
};

const struct command cmd_verify = {
	.name = "verify",
	.summary = "run the recipe's probes again",
	.about = "Looks from inside the machines: the router's interfaces, routes, services and "
		 "ruleset, and what the test machine "
		 "behind it sees. Each probe says what was expected and what was seen. Nothing is "
		 "changed.",
	.operands = recipe_run_operands,
	.options = (const struct option_spec[]){ OPTION_REPORT, { 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "verify recipes/router.yaml", "a table of all probes" },
			{ "verify --report junit router.yaml > report.xml", "for a CI system" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_VERIFY | EXITS_INPUT,
	.run = run_verify,
};

const struct command cmd_destroy = {
	.name = "destroy",
	.summary = "destroy the recipe's machines and bridges that are ours",
	.about = "Stops and destroys the machines that carry the recipe's mark, then the PCI "
		 "mappings and bridges that carry it, "
		 "where nothing else uses them. What is not ours is left alone. It asks, unless "
		 "--allow-destroy or -y is given.",
	.operands = recipe_run_operands,
	.options = (const struct option_spec[]){ { OPTION_FLAG(struct options, allow_destroy),
						   .name = "allow-destroy", .help = "Do not ask" },
						 { 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){ { "destroy recipes/router.yaml", "asks first" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK | EXITS_GUARD | EXITS_INPUT,
	.run = run_destroy,
};
