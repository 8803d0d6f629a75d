#include "lab/vm_power.h"
#include "lab/fault.h"
#include "lab/mapping.h"
#include "lab/node_network.h"
#include "lab/pci.h"
#include "lab/route.h"
#include "data/json.h"
#include "data/propstring.h"

#include <ctype.h>

enum { LOCK_MS = 10000, SHUTDOWN_S = 180 };

struct vm *job_vm(struct job *j)
{
	struct vm *vm = vm_find(j->lab, j->vmid);

	if (!vm)
		job_fail(j, "Configuration file 'nodes/%s/qemu-server/%d.conf' does not exist", j->lab->node, j->vmid);
	else if (vm_lock(vm))
		job_fail(j, "VM is locked (%s)", vm_lock(vm));
	return vm && !vm_lock(vm) ? vm : NULL;
}

/* Goes on under the VM's lock. */
static void job_lock_vm(struct job *j, job_fn *next)
{
	_cleanup_free_ char *name = vm_lock_name(j->vmid);

	job_lock(j, name, false, LOCK_MS, next);
}

/* Why the bridge of a NIC cannot be used; malloc'd, NULL: it can. */
static char *bridge_problem(const struct vm *vm, const char *key, const char *value)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	const char *bridge;

	if (!starts_with(key, "net") || !isdigit(key[3]) || propstring_parse(value, "model", &p, NULL))
		return NULL;
	bridge = propstring_get(&p, "bridge");
	if (!bridge || network_has_bridge(vm->lab, bridge))
		return NULL;
	return xasprintf("bridge '%s' does not exist", bridge);
}

/* The other running VM that has one of these devices. */
static char *device_user(const struct vm *vm, const json_t *functions)
{
	for (struct vm *other = vm_next(vm->lab, 0); other; other = vm_next(vm->lab, other->vmid + 1)) {
		const char *key;
		json_t *value;
		if (other == vm || !vm_is_running(other))
			continue;
		json_object_foreach(other->config, key, value) {
			_cleanup_propstring_ struct propstring p = { 0 };
			_cleanup_free_ char *why = NULL, *path = NULL, *missing = NULL;
			const char *mapping;
			json_t *theirs, *f;
			size_t i;
			if (!starts_with(key, "hostpci") ||
			    propstring_parse(json_string_value(value), "host", &p, NULL))
				continue;
			mapping = propstring_get(&p, "mapping");
			path = mapping ? mapping_resolve(vm->lab, mapping, &why) :
					 xstrdup_null(propstring_get(&p, "host"));
			theirs = path ? pci_functions(vm->lab, path, &missing) : NULL;
			json_array_foreach(theirs, i, f) {
				json_t *mine;
				size_t k;
				json_array_foreach((json_t *)(uintptr_t)functions, k, mine)
					if (json_equal(mine, f)) {
						char *text = xasprintf("PCI device '%s' already in use by VMID '%d'",
								       json_string_value(f), other->vmid);
						json_decref(theirs);
						return text;
					}
			}
			json_decref(theirs);
		}
	}
	return NULL;
}

/* Resolves a passed-through device in the configuration that the hypervisor gets. */
static char *device_problem(const struct vm *vm, json_t *config, const char *key, const char *value)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	_cleanup_free_ char *path = NULL, *why = NULL, *missing = NULL, *text = NULL;
	const char *mapping;
	json_t *functions;

	if (!starts_with(key, "hostpci") || propstring_parse(value, "host", &p, NULL))
		return NULL;
	mapping = propstring_get(&p, "mapping");
	path = mapping ? mapping_resolve(vm->lab, mapping, &why) : xstrdup_null(propstring_get(&p, "host"));
	if (!path)
		return why ? TAKE_PTR(why) : xasprintf("%s: no PCI device configured", key);
	if (propstring_get(&p, "pcie") && streq(propstring_get(&p, "pcie"), "1") &&
	    !(json_text(config, "machine") && strstr(json_text(config, "machine"), "q35")))
		return xasprintf("q35 machine model is not enabled at /usr/share/perl5/PVE/QemuServer/PCI.pm line 428.");
	functions = pci_functions(vm->lab, path, &missing);
	if (!functions)
		return xasprintf("no PCI device found for '%s'", missing);
	if (pci_find(vm->lab, json_string_value(json_array_get(functions, 0)))->iommu_group < 0)
		text = xasprintf("cannot prepare PCI pass-through, IOMMU not present");
	else
		text = device_user(vm, functions);
	json_decref(functions);
	propstring_set(&p, "mapping", NULL);
	propstring_set(&p, "host", path);
	_cleanup_free_ char *resolved = propstring_text(&p);
	json_object_set_new(config, key, json_string(resolved));
	return TAKE_PTR(text);
}

