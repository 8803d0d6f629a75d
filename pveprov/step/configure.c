#include "step/steps.h"

#include "step/wanted.h"

static int compare(struct machine *m, struct wanted *ret, struct err **err)
{
	_cleanup_json_ json_t *nothing = json_object();
	_cleanup_free_ const char **hostpci = xcalloc(m->vm->n_passthrough, sizeof(*hostpci));
	const struct pve_version *version;
	const json_t *live = nothing;
	struct wanted_facts f = {
		.recipe = m->session->recipe,
		.vm = m->vm,
		.keys = &m->session->keys,
		.hostpci = hostpci,
		.running = m->running,
	};

	if (m->exists && machine_config(m, &live, err) < 0)
		return -1;
	for (size_t i = 0; i < m->vm->n_passthrough; i++)
		hostpci[i] = m->pci[i].value;
	if (!json_object_get(live, "ciupgrade")) {
		if (session_version(m->session, &version, err) < 0)
			return -1;
		f.no_ciupgrade = !pve_version_at_least(version, 8, 1, 0);
	}
	return wanted_compare(&f, live, ret, err);
}

/* "VM.Config.Network on /vms/100; SDN.Use on /sdn/zones/localnetwork/vmbr1". malloc'd. */
static char *privileges_of(const struct machine *m, const struct wanted_change *c)
{
	_cleanup_buf_ struct buf text = { 0 };

	buf_addf(&text, "%s on /vms/%u", c->privilege, m->at.id);
	for (size_t i = 0; i < m->vm->n_nics; i++) {
		_cleanup_free_ char *key = xasprintf("net%zu", i);
		if (streq(key, c->key) && c->value)
			buf_addf(&text, "; SDN.Use on /sdn/zones/localnetwork/%s",
				 m->vm->nics[i].bridge);
	}
	for (size_t i = 0; i < m->vm->n_passthrough; i++) {
		_cleanup_free_ char *key = xasprintf("hostpci%zu", i);
		if (streq(key, c->key) && m->pci[i].mapping)
			buf_addf(&text, "; Mapping.Use on /mapping/pci/%s", m->pci[i].mapping);
	}
	return buf_take(&text);
}

static int check(const struct step *step, struct step_run *run UNUSED, struct step_changes *ret,
		 struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	_cleanup_wanted_ struct wanted w = { 0 };
	bool cloud_init = false;

	if (compare(m, &w, err) < 0)
		return -1;
	for (size_t i = 0; i < w.n; i++) {
		const struct wanted_change *c = &w.v[i];
		_cleanup_free_ char *privileges = privileges_of(m, c);
		if (!c->from)
			step_changed(ret, STEP_CREATE, c->effect, privileges, "%s: %s", c->key,
				     c->to);
		else if (!c->to)
			step_changed(ret, STEP_DELETE, c->effect, privileges, "%s: %s", c->key,
				     c->from);
		else
			step_changed(ret, c->effect == STEP_RESTARTS ? STEP_RESTART : STEP_CHANGE,
				     c->effect, privileges, "%s: %s -> %s", c->key, c->from, c->to);
		cloud_init |= c->cloud_init;
		m->cold_changes |= c->effect == STEP_COLD_START;
		for (size_t k = 0; starts_with(c->key, "hostpci") && k < m->vm->n_passthrough; k++)
			if (m->pci[k].why && streq_null(c->value, m->pci[k].value))
				step_note(ret, "%s: %s", c->key, m->pci[k].why);
		if (streq(c->key, "cicustom") && c->from)
			step_note(ret, "cicustom came from the template and would override user "
				       "and keys: it is removed "
				       "('keep_cicustom: true' keeps it)");
	}
	if (cloud_init && m->exists && (m->running || m->has_snapshot))
		step_note(ret, "cloud-init's data changes: it runs again at the next cold start, "
			       "with new SSH host keys");
	return 0;
}

static int send(struct machine *m, struct err **err)
{
	_cleanup_wanted_ struct wanted w = { 0 };
	_cleanup_pve_params_ struct pve_params params = { 0 };
	_cleanup_strv_ struct strv gone = { 0 };
	const json_t *live;

	if (machine_config(m, &live, err) < 0 || compare(m, &w, err) < 0)
		return -1;
	for (size_t i = 0; i < w.n; i++) {
		if (w.v[i].value)
			pve_params_add(&params, w.v[i].key, w.v[i].value);
		else
			strv_add(&gone, w.v[i].key);
	}
	if (gone.n) {
		_cleanup_free_ char *keys = strv_join(&gone, ",");
		pve_params_add(&params, "delete", keys);
	}
	if (pve_params_empty(&params))
		return 0;
	int r = pve_vm_set(m->session->client, m->at, &params, json_text(live, "digest"), 0, err);
	machine_forget(m);
	return r;
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	_cleanup_err_ struct err *why = NULL;

	if (send(m, &why) == 0)
		return 0;
	if (!pve_is(why, PVE_CHANGED))
		return err_move(err, TAKE_PTR(why));
	/* somebody else's change came in between: look again, once, and send what still differs */
	step_line(run, "the configuration was changed by somebody else; comparing again");
	return send(m, err);
}

const struct step_ops step_configure = { .name = "configure", .check = check, .apply = apply };
