#include "step/steps.h"

#include "step/watch.h"

/*
 * A machine that runs takes most changes at its next cold start only. With --allow-restart that is
 * now: shut down by the guest, then started. (A reboot from within keeps the old configuration.)
 */

enum { SHUTDOWN_S = 180, SHUTDOWN_MS = 5 * 60 * 1000, START_MS = 5 * 60 * 1000 };

/* The keys that wait for a cold start, joined with ", "; malloc'd, NULL: none. */
static int read_pending(struct machine *m, char **ret, struct err **err)
{
	_cleanup_json_ json_t *pending = NULL;
	_cleanup_strv_ struct strv keys = { 0 };
	size_t i;
	json_t *entry;

	if (pve_vm_pending(m->session->client, m->at, &pending, err) < 0)
		return -1;
	json_array_foreach(pending, i, entry)
		if (json_text(entry, "key") &&
		    (json_object_get(entry, "pending") || json_flag(entry, "delete", false)))
			strv_add(&keys, json_text(entry, "key"));
	*ret = keys.n ? strv_join(&keys, ", ") : NULL;
	return 0;
}

static int check(const struct step *step, struct step_run *run, struct step_changes *ret,
		 struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	_cleanup_free_ char *keys = NULL;

	if (!m->session->o.allow_restart || !m->exists || !m->running || m->started_now)
		return 0;
	if (read_pending(m, &keys, err) < 0)
		return -1;
	if (!keys && !(run->phase == STEP_PLANNING && m->cold_changes))
		return 0;
	_cleanup_free_ char *privileges = xasprintf("VM.PowerMgmt on /vms/%u", m->at.id);
	step_changed(ret, STEP_RESTART, STEP_RESTARTS, privileges,
		     "VM %u '%s' is shut down and started%s%s", m->at.id, m->vm->name,
		     keys ? ", for " : "", keys ? keys : "");
	return 0;
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	struct pve_client *client = m->session->client;
	struct step_watch w;

	step_watch_start(&w, run, SHUTDOWN_MS);
	if (step_watch_end(&w, pve_vm_shutdown(client, m->at, SHUTDOWN_S, true, &w.watch, err),
			   err) < 0)
		return -1;
	machine_forget_guest(m);
	step_watch_start(&w, run, START_MS);
	if (step_watch_end(&w, pve_vm_start(client, m->at, 0, &w.watch, err), err) < 0)
		return -1;
	m->started_now = true;
	return 0;
}

const struct step_ops step_restart = { .name = "restart", .check = check, .apply = apply };
