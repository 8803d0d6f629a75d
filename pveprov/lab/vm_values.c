#include "lab/vm_values.h"
#include "lab/params.h"
#include "lab/storage.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/json.h"
#include "data/propstring.h"

#include <ctype.h>

#define KIB 1024LL

int64_t values_size_bytes(const char *size)
{
	size_t n = strspn(size, "0123456789");
	_cleanup_free_ char *digits = xstrndup(size, n);
	uint64_t v;

	if (!text_to_u64(digits, 0, INT64_MAX >> 40, &v))
		return 0;
	switch (size[n]) {
	case 'K':
		return (int64_t)v * KIB;
	case 'M':
		return (int64_t)v * KIB * KIB;
	case 'G':
		return (int64_t)v * KIB * KIB * KIB;
	case 'T':
		return (int64_t)v * KIB * KIB * KIB * KIB;
	default:
		return (int64_t)v;
	}
}

char *values_size_text(int64_t bytes)
{
	static const char units[] = { 'K', 'M', 'G', 'T' };
	int64_t v = bytes / KIB;
	size_t i = 0;

	if (bytes % KIB)
		return xasprintf("%" PRId64, bytes);
	while (i + 1 < sizeof(units) && v && v % KIB == 0) {
		v /= KIB;
		i++;
	}
	return xasprintf("%" PRId64 "%c", v, units[i]);
}

int64_t values_memory_bytes(const json_t *config)
{
	const char *text = json_text(config, "memory");
	uint64_t mib = 512;

	if (text && starts_with(text, "current="))
		text += strlen("current=");
	if (text)
		text_to_u64(text, 1, 1 << 24, &mib);
	return (int64_t)mib * KIB * KIB;
}

int64_t values_cpus(const json_t *config)
{
	return json_int(config, "cores", 1) * json_int(config, "sockets", 1);
}

const char *values_name(const struct vm *vm)
{
	const char *name = json_text(vm->config, "name");

	return name ? name : "VM";
}

/* Written as Proxmox writes it: the first item stays in front, the others are sorted. */
static char *sorted_text(struct propstring *p, size_t first)
{
	for (size_t i = first; i < p->n; i++)
		for (size_t k = i + 1; k < p->n; k++)
			if (strcmp(p->items[k].key, p->items[i].key) < 0) {
				struct propstring_item t = p->items[i];
				p->items[i] = p->items[k];
				p->items[k] = t;
			}
	return propstring_text(p);
}

static const char *const models[] = { "virtio", "e1000", "e1000e", "rtl8139", "vmxnet3", NULL };

static json_t *store_net(const char *value)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	_cleanup_strv_ struct strv known = { 0 };
	_cleanup_free_ char *text = NULL;
	json_t *j;

	strv_add_all(&known, models);
	if (propstring_parse(value, "model", &p, NULL))
		return json_string(value);
	for (size_t i = 0; i < p.n; i++) {
		struct propstring_item *it = &p.items[i], front;
		bool bare = streq(it->key, "model");
		if (!bare && !strv_contains(&known, it->key))
			continue;
		if (bare) { /* "virtio" or "model=virtio" */
			const char *mac = propstring_get(&p, "macaddr");
			free(it->key);
			it->key = it->value;
			it->value = mac ? xstrdup(mac) : lab_mac();
			it->bare = false;
		}
		for (char *c = it->value; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		front = *it;
		memmove(p.items + 1, p.items, i * sizeof(*it));
		p.items[0] = front;
		break;
	}
	propstring_set(&p, "macaddr", NULL);
	text = sorted_text(&p, 1);
	j = json_string(text);
	return j;
}

/* "disk-0": the first number that no drive of the VM has. */
static char *next_disk(const struct vm *vm)
{
	for (int i = 0;; i++) {
		char name[24];
		const char *key;
		json_t *value;
		bool taken = false;
		snprintf(name, sizeof(name), "disk-%d", i);
		json_object_foreach(vm->config, key, value)
			if (json_is_string(value) &&
			    (vm_key_is_drive(key) || starts_with(key, "unused"))) {
				const char *at = strstr(json_string_value(value), name);
				taken |= at && !isdigit(at[strlen(name)]);
			}
		if (!taken)
			return xstrdup(name);
	}
}

