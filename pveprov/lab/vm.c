#include "lab/vm.h"
#include "lab/firewall.h"
#include "lab/acl.h"
#include "lab/pool.h"
#include "lab/storage.h"
#include "lab/vm_power.h"
#include "lab/vm_values.h"
#include "base/text.h"
#include "data/digest.h"
#include "data/json.h"
#include "data/propstring.h"

#include <ctype.h>

/* Sorted by vmid. */
struct vms {
	struct vm **v;
	size_t n, cap;
};

struct vms *vms_new(struct lab *l UNUSED)
{
	return xcalloc(1, sizeof(struct vms));
}

static void vm_free(struct vm *vm)
{
	json_decref(vm->config);
	json_decref(vm->pending);
	json_decref(vm->snapshots);
	free(vm);
}

struct vms *vms_free(struct vms *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		vm_free(s->v[i]);
	free(s->v);
	free(s);
	return NULL;
}

/* Where a vmid is or would be. */
static size_t position(const struct vms *s, int vmid)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (s->v[middle]->vmid < vmid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct vm *vm_next(const struct lab *l, int from)
{
	size_t at = position(l->vms, from);

	return at < l->vms->n ? l->vms->v[at] : NULL;
}

struct vm *vm_find(const struct lab *l, int vmid)
{
	struct vm *vm = vm_next(l, vmid);

	return vm && vm->vmid == vmid ? vm : NULL;
}

struct vm *vm_create(struct lab *l, int vmid, json_t *config)
{
	struct vms *s = l->vms;
	size_t at = position(s, vmid);
	struct vm *vm = xcalloc(1, sizeof(*vm));

	vm->lab = l;
	vm->vmid = vmid;
	vm->config = config;
	vm->pending = json_object();
	vm->snapshots = json_object();
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->v = xrealloc(s->v, s->cap, sizeof(struct vm *));
	}
	memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof(struct vm *));
	s->v[at] = vm;
	s->n++;
	firewall_machines_changed(l);
	return vm;
}

void vm_remove(struct vm *vm)
{
	struct vms *s = vm->lab->vms;
	size_t at = position(s, vm->vmid);

	pool_set(vm->lab, vm->vmid, NULL);
	firewall_forget(vm->lab, vm->vmid);
	memmove(s->v + at, s->v + at + 1, (s->n - at - 1) * sizeof(struct vm *));
	s->n--;
	vm_free(vm);
}

char *vm_missing_text(int vmid)
{
	return xasprintf("Configuration file 'nodes/pve/qemu-server/%d.conf' does not exist", vmid);
}

struct vm *vm_need(struct request *q)
{
	int vmid = (int)param_int(q, "vmid", 0);
	struct vm *vm = vm_find(q->lab, vmid);

	if (!vm)
		reply_error(q, 500,
			    "Configuration file 'nodes/%s/qemu-server/%d.conf' does not exist",
			    q->lab->node, vmid);
	return vm;
}

const char *vm_status(const struct vm *vm)
{
	return vm->lab->hypervisor->ops->status(vm->lab->hypervisor, vm->vmid);
}

bool vm_is_running(const struct vm *vm)
{
	return !streq(vm_status(vm), "stopped");
}

bool vm_is_template(const struct vm *vm)
{
	return json_flag(vm->config, "template", false);
}

const char *vm_lock(const struct vm *vm)
{
	return json_text(vm->config, "lock");
}

void vm_set_lock(struct vm *vm, const char *lock)
{
	if (lock)
		json_object_set_new(vm->config, "lock", json_string(lock));
	else
		json_object_del(vm->config, "lock");
}

char *vm_lock_name(int vmid)
{
	return xasprintf("vm-%d", vmid);
}

const char *vm_digest(const struct vm *vm, char hex[static 41])
{
	json_t *whole = json_pack("{s:O, s:O, s:O}", "config", vm->config, "pending", vm->pending,
				  "snapshots", vm->snapshots);
	_cleanup_free_ char *text = json_dump_text(whole);

	json_decref(whole);
	return digest_sha1(text, strlen(text), hex);
}

json_t *vm_config_pending(const struct vm *vm)
{
	json_t *config = json_copy(vm->config), *value;
	const char *key;

	json_object_foreach(vm->pending, key, value)
		if (json_is_null(value))
			json_object_del(config, key);
		else
			json_object_set(config, key, value);
	return config;
}

void vm_apply_pending(struct vm *vm)
{
	json_t *config = vm_config_pending(vm);

	json_decref(vm->config);
	vm->config = config;
	json_object_clear(vm->pending);
}

bool vm_key_is_drive(const char *key)
{
	static const char *const buses[] = { "ide", "sata", "scsi", "virtio" };

	for (size_t i = 0; i < ARRAY_SIZE(buses); i++) {
		size_t n = strlen(buses[i]);
		if (strncmp(key, buses[i], n) == 0 && isdigit(key[n]))
			return true;
	}
	return streq(key, "efidisk0") || streq(key, "tpmstate0");
}

bool vm_drive_is_cdrom(const char *value)
{
	return strstr(value, "media=cdrom") != NULL;
}

