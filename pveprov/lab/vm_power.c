#include "lab/vm_power.h"
#include "lab/fault.h"
#include "lab/route.h"
#include "lab/vm_needs.h"
#include "data/json.h"

enum { LOCK_MS = 10000, SHUTDOWN_S = 180 };

struct vm *job_vm(struct job *j)
{
	struct vm *vm = vm_find(j->lab, j->vmid);

	if (!vm)
		job_fail(j, "Configuration file 'nodes/%s/qemu-server/%d.conf' does not exist",
			 j->lab->node, j->vmid);
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
	why = vm_needs(vm, config);
	if (why)
		job_fail(j, "%s", why);
	else
		job_hypervisor(j,
			       &(struct hv_request){
				       .op = HV_START,
				       .vmid = vm->vmid,
				       .config = config,
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
	struct hv_request r = {
		.op = HV_START, .vmid = vm->vmid, .config = vm->config, .timeout_ms = 30000
	};

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
	job_hypervisor(j,
		       &(struct hv_request){
			       .op = HV_SHUTDOWN,
			       .vmid = j->vmid,
			       .config = vm->config,
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
		job_hypervisor(
			j,
			&(struct hv_request){
				.op = HV_SHUTDOWN,
				.vmid = j->vmid,
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
	enum hv_op op = streq(j->task->type, "qmpause")	   ? HV_SUSPEND
			: streq(j->task->type, "qmresume") ? HV_RESUME
							   : HV_RESET;

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

/* Starts a task on a VM that must exist and (running) run, where Proxmox looks before it answers.
 */
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