/* "STORAGE:SIZE-IN-GIB" and "STORAGE:cloudinit" make a volume. */
static char *new_volume(struct vm *vm, const char *file, const char *format, char **ret_size)
{
	_cleanup_free_ char *storage = storage_of_volume(file), *disk = NULL, *what = NULL;
	const char *rest = file + strlen(storage) + 1;
	bool dir = storage_is_dir(storage_get(vm->lab, storage));
	uint64_t gib;

	if (streq(rest, "cloudinit")) {
		*ret_size = xstrdup("4M");
		return storage_volume(vm->lab, storage, vm->vmid, "cloudinit", "qcow2");
	}
	what = xstrndup(rest, strcspn(rest, "."));
	if (!text_to_u64(what, 1, 1 << 20, &gib))
		return NULL;
	disk = next_disk(vm);
	*ret_size = xasprintf("%" PRIu64 "G", gib);
	return storage_volume(vm->lab, storage, vm->vmid, disk, dir && format ? format : "raw");
}

static json_t *store_drive(struct vm *vm, const char *value, char **ret_why)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	_cleanup_free_ char *storage = NULL, *volume = NULL, *size = NULL, *text = NULL;
	const char *file;

	if (propstring_parse(value, "file", &p, NULL) || !(file = propstring_get(&p, "file")) ||
	    !strchr(file, ':'))
		return json_string(value);
	storage = storage_of_volume(file);
	if (!storage_get(vm->lab, storage)) {
		*ret_why = xasprintf("storage '%s' does not exist", storage);
		return NULL;
	}
	volume = new_volume(vm, file, propstring_get(&p, "format"), &size);
	if (volume) {
		propstring_set(&p, "file", volume);
		propstring_set(&p, "format", NULL);
		if (strstr(volume, "-cloudinit"))
			propstring_set(&p, "media", "cdrom");
		propstring_set(&p, "size", size);
	}
	for (size_t i = 0; i < p.n; i++)
		if (streq(p.items[i].key, "file"))
			p.items[i].bare = true;
	text = sorted_text(&p, 1);
	return json_string(text);
}

json_t *values_store(struct vm *vm, const char *key, const char *value, char **ret_why)
{
	static const struct api_endpoint *config;
	const struct api_param *p;
	int64_t n;

	if (!config)
		config = params_endpoint("PUT", "/nodes/{node}/qemu/{vmid}/config");
	p = params_find(config, key);
	if (starts_with(key, "net") && isdigit(key[3]))
		return store_net(value);
	if (vm_key_is_drive(key))
		return store_drive(vm, value, ret_why);
	if (p && (p->type == API_INT || p->type == API_FLAG) &&
	    text_to_i64(value, INT32_MIN, INT32_MAX, &n))
		return json_integer(n);
	if (starts_with(key, "hostpci") && starts_with(value, "host="))
		return json_string(value + strlen("host="));
	if (streq(key, "agent") && starts_with(value, "enabled="))
		return json_string(value + strlen("enabled="));
	return json_string(value);
}

void values_identity(json_t *config, int64_t now_s)
{
	_cleanup_free_ char *bios = lab_uuid(), *generation = lab_uuid();

	if (!json_object_get(config, "smbios1"))
		json_object_set_new(config, "smbios1", json_sprintf("uuid=%s", bios));
	if (!json_object_get(config, "vmgenid"))
		json_object_set_new(config, "vmgenid", json_string(generation));
	if (!json_object_get(config, "meta"))
		json_object_set_new(config, "meta",
				    json_sprintf("creation-qemu=10.0.13,ctime=%" PRId64, now_s));
	if (!json_object_get(config, "boot"))
		json_object_set_new(config, "boot", json_string(" "));
}

void values_take_world(struct vm *vm, const struct world_machine *m, const json_t *config)
{
	json_t *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)config, key, value) {
		_cleanup_free_ char *why = NULL;
		json_t *stored = values_store(vm, key, json_string_value(value), &why);
		if (stored)
			json_object_set_new(vm->config, key, stored);
		else
			log_warning(vm->lab->log, "world: VM %s: %s", m->id, why);
	}
	values_identity(vm->config, lab_wall_s(vm->lab));
	if (!m->is_template)
		return;
	json_object_set_new(vm->config, "template", json_integer(1));
	json_object_foreach(vm->config, key, value) {
		const char *text = json_string_value(value);
		if (!vm_key_is_drive(key) || vm_drive_is_cdrom(text))
			continue;
		_cleanup_free_ char *base = storage_base_volume(vm->lab, text);
		json_object_set_new(vm->config, key, json_string(base));
	}
}
