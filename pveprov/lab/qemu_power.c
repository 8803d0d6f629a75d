#include "base/deadline.h"
#include "base/fs.h"
#include "data/json.h"
#include "lab/qemu_op.h"
#include "lab/seed.h"

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

enum {
	QUIT_MS = 10000,
	SHUTDOWN_DEFAULT_MS = 60000,
	AGENT_DEFAULT_MS = 10000,
	STATE_MS = 60000, /* savevm, loadvm */
};

struct goodbye {
	struct vm *vm;
	struct run *run;
	bool expected, again;
};

static int power_on(struct vm *vm, const json_t *config, const char *load, struct err **err);

/* Whoever wants the machine on or off knows better. */
static void cancel_restart(struct vm *vm)
{
	pthread_mutex_lock(&vm->hv->mutex);
	vm->restarting = false;
	pthread_mutex_unlock(&vm->hv->mutex);
}

/* On the event loop's thread. */
static void tell_stopped(void *arg)
{
	struct vm *vm = arg;
	struct hypervisor *base = &vm->hv->base;

	if (base->stopped)
		base->stopped(base->stopped_ctx, vm->vmid);
}

/* On a thread of the pool: the same machine once more, as after a power cut. */
static void restart(void *arg)
{
	struct vm *vm = arg;
	_cleanup_err_ struct err *e = NULL;

	pthread_mutex_lock(&vm->turn);
	pthread_mutex_lock(&vm->hv->mutex);
	bool due = vm->restarting;
	pthread_mutex_unlock(&vm->hv->mutex);
	int r = due ? power_on(vm, vm->config, NULL, &e) : 0;
	cancel_restart(vm);
	pthread_mutex_unlock(&vm->turn);
	if (r < 0) {
		log_info(vm->hv->log, "VM %d could not be started again: %s", vm->vmid, e->text);
		jobs_post(vm->hv->jobs, tell_stopped, vm);
	}
}

/* On a thread of the pool. */
static void unplug(void *arg)
{
	struct vm *vm = arg;
	_cleanup_err_ struct err *e = NULL;

	pthread_mutex_lock(&vm->turn);
	if (!qemu_vm_is_on(vm) && qemu_net_unplug(vm->hv->net, vm->vmid, &e) < 0)
		log_info(vm->hv->log, "VM %d: %s", vm->vmid, e->text);
	pthread_mutex_unlock(&vm->turn);
}

/* On the event loop's thread: the run's own threads cannot wait for their own end. */
static void bury(void *arg)
{
	struct goodbye *g = arg;

	if (!g->expected) {
		_cleanup_free_ char *words = run_last_words(g->run);

		log_info(g->vm->hv->log, "VM %d went off by itself: %s", g->vm->vmid, words);
		if (g->again)
			jobs_submit(g->vm->hv->jobs, restart, g->vm);
		else
			tell_stopped(g->vm);
	}
	if (g->expected || !g->again)
		jobs_submit(g->vm->hv->jobs, unplug, g->vm);
	run_unref(g->run);
	free(g);
}

static void on_ended(void *ctx, struct run *run)
{
	struct vm *vm = ctx;
	struct qemu *h = vm->hv;
	struct goodbye *g = NULL;

	pthread_mutex_lock(&h->mutex);
	if (vm->run == run) {
		g = xcalloc(1, sizeof(*g));
		*g = (struct goodbye){ vm, run, vm->expected,
				       !vm->expected && run_failed_early(run) };
		vm->run = NULL;
		vm->restarting = g->again;
		pthread_cond_broadcast(&h->changed);
	}
	pthread_mutex_unlock(&h->mutex);
	if (g)
		jobs_post(h->jobs, bury, g);
}

