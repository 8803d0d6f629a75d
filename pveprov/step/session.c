#include "step/session.h"

#include "base/strv.h"
#include "base/text.h"
#include "data/json.h"
#include "step/mark.h"

#include <pthread.h>

enum { CLONE_WAIT_MS = 30 * 60 * 1000, CLONE_POLL_MS = 500 };

struct session_thread {
	pthread_t thread;
	const struct session_job *job;
	struct err *error;
	bool started;
};

static void *job_main(void *arg)
{
	struct session_thread *t = arg;

	t->job->run(t->job->ctx, &t->error);
	return NULL;
}

int session_parallel(const struct session_job *jobs, size_t n, struct err **err)
{
	struct session_thread threads[PLAN_WORKERS];
	struct err *first = NULL;

	for (size_t at = 0; at < n && !first; at += PLAN_WORKERS) {
		size_t now = MIN(n - at, (size_t)PLAN_WORKERS);
		for (size_t i = 0; i < now; i++) {
			threads[i] = (struct session_thread){ .job = &jobs[at + i] };
			/* the last one, or all where no thread is to be had, run here */
			threads[i].started =
				i + 1 < now && pthread_create(&threads[i].thread, NULL, job_main,
							      &threads[i]) == 0;
			if (!threads[i].started)
				job_main(&threads[i]);
		}
		for (size_t i = 0; i < now; i++) {
			if (threads[i].started)
				pthread_join(threads[i].thread, NULL);
			if (threads[i].error && !first)
				first = threads[i].error;
			else
				err_free(threads[i].error);
		}
	}
	return first ? err_move(err, first) : 0;
}

struct world_read {
	struct session *s;
	struct arena list_arena;
	struct pve_vm_entry *list; /* of the node: what runs is told at once there */
	size_t n_list;
};

static int read_cluster(void *ctx, struct err **err)
{
	struct session *s = ((struct world_read *)ctx)->s;

	return pve_cluster_vms(s->client, &s->arena, &s->vms, &s->n_vms, err);
}

static int read_list(void *ctx, struct err **err)
{
	struct world_read *w = ctx;

	return pve_vm_list(w->s->client, w->s->node, &w->list_arena, &w->list, &w->n_list, err);
}

static int read_net(void *ctx, struct err **err)
{
	struct session *s = ((struct world_read *)ctx)->s;

	return s->o.guests_only ? 0 : session_read_net(s, err);
}

int session_read_net(struct session *s, struct err **err)
{
	arena_free(&s->net_arena);
	s->net = (struct pve_net){ 0 };
	return pve_net_list(s->client, s->node, &s->net_arena, &s->net, err);
}

static int find_node(struct session *s, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_node *nodes = NULL;
	size_t n = 0;

	s->node = s->recipe->node ? s->recipe->node : s->o.node;
	if (s->node)
		return 0;
	if (pve_node_list(s->client, &a, &nodes, &n, err) < 0)
		return -1;
	if (n == 1) {
		s->node = arena_strdup(&s->arena, nodes[0].name);
		return 0;
	}
	_cleanup_strv_ struct strv names = { 0 };
	for (size_t i = 0; i < n; i++)
		strv_add(&names, nodes[i].name);
	_cleanup_free_ char *list = strv_join(&names, ", ");
	err_set(err, n ? ERR_USAGE : ERR_AUTH,
		"the recipe names no node, and the server has %zu%s%s", n, n ? ": " : "",
		n ? list : "");
	return err_hint(err, "add 'node: NAME' to the recipe, or use --node");
}

/* The node was named: is there one? Told from the machines where one of them is on it, which costs
 * no request. */
static int check_node(struct session *s, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_strv_ struct strv names = { 0 };
	struct pve_node *nodes = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_vms; i++)
		if (streq(s->vms[i].node, s->node))
			return 0;
	if (pve_node_list(s->client, &a, &nodes, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (streq(nodes[i].name, s->node) && nodes[i].online)
			return 0;
		if (streq(nodes[i].name, s->node))
			return err_set(err, ERR_UNREACHABLE, "node '%s' is offline", s->node);
		strv_add(&names, nodes[i].name);
	}
	_cleanup_free_ char *list = strv_join(&names, ", ");
	err_set(err, ERR_NOT_FOUND, "there is no node '%s'", s->node);
	return err_hint(err, "the nodes are: %s", list);
}

