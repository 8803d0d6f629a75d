#include "lab/vm_clone.h"
#include "lab/container.h"
#include "lab/firewall.h"
#include "lab/pool.h"
#include "lab/storage.h"
#include "lab/vm_rights.h"
#include "lab/vm_values.h"
#include "data/json.h"
#include "data/propstring.h"

#include <ctype.h>

enum { LOCK_MS = 1000, STORAGE_LOCK_MS = 10000 };

bool vm_stands_on(const struct vm *vm, int template_vmid)
{
	return vm->base_vmid == template_vmid;
}

/* What a clone does not take over. */
static bool is_left_out(const char *key)
{
	static const char *const keys[] = { "template", "lock",	    "parent", "smbios1",
					    "vmgenid",	"snaptime", "meta" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (streq(keys[i], key))
			return true;
	return starts_with(key, "unused");
}

static char *with_new_mac(const char *net)
{
	_cleanup_propstring_ struct propstring p = { 0 };

	if (propstring_parse(net, "model", &p, NULL) || p.n == 0)
		return xstrdup(net);
	free(p.items[0].value);
	p.items[0].value = lab_mac();
	return propstring_text(&p);
}

/* The drive of the clone, and the log lines that Proxmox writes about it. */
static char *clone_drive(struct job *j, int newid, const char *key, const char *drive, bool linked)
{
	size_t n = strcspn(drive, ",");
	_cleanup_free_ char *volume = xstrndup(drive, n), *storage = storage_of_volume(volume),
			    *made = NULL;
	const char *target = job_text(j, "storage"), *format = job_text(j, "format");
	const char *at = strrchr(volume, '/') ? strrchr(volume, '/') + 1 : strchr(volume, ':') + 1;
	_cleanup_free_ char *what = NULL;

	if (vm_drive_is_cdrom(drive) && !vm_drive_is_cloudinit(drive))
		return xstrdup(drive);
	at = strstr(at, "cloudinit") ? "cloudinit"
	     : strstr(at, "disk-")   ? strstr(at, "disk-")
				     : "disk-0";
	what = xstrndup(at, strcspn(at, "."));
	if (streq(what, "cloudinit")) {
		made = storage_volume(j->lab, target ? target : storage, newid, what, "qcow2");
	} else if (linked) {
		made = storage_linked_volume(j->lab, volume, newid, what);
		task_log(j->task, "create linked clone of drive %s (%s)", key, volume);
		task_log(j->task, "clone %s: images, vm-%d-%s, %d to vm-%d-%s",
			 strchr(volume, ':') + 1, newid, what, newid, newid, what);
	} else {
		const char *dot = strrchr(volume, '.');
		made = storage_volume(j->lab, target ? target : storage, newid, what,
				      format ? format
				      : dot  ? dot + 1
					     : "raw");
		task_log(j->task, "create full clone of drive %s (%s)", key, volume);
		task_log(j->task, "allocated target volume '%s'", made);
	}
	return xasprintf("%s%s", made, drive + n);
}

static json_t *clone_config(struct job *j, const struct vm *from, int newid, bool linked)
{
	json_t *config = json_object(), *value;
	const char *key, *name = job_text(j, "name"), *description = job_text(j, "description");

	json_object_foreach(from->config, key, value) {
		_cleanup_free_ char *text = NULL;
		if (is_left_out(key))
			continue;
		if (vm_key_is_drive(key))
			text = clone_drive(j, newid, key, json_string_value(value), linked);
		else if (starts_with(key, "net") && isdigit(key[3]))
			text = with_new_mac(json_string_value(value));
		json_object_set_new(config, key, text ? json_string(text) : json_incref(value));
	}
	json_object_set(config, "meta", json_object_get(from->config, "meta"));
	if (name)
		json_object_set_new(config, "name", json_string(name));
	else if (json_text(from->config, "name"))
		json_object_set_new(config, "name",
				    json_sprintf("Copy-of-VM-%s", json_text(from->config, "name")));
	if (description)
		json_object_set_new(config, "description", json_string(description));
	values_identity(config, lab_wall_s(j->lab));
	return config;
}

static bool is_linked(const struct job *j, const struct vm *from)
{
	return !json_flag(j->param, "full", !vm_is_template(from));
}

static int new_id(const struct job *j)
{
	return (int)json_int(j->param, "newid", 0);
}

static void forget(struct job *j)
{
	struct vm *vm = vm_find(j->lab, new_id(j));

	if (vm)
		vm_remove(vm);
}

static void cloned(struct job *j)
{
	struct vm *from = vm_find(j->lab, j->vmid), *vm = vm_find(j->lab, new_id(j));
	json_t *config;

	if (j->error || !from || !vm) {
		_cleanup_free_ char *why = xstrdup(j->error ? j->error : "the VM is gone");
		forget(j);
		job_fail(j, "clone failed: %s", why);
		return;
	}
	config = j->data;
	j->data = NULL;
	json_decref(vm->config);
	vm->config = config;
	firewall_clone(j->lab, j->vmid, vm->vmid);
	if (job_text(j, "pool"))
		pool_set(j->lab, vm->vmid, job_text(j, "pool"));
	job_done(j);
}

static void storage_locked(struct job *j)
{
	struct vm *from = vm_find(j->lab, j->vmid);

	if (!from) {
		forget(j);
		job_fail(j, "clone failed: the source is gone");
		return;
	}
	job_hypervisor(j,
		       &(struct hv_request){ .op = HV_CLONE,
					     .vmid = new_id(j),
					     .source_vmid = j->vmid,
					     .linked = is_linked(j, from),
					     .config = j->data },
		       cloned);
}

/* The storage that the first disk of the clone is made on. */
static char *lock_name(const struct job *j)
{
	const char *key;
	json_t *value;

	json_object_foreach(j->data, key, value)
		if (vm_key_is_drive(key) && !vm_drive_is_cdrom(json_string_value(value))) {
			_cleanup_free_ char *storage = storage_of_volume(json_string_value(value));
			return xasprintf("storage-%s", storage);
		}
	return xstrdup("storage-");
}

static void source_locked(struct job *j)
{
	struct vm *from = vm_find(j->lab, j->vmid);
	_cleanup_free_ char *name = NULL;

	if (!from || vm_lock(from)) {
		job_fail(j, from ? "VM is locked (%s)" : "the source is gone",
			 from ? vm_lock(from) : "");
		return;
	}
	if (vm_find(j->lab, new_id(j))) {
		job_fail(j, "unable to create VM %d: config file already exists", new_id(j));
		return;
	}
	task_log(j->task, "creating a clone of VM %d with ID %d", j->vmid, new_id(j));
	j->data = clone_config(j, from, new_id(j), is_linked(j, from));
	vm_set_lock(vm_create(j->lab, new_id(j), json_pack("{s:s}", "lock", "clone")), "clone");
	/* What is known early is seen early: name and description, so that a mark can be read. */
	struct vm *vm = vm_find(j->lab, new_id(j));
	for (const char *const *k =
		     (const char *const[]){ "name", "description", "memory", "cores", NULL };
	     *k; k++)
		if (json_object_get(j->data, *k))
			json_object_set(vm->config, *k, json_object_get(j->data, *k));
	vm->base_vmid = is_linked(j, from) ? j->vmid : 0;
	j->broken = forget;
	name = lock_name(j);
	job_lock(j, name, false, STORAGE_LOCK_MS, storage_locked);
}

static void run(struct job *j)
{
	struct vm *from = vm_find(j->lab, j->vmid);
	_cleanup_free_ char *name = vm_lock_name(j->vmid);

	job_lock(j, name, from && !vm_is_running(from), LOCK_MS, source_locked);
}

/* Bridges, devices and storages that the copy will use. */
static bool may_use(struct request *q, const struct vm *from)
{
	const char *key, *storage = param_text(q, "storage");
	json_t *value;

	json_object_foreach(from->config, key, value) {
		const char *text = json_string_value(value);
		_cleanup_free_ char *drive = NULL;
		if (!text || (vm_key_is_drive(key) && vm_drive_is_cdrom(text)))
			continue;
		if (starts_with(key, "hostpci") && !rights_set(q, NULL, key, text))
			return false;
		if (vm_key_is_drive(key) && storage)
			drive = xasprintf("%s:x", storage);
		if (!rights_use(q, key, drive ? drive : text))
			return false;
	}
	return true;
}

void vm_clone(struct request *q)
{
	int vmid = (int)param_int(q, "vmid", 0), newid = (int)param_int(q, "newid", 0);
	struct vm *from = vm_find(q->lab, vmid);
	const char *storage = param_text(q, "storage");
	bool full;

	if (!from) {
		reply_error(q, 500, "unable to find configuration file for VM %d on node '%s'",
			    vmid, q->lab->node);
		return;
	}
	full = param_flag(q, "full", !vm_is_template(from));
	if (vm_lock(from))
		reply_error(q, 500, "VM is locked (%s)", vm_lock(from));
	else if (vm_find(q->lab, newid) || container_find(q->lab, newid))
		reply_error(q, 500, "unable to create VM %d: config file already exists", newid);
	else if (!full && storage)
		reply_param_error(q, "storage",
				  "parameter 'storage' not allowed for linked clones");
	else if (storage && !storage_get(q->lab, storage))
		reply_error(q, 500, "storage '%s' does not exist", storage);
	else if (!full && !vm_has_feature(from, "clone"))
		reply_error(q, 500, "Linked clone feature is not supported for drive '%s'",
			    "scsi0");
	else if (may_use(q, from))
		job_start(q, "qmclone", param_text(q, "vmid"), run);
}
