#include "step/steps.h"

#include "step/mark.h"
#include "step/watch.h"

enum { CLONE_MS = 30 * 60 * 1000 };

/* After the clone (or when somebody may have made the id meanwhile): is it there, and is it ours?
 */
static int look_again(struct machine *m, struct err **err)
{
	_cleanup_err_ struct err *why = NULL;
	const json_t *config = NULL;

	if (machine_config(m, &config, &why) < 0) {
		m->exists = false;
		return why->kind == ERR_NOT_FOUND ? 0 : err_move(err, TAKE_PTR(why));
	}
	m->exists = true;
	m->ours =
		mark_is_ours(json_text(config, "description"), m->session->recipe->name, m->vm->id);
	if (!m->ours)
		return err_set(err, ERR_CONFLICT,
			       "VM %u is there, but without our mark: somebody else took the id",
			       m->at.id);
	return 0;
}

static int check(const struct step *step, struct step_run *run, struct step_changes *ret,
		 struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	const struct recipe_vm *vm = m->vm;

	if (run->phase == STEP_APPLYING && m->exists && look_again(m, err) < 0)
		return -1;
	if (m->exists)
		return 0;
	_cleanup_free_ char *storage =
		m->storage ? xasprintf("; Datastore.AllocateSpace on /storage/%s", m->storage)
			   : NULL;
	_cleanup_free_ char *privileges =
		xasprintf("VM.Clone on /vms/%" PRId64 "; VM.Allocate on /vms/%" PRId64 "%s",
			  vm->template_id, vm->id, storage ? storage : "");
	step_changed(ret, STEP_CREATE, STEP_LIVE, privileges,
		     "VM %" PRId64 " '%s', %s clone of template %" PRId64, vm->id, vm->name,
		     vm->full ? "full" : "linked", vm->template_id);
	return 0;
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	_cleanup_free_ char *mark = machine_mark(m);
	const struct pve_clone clone = {
		.new_id = m->at.id,
		.name = m->vm->name,
		.description = mark,
		.full = m->vm->full,
		.storage = m->vm->full ? m->vm->storage : NULL,
	};
	struct step_watch w;

	step_watch_start(&w, run, CLONE_MS);
	if (step_watch_end(&w, pve_vm_clone(m->session->client, m->template, &clone, &w.watch, err),
			   err) < 0) {
		if (err && pve_is(*err, PVE_EXISTS))
			err_hint(err, "somebody took id %u a moment ago; run again to see who",
				 m->at.id);
		return -1;
	}
	machine_forget(m);
	m->exists = true;
	return 0;
}

const struct step_ops step_clone = { .name = "clone", .check = check, .apply = apply };
