#include "step/steps.h"

#include "guest/agent_shell.h"
#include "probe/report.h"

enum { SETTLE_MS = 60000, SETTLE_PACE_MS = 5000 };

static int probe_set_of(const struct machine *m, struct probe_set *ret, struct err **err)
{
	if (m->vm->router)
		return probe_set_router(m->vm, &m->bundle, ret, err);
	return probe_set_verify(m->session->recipe, ret, err);
}

/* The router is asked over SSH, which is open; a machine behind it through its agent: SSH does not
 * get there. */
static int probe_once(struct machine *m, const struct probe_set *set, struct step_run *run,
		      struct probe_report *ret, struct err **err)
{
	_cleanup_shell_ struct shell *agent = NULL;
	struct shell *shell = NULL;

	if (m->vm->router) {
		if (machine_ssh(m, &shell, err) < 0)
			return -1;
	} else {
		if (agent_shell_open(m->session->client, m->at.node, m->vm->id, run->clock, &agent,
				     err) < 0)
			return -1;
		shell = agent;
	}
	return probe_run(shell, m->vm->name, set, ret, err);
}

/*
 * After a start or a push the first answers may be early (a lease on its way, a resolver that warms
 * up): the look is repeated for a while. A machine that was left alone is looked at once.
 */
static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	_cleanup_probe_set_ struct probe_set set = { 0 };
	struct deadline d =
		deadline_in(run->clock, m->started_now || m->pushed_now ? SETTLE_MS : 0);

	if (probe_set_of(m, &set, err) < 0)
		return -1;
	for (;;) {
		probe_report_free(&m->report);
		m->report = (struct probe_report){ 0 };
		if (probe_once(m, &set, run, &m->report, err) < 0)
			return -1;
		size_t failed = probe_report_failed(&m->report);
		step_line(run, "%zu of %zu probes passed", m->report.n - failed, m->report.n);
		if (failed == 0 || deadline_passed(&d))
			return 0;
		if (deadline_sleep(&d, SETTLE_PACE_MS, err) < 0)
			return -1;
	}
}

const struct step_ops step_probe = { .name = "probe", .part = RECEIPT_GUEST, .apply = apply };

/* The machines' results in the recipe's order. */
static void merge(struct session *s)
{
	struct probe_report *all = &s->report;

	for (size_t i = 0; i < s->n_machines; i++) {
		struct probe_report *one = &s->machines[i].report;
		if (one->n == 0)
			continue;
		all->v = xrealloc(all->v, all->n + one->n, sizeof(*all->v));
		memcpy(&all->v[all->n], one->v, one->n * sizeof(*one->v));
		all->n += one->n;
		free(one->v);
		*one = (struct probe_report){ 0 };
	}
}

static int apply_verify(const struct step *step, struct step_run *run UNUSED, struct err **err)
{
	struct session *s = step->ctx;

	merge(s);
	if (probe_report_verdict(&s->report, err) == 0)
		return 0;
	return err_hint(
		err,
		"the table says what was expected and what was seen; 'pveprov verify' looks again");
}

const struct step_ops step_verify = { .name = "verify",
				      .part = RECEIPT_GUEST,
				      .apply = apply_verify };
