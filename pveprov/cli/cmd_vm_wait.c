#include "base/deadline.h"
#include "cli/target.h"
#include "pve/agent.h"

struct options {
	int state;
};

enum { WAIT_AGENT, WAIT_RUNNING, WAIT_STOPPED, WAIT_UNLOCKED };
static const char *const states[] = { "agent", "running", "stopped", "unlocked", NULL };

enum { LIMIT_MS = 300000, POLL_MS = 500 };

static const struct option_spec options[] = {
	{ OPTION_ENUM(struct options, state), .name = "for", .letter = 'f', .arg = "STATE",
	  .names = states, .help = "What to wait for (default: that the guest agent answers)" },
	{ 0 },
};

static bool reached(int state, const struct pve_vm_status *s)
{
	switch (state) {
	case WAIT_RUNNING:
		return s->running && !s->paused;
	case WAIT_STOPPED:
		return !s->running;
	default:
		return !s->lock;
	}
}

static int wait_state(struct app *app, struct target *t, int state, int64_t limit_ms,
		      struct err **err)
{
	struct deadline d = deadline_in(app->clock, limit_ms);
	struct pve_vm_status s;

	for (;;) {
		if (pve_vm_status(t->client, t->vm, &t->arena, &s, err) < 0)
			return -1;
		if (reached(state, &s))
			return 0;
		if (deadline_check(&d, err, "waiting until %s is %s", t->label, states[state]) < 0)
			return err_hint(err, "--timeout waits longer");
		if (deadline_sleep(&d, POLL_MS, err) < 0)
			return -1;
	}
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	int64_t limit_ms = app->globals.timeout_ms ? app->globals.timeout_ms : LIMIT_MS;

	for (size_t i = 0; i < args->n; i++) {
		_cleanup_target_ struct target t = { 0 };
		if (target_find(app, args->v[i], &t, err) < 0)
			return -1;
		_cleanup_free_ char *name = xasprintf("wait for %s: %s", t.label, states[o->state]);
		unsigned item = progress_start(app->progress, name);
		int r = o->state == WAIT_AGENT ? pve_agent_wait(t.client, t.vm, limit_ms, err)
					       : wait_state(app, &t, o->state, limit_ms, err);
		progress_end(app->progress, item, r < 0 ? PROGRESS_FAILED : PROGRESS_DONE, NULL);
		if (r < 0)
			return -1;
	}
	return 0;
}

const struct command cmd_vm_wait = {
	.group = "vm",
	.name = "wait",
	.summary = "wait until machines are in a state",
	.about = "Waits, at most five minutes or --timeout for each machine, until its guest agent "
		 "answers or it has the state "
		 "that --for names. Waiting for the agent of a stopped machine fails at once.",
	.operands =
		(const struct operand[]){
			{ .name = "VM", .help = "Id or name of a machine", .repeated = true },
			{ 0 } },
	.options = options,
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "vm wait test1", "until its agent answers" },
					      { "vm wait --for stopped --timeout 60s test1",
						"until it is off, a minute at most" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run,
};
