/* vm_manage.c: lists, status, and the life of a VM: create, template, resize, destroy. Clones:
 * vm_clone.c. */
#include "lab/acl.h"
#include "lab/container.h"
#include "lab/pool.h"
#include "lab/route.h"
#include "lab/storage.h"
#include "lab/vm_clone.h"
#include "lab/vm_power.h"
#include "lab/vm_rights.h"
#include "lab/vm_values.h"
#include "base/strv.h"
#include "data/json.h"

#include <ctype.h>

enum { LOCK_MS = 10000 };

/* What lists and status have in common. */
static json_t *entry(const struct vm *vm)
{
	bool running = vm_is_running(vm);
	json_t *e =
		json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:i, s:i}", "vmid",
			  vm->vmid, "status", running ? "running" : "stopped", "cpus",
			  (json_int_t)values_cpus(vm->config), "maxmem",
			  (json_int_t)values_memory_bytes(vm->config), "maxdisk",
			  (json_int_t)vm_disk_bytes(vm), "uptime",
			  (json_int_t)(running ? (lab_now_ms(vm->lab) - vm->started_ms) / 1000 : 0),
			  "cpu", 0, "mem", 0, "memhost", 0, "disk", 0, "netin", 0, "netout", 0);

	json_object_set_new(e, "name", json_string(values_name(vm)));
	if (vm_is_template(vm))
		json_object_set_new(e, "template", json_integer(1));
	if (json_text(vm->config, "tags"))
		json_object_set(e, "tags", json_object_get(vm->config, "tags"));
	if (json_object_get(vm->config, "serial0"))
		json_object_set_new(e, "serial", json_integer(1));
	if (vm_lock(vm))
		json_object_set_new(e, "lock", json_string(vm_lock(vm)));
	if (running)
		json_object_set_new(e, "pid", json_integer(vm->pid));
	return e;
}

static const char *qmp_status(const struct vm *vm)
{
	return vm_status(vm);
}

static void get_list(struct request *q)
{
	json_t *list = json_array();

	for (struct vm *vm = vm_next(q->lab, 0); vm; vm = vm_next(q->lab, vm->vmid + 1)) {
		if (!vm_may_see(q, vm))
			continue;
		json_t *e = entry(vm);
		if (param_flag(q, "full", false))
			json_object_set_new(e, "qmpstatus", json_string(qmp_status(vm)));
		json_array_append_new(list, e);
	}
	reply_data(q, list);
}

static void add_pressure(json_t *e, const struct vm *vm)
{
	static const char *const keys[] = { "pressurecpusome",	  "pressurecpufull",
					    "pressureiosome",	  "pressureiofull",
					    "pressurememorysome", "pressurememoryfull" };
	json_t *nics = json_object(), *value;
	const char *key;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_set_new(e, keys[i], json_integer(0));
	json_object_foreach(vm->config, key, value)
		if (starts_with(key, "net") && isdigit(key[3])) {
			char *tap = xasprintf("tap%di%s", vm->vmid, key + 3);
			json_object_set_new(nics, tap,
					    json_pack("{s:i, s:i}", "netin", 0, "netout", 0));
			free(tap);
		}
	json_object_set_new(e, "nics", nics);
}

static void get_current(struct request *q)
{
	struct vm *vm = vm_need(q);
	const char *agent;
	json_t *e;

	if (!vm)
		return;
	e = entry(vm);
	agent = json_text(vm->config, "agent");
	json_object_set_new(e, "qmpstatus", json_string(qmp_status(vm)));
	json_object_set_new(e, "ha", json_pack("{s:i}", "managed", 0));
	if (agent && starts_with(agent, "1"))
		json_object_set_new(e, "agent", json_integer(1));
	if (vm_is_running(vm))
		add_pressure(e, vm);
	reply_data(q, e);
}

static bool volumes_have_snapshots(const struct vm *vm)
{
	const char *key;
	json_t *value;

	json_object_foreach(vm->config, key, value) {
		const char *text = json_string_value(value);
		_cleanup_free_ char *storage = text ? storage_of_volume(text) : NULL;
		if (!vm_key_is_drive(key) || vm_drive_is_cdrom(text))
			continue;
		const json_t *s = storage_get(vm->lab, storage);
		const char *dot = strstr(text, ".raw");
		if (!s || !storage_has_snapshots(s) || (storage_is_dir(s) && dot))
			return false;
	}
	return true;
}

