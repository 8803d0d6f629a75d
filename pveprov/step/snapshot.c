#include "step/steps.h"

#include "step/watch.h"

enum { SNAPSHOT_MS = 10 * 60 * 1000, ROLLBACK_MS = 10 * 60 * 1000 };

/* The configuration names the snapshot that the present state stands on; only another one needs the
 * whole list. */
static int look_again(struct machine *m, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_snapshot *snapshots = NULL;
	const json_t *config;
	size_t n = 0;

	if (machine_config(m, &config, err) < 0)
		return -1;
	m->has_snapshot = streq_null(json_text(config, "parent"), m->vm->snapshot);
	if (m->has_snapshot)
		return 0;
	if (pve_snapshot_list(m->session->client, m->at, &a, &snapshots, &n, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		m->has_snapshot |= streq(snapshots[i].name, m->vm->snapshot);
	return 0;
}

int machine_read_snapshot(struct machine *m, struct err **err)
{
	return m->vm->snapshot ? look_again(m, err) : 0;
}

static int check(const struct step *step, struct step_run *run, struct step_changes *ret,
		 struct err **err)
{
	struct machine *m = (struct machine *)step->subject;

	if (run->phase == STEP_APPLYING && !m->has_snapshot && look_again(m, err) < 0)
		return -1;
	if (m->has_snapshot)
		return 0;
	if (m->running) {
		step_note(ret,
			  "there is no snapshot '%s', and %s runs already: it is not made now, as "
			  "it would not be the "
			  "state before the first start ('pveprov destroy' and 'apply' make one)",
			  m->vm->snapshot, m->vm->name);
		return 0;
	}
	_cleanup_free_ char *privileges = xasprintf("VM.Snapshot on /vms/%u", m->at.id);
	step_changed(ret, STEP_CREATE, STEP_LIVE, privileges,
		     "snapshot '%s' of VM %u, without memory", m->vm->snapshot, m->at.id);
	return 0;
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	struct step_watch w;

	step_watch_start(&w, run, SNAPSHOT_MS);
	int r = pve_snapshot_create(m->session->client, m->at, m->vm->snapshot,
				    "before the first start", false, &w.watch, err);
	machine_forget(m);
	return step_watch_end(&w, r, err);
}

const struct step_ops step_snapshot = { .name = "snapshot", .check = check, .apply = apply };

static int check_rollback(const struct step *step, struct step_run *run UNUSED,
			  struct step_changes *ret, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;

	if (m->rolled_back)
		return 0;
	if (!m->exists || !m->has_snapshot) {
		err_set(err, ERR_NOT_FOUND, "VM %u has no snapshot '%s' to go back to", m->at.id,
			m->vm->snapshot);
		return err_hint(err, "'pveprov apply' builds it");
	}
	_cleanup_free_ char *privileges = xasprintf("VM.Snapshot.Rollback on /vms/%u", m->at.id);
	step_changed(ret, STEP_REPLACE, STEP_DESTROYS, privileges,
		     "VM %u goes back to snapshot '%s'%s", m->at.id, m->vm->snapshot,
		     m->running ? " (it runs and is stopped for it)" : "");
	step_note(ret, "everything written to its disk since is lost: packages, configuration and "
		       "its history, logs, leases, "
		       "SSH host keys");
	return 0;
}

static int rollback(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	struct step_watch w;

	step_watch_start(&w, run, ROLLBACK_MS);
	int r = pve_snapshot_rollback(m->session->client, m->at, m->vm->snapshot, false, &w.watch,
				      err);
	if (step_watch_end(&w, r, err) < 0)
		return -1;
	machine_forget(m);
	machine_forget_guest(m);
	m->running = false;
	m->rolled_back = true;
	return 0;
}

const struct step_ops step_rollback = { .name = "rollback",
					.check = check_rollback,
					.apply = rollback };
