#include "lab/route.h"
#include "lab/vm_clone.h"
#include "lab/vm_power.h"
#include "data/json.h"

enum { LOCK_MS = 10000 };

static void lock_vm(struct job *j, job_fn *next)
{
	_cleanup_free_ char *name = vm_lock_name(j->vmid);

	job_lock(j, name, false, LOCK_MS, next);
}

static const char *first_disk(const struct vm *vm)
{
	const char *key;
	json_t *value;

	json_object_foreach(vm->config, key, value)
		if (vm_key_is_drive(key) && !vm_drive_is_cdrom(json_string_value(value)))
			return key;
	return NULL;
}

/* A failed operation leaves no lock behind. */
static struct vm *unlocked(struct job *j)
{
	struct vm *vm = vm_find(j->lab, j->vmid);

	if (vm)
		vm_set_lock(vm, NULL);
	return vm;
}

static void taken(struct job *j)
{
	struct vm *vm = unlocked(j);
	const char *name = job_text(j, "snapname"), *description = job_text(j, "description");
	json_t *s;

	if (j->error || !vm) {
		job_fail(j, "%s", j->error ? j->error : "the VM is gone");
		return;
	}
	s = json_copy(vm->config);
	json_object_set_new(s, "snaptime", json_integer(lab_wall_s(j->lab)));
	if (description)
		json_object_set_new(s, "description", json_string(description));
	else
		json_object_del(s, "description");
	if (json_flag(j->param, "vmstate", false) && vm_is_running(vm))
		json_object_set_new(
			s, "vmstate",
			json_sprintf("vmstore:%d/vm-%d-state-%s.raw", vm->vmid, vm->vmid, name));
	json_object_set_new(vm->snapshots, name, s);
	json_object_set_new(vm->config, "parent", json_string(name));
	job_done(j);
}

static void take_locked(struct job *j)
{
	struct vm *vm = job_vm(j);
	const char *name = job_text(j, "snapname"), *disk;

	if (!vm)
		return;
	if (json_object_get(vm->snapshots, name)) {
		job_fail(j, "snapshot name '%s' already used", name);
		return;
	}
	if (!vm_has_feature(vm, "snapshot")) {
		job_fail(j, "snapshot feature is not available");
		return;
	}
	if (vm_is_template(vm)) {
		job_fail(j, "unable to take a snapshot from a template");
		return;
	}
	disk = first_disk(vm);
	if (disk) {
		const char *drive = json_text(vm->config, disk);
		task_log(j->task, "snapshotting 'drive-%s' (%.*s)", disk, (int)strcspn(drive, ","),
			 drive);
	}
	vm_set_lock(vm, "snapshot");
	job_hypervisor(j,
		       &(struct hv_request){ .op = HV_SNAPSHOT, .vmid = j->vmid, .snapshot = name },
		       taken);
}

static void take_run(struct job *j)
{
	lock_vm(j, take_locked);
}

static void post_snapshot(struct request *q)
{
	const char *name = param_text(q, "snapname");

	if (streq(name, "current") || streq(name, "pending"))
		reply_error(q, 500, "unable to use snapshot name '%s' (reserved name)", name);
	else if (vm_need(q))
		job_start(q, "qmsnapshot", param_text(q, "vmid"), take_run);
}

/* The configuration of the snapshot is the VM's again; only the description stays. */
static void restore(struct vm *vm, const char *name)
{
	json_t *config = json_copy(json_object_get(vm->snapshots, name));
	json_t *description = json_incref(json_object_get(vm->config, "description"));
	_cleanup_free_ char *generation = lab_uuid();

	for (const char *const *k =
		     (const char *const[]){ "snaptime", "vmstate", "description", "lock", NULL };
	     *k; k++)
		json_object_del(config, *k);
	if (description)
		json_object_set_new(config, "description", description);
	json_object_set_new(config, "parent", json_string(name));
	json_object_set_new(config, "vmgenid", json_string(generation));
	json_decref(vm->config);
	vm->config = config;
	json_object_clear(vm->pending);
}

static void rolled_back(struct job *j)
{
	struct vm *vm = unlocked(j);
	const char *name = job_text(j, "snapname");
	bool start;

	if (j->error || !vm) {
		job_fail(j, "%s", j->error ? j->error : "the VM is gone");
		return;
	}
	start = json_flag(j->param, "start", false) ||
		json_object_get(json_object_get(vm->snapshots, name), "vmstate");
	restore(vm, name);
	if (start)
		vm_start_task(j->lab, &j->task->who, j->vmid);
	job_done(j);
}

static void rollback_off(struct job *j)
{
	struct vm *vm = vm_find(j->lab, j->vmid);

	if (j->error || !vm) {
		job_fail(j, "%s", j->error ? j->error : "the VM is gone");
		return;
	}
	vm_set_lock(vm, "rollback");
	job_hypervisor(j,
		       &(struct hv_request){ .op = HV_ROLLBACK,
					     .vmid = j->vmid,
					     .snapshot = job_text(j, "snapname") },
		       rolled_back);
}