/* Makes it the machine's run, unless it is gone already. */
static int adopt(struct vm *vm, struct run *run, struct err **err)
{
	pthread_mutex_lock(&vm->hv->mutex);
	bool ended = run_wait(run, 0);
	if (!ended) {
		vm->run = run_ref(run);
		vm->expected = true; /* until it is started, its end is this request's error */
	}
	pthread_mutex_unlock(&vm->hv->mutex);
	return ended ? err_set(err, ERR_TASK, "start failed: QEMU ended at once") : 0;
}

static int write_seed(struct vm *vm, const json_t *config, struct err **err)
{
	_cleanup_seed_ struct seed seed = { 0 };
	const struct seed_node node = { .nameserver = vm->hv->nameserver };

	if (seed_make(config, vm->vmid, &node, &seed, err) < 0)
		return -1;
	return seed_write(&seed, vm->seed, err);
}

/* From stopped CPUs to running ones. */
static int set_going(struct vm *vm, struct run *run, const struct machine *m, struct err **err)
{
	for (size_t i = 0; i < m->n_nics; i++)
		if (m->nics[i].link_down && run_set_link(run, m->nics[i].id, false, err) < 0)
			return -1;
	if (qemu_net_plug(vm->hv->net, m, err) < 0 || run_command(run, "cont", err) < 0)
		return -1;
	pthread_mutex_lock(&vm->hv->mutex);
	vm->expected = false;
	pthread_mutex_unlock(&vm->hv->mutex);
	return 0;
}

static int power_on(struct vm *vm, const json_t *config, const char *load, struct err **err)
{
	struct qemu *h = vm->hv;
	struct machine m;
	_cleanup_run_ struct run *run = NULL;
	bool seed = seed_wanted(config);

	if (qemu_vm_is_on(vm))
		return err_set(err, ERR_TASK, "VM %d already running", vm->vmid);
	if (!fs_exists(vm->disk))
		return err_set(err, ERR_TASK, "VM %d has no disk on this node", vm->vmid);
	if (machine_parse(config, vm->vmid, &m, err) < 0 || qemu_net_check(h->net, &m, err) < 0 ||
	    (seed && write_seed(vm, config, err) < 0))
		return -1;
	const struct machine_host host = { .accel = h->accel,
					   .kernel = h->image.kernel,
					   .initrd = h->image.initrd,
					   .disk = vm->disk,
					   .seed = seed ? vm->seed : NULL,
					   .serial = vm->serial,
					   .load = load };
	const struct run_spec spec = { .machine = &m,
				       .host = &host,
				       .output = vm->output,
				       .netns = qemu_net_node(h->net),
				       .clock = &h->clock,
				       .ended = on_ended,
				       .ctx = vm };
	if (run_start(&spec, &run, err) < 0 || adopt(vm, run, err) < 0)
		return -1;
	if (set_going(vm, run, &m, err) == 0) {
		json_t *old = vm->config;

		vm->config = json_incref((json_t *)config);
		json_decref(old);
		return 0;
	}
	run_kill(run);
	return -1;
}

/* Until the machine is off; false when it is still on after timeout_ms. */
static bool wait_off(struct vm *vm, const struct run *run, int64_t timeout_ms)
{
	struct timespec end;
	struct qemu *h = vm->hv;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout_ms / 1000;
	pthread_mutex_lock(&h->mutex);
	while (vm->run == run && r == 0)
		r = pthread_cond_timedwait(&h->changed, &h->mutex, &end);
	bool off = vm->run != run;
	pthread_mutex_unlock(&h->mutex);
	return off;
}

static void expect_end(struct vm *vm)
{
	pthread_mutex_lock(&vm->hv->mutex);
	vm->expected = true;
	pthread_mutex_unlock(&vm->hv->mutex);
}

int op_start(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	(void)ret;
	cancel_restart(vm);
	return power_on(vm, r->config, NULL, err);
}

