/* lab up, down, run, status: pveprov-lab is a program of its own, so that the client carries
 * nothing of it. */
#include "base/strv.h"
#include "cli/app.h"
#include "cli/program.h"

struct options {
	int hypervisor;
	const char *world;
	const char *listen;
	int64_t scale;
};

static const char *const hypervisors[] = { "auto", "qemu", "sim", NULL };

static const struct option_spec options[] = {
	{ OPTION_ENUM(struct options, hypervisor), .name = "hypervisor", .arg = "KIND",
	  .names = hypervisors,
	  .help = "What runs its machines: QEMU, or a simulation in memory (default: qemu for "
		  "root, else sim)" },
	{ OPTION_TEXT(struct options, world), .name = "world", .arg = "FILE",
	  .complete = COMPLETE_FILE,
	  .help = "What the node consists of (default: the world of the demo)" },
	{ OPTION_TEXT(struct options, listen), .name = "listen", .arg = "ADDRESS:PORT",
	  .help = "Serve the API there (default: a free port of 127.0.0.1)" },
	{ OPTION_INT(struct options, scale), .name = "scale", .arg = "FACTOR", .min = 1,
	  .max = 100000, .help = "Let the node's time run this much faster (sim only)" },
	{ 0 },
};

/* Becomes "pveprov-lab VERB ..." with those of our options that were given. */
static int become_lab(struct app *app, const char *verb, const struct options *o, struct err **err)
{
	_cleanup_free_ char *program = program_path("pveprov-lab");
	_cleanup_strv_ struct strv argv = { 0 };

	strv_add(&argv, program);
	strv_add(&argv, verb);
	if (o && o->hypervisor)
		strv_addf(&argv, "--hypervisor=%s", hypervisors[o->hypervisor]);
	if (o && o->world)
		strv_addf(&argv, "--world=%s", o->world);
	if (o && o->listen)
		strv_addf(&argv, "--listen=%s", o->listen);
	if (o && o->scale)
		strv_addf(&argv, "--scale=%" PRId64, o->scale);
	progress_flush(app->progress);
	return program_exec((const char *const *)argv.v, err);
}

static int run_up(struct app *app, const struct args *args, struct err **err)
{
	if (context_lab_runs()) {
		progress_line(app->progress, PROGRESS_NORMAL, "the lab runs already: no changes");
		return 0;
	}
	return become_lab(app, "up", args->options, err);
}

static int run_run(struct app *app, const struct args *args, struct err **err)
{
	return become_lab(app, "run", args->options, err);
}

static int run_down(struct app *app, const struct args *args, struct err **err)
{
	(void)args;
	if (!context_lab_runs()) {
		progress_line(app->progress, PROGRESS_NORMAL, "no lab runs: no changes");
		return 0;
	}
	return become_lab(app, "down", NULL, err);
}

static const struct output_column columns[] = {
	{ .key = "endpoint", .header = "endpoint" },
	{ .key = "fingerprint", .header = "fingerprint" },
	{ .key = "node", .header = "node" },
	{ .key = "hypervisor", .header = "hypervisor" },
	{ .key = "scale", .header = "scale" },
	{ .key = "pid", .header = "pid" },
	{ .key = "accounts", .header = "accounts" },
	{ 0 },
};

static int run_status(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_json_ json_t *lab = NULL;

	(void)args;
	if (context_lab_describe(&lab, err) < 0)
		return -1;
	return out_item(app->out, "lab.status", columns, lab, err);
}

const struct command cmd_lab_up = {
	.group = "lab",
	.name = "up",
	.summary = "start the lab",
	.about = "Starts a Proxmox node in a box in the background: the API on the loopback "
		 "interface, machines under QEMU (or "
		 "simulated), bridges and a made-up internet in a network namespace of its own. "
		 "The first start with QEMU "
		 "builds guest images, which takes a few minutes. '--lab' on any command then "
		 "speaks to it.",
	.options = options,
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "lab up", "the demo's node" },
					      { "lab up --hypervisor sim --scale 20",
						"a simulated one, twenty times as fast" },
					      { 0 } },
	.exits = EXITS_PROGRAM | EXITS_INPUT,
	.run = run_up,
};

const struct command cmd_lab_run = {
	.group = "lab",
	.name = "run",
	.summary = "run the lab in the foreground",
	.about = "As 'lab up', but the lab stays in the foreground, tells what it does, and ends "
		 "with Ctrl-C.",
	.options = options,
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "lab run --hypervisor sim", "watch the simulated node at work" }, { 0 } },
	.exits = EXITS_PROGRAM | EXITS_INPUT,
	.run = run_run,
};

const struct command cmd_lab_down = {
	.group = "lab",
	.name = "down",
	.summary = "stop the lab",
	.about = "Stops the lab with all its machines and removes every trace but the cached guest "
		 "images.",
	.examples = (const struct example[]){ { "lab down", "stop it" }, { 0 } },
	.exits = EXITS_PROGRAM,
	.run = run_down,
};

const struct command cmd_lab_status = {
	.group = "lab",
	.name = "status",
	.summary = "show whether a lab runs, and where",
	.about = "Shows the running lab's endpoint, fingerprint and accounts (never their "
		 "secrets). Exit status 5 when none "
		 "runs.",
	.examples = (const struct example[]){ { "lab status -o json", "for programs" }, { 0 } },
	.exits = EXITS_NOT_FOUND,
	.run = run_status,
};
