#include "step/table.h"

#include "plan/journal.h"
#include "step/bridge.h"
#include "step/preflight.h"
#include "step/privileges.h"
#include "step/steps.h"

static bool is_probed(const struct session *s, const struct machine *m)
{
	return m->vm->router || streq_null(s->recipe->verify.from, m->vm->name);
}

/* Whoever gets addresses from a router starts once that is confirmed. */
static void need_routers(struct plan *p, const struct session *s)
{
	for (size_t i = 0; i < s->n_machines; i++)
		if (s->machines[i].vm->router)
			plan_need(p, "push %s", s->machines[i].vm->name);
}

static bool has_firewall(const struct session *s)
{
	return s->recipe->firewall.n && !s->recipe->firewall.by_hand;
}

/* When everything is built and pushed, and nothing else goes on; the probes then show that it lets them through. */
static void add_firewall(struct plan *p, struct session *s)
{
	plan_add(p, &step_firewall, s, NULL, "firewall");
	for (size_t i = 0; i < s->n_machines; i++)
		plan_need(p, s->machines[i].vm->router ? "push %s" : "boot %s", s->machines[i].vm->name);
}

/* Until the machine's configuration is as wanted and its snapshot taken. `before` is the clone that
 * goes first. */
static void add_building(struct plan *p, struct session *s, struct machine *m, const char *before,
			 bool rollback)
{
	const char *name = m->vm->name;

	plan_add(p, &step_clone, s, m, "clone %s", name);
	if (before)
		plan_need(p, "clone %s",
			  before); /* one at a time: the storage's lock waits 10 s only */
	if (m->vm->n_passthrough)
		plan_add(p, &step_mapping, s, m, "map devices of %s", name);
	if (rollback) {
		plan_add(p, &step_rollback, s, m, "roll back %s", name);
		plan_need(p, "clone %s", name);
	}
	plan_add(p, &step_configure, s, m, "configure %s", name);
	plan_need(p, rollback ? "roll back %s" : "clone %s", name);
	plan_need(p, "bridges");
	if (m->vm->n_passthrough)
		plan_need(p, "map devices of %s", name);
	if (m->vm->snapshot) {
		plan_add(p, &step_snapshot, s, m, "snapshot %s", name);
		plan_need(p, "configure %s", name);
	}
	plan_add(p, &step_start, s, m, "start %s", name);
	plan_need(p, m->vm->snapshot ? "snapshot %s" : "configure %s", name);
	if (!m->vm->router)
		need_routers(p, s);
	plan_add(p, &step_restart, s, m, "restart %s", name);
	plan_need(p, "start %s", name);
}

static void add_boot(struct plan *p, struct session *s, struct machine *m, bool built)
{
	plan_add(p, &step_boot, s, m, "boot %s", m->vm->name);
	if (built)
		plan_need(p, "restart %s", m->vm->name);
}

static void add_way_in(struct plan *p, struct session *s, struct machine *m)
{
	const char *name = m->vm->name;

	plan_add(p, &step_host_keys, s, m, "host keys of %s", name);
	plan_need(p, "boot %s", name);
	plan_add(p, &step_address, s, m, "address of %s", name);
	plan_need(p, "host keys of %s",
		  name); /* one agent call at a time anyway, and this order finds out most */
	plan_add(p, &step_ssh, s, m, "log in to %s", name);
	plan_need(p, "address of %s", name);
	plan_add(p, &step_facts, s, m, "facts of %s", name);
	plan_need(p, "log in to %s", name);
}

static void add_probe(struct plan *p, struct session *s, struct machine *m, const char *after)
{
	plan_add(p, &step_probe, s, m, "probe %s", m->vm->name);
	plan_need(p, "%s %s", after, m->vm->name);
}

static void add_verdict(struct plan *p, struct session *s)
{
	plan_add(p, &step_verify, s, NULL, "verify");
	for (size_t i = 0; i < s->n_machines; i++)
		if (is_probed(s, &s->machines[i]))
			plan_need(p, "probe %s", s->machines[i].vm->name);
}