/* "quit" lets QEMU write what it knows about its disk; a kill is the last resort. */
int op_stop(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;

	(void)r;
	(void)ret;
	cancel_restart(vm);
	if (qemu_vm_run(vm, &run, NULL) < 0)
		return 0;
	expect_end(vm);
	run_command(run, "quit", NULL);
	if (wait_off(vm, run, QUIT_MS))
		return 0;
	run_kill(run);
	return wait_off(vm, run, QUIT_MS) ? 0
					  : err_set(err, ERR_TASK, "VM %d does not stop", vm->vmid);
}

int op_shutdown(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;
	_cleanup_json_ json_t *command = json_pack("{s:s, s:{s:s}}", "execute", "guest-shutdown",
						   "arguments", "mode", "powerdown"),
			      *answer = NULL;
	struct machine m;
	int64_t timeout_ms = r->timeout_ms ? r->timeout_ms : SHUTDOWN_DEFAULT_MS;
	struct deadline d = deadline_in(&vm->hv->clock, timeout_ms);

	(void)ret;
	cancel_restart(vm);
	if (qemu_vm_run(vm, &run, NULL) < 0)
		return 0;
	expect_end(vm);
	/* Without an agent it is the power button. The agent never answers this command: a short
	 * wait sends it. */
	bool agent = !r->config || (machine_parse(r->config, vm->vmid, &m, NULL) == 0 && m.agent);
	_cleanup_err_ struct err *e = NULL;
	if (!agent || (run_agent(run, command, 500, &answer, &e) < 0 && e->kind == ERR_UNREACHABLE))
		run_command(run, "system_powerdown", NULL);
	if (wait_off(vm, run, deadline_left_ms(&d)))
		return 0;
	pthread_mutex_lock(&vm->hv->mutex);
	vm->expected = false;
	pthread_mutex_unlock(&vm->hv->mutex);
	return err_set(err, ERR_TASK, "VM quit/powerdown failed - got timeout");
}

static int simple_command(struct vm *vm, const char *execute, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;

	return qemu_vm_run(vm, &run, err) < 0 ? -1 : run_command(run, execute, err);
}

int op_reset(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	(void)r;
	(void)ret;
	return simple_command(vm, "system_reset", err);
}

int op_suspend(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	(void)r;
	(void)ret;
	return simple_command(vm, "stop", err);
}

int op_resume(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	(void)r;
	(void)ret;
	return simple_command(vm, "cont", err);
}

int op_agent(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;

	if (qemu_vm_run(vm, &run, err) < 0)
		return -1;
	return run_agent(run, r->agent, r->timeout_ms ? r->timeout_ms : AGENT_DEFAULT_MS, ret, err);
}

/* A line for the human monitor is made of words: the name must be one. */
static int state_line(char **ret, const char *verb, const char *name, struct err **err)
{
	if (!name || strspn(name, NAME_BYTES) != strlen(name) || !*name)
		return err_set(err, ERR_TASK, "'%s' is no name for a saved state",
			       name ? name : "");
	*ret = xasprintf("%s %s", verb, name);
	return 0;
}

int op_save(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;
	_cleanup_free_ char *line = NULL;

	(void)ret;
	if (state_line(&line, "savevm", r->snapshot, err) < 0 || qemu_vm_run(vm, &run, err) < 0)
		return -1;
	return run_human(run, line, STATE_MS, err);
}

int op_load(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;
	_cleanup_free_ char *line = NULL;

	(void)ret;
	cancel_restart(vm);
	if (state_line(&line, "loadvm", r->snapshot, err) < 0)
		return -1;
	if (qemu_vm_run(vm, &run, NULL) < 0)
		return power_on(vm, r->config, r->snapshot, err);
	return run_human(run, line, STATE_MS, err);
}

void qemu_vm_kill(struct vm *vm)
{
	_cleanup_run_ struct run *run = NULL;

	cancel_restart(vm);
	if (qemu_vm_run(vm, &run, NULL) < 0)
		return;
	expect_end(vm);
	run_kill(run);
	wait_off(vm, run, QUIT_MS);
}
