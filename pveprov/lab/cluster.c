#include "lab/acl.h"
#include "lab/container.h"
#include "lab/node_network.h"
#include "lab/route.h"
#include "lab/sdn.h"
#include "lab/storage.h"
#include "lab/vm.h"
#include "base/text.h"
#include "data/json.h"

#define GIB (1024LL * 1024 * 1024)

enum { NODE_CPUS = 4, NODE_MEMORY_GIB = 32, LOWEST_VMID = 100 };

static bool may_audit_node(const struct request *q)
{
	_cleanup_free_ char *path = xasprintf("/nodes/%s", q->lab->node);

	return acl_has(q->lab, &q->who, path, "Sys.Audit", true);
}

static json_t *node_entry(const struct request *q)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:f, s:I, s:I, s:I, s:I, s:s}", "id",
			 "node/pve", "node", q->lab->node, "type", "node", "status", "online",
			 "maxcpu", NODE_CPUS, "maxmem", (json_int_t)(NODE_MEMORY_GIB * GIB), "cpu",
			 0.02, "mem", (json_int_t)(2 * GIB), "disk", (json_int_t)(8 * GIB),
			 "maxdisk", (json_int_t)(64 * GIB), "uptime",
			 (json_int_t)(lab_now_ms(q->lab) / 1000 + 60), "level", "");
}

static void add_storages(const struct request *q, json_t *list)
{
	const char *name;
	json_t *s;

	json_object_foreach(q->lab->storages->list, name, s) {
		_cleanup_free_ char *path = xasprintf("/storage/%s", name);
		if (!acl_has(q->lab, &q->who, path, "Datastore.Audit|Datastore.AllocateSpace",
			     false))
			continue;
		json_array_append_new(
			list, json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:i}", "id",
					json_sprintf("storage/%s/%s", q->lab->node, name), "node",
					q->lab->node, "storage", name, "type", "storage", "status",
					"available", "plugintype", json_text(s, "type"), "content",
					json_text(s, "content"), "shared", 0, "maxdisk",
					(json_int_t)json_int(s, "total", 0), "disk", 0));
	}
}

static void get_resources(struct request *q)
{
	const char *type = param_text(q, "type");
	json_t *list = json_array();

	if (!type || streq(type, "vm")) {
		for (struct vm *vm = vm_next(q->lab, 0); vm; vm = vm_next(q->lab, vm->vmid + 1))
			if (vm_may_see(q, vm))
				json_array_append_new(list, vm_resource(vm));
		container_resources(q, list);
	}
	if (!type || streq(type, "node"))
		json_array_append_new(list, node_entry(q));
	if (!type || streq(type, "storage"))
		add_storages(q, list);
	if (!type)
		sdn_resources(q, list);
	reply_data(q, list);
}

static bool is_taken(const struct lab *l, int vmid)
{
	return vm_find(l, vmid) || container_find(l, vmid);
}

static void get_nextid(struct request *q)
{
	int64_t wanted = param_int(q, "vmid", 0);
	int id = LOWEST_VMID;
	char text[16];

	if (wanted && is_taken(q->lab, (int)wanted)) {
		reply_param_error(q, "vmid", "VM %d already exists", (int)wanted);
		return;
	}
	while (!wanted && is_taken(q->lab, id))
		id++;
	snprintf(text, sizeof(text), "%d", wanted ? (int)wanted : id);
	reply_text(q, text);
}

static void get_cluster_status(struct request *q)
{
	reply_data(q, json_pack("[{s:o, s:s, s:s, s:s, s:i, s:i, s:i, s:s}]", "id",
				json_sprintf("node/%s", q->lab->node), "type", "node", "name",
				q->lab->node, "ip", network_node_address(q->lab), "nodeid", 0,
				"online", 1, "local", 1, "level", ""));
}