bool vm_has_feature(const struct vm *vm, const char *feature)
{
	if (streq(feature, "copy"))
		return true;
	return streq(feature, "clone") ? volumes_have_snapshots(vm) && vm_is_template(vm)
				       : volumes_have_snapshots(vm);
}

static void get_feature(struct request *q)
{
	struct vm *vm = vm_need(q);

	if (vm)
		reply_data(q, json_pack("{s:i, s:[s]}", "hasFeature",
					(int)vm_has_feature(vm, param_text(q, "feature")), "nodes",
					q->lab->node));
}

static void created(struct job *j)
{
	_cleanup_free_ char *why = NULL;
	struct vm *vm = vm_find(j->lab, j->vmid);
	const char *key;
	json_t *value;

	if (!vm) {
		job_fail(j, "unable to create VM %d - it is gone", j->vmid);
		return;
	}
	json_object_foreach(j->param, key, value) {
		json_t *stored = rights_is_option(key)
					 ? NULL
					 : values_store(vm, key, json_string_value(value), &why);
		if (why) {
			vm_remove(vm);
			job_fail(j, "unable to create VM %d - %s", j->vmid, why);
			return;
		}
		if (stored)
			json_object_set_new(vm->config, key, stored);
	}
	values_identity(vm->config, lab_wall_s(j->lab));
	vm_set_lock(vm, NULL);
	if (job_text(j, "pool"))
		pool_set(j->lab, j->vmid, job_text(j, "pool"));
	if (json_flag(j->param, "start", false))
		vm_start_task(j->lab, &j->task->who, j->vmid);
	job_done(j);
}

/* The configuration file is there from the first moment on, so that of two at once one fails. */
static void post_vm(struct request *q)
{
	int vmid = (int)param_int(q, "vmid", 0);

	if (vm_find(q->lab, vmid) || container_find(q->lab, vmid)) {
		reply_error(q, 500, "unable to create VM %d - %s %d already exists on node '%s'",
			    vmid, vm_find(q->lab, vmid) ? "VM" : "CT", vmid, q->lab->node);
		return;
	}
	if (!rights_request(q, NULL))
		return;
	vm_set_lock(vm_create(q->lab, vmid, json_object()), "create");
	job_start(q, "qmcreate", param_text(q, "vmid"), created);
}

static void template_run(struct job *j)
{
	struct vm *vm = job_vm(j);
	const char *key;
	json_t *value;

	if (!vm)
		return;
	json_object_foreach(vm->config, key, value) {
		const char *text = json_string_value(value);
		if (!vm_key_is_drive(key) || vm_drive_is_cdrom(text) || strstr(text, "base-"))
			continue;
		_cleanup_free_ char *base = storage_base_volume(j->lab, text);
		json_object_set_new(vm->config, key, json_string(base));
	}
	json_object_set_new(vm->config, "template", json_integer(1));
	job_done(j);
}

static void post_template(struct request *q)
{
	struct vm *vm = vm_need(q);

	if (!vm)
		return;
	if (vm_lock(vm))
		reply_error(q, 500, "VM is locked (%s)", vm_lock(vm));
	else if (vm_is_template(vm))
		reply_error(q, 500, "you can't convert a template to a template");
	else if (vm_is_running(vm))
		reply_error(q, 500, "you can't convert a VM to template if VM is running");
	else if (json_object_size(vm->snapshots))
		reply_error(q, 500, "unable to create template, because VM contains snapshots");
	else
		job_start(q, "qmtemplate", param_text(q, "vmid"), template_run);
}

/* The linked clone that stands on a volume of this template; NULL: none. */
static const char *used_base(const struct vm *vm)
{
	const char *key;
	json_t *value;

	json_object_foreach(vm->config, key, value) {
		const char *text = json_string_value(value);
		if (!vm_key_is_drive(key) || vm_drive_is_cdrom(text))
			continue;
		for (struct vm *o = vm_next(vm->lab, 0); o; o = vm_next(vm->lab, o->vmid + 1))
			if (o != vm && vm_stands_on(o, vm->vmid))
				return text;
	}
	return NULL;
}

static void destroyed(struct job *j)
{
	struct vm *vm = vm_find(j->lab, j->vmid);

	if (j->error) {
		job_fail(j, "%s", j->error);
		return;
	}
	if (vm)
		vm_remove(vm);
	job_done(j);
}