bool vm_drive_is_cloudinit(const char *value)
{
	return strstr(value, "cloudinit") != NULL && vm_drive_is_cdrom(value);
}

/* The size in bytes of a drive's "size=1G". */
static int64_t drive_bytes(const char *value)
{
	const char *size = strstr(value, "size=");

	return size ? values_size_bytes(size + 5) : 0;
}

int64_t vm_disk_bytes(const struct vm *vm)
{
	const char *key;
	json_t *value;

	json_object_foreach(vm->config, key, value)
		if (vm_key_is_drive(key) && !vm_drive_is_cdrom(json_string_value(value)))
			return drive_bytes(json_string_value(value));
	return 0;
}

json_t *vm_resource(const struct vm *vm)
{
	bool running = vm_is_running(vm);
	char vmid[16];
	const char *pool;
	json_t *e;

	snprintf(vmid, sizeof(vmid), "%d", vm->vmid);
	pool = pool_of(vm->lab, vmid);
	e = json_pack(
		"{s:o, s:s, s:s, s:i, s:s, s:i, s:I, s:I, s:I, s:i, s:I, s:i, s:i, s:i, s:i, s:i, "
		"s:i, s:i}",
		"id", json_sprintf("qemu/%d", vm->vmid), "type", "qemu", "node", vm->lab->node,
		"vmid", vm->vmid, "status", running ? "running" : "stopped", "template",
		(int)vm_is_template(vm), "maxcpu", (json_int_t)values_cpus(vm->config), "maxmem",
		(json_int_t)values_memory_bytes(vm->config), "maxdisk",
		(json_int_t)vm_disk_bytes(vm), "cpu", 0, "uptime",
		(json_int_t)(running ? (lab_now_ms(vm->lab) - vm->started_ms) / 1000 : 0), "mem", 0,
		"memhost", 0, "disk", 0, "diskread", 0, "diskwrite", 0, "netin", 0, "netout", 0);
	json_object_set_new(e, "name", json_sprintf("%s", values_name(vm)));
	if (json_text(vm->config, "tags"))
		json_object_set(e, "tags", json_object_get(vm->config, "tags"));
	if (vm_lock(vm))
		json_object_set_new(e, "lock", json_string(vm_lock(vm)));
	if (pool)
		json_object_set_new(e, "pool", json_string(pool));
	return e;
}

bool vm_may_see(const struct request *q, const struct vm *vm)
{
	char path[32];

	snprintf(path, sizeof(path), "/vms/%d", vm->vmid);
	return acl_has(q->lab, &q->who, path, "VM.Audit", true);
}

static void add_volume(json_t *list, const struct vm *vm, const char *value)
{
	_cleanup_free_ char *volume = xstrndup(value, strcspn(value, ","));
	int64_t bytes = drive_bytes(value);
	const char *dot = strrchr(volume, '.');
	bool qcow2 = dot && streq(dot, ".qcow2"), iso = strstr(volume, ":iso/") != NULL;
	json_t *e = json_pack("{s:s, s:I, s:s, s:I, s:s, s:I}", "volid", volume, "size",
			      (json_int_t)bytes, "format",
			      iso     ? "iso"
			      : qcow2 ? "qcow2"
				      : "raw",
			      "ctime", (json_int_t)vm->lab->start_wall_s, "content",
			      iso ? "iso" : "images", "used", (json_int_t)bytes / 4096);
	const char *base = strstr(volume, "/base-");
	size_t n = base ? strcspn(base + 1, "/") : 0;

	if (!iso) {
		json_object_set_new(e, "vmid", json_integer(vm->vmid));
		json_object_set_new(
			e, "parent",
			base && base[n + 1]
				? json_sprintf("../%.*s",
					       (int)(base + 1 + n - strchr(volume, ':') - 1),
					       strchr(volume, ':') + 1)
				: json_null());
	}
	json_array_append_new(list, e);
}

json_t *vms_volumes(const struct lab *l, const char *storage)
{
	json_t *list = json_array(), *value;
	const char *key;
	size_t n = strlen(storage);

	for (size_t i = 0; i < l->vms->n; i++)
		json_object_foreach(l->vms->v[i]->config, key, value) {
			const char *text = json_string_value(value);
			if ((vm_key_is_drive(key) || starts_with(key, "unused")) && text &&
			    strncmp(text, storage, n) == 0 && text[n] == ':')
				add_volume(list, l->vms->v[i], text);
		}
	return list;
}

void vm_stopped(struct lab *l, int vmid)
{
	struct vm *vm = vm_find(l, vmid);

	if (vm)
		vm_apply_pending(vm);
}

void vms_populate(struct lab *l)
{
	const struct world_machine *m = l->world->machines.v;

	for (size_t i = 0; i < l->world->machines.n; i++) {
		uint64_t vmid;
		if (!text_to_u64(m[i].id, 100, INT32_MAX, &vmid))
			continue;
		json_t *config = world_machine_config(l->world, &m[i]);
		struct vm *vm = vm_create(l, (int)vmid, json_object());
		values_take_world(vm, &m[i], config);
		json_decref(config);
		if (m[i].running)
			vm_power_on(vm);
	}
}