static void build_apply(enum table_kind kind, struct session *s, struct plan *p)
{
	const char *before = NULL;

	plan_add(p, &step_bridges, s, NULL, "bridges");
	for (size_t i = 0; i < s->n_machines; i++) {
		struct machine *m = &s->machines[i];
		bool rollback = kind == TABLE_REPROVISION && m->vm->router && m->vm->snapshot;
		add_building(p, s, m, before, rollback);
		before = m->vm->name;
		add_boot(p, s, m, true);
		if (m->vm->router) {
			add_way_in(p, s, m);
			plan_add(p, &step_push, s, m, "push %s", m->vm->name);
			plan_need(p, "facts of %s", m->vm->name);
		}
		if (kind != TABLE_DRIFT && is_probed(s, m)) {
			add_probe(p, s, m, m->vm->router ? "push" : "boot");
			if (!m->vm->router)
				need_routers(p, s);
			if (has_firewall(s))
				plan_need(p, "firewall");
		}
	}
	if (has_firewall(s))
		add_firewall(p, s);
	if (kind != TABLE_DRIFT)
		add_verdict(p, s);
}

static void build_verify(struct session *s, struct plan *p)
{
	for (size_t i = 0; i < s->n_machines; i++) {
		struct machine *m = &s->machines[i];
		if (!is_probed(s, m))
			continue;
		add_boot(p, s, m, false);
		if (m->vm->router)
			add_way_in(p, s, m);
		add_probe(p, s, m, m->vm->router ? "facts of" : "boot");
	}
	add_verdict(p, s);
}

static void build_destroy(struct session *s, struct plan *p)
{
	for (size_t i = 0; i < s->n_machines; i++)
		plan_add(p, &step_delete, s, &s->machines[i], "delete %s", s->machines[i].vm->name);
	plan_add(p, &step_mapping_remove, s, NULL, "remove mappings");
	for (size_t i = 0; i < s->n_machines; i++)
		plan_need(p, "delete %s", s->machines[i].vm->name);
	plan_add(p, &step_bridges_remove, s, NULL, "remove bridges");
	for (size_t i = 0; i < s->n_machines; i++)
		plan_need(p, "delete %s", s->machines[i].vm->name);
}

void table_build(enum table_kind kind, struct session *s, struct plan *ret)
{
	if (kind == TABLE_VERIFY)
		build_verify(s, ret);
	else if (kind == TABLE_DESTROY)
		build_destroy(s, ret);
	else
		build_apply(kind, s, ret);
}

int table_plan(enum table_kind kind, struct session *s, const struct plan_options *o,
	       struct plan *ret, struct err **err)
{
	_cleanup_problems_ struct problems problems = { 0 };
	_cleanup_strv_ struct strv needs = { 0 };
	bool changes_node = kind != TABLE_VERIFY && kind != TABLE_DESTROY;

	if (changes_node && preflight_world(s, &problems, err) < 0)
		return -1;
	table_build(kind, s, ret);
	/* a plan for machines that are not ours would only mislead */
	if (problems.texts.n && problems.kind == ERR_CONFLICT)
		return problems_finish(&problems, err);
	if (plan_check(ret, o, err) < 0)
		return -1;
	privileges_of_plan(ret, &needs);
	if (needs.n && changes_node)
		privileges_of_guests(s, &needs);
	if (privileges_check(s, &needs, &problems, err) < 0)
		return -1;
	return problems_finish(&problems, err);
}

static void log_line(void *ctx, const char *text)
{
	log_info(ctx, "%s", text);
}

int table_resume(struct pve_client *client, struct journal *journal, const struct log *log,
		 struct err **err)
{
	const struct journal_task *left;
	size_t n = journal_left(journal, &left);

	for (size_t i = 0; i < n; i++) {
		_cleanup_err_ struct err *why = NULL;
		const struct pve_watch watch = { .line = log_line, .ctx = (void *)log };
		log_info(log, "%s: an interrupted run left its task behind; waiting for it",
			 left[i].step);
		if (pve_task_wait(client, left[i].upid, &watch, &why) < 0 &&
		    (why->kind == ERR_INTERRUPTED || why->kind == ERR_TIMEOUT ||
		     why->kind == ERR_UNREACHABLE || why->kind == ERR_SECOND_FACTOR ||
		     pve_is(why, PVE_NO_LOGIN)))
			return err_move(err, TAKE_PTR(why));
		if (why)
			log_info(log, "%s: that task failed: %s", left[i].step, why->text);
		if (journal_task_ended(journal, left[i].upid, err) < 0)
			return -1;
	}
	return 0;
}
