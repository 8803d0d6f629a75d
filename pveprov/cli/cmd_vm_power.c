/* vm start, stop, shutdown, reboot, reset, suspend, resume: one table, because they differ only in
 * what they ask for. */
#include "cli/target.h"
#include "cli/watch.h"

enum state { STOPPED = 1, RUNNING = 2, PAUSED = 4 };

struct options {
	bool force;
	bool to_disk;
	int64_t grace_ms;
};

struct verb {
	const char *name;
	unsigned same; /* in these states there is nothing to do */
	unsigned from; /* in these it can be done */
	int (*act)(struct target *t, const struct options *o, const struct pve_watch *w,
		   struct err **err);
};

static uint32_t seconds(int64_t ms)
{
	return (uint32_t)(ms / 1000);
}

static int act_start(struct target *t, const struct options *o, const struct pve_watch *w,
		     struct err **err)
{
	(void)o;
	return pve_vm_start(t->client, t->vm, 0, w, err);
}

static int act_stop(struct target *t, const struct options *o, const struct pve_watch *w,
		    struct err **err)
{
	(void)o;
	return pve_vm_stop(t->client, t->vm, w, err);
}

static int act_shutdown(struct target *t, const struct options *o, const struct pve_watch *w,
			struct err **err)
{
	return pve_vm_shutdown(t->client, t->vm, seconds(o->grace_ms), o->force, w, err);
}

static int act_reboot(struct target *t, const struct options *o, const struct pve_watch *w,
		      struct err **err)
{
	return pve_vm_reboot(t->client, t->vm, seconds(o->grace_ms), w, err);
}

static int act_reset(struct target *t, const struct options *o, const struct pve_watch *w,
		     struct err **err)
{
	(void)o;
	return pve_vm_reset(t->client, t->vm, w, err);
}

static int act_suspend(struct target *t, const struct options *o, const struct pve_watch *w,
		       struct err **err)
{
	return pve_vm_suspend(t->client, t->vm, o->to_disk, w, err);
}

static int act_resume(struct target *t, const struct options *o, const struct pve_watch *w,
		      struct err **err)
{
	(void)o;
	return pve_vm_resume(t->client, t->vm, w, err);
}

static const char *state_name(unsigned state)
{
	return state == STOPPED ? "stopped" : state == PAUSED ? "paused" : "running";
}

static int one(struct app *app, const struct verb *verb, const struct options *o, const char *name,
	       struct err **err)
{
	_cleanup_target_ struct target t = { 0 };
	struct pve_vm_status s;
	struct watch w;

	if (target_find(app, name, &t, err) < 0 ||
	    pve_vm_status(t.client, t.vm, &t.arena, &s, err) < 0)
		return -1;
	unsigned state = s.paused ? PAUSED : s.running ? RUNNING : STOPPED;
	if (state & verb->same) {
		watch_same(app, "%s is %s", t.label, state_name(state));
		return 0;
	}
	if (!(state & verb->from))
		return err_set(err, ERR_CONFLICT, "%s is %s: cannot %s it", t.label,
			       state_name(state), verb->name);
	watch_begin(&w, app, "%s %s", verb->name, t.label);
	return watch_end(&w, verb->act(&t, o, &w.pve, err));
}

static int each(struct app *app, const struct args *args, const struct verb *verb, struct err **err)
{
	for (size_t i = 0; i < args->n; i++)
		if (one(app, verb, args->options, args->v[i], err) < 0)
			return -1;
	return 0;
}

#define VERB(verb_, same_, from_)                                                                  \
	static int run_##verb_(struct app *app, const struct args *args, struct err **err)         \
	{                                                                                          \
		static const struct verb verb = { #verb_, same_, from_, act_##verb_ };             \
		return each(app, args, &verb, err);                                                \
	}
VERB(start, RUNNING, STOPPED)
VERB(stop, STOPPED, RUNNING | PAUSED)
VERB(shutdown, STOPPED, RUNNING)
VERB(reboot, 0, RUNNING)
VERB(reset, 0, RUNNING | PAUSED)
VERB(suspend, PAUSED, RUNNING)
VERB(resume, RUNNING, PAUSED | STOPPED) /* a machine suspended to disk looks stopped */

static const struct operand machines[] = {
	{ .name = "VM", .help = "Id or name of a machine", .repeated = true }, { 0 }
};

static const struct option_spec grace_options[] = {
	{ OPTION_DURATION(struct options, grace_ms), .name = "grace", .arg = "TIME", .min = 1000,
	  .max = 86400000, .help = "Give the guest this long to power off (default 180s)" },
	{ 0 },
};

static const struct option_spec shutdown_options[] = {
	{ OPTION_DURATION(struct options, grace_ms), .name = "grace", .arg = "TIME", .min = 1000,
	  .max = 86400000, .help = "Give the guest this long to power off (default 180s)" },
	{ OPTION_FLAG(struct options, force), .name = "force", .help = "Then stop it hard" },
	{ 0 },
};

static const struct option_spec suspend_options[] = {
	{ OPTION_FLAG(struct options, to_disk), .name = "to-disk",
	  .help = "Write the memory to disk and power off" },
	{ 0 },
};

#define COMMAND(verb_, summary_, about_, options_, example_, what_)                                \
	const struct command cmd_vm_##verb_ = {                                                    \
		.group = "vm",                                                                     \
		.name = #verb_,                                                                    \
		.summary = summary_,                                                               \
		.about = about_,                                                                   \
		.operands = machines,                                                              \
		.options = options_,                                                               \
		.options_size = sizeof(struct options),                                            \
		.examples = (const struct example[]){ { example_, what_ }, { 0 } },                \
		.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK,                                 \
		.run = run_##verb_,                                                                \
	}

COMMAND(start, "start machines",
	"Starts machines and waits until the server has done so; the guest then still boots. One "
	"that runs is left alone.",
	NULL, "vm start router test1", "start two machines, one after the other");
COMMAND(stop, "stop machines hard, as by pulling the plug",
	"Stops machines at once. What the guest has not written is lost: 'vm shutdown' asks it to "
	"power off.",
	NULL, "vm stop test1", "power off 'test1' without asking the guest");
COMMAND(shutdown, "ask the guests to power off",
	"Asks each guest, by its agent or by ACPI, to power off and waits for it. Without an "
	"answer in time the task fails "
	"and the machine runs on, unless --force is given.",
	shutdown_options, "vm shutdown --grace 60s --force test1",
	"power off, after a minute the hard way");
COMMAND(reboot, "ask the guests to power off, then start them",
	"A cold start: settings that were pending take effect, and cloud-init runs again where its "
	"data has changed.",
	grace_options, "vm reboot test1", "restart 'test1'");
COMMAND(reset, "reset machines, as by the reset button",
	"The guest starts over at once, without being asked. Pending settings do not take effect.",
	NULL, "vm reset test1", "when the guest hangs");
COMMAND(suspend, "pause machines, or suspend them to disk",
	"A paused machine keeps its memory and stands still; its agent does not answer. With "
	"--to-disk the memory is written "
	"to the machine's storage and the machine is off.",
	suspend_options, "vm suspend test1", "pause 'test1'");
COMMAND(resume, "go on with suspended machines",
	"Continues machines that were paused or suspended to disk.", NULL, "vm resume test1",
	"continue 'test1'");
