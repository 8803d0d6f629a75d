/* doctor: can this account do the job on this node? */
#include "cli/app.h"
#include "cli/commands.h"
#include "step/doctor.h"

static const struct output_column columns[] = {
	{ .key = "check", .header = "CHECK" },
	{ .key = "status", .header = "STATUS" },
	{ .key = "text", .header = "WHAT", .wide = true },
	{ 0 },
};

/* What is asked of a node while no recipe says more. */
static const char *agent_keys[] = { "agent" };
static const struct recipe any_recipe = { .name = "doctor",
					  .ssh = { .user = "root", .keys = { agent_keys, 1 } } };

static int open_session(struct app *app, const struct recipe *recipe, struct session **ret,
			struct err **err)
{
	const struct context *context;
	struct pve_client *client;

	if (app_context(app, &context, err) < 0 || app_client(app, &client, err) < 0)
		return -1;
	const struct session_options o = {
		.recipe = recipe,
		.client = client,
		.node = app->globals.node ? app->globals.node : context->node,
		.ssh = { .key_file = context->ssh.key, .agent_socket = getenv("SSH_AUTH_SOCK") },
		.clock = app->clock,
		.log = app->log,
		.guests_only = true, /* keys are looked at by doctor itself */
	};
	if (session_open(&o, ret, err) < 0)
		return -1;
	return session_read_net(*ret, err);
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_recipe_ struct recipe *recipe = NULL;
	_cleanup_session_ struct session *session = NULL;
	_cleanup_problems_ struct problems problems = { 0 };
	_cleanup_json_ json_t *rows = json_array();

	if (args->n && recipe_load(args->v[0], &recipe, err) < 0)
		return -1;
	if (open_session(app, recipe ? recipe : &any_recipe, &session, err) < 0 ||
	    doctor_look(session, rows, &problems, err) < 0)
		return -1;
	progress_flush(app->progress);
	if (out_list(app->out, "doctor", columns, rows, err) < 0)
		return -1;
	return problems_finish(&problems, err);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "say whether this account can do the job on this node",
	.about = "Looks at the server's version, the account's privileges, ifupdown2, the IOMMU, "
		 "templates and SSH keys, and prints "
		 "exactly what is missing, with the pveum lines that grant it. With a recipe, "
		 "everything that 'plan' would find to "
		 "stand in its way is shown too. Nothing is changed.",
	.operands =
		(const struct operand[]){
			{ .name = "RECIPE",
			  .help = "A recipe; without one the general needs are looked at",
			  .optional = true,
			  .complete = COMPLETE_FILE },
			{ 0 } },
	.examples = (const struct example[]){ { "doctor", "the account of the current context" },
					      { "doctor recipes/router.yaml", "for this recipe" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_GUARD | EXITS_INPUT,
	.run = run,
};