static json_t *version(const struct request *q)
{
	const char *full = q->lab->world->version;
	const char *dot = strchr(full, '.');
	size_t n = dot ? (size_t)(dot + 1 - full) + strcspn(dot + 1, ".") : strlen(full);

	return json_pack("{s:s, s:o, s:s}", "version", full, "release", json_stringn(full, n),
			 "repoid", "14a22df3");
}

static void get_version(struct request *q)
{
	reply_data(q, version(q));
}

static void get_nodes(struct request *q)
{
	json_t *e = node_entry(q);

	json_object_del(e, "level");
	json_object_set_new(e, "level", json_string(""));
	if (!may_audit_node(q)) {
		json_decref(e);
		e = json_pack("{s:o, s:s, s:s, s:s}", "id", json_sprintf("node/%s", q->lab->node),
			      "node", q->lab->node, "type", "node", "status", "online");
	}
	reply_data(q, json_pack("[o]", e));
}

static void get_node_status(struct request *q)
{
	const struct lab *l = q->lab;
	json_int_t total = NODE_MEMORY_GIB * GIB, used = 2 * GIB, disk = 64 * GIB;

	reply_data(q, json_pack("{s:o, s:o, s:I, s:f, s:i, s:[sss], s:{s:I, s:I, s:I, s:I}, "
				"s:{s:i, s:i, s:i}, s:{s:I, s:I, s:I, s:I}, "
				"s:{s:i}, s:{s:s, s:s, s:s, s:s}, s:{s:s}, s:{s:i, s:i, s:i, s:s, "
				"s:s, s:s, s:s, s:s, s:s, s:i}, s:i}",
				"pveversion",
				json_sprintf("pve-manager/%s/14a22df3", l->world->version),
				"kversion", json_sprintf("Linux %s", l->world->kernel), "uptime",
				(json_int_t)(lab_now_ms(l) / 1000 + 60), "cpu", 0.02, "wait", 0,
				"loadavg", "0.10", "0.08", "0.05", "memory", "total", total, "used",
				used, "free", total - used, "available", total - used, "swap",
				"total", 0, "used", 0, "free", 0, "rootfs", "total", disk, "used",
				disk / 8, "free", disk / 8 * 7, "avail", disk / 8 * 7, "ksm",
				"shared", 0, "current-kernel", "sysname", "Linux", "release",
				l->world->kernel, "version", "#1 SMP PREEMPT_DYNAMIC", "machine",
				"x86_64", "boot-info", "mode", "legacy-bios", "cpuinfo", "cpus",
				NODE_CPUS, "cores", NODE_CPUS, "sockets", 1, "model", "virtual",
				"vendor", "GenuineIntel", "family", "6", "mhz", "2400.000", "hvm",
				"1", "flags", "vmx", "user_hz", 100, "idle", 0));
}

/* What doctor asks for: is ifupdown2 there, and which versions. */
static void get_apt_versions(struct request *q)
{
	static const char *const always[] = { "proxmox-ve", "pve-manager", "qemu-server",
					      "pve-firewall" };
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "Package", always[i],
						      "Version", q->lab->world->version,
						      "OldVersion", q->lab->world->version,
						      "CurrentState", "Installed"));
	json_array_append_new(list,
			      json_pack("{s:s, s:s, s:s}", "Package", "ifupdown2", "Version",
					"3.3.0-1+pmx10", "CurrentState",
					q->lab->world->ifupdown2 ? "Installed" : "NotInstalled"));
	reply_data(q, list);
}

const struct route cluster_routes[] = {
	{ "GET", "/version", get_version },
	{ "GET", "/cluster/resources", get_resources },
	{ "GET", "/cluster/nextid", get_nextid },
	{ "GET", "/cluster/status", get_cluster_status },
	{ "GET", "/nodes", get_nodes },
	{ "GET", "/nodes/{node}/version", get_version },
	{ "GET", "/nodes/{node}/status", get_node_status },
	{ "GET", "/nodes/{node}/apt/versions", get_apt_versions },
	{ NULL },
};