static void destroy_locked(struct job *j)
{
	struct vm *vm = job_vm(j);
	const char *base = vm ? used_base(vm) : NULL;

	if (!vm)
		return;
	if (base) {
		job_fail(j, "base volume '%.*s' is still in use by linked cloned",
			 (int)strcspn(base, ","), base);
		return;
	}
	if (json_flag(j->param, "purge", false))
		task_log(j->task, "purging VM %d from related configurations..", j->vmid);
	job_hypervisor(j, &(struct hv_request){ .op = HV_DESTROY, .vmid = j->vmid }, destroyed);
}

static void destroy_run(struct job *j)
{
	_cleanup_free_ char *name = vm_lock_name(j->vmid);

	job_lock(j, name, false, LOCK_MS, destroy_locked);
}

static void delete_vm(struct request *q)
{
	struct vm *vm = vm_need(q);

	if (!vm)
		return;
	if (vm_is_running(vm))
		reply_error(q, 500, "VM %d is running - destroy failed", vm->vmid);
	else if (json_flag(vm->config, "protection", false))
		reply_error(q, 500, "can't remove VM %d - protection mode enabled", vm->vmid);
	else
		job_start(q, "qmdestroy", param_text(q, "vmid"), destroy_run);
}

/* New size of a disk: absolute or "+1G"; 0: smaller than it is. */
static int64_t new_bytes(const char *drive, const char *size)
{
	const char *at = strstr(drive, "size=");
	int64_t old = at ? values_size_bytes(at + 5) : 0;
	int64_t bytes = values_size_bytes(size + (*size == '+')) + (*size == '+' ? old : 0);

	return bytes >= old ? bytes : 0;
}

static void resized(struct job *j)
{
	struct vm *vm = vm_find(j->lab, j->vmid);
	const char *disk = job_text(j, "disk"), *drive = vm ? json_text(vm->config, disk) : NULL;
	_cleanup_free_ char *size = NULL;
	const char *at;

	if (j->error || !drive) {
		job_fail(j, "%s", j->error ? j->error : "the disk is gone");
		return;
	}
	size = values_size_text(new_bytes(drive, job_text(j, "size")));
	at = strstr(drive, ",size=");
	size_t head = at ? (size_t)(at - drive) : strlen(drive);
	const char *tail = at ? at + 6 + strcspn(at + 6, ",") : "";
	json_object_set_new(vm->config, disk,
			    json_sprintf("%.*s,size=%s%s", (int)head, drive, size, tail));
	job_done(j);
}

static void resize_locked(struct job *j)
{
	struct vm *vm = job_vm(j);
	const char *disk = job_text(j, "disk"), *drive = vm ? json_text(vm->config, disk) : NULL;
	int64_t bytes;

	if (!vm)
		return;
	if (!drive) {
		job_fail(j, "disk '%s' does not exist", disk);
		return;
	}
	bytes = new_bytes(drive, job_text(j, "size"));
	if (bytes == 0)
		job_fail(j, "shrinking disks is not supported");
	else
		job_hypervisor(j,
			       &(struct hv_request){ .op = HV_RESIZE,
						     .vmid = j->vmid,
						     .disk = disk,
						     .size_bytes = bytes },
			       resized);
}

static void resize_run(struct job *j)
{
	_cleanup_free_ char *name = vm_lock_name(j->vmid);

	job_lock(j, name, false, LOCK_MS, resize_locked);
}

static void put_resize(struct request *q)
{
	if (vm_need(q))
		job_start(q, "resize", param_text(q, "vmid"), resize_run);
}

const struct route vm_routes[] = {
	{ "GET", "/nodes/{node}/qemu", get_list },
	{ "POST", "/nodes/{node}/qemu", post_vm },
	{ "DELETE", "/nodes/{node}/qemu/{vmid}", delete_vm },
	{ "GET", "/nodes/{node}/qemu/{vmid}/status/current", get_current },
	{ "GET", "/nodes/{node}/qemu/{vmid}/feature", get_feature },
	{ "POST", "/nodes/{node}/qemu/{vmid}/clone", vm_clone },
	{ "POST", "/nodes/{node}/qemu/{vmid}/template", post_template },
	{ "PUT", "/nodes/{node}/qemu/{vmid}/resize", put_resize },
	{ NULL },
};
