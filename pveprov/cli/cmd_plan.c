/* plan and drift: what would change; drift asks the guests too. */
#include "cli/recipe_run.h"
#include "cli/commands.h"

struct options {
	bool detailed_exitcode;
};

static const struct option_spec options[] = {
	{ OPTION_FLAG(struct options, detailed_exitcode), .name = "detailed-exitcode",
	  .help = "Exit with 2 when there are changes" },
	{ 0 },
};

static int finish(struct recipe_run *r, const struct args *args, struct err **err)
{
	const struct options *o = args->options;

	progress_flush(r->app->progress);
	if (recipe_run_show(r, true, err) < 0)
		return -1;
	return o->detailed_exitcode && plan_changes_all(&r->plan) ? 2 : 0;
}

static int run_plan(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_recipe_run_ struct recipe_run r;

	if (recipe_run_open(&r, app, args->v[0], 0, err) < 0)
		return -1;
	int planned = recipe_run_plan(&r, TABLE_APPLY, err);
	if (planned < 0) {
		recipe_run_show(&r, false, NULL);
		return -1;
	}
	return finish(&r, args, err);
}

static int run_drift(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_recipe_run_ struct recipe_run r;

	if (recipe_run_open(&r, app, args->v[0], 0, err) < 0)
		return -1;
	r.options.look = true;
	if (recipe_run_plan(&r, TABLE_DRIFT, err) < 0 || recipe_run_do(&r, err) < 0)
		return -1;
	return finish(&r, args, err);
}

const struct command cmd_plan = {
	.name = "plan",
	.summary = "show what apply would change, and what each change means",
	.about = "Reads the node once, compares it with the recipe and shows every change: '+' "
		 "create, '~' change, '!' change "
		 "that needs a restart, '-/+' replace, '-' delete; '#' is a remark. Behind a "
		 "change stands when it has its effect, "
		 "where that is not at once. Everything that would stop 'apply' is found now: "
		 "missing privileges (with the pveum "
		 "lines that grant them), taken ids, templates without a cloud-init drive, devices "
		 "in use.\n\n"
		 "Nothing is changed and no guest is asked; 'drift' asks them.",
	.operands = recipe_run_operands,
	.options = options,
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "plan recipes/router.yaml", "what would be done" },
					      { "plan --detailed-exitcode -o json router.yaml",
						"for a script" },
					      { 0 } },
	.exits = EXITS_CHANGES | EXITS_SERVER | EXITS_OBJECT | EXITS_GUARD | EXITS_INPUT,
	.run = run_plan,
};

const struct command cmd_drift = {
	.name = "drift",
	.summary = "show what differs from the recipe, guest files included",
	.about = "As 'plan', and running routers are asked as well: their packages, files and "
		 "services are compared with what "
		 "the recipe renders to. Nothing is changed.",
	.operands = recipe_run_operands,
	.options = options,
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "drift --detailed-exitcode router.yaml",
						"2 when something differs" },
					      { 0 } },
	.exits = EXITS_CHANGES | EXITS_SERVER | EXITS_OBJECT | EXITS_GUARD | EXITS_INPUT,
	.run = run_drift,
};