const struct pve_vm_entry *session_entry(const struct session *s, int64_t id)
{
	for (size_t i = 0; i < s->n_vms; i++)
		if (s->vms[i].id == (uint32_t)id)
			return &s->vms[i];
	return NULL;
}

/* A clone that is under way may be ours: its configuration is complete only afterwards. */
static int wait_for_clone(struct machine *m, const char *lock, struct err **err)
{
	struct session *s = m->session;

	if (!lock || (!streq(lock, "clone") && !streq(lock, "create")))
		return 0;
	struct deadline d = deadline_in(s->o.clock, CLONE_WAIT_MS);
	log_info(s->o.log, "VM %u is being cloned: waiting until that has ended", m->at.id);
	for (;;) {
		_cleanup_json_ json_t *config = NULL;
		if (pve_vm_config(s->client, m->at, false, &config, err) < 0)
			return -1;
		if (!json_text(config, "lock"))
			return 0;
		if (deadline_check(&d, err, "the clone of VM %u", m->at.id) < 0) {
			return err_hint(
				err,
				"look at its task ('pveprov task list'); "
				"a clone that died leaves 'lock: clone': remove that VM by hand");
		}
		if (deadline_sleep(&d, CLONE_POLL_MS, err) < 0)
			return -1;
	}
}

static int read_machine(void *ctx, struct err **err)
{
	struct machine *m = ctx;
	const json_t *config;

	if (machine_config(m, &config, err) < 0)
		return -1;
	m->ours =
		mark_is_ours(json_text(config, "description"), m->session->recipe->name, m->vm->id);
	return m->ours ? machine_read_snapshot(m, err) : 0;
}

static void init_machine(struct session *s, struct machine *m, const struct recipe_vm *vm,
			 const struct world_read *w)
{
	const struct pve_vm_entry *entry = session_entry(s, vm->id);
	const struct pve_vm_entry *template = session_entry(s, vm->template_id);

	*m = (struct machine){ .vm = vm, .session = s, .at = { s->node, (uint32_t)vm->id } };
	m->pci = xcalloc(vm->n_passthrough, sizeof(*m->pci));
	if (template)
		m->template = (struct pve_vm){ template->node, template->id };
	for (size_t i = 0; i < w->n_list && (!entry || streq(entry->node, s->node)); i++)
		if (w->list[i].id == (uint32_t)vm->id)
			entry = &w->list[i];
	if (!entry)
		return;
	m->exists = true;
	m->at.node = arena_strdup(&s->arena, entry->node);
	m->running = streq_null(entry->status, "running");
	m->uptime_s = entry->uptime_s;
}

static int read_machines(struct session *s, const struct world_read *w, struct err **err)
{
	_cleanup_free_ struct session_job *jobs = xcalloc(s->recipe->n_vms, sizeof(*jobs));
	size_t n = 0;

	s->n_machines = s->recipe->n_vms;
	s->machines = xcalloc(s->n_machines, sizeof(*s->machines));
	for (size_t i = 0; i < s->n_machines; i++)
		init_machine(s, &s->machines[i], &s->recipe->vms[i], w);
	for (size_t i = 0; i < s->n_machines; i++) {
		struct machine *m = &s->machines[i];
		const char *lock = NULL;
		for (size_t k = 0; k < w->n_list; k++)
			if (w->list[k].id == m->at.id)
				lock = w->list[k].lock;
		if (m->exists && wait_for_clone(m, lock, err) < 0)
			return -1;
		if (m->exists)
			jobs[n++] = (struct session_job){ read_machine, m };
	}
	return session_parallel(jobs, n, err);
}