static char *start_problem(const struct vm *vm, json_t *config)
{
	const char *key;
	json_t *value;
	char *why = NULL;

	json_object_foreach(vm->config, key, value) {
		if (!why && json_is_string(value))
			why = bridge_problem(vm, key, json_string_value(value));
		if (!why && json_is_string(value))
			why = device_problem(vm, config, key, json_string_value(value));
	}
	return why;
}

static void mark_started(struct vm *vm)
{
	vm->started_ms = lab_now_ms(vm->lab);
	vm->agent_from_ms = vm->started_ms + faults_agent_delay(vm->lab, vm->vmid);
	vm->pid = 20000 + (int)(vm->started_ms / 100 % 40000) + vm->vmid % 97;
}

static void started(struct job *j)
{
	struct vm *vm = vm_find(j->lab, j->vmid);

	if (j->error || !vm) {
		job_fail(j, "start failed: %s", j->error ? j->error : "the VM is gone");
		return;
	}
	mark_started(vm);
	job_done(j);
}

static void start_locked(struct job *j)
{
	struct vm *vm = job_vm(j);
	_cleanup_free_ char *why = NULL;
	json_t *config;

	if (!vm)
		return;
	if (vm_is_template(vm)) {
		job_fail(j, "you can't start a vm if it's a template");
		return;
	}
	if (vm_is_running(vm)) {
		job_fail(j, "VM %d already running", vm->vmid);
		return;
	}
	vm_apply_pending(vm);
	config = json_copy(vm->config);
	why = start_problem(vm, config);
	if (why)
		job_fail(j, "%s", why);
	else
		job_hypervisor(j, &(struct hv_request){ .op = HV_START, .vmid = vm->vmid, .config = config,
							.timeout_ms = 1000 * json_int(j->param, "timeout", 30) },
			       started);
	json_decref(config);
}

void vm_start_job(struct job *j)
{
	job_lock_vm(j, start_locked);
}

struct task *vm_start_task(struct lab *l, const struct caller *who, int vmid)
{
	char id[16];

	snprintf(id, sizeof(id), "%d", vmid);
	return job_spawn(l, who, "qmstart", id, json_pack("{s:s}", "vmid", id), vm_start_job)->task;
}

static void powered_on(void *ctx, const char *error, const json_t *result UNUSED)
{
	struct vm *vm = ctx;

	if (error)
		log_warning(vm->lab->log, "VM %d: %s", vm->vmid, error);
	else
		mark_started(vm);
}

static void drop_line(void *ctx UNUSED, const char *text UNUSED)
{
}

void vm_power_on(struct vm *vm)
{
	struct hv_request r = { .op = HV_START, .vmid = vm->vmid, .config = vm->config, .timeout_ms = 30000 };

	vm->lab->hypervisor->ops->begin(vm->lab->hypervisor, &r, drop_line, powered_on, vm);
}

/* What all the simple operations share: the hypervisor's answer ends the task. */
static void answered(struct job *j)
{
	struct vm *vm = vm_find(j->lab, j->vmid);

	if (vm && !vm_is_running(vm))
		vm_apply_pending(vm);
	if (j->error)
		job_fail(j, "%s", j->error);
	else
		job_done(j);
}

static void stop_locked(struct job *j)
{
	struct vm *vm = job_vm(j);

	if (!vm)
		return;
	if (!vm_is_running(vm)) {
		job_done(j);
		return;
	}
	job_hypervisor(j, &(struct hv_request){ .op = HV_STOP, .vmid = j->vmid }, answered);
}

static void overrule(void *ctx, struct task *t)
{
	struct job *j = ctx;

	task_log(j->task, "overruled qmshutdown tasks: %s", t->upid);
	if (t->abort)
		t->abort(t->abort_ctx);
	task_end(t, "VM quit/powerdown failed - got timeout");
}

static void stop_run(struct job *j)
{
	char id[16];

	snprintf(id, sizeof(id), "%d", j->vmid);
	if (json_flag(j->param, "overrule-shutdown", false))
		tasks_running(j->lab, "qmshutdown", id, overrule, j);
	/* A stop does not wait for the lock of the shutdown it overrules. */
	if (json_flag(j->param, "overrule-shutdown", false))
		stop_locked(j);
	else
		job_lock_vm(j, stop_locked);
}

