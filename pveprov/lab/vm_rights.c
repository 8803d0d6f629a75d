#include "lab/vm_rights.h"
#include "lab/acl.h"
#include "lab/storage.h"
#include "base/strv.h"
#include "data/json.h"
#include "data/propstring.h"

#include <ctype.h>

/* Keys by prefix (a digit may follow) or whole; qemu-server, API2/Qemu.pm. Everything else is
 * root's. */
struct right {
	const char *key;
	const char *privilege; /* below VM.Config. */
};

static const struct right rights[] = {
	{ "acpi", "HWType" },
	{ "affinity", "CPU" },
	{ "agent", "Options" },
	{ "allow-ksm", "Memory" },
	{ "arch", "HWType" },
	{ "audio", "HWType" },
	{ "autostart", "Options" },
	{ "balloon", "Memory" },
	{ "bios", "Options" },
	{ "boot", "Options" },
	{ "bootdisk", "Options" },
	{ "cicustom", "Cloudinit" },
	{ "cipassword", "Cloudinit" },
	{ "citype", "Cloudinit" },
	{ "ciupgrade", "Cloudinit" },
	{ "ciuser", "Cloudinit" },
	{ "cores", "CPU" },
	{ "cpu", "CPU" },
	{ "cpulimit", "CPU" },
	{ "cpuunits", "CPU" },
	{ "description", "Options" },
	{ "efidisk", "Disk" },
	{ "freeze", "Options" },
	{ "hotplug", "Options" },
	{ "hugepages", "Memory" },
	{ "ide", "Disk" },
	{ "ipconfig", "Cloudinit" },
	{ "keephugepages", "Memory" },
	{ "keyboard", "Options" },
	{ "kvm", "Options" },
	{ "localtime", "Options" },
	{ "machine", "HWType" },
	{ "memory", "Memory" },
	{ "name", "Options" },
	{ "nameserver", "Cloudinit" },
	{ "net", "Network" },
	{ "numa", "CPU" },
	{ "onboot", "Options" },
	{ "ostype", "Options" },
	{ "protection", "Options" },
	{ "reboot", "Options" },
	{ "rng", "HWType" },
	{ "sata", "Disk" },
	{ "scsi", "Disk" },
	{ "scsihw", "HWType" },
	{ "searchdomain", "Cloudinit" },
	{ "shares", "Memory" },
	{ "smbios", "HWType" },
	{ "sockets", "CPU" },
	{ "spice_enhancements", "Options" },
	{ "sshkeys", "Cloudinit" },
	{ "startdate", "Options" },
	{ "startup", "Options" },
	{ "tablet", "HWType" },
	{ "tags", "Options" },
	{ "tdf", "Options" },
	{ "template", "Options" },
	{ "tpmstate", "Disk" },
	{ "unused", "Disk" },
	{ "vcpus", "CPU" },
	{ "vga", "HWType" },
	{ "virtio", "Disk" },
	{ "vmgenid", "HWType" },
	{ "vmstatestorage", "Options" },
	{ "watchdog", "HWType" },
};

static const char *right_of(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		size_t n = strlen(rights[i].key);
		if (strncmp(rights[i].key, key, n) == 0 && (!key[n] || isdigit(key[n])))
			return rights[i].privilege;
	}
	return NULL;
}

static bool require(struct request *q, const char *privilege)
{
	_cleanup_free_ char *path = xasprintf("/vms/%s", param_text(q, "vmid"));
	_cleanup_free_ char *name = xasprintf("VM.Config.%s", privilege);

	return acl_require(q, path, name);
}

/* A passed-through device: raw ones are root's, mapped ones need the mapping too. */
static bool set_device(struct request *q, const char *key, const char *value)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	_cleanup_free_ char *path = NULL;
	const char *mapping;

	if (propstring_parse(value, "host", &p, NULL) ||
	    !(mapping = propstring_get(&p, "mapping"))) {
		reply_error(q, 500, "only root can set '%s' config for non-mapped devices", key);
		return false;
	}
	path = xasprintf("/mapping/pci/%s", mapping);
	return acl_require(q, path, "Mapping.Use") && require(q, "HWType");
}

bool rights_use(struct request *q, const char *key, const char *value)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	_cleanup_free_ char *path = NULL, *storage = NULL;
	const char *bridge;

	if (starts_with(key, "net") && isdigit(key[3])) {
		if (propstring_parse(value, "model", &p, NULL) ||
		    !(bridge = propstring_get(&p, "bridge")))
			return true;
		path = xasprintf("/sdn/zones/localnetwork/%s", bridge);
		return acl_require(q, path, "SDN.Use");
	}
	if (vm_key_is_drive(key) && strchr(value, ':')) {
		storage = storage_of_volume(value);
		path = xasprintf("/storage/%s", storage);
		if (strstr(value, ":iso/"))
			return true;
		return acl_require(q, path, "Datastore.AllocateSpace");
	}
	return true;
}

bool rights_set(struct request *q, const struct vm *vm, const char *key, const char *value)
{
	const char *old = vm ? json_text(vm->config, key) : NULL, *right = right_of(key);

	if (caller_is_root(&q->who))
		return true;
	if (starts_with(key, "hostpci"))
		return (!old || set_device(q, key, old)) && (!value || set_device(q, key, value));
	/* A real device of the node is root's, a socket is not. */
	if (starts_with(key, "serial") && (!value || streq(value, "socket")) &&
	    (!old || streq(old, "socket")))
		right = "HWType";
	if (!right) {
		reply_error(q, 500, "only root can set '%s' config", key);
		return false;
	}
	if (vm_key_is_drive(key) && value && vm_drive_is_cdrom(value))
		right = "CDROM";
	if (streq(right, "Cloudinit")) { /* either will do */
		_cleanup_free_ char *path = xasprintf("/vms/%s", param_text(q, "vmid"));
		if (acl_has(q->lab, &q->who, path, "VM.Config.Cloudinit|VM.Config.Network", false))
			return true;
	}
	return require(q, right) && (!value || rights_use(q, key, value));
}

bool rights_is_option(const char *param)
{
	static const char *const options[] = { "node",
					       "vmid",
					       "digest",
					       "delete",
					       "revert",
					       "force",
					       "skiplock",
					       "background_delay",
					       "import-working-storage",
					       "archive",
					       "start",
					       "storage",
					       "pool",
					       "unique",
					       "bwlimit",
					       "live-restore" };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (streq(options[i], param))
			return true;
	return false;
}

bool rights_request(struct request *q, const struct vm *vm)
{
	_cleanup_strv_ struct strv gone = { 0 };
	const char *key;
	json_t *value;

	strv_split(&gone, param_given(q, "delete") ? param_text(q, "delete") : "", ", ;");
	for (size_t i = 0; i < gone.n; i++)
		if (!rights_set(q, vm, gone.v[i], NULL))
			return false;
	json_object_foreach(q->param, key, value)
		if (!rights_is_option(key) && !rights_set(q, vm, key, json_string_value(value)))
			return false;
	return true;
}