static int read_world(struct session *s, struct err **err)
{
	struct world_read w = { .s = s };
	const struct session_job jobs[] = { { read_cluster, &w },
					    { read_list, &w },
					    { read_net, &w } };
	int r = -1;

	if (find_node(s, err) < 0)
		return -1;
	struct err *why = NULL;
	if (session_parallel(jobs, ARRAY_SIZE(jobs), &why) < 0) {
		/* a wrong node name makes two of the three fail: say the cause */
		if (s->vms && check_node(s, err) < 0)
			err_free(why);
		else
			err_move(err, why);
	} else if (check_node(s, err) == 0) {
		r = read_machines(s, &w, err);
	}
	arena_free(&w.list_arena);
	return r;
}

int session_open(const struct session_options *o, struct session **ret, struct err **err)
{
	_cleanup_session_ struct session *s = xcalloc(1, sizeof(*s));

	s->o = *o;
	s->recipe = o->recipe;
	s->client = o->client;
	if (!o->guests_only && keys_collect(&o->recipe->ssh, &o->ssh, o->clock, &s->keys, err) < 0)
		return -1;
	if (read_world(s, err) < 0)
		return -1;
	*ret = TAKE_PTR(s);
	return 0;
}

int session_read_pci(struct session *s, struct err **err)
{
	_cleanup_err_ struct err *why = NULL;

	if (!s->devices &&
	    pve_pci_list(s->client, s->node, &s->arena, &s->devices, &s->n_devices, err) < 0)
		return -1;
	if (s->has_mappings)
		return 0;
	if (pve_mapping_list(s->client, &s->arena, &s->mappings, &s->n_mappings, &why) < 0) {
		if (!pve_is(why, PVE_NO_METHOD))
			return err_move(err, TAKE_PTR(why));
		s->no_mappings = true;
	}
	s->has_mappings = true;
	return 0;
}

int session_permissions(struct session *s, const struct pve_permissions **ret, struct err **err)
{
	if (!s->has_permissions && pve_permissions_get(s->client, &s->permissions, err) < 0)
		return -1;
	s->has_permissions = true;
	*ret = &s->permissions;
	return 0;
}

int session_version(struct session *s, const struct pve_version **ret, struct err **err)
{
	if (!s->version.text[0] && pve_version_get(s->client, &s->version, err) < 0)
		return -1;
	*ret = &s->version;
	return 0;
}

struct machine *session_machine(struct session *s, const char *name)
{
	for (size_t i = 0; i < s->n_machines; i++)
		if (streq(s->machines[i].vm->name, name))
			return &s->machines[i];
	return NULL;
}

int machine_config(struct machine *m, const json_t **ret, struct err **err)
{
	if (!m->config && pve_vm_config(m->session->client, m->at, false, &m->config, err) < 0)
		return -1;
	*ret = m->config;
	return 0;
}

void machine_forget(struct machine *m)
{
	json_decref(m->config);
	m->config = NULL;
}

void machine_forget_guest(struct machine *m)
{
	m->ssh = shell_close(m->ssh);
	strv_free(&m->host_keys);
	m->address = (struct addr_cidr){ 0 };
}

const char *machine_role(const struct machine *m)
{
	return m->vm->router ? "router" : "vm";
}

char *machine_mark(const struct machine *m)
{
	return mark_text(m->session->recipe->name, m->vm->id, machine_role(m));
}

static void machine_close(struct machine *m)
{
	machine_forget(m);
	machine_forget_guest(m);
	for (size_t i = 0; m->pci && i < m->vm->n_passthrough; i++) {
		free(m->pci[i].value);
		free(m->pci[i].mapping);
		free(m->pci[i].path);
		free(m->pci[i].why);
	}
	free(m->pci);
	probe_report_free(&m->report);
	arena_free(&m->facts_arena);
	bundle_free(&m->bundle);
}

struct session *session_free(struct session *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_machines; i++)
		machine_close(&s->machines[i]);
	free(s->machines);
	strv_free(&s->keys);
	pve_permissions_free(&s->permissions);
	probe_report_free(&s->report);
	fw_job_free(&s->firewall);
	arena_free(&s->net_arena);
	arena_free(&s->arena);
	free(s);
	return NULL;
}