static void shut_down(struct job *j)
{
	if (j->error && json_flag(j->param, "forceStop", false))
		job_hypervisor(j, &(struct hv_request){ .op = HV_STOP, .vmid = j->vmid }, answered);
	else
		answered(j);
}

static void shutdown_locked(struct job *j)
{
	struct vm *vm = job_vm(j);

	if (!vm)
		return;
	if (!vm_is_running(vm)) {
		job_done(j);
		return;
	}
	job_hypervisor(j, &(struct hv_request){ .op = HV_SHUTDOWN, .vmid = j->vmid, .config = vm->config,
						.timeout_ms = 1000 * json_int(j->param, "timeout", SHUTDOWN_S) },
		       shut_down);
}

static void shutdown_run(struct job *j)
{
	job_lock_vm(j, shutdown_locked);
}

static void reboot_off(struct job *j)
{
	if (j->error)
		job_fail(j, "%s", j->error);
	else
		start_locked(j);
}

static void reboot_locked(struct job *j)
{
	if (job_vm(j))
		job_hypervisor(j, &(struct hv_request){ .op = HV_SHUTDOWN, .vmid = j->vmid,
							.timeout_ms = 1000 * json_int(j->param, "timeout", SHUTDOWN_S) },
			       reboot_off);
}

static void reboot_run(struct job *j)
{
	job_lock_vm(j, reboot_locked);
}

static void simple_locked(struct job *j)
{
	struct vm *vm = job_vm(j);
	enum hv_op op = streq(j->task->type, "qmpause")	 ? HV_SUSPEND :
			streq(j->task->type, "qmresume") ? HV_RESUME :
							   HV_RESET;

	if (!vm)
		return;
	if (!vm_is_running(vm))
		job_fail(j, "VM %d not running", j->vmid);
	else
		job_hypervisor(j, &(struct hv_request){ .op = op, .vmid = j->vmid }, answered);
}

static void simple_run(struct job *j)
{
	job_lock_vm(j, simple_locked);
}

/* skiplock is root's alone. */
static bool skiplock_refused(struct request *q)
{
	if (!param_flag(q, "skiplock", false) || caller_is_root(&q->who))
		return false;
	reply_param_error(q, "skiplock", "Only root may use this option.");
	return true;
}

/* Starts a task on a VM that must exist and (running) run, where Proxmox looks before it answers. */
static void start_checked(struct request *q, const char *type, bool running, job_fn *run)
{
	struct vm *vm;

	if (skiplock_refused(q))
		return;
	if (running) {
		vm = vm_need(q);
		if (!vm)
			return;
		if (!vm_is_running(vm)) {
			reply_error(q, 500, "VM %d not running", vm->vmid);
			return;
		}
	}
	job_start(q, type, param_text(q, "vmid"), run);
}

static void post_start(struct request *q)
{
	start_checked(q, "qmstart", false, vm_start_job);
}

static void post_stop(struct request *q)
{
	start_checked(q, "qmstop", false, stop_run);
}

static void post_shutdown(struct request *q)
{
	start_checked(q, "qmshutdown", false, shutdown_run);
}

static void post_reboot(struct request *q)
{
	start_checked(q, "qmreboot", true, reboot_run);
}

static void post_reset(struct request *q)
{
	start_checked(q, "qmreset", true, simple_run);
}

static void post_suspend(struct request *q)
{
	start_checked(q, "qmpause", true, simple_run);
}

static void post_resume(struct request *q)
{
	start_checked(q, "qmresume", false, simple_run);
}

const struct route vm_power_routes[] = {
	{ "POST", "/nodes/{node}/qemu/{vmid}/status/start", post_start },
	{ "POST", "/nodes/{node}/qemu/{vmid}/status/stop", post_stop },
	{ "POST", "/nodes/{node}/qemu/{vmid}/status/shutdown", post_shutdown },
	{ "POST", "/nodes/{node}/qemu/{vmid}/status/reboot", post_reboot },
	{ "POST", "/nodes/{node}/qemu/{vmid}/status/reset", post_reset },
	{ "POST", "/nodes/{node}/qemu/{vmid}/status/suspend", post_suspend },
	{ "POST", "/nodes/{node}/qemu/{vmid}/status/resume", post_resume },
	{ NULL },
};
