#include "step/steps.h"

#include "step/watch.h"

enum { START_MS = 5 * 60 * 1000, STOP_MS = 5 * 60 * 1000, DELETE_MS = 10 * 60 * 1000 };

static int check(const struct step *step, struct step_run *run, struct step_changes *ret,
		 struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_vm_status status;

	if (run->phase == STEP_APPLYING) {
		if (pve_vm_status(m->session->client, m->at, &a, &status, err) < 0)
			return -1;
		m->running = status.running;
	}
	if (m->running)
		return 0;
	_cleanup_free_ char *privileges = xasprintf("VM.PowerMgmt on /vms/%u", m->at.id);
	step_changed(ret, STEP_CHANGE, STEP_LIVE, privileges, "VM %u '%s' is started", m->at.id,
		     m->vm->name);
	return 0;
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	_cleanup_err_ struct err *why = NULL;
	struct step_watch w;

	step_watch_start(&w, run, START_MS);
	machine_forget_guest(m);
	if (step_watch_end(&w, pve_vm_start(m->session->client, m->at, 0, &w.watch, &why), &why) <
		    0 &&
	    !pve_is(why, PVE_IN_USE)) /* "already running": somebody was faster */
		return err_move(err, TAKE_PTR(why));
	m->started_now = true;
	return 0;
}

const struct step_ops step_start = { .name = "start", .check = check, .apply = apply };

static int check_delete(const struct step *step, struct step_run *run UNUSED,
			struct step_changes *ret, struct err **err UNUSED)
{
	const struct machine *m = step->subject;

	if (!m->exists)
		return 0;
	if (!m->ours) {
		step_note(ret, "VM %u is not ours: left alone", m->at.id);
		return 0;
	}
	_cleanup_free_ char *privileges =
		m->running ? xasprintf("VM.Allocate on /vms/%u; VM.PowerMgmt on /vms/%u", m->at.id,
				       m->at.id)
			   : xasprintf("VM.Allocate on /vms/%u", m->at.id);
	step_changed(ret, STEP_DELETE, STEP_DESTROYS, privileges,
		     "VM %u '%s' with its disks and snapshots%s", m->at.id, m->vm->name,
		     m->running ? " (it runs and is stopped)" : "");
	return 0;
}

static int delete_machine(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	struct step_watch w;

	if (m->running) {
		step_watch_start(&w, run, STOP_MS);
		if (step_watch_end(&w, pve_vm_stop(m->session->client, m->at, &w.watch, err), err) <
		    0)
			return -1;
		m->running = false;
	}
	step_watch_start(&w, run, DELETE_MS);
	if (step_watch_end(&w, pve_vm_delete(m->session->client, m->at, true, &w.watch, err), err) <
	    0)
		return -1;
	machine_forget(m);
	m->exists = false;
	return 0;
}

const struct step_ops step_delete = { .name = "delete",
				      .check = check_delete,
				      .apply = delete_machine };