static void rollback_locked(struct job *j)
{
	struct vm *vm = job_vm(j);

	if (!vm)
		return;
	if (!json_object_get(vm->snapshots, job_text(j, "snapname")))
		job_fail(j, "snapshot '%s' does not exist", job_text(j, "snapname"));
	else if (vm_is_running(vm))
		job_hypervisor(j, &(struct hv_request){ .op = HV_STOP, .vmid = j->vmid },
			       rollback_off);
	else
		rollback_off(j);
}

static void rollback_run(struct job *j)
{
	lock_vm(j, rollback_locked);
}

static void post_rollback(struct request *q)
{
	job_start(q, "qmrollback", param_text(q, "vmid"), rollback_run);
}

static void adopt_children(struct vm *vm, const char *name)
{
	json_t *gone = json_object_get(vm->snapshots, name), *s,
	       *parent = json_object_get(gone, "parent");
	const char *key;

	json_object_foreach(vm->snapshots, key, s)
		if (streq_null(json_text(s, "parent"), name)) {
			if (parent)
				json_object_set(s, "parent", parent);
			else
				json_object_del(s, "parent");
		}
	if (streq_null(json_text(vm->config, "parent"), name)) {
		if (parent)
			json_object_set(vm->config, "parent", parent);
		else
			json_object_del(vm->config, "parent");
	}
}

static void deleted(struct job *j)
{
	struct vm *vm = unlocked(j);

	if (j->error || !vm) {
		job_fail(j, "%s", j->error ? j->error : "the VM is gone");
		return;
	}
	adopt_children(vm, job_text(j, "snapname"));
	json_object_del(vm->snapshots, job_text(j, "snapname"));
	job_done(j);
}

static void delete_locked(struct job *j)
{
	struct vm *vm = job_vm(j);
	const char *name = job_text(j, "snapname");

	if (!vm)
		return;
	if (!json_object_get(vm->snapshots, name)) {
		job_fail(j, "snapshot '%s' does not exist", name);
		return;
	}
	vm_set_lock(vm, "snapshot-delete");
	job_hypervisor(
		j,
		&(struct hv_request){ .op = HV_SNAPSHOT_DELETE, .vmid = j->vmid, .snapshot = name },
		deleted);
}

static void delete_run(struct job *j)
{
	lock_vm(j, delete_locked);
}

static void delete_snapshot(struct request *q)
{
	if (vm_need(q))
		job_start(q, "qmdelsnapshot", param_text(q, "vmid"), delete_run);
}

static void get_list(struct request *q)
{
	struct vm *vm = vm_need(q);
	json_t *list, *s;
	const char *name;
	char hex[41];

	if (!vm)
		return;
	list = json_array();
	json_object_foreach(vm->snapshots, name, s) {
		const char *description = json_text(s, "description");
		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:s, s:i, s:s*}", "name", name,
						"snaptime", (json_int_t)json_int(s, "snaptime", 0),
						"description", description ? description : "",
						"vmstate", json_object_get(s, "vmstate") ? 1 : 0,
						"parent", json_text(s, "parent")));
	}
	json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:s, s:s*}", "name", "current",
					      "description", "You are here!", "running",
					      (int)vm_is_running(vm), "digest", vm_digest(vm, hex),
					      "parent", json_text(vm->config, "parent")));
	reply_data(q, list);
}

/* The snapshot of the path; answers an error where there is none. */
static json_t *need_snapshot(struct request *q)
{
	struct vm *vm = vm_need(q);
	json_t *s = vm ? json_object_get(vm->snapshots, param_text(q, "snapname")) : NULL;

	if (vm && !s)
		reply_error(q, 500, "snapshot '%s' does not exist", param_text(q, "snapname"));
	return s;
}

static void get_config(struct request *q)
{
	json_t *s = need_snapshot(q);

	if (!s)
		return;
	s = json_copy(s);
	if (json_object_get(s, "cipassword"))
		json_object_set_new(s, "cipassword", json_string("**********"));
	reply_data(q, s);
}

static void put_config(struct request *q)
{
	json_t *s = need_snapshot(q);

	if (!s)
		return;
	if (param_given(q, "description"))
		json_object_set_new(s, "description", json_string(param_text(q, "description")));
	reply_null(q);
}

const struct route snapshot_routes[] = {
	{ "GET", "/nodes/{node}/qemu/{vmid}/snapshot", get_list },
	{ "POST", "/nodes/{node}/qemu/{vmid}/snapshot", post_snapshot },
	{ "DELETE", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}", delete_snapshot },
	{ "GET", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config", get_config },
	{ "PUT", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config", put_config },
	{ "POST", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/rollback", post_rollback },
	{ NULL },
};
