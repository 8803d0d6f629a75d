#include "step/steps.h"

#include "guest/agent_shell.h"
#include "guest/push.h"

enum { CHANGES_SHOWN = 12 };

/* Many differences are counted by kind, few are named. */
static void tell_counts(const struct push_state *state, struct step_changes *ret)
{
	size_t n[PUSH_START + 1] = { 0 };
	_cleanup_strv_ struct strv parts = { 0 };

	for (size_t i = 0; i < state->n; i++)
		n[state->changes[i].kind]++;
	for (int kind = 0; kind <= PUSH_START; kind++)
		if (n[kind])
			strv_addf(&parts, "%s %zu", push_kind_text((enum push_kind)kind), n[kind]);
	_cleanup_free_ char *text = strv_join(&parts, ", ");
	step_changed(ret, STEP_CHANGE, STEP_LIVE, NULL, "%s", text);
}

static void tell(const struct push_state *state, struct step_changes *ret)
{
	static const enum step_mark marks[] = {
		[PUSH_PACKAGE] = STEP_CREATE, [PUSH_CREATE] = STEP_CREATE,
		[PUSH_CHANGE] = STEP_CHANGE,  [PUSH_REMOVE] = STEP_DELETE,
		[PUSH_ENABLE] = STEP_CHANGE,  [PUSH_DISABLE] = STEP_CHANGE,
		[PUSH_MASK] = STEP_CHANGE,    [PUSH_START] = STEP_CHANGE,
	};

	if (state->n > CHANGES_SHOWN) {
		tell_counts(state, ret);
		return;
	}
	for (size_t i = 0; i < state->n; i++)
		step_changed(ret, marks[state->changes[i].kind], STEP_LIVE, NULL, "%s %s",
			     push_kind_text(state->changes[i].kind), state->changes[i].name);
}

static int check(const struct step *step, struct step_run *run, struct step_changes *ret,
		 struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	_cleanup_push_state_ struct push_state state = { 0 };
	struct shell *shell;

	if (run->phase == STEP_PLANNING) {
		/* a machine that runs is compared when it is asked (apply, drift): planning waits
		 * for nobody */
		if (!m->running)
			step_changed(ret, STEP_CREATE, STEP_LIVE, NULL,
				     "packages and configuration of %s", m->vm->name);
		return 0;
	}
	if (machine_ssh(m, &shell, err) < 0 || push_check(shell, &m->bundle, &state, err) < 0)
		return -1;
	tell(&state, ret);
	/* a router that was confirmed before is in use: its reboot needs leave */
	if (state.n && state.reboots && state.last && !m->started_now)
		step_changed(ret, STEP_RESTART, STEP_RESTARTS, NULL,
			     "names of interfaces change: %s reboots", m->vm->name);
	if (state.pending && run->phase == STEP_APPLYING && !m->pushed_now)
		step_line(run, "a push of an interrupted run waits for its confirmation");
	return 0;
}

/* What push's callbacks need: the machine to connect to, the run to tell. */
struct push_context {
	struct machine *m;
	struct step_run *run;
};

static int connect_again(void *ctx, struct shell **ret, struct err **err)
{
	struct machine *m = ((struct push_context *)ctx)->m;

	if (!m->ssh)
		return machine_connect(m, ret, err);
	*ret = TAKE_PTR(m->ssh); /* the one that is open serves for the first */
	return 0;
}

static void tell_line(void *ctx, const char *text)
{
	step_line(((struct push_context *)ctx)->run, "%s", text);
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	struct session *s = m->session;
	_cleanup_push_result_ struct push_result result = { 0 };
	_cleanup_shell_ struct shell *side = NULL;
	struct push_context context = { m, run };

	if (agent_shell_open(s->client, m->at.node, m->vm->id, run->clock, &side, err) < 0)
		return -1;
	const struct push_ops ops = {
		.connect = connect_again, .line = tell_line, .ctx = &context, .side = side
	};
	const struct push_options options = {
		.allow_reboot = true, /* the engine's guard has asked where it matters */
	};
	int r = push_apply(&ops, &m->bundle, &options, run->clock, &result, err);
	m->ssh = shell_close(m->ssh); /* it may be of before the switch */
	for (size_t i = 0; i < result.warnings.n; i++)
		log_warning(s->o.log, "%s: %s", m->vm->name, result.warnings.v[i]);
	m->pushed_now = true;
	return r;
}

const struct step_ops step_push = {
	.name = "push", .part = RECEIPT_GUEST, .late = true, .check = check, .apply = apply
};
