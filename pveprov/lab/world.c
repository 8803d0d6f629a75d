#include "lab/world.h"
#include "base/fs.h"
#include "data/json.h"

enum { WORLD_BYTES_MAX = 1 << 20 };

static int keep_tree(struct field_ctx *c, const struct tree *t, void *member)
{
	if (t->kind != TREE_MAP)
		return field_error(c, t->pos, "expected a map of configuration values");
	*(const struct tree **)member = t;
	return 0;
}

static json_t *any_map(void)
{
	return json_pack("{s:s}", "type", "object");
}

static const char *const interface_types[] = { "eth", "bridge", "bond", NULL };

static const struct field interface_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct world_interface, name), .required = true },
	{ "type", FIELD_ENUM, offsetof(struct world_interface, type), .names = interface_types },
	{ "autostart", FIELD_BOOL, offsetof(struct world_interface, autostart) },
	{ "cidr", FIELD_CIDR, offsetof(struct world_interface, cidr) },
	{ "gateway", FIELD_ADDR, offsetof(struct world_interface, gateway) },
	{ "ports", FIELD_TEXTS, offsetof(struct world_interface, ports) },
	{ "vlan-aware", FIELD_BOOL, offsetof(struct world_interface, vlan_aware) },
	{ "comment", FIELD_TEXT, offsetof(struct world_interface, comment) },
	{ "dhcp", FIELD_RANGE, offsetof(struct world_interface, dhcp),
	  .help = "Leases that the network behind this bridge hands out" },
	{ "dhcp-router", FIELD_ADDR, offsetof(struct world_interface, dhcp_router) },
	{ "dhcp-dns", FIELD_ADDR, offsetof(struct world_interface, dhcp_dns) },
	{ 0 },
};

static const char *const storage_types[] = { "dir", "lvm", "lvmthin", NULL };

static void storage_init(void *element)
{
	((struct world_storage *)element)->total_mib = 256 * 1024;
}

static const struct field storage_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct world_storage, name), .required = true },
	{ "type", FIELD_ENUM, offsetof(struct world_storage, type), .names = storage_types },
	{ "path", FIELD_TEXT, offsetof(struct world_storage, path) },
	{ "content", FIELD_TEXTS, offsetof(struct world_storage, content) },
	{ "total", FIELD_SIZE_MIB, offsetof(struct world_storage, total_mib), .min = 1,
	  .max = INT32_MAX },
	{ 0 },
};

static void machine_init(void *element)
{
	struct world_machine *m = element;

	m->disk_mib = 4096;
	m->cloudinit = true;
}

static const struct field machine_fields[] = {
	{ "id", FIELD_TEXT, offsetof(struct world_machine, id), .required = true },
	{ "name", FIELD_TEXT, offsetof(struct world_machine, name) },
	{ "template", FIELD_BOOL, offsetof(struct world_machine, is_template) },
	{ "image", FIELD_TEXT, offsetof(struct world_machine, image) },
	{ "storage", FIELD_TEXT, offsetof(struct world_machine, storage), .required = true },
	{ "disk", FIELD_SIZE_MIB, offsetof(struct world_machine, disk_mib), .min = 1,
	  .max = INT32_MAX },
	{ "cloudinit", FIELD_BOOL, offsetof(struct world_machine, cloudinit) },
	{ "running", FIELD_BOOL, offsetof(struct world_machine, running) },
	{ "config", FIELD_CUSTOM, offsetof(struct world_machine, config), .parse = keep_tree,
	  .schema = any_map },
	{ 0 },
};

static const struct field container_fields[] = {
	{ "id", FIELD_TEXT, offsetof(struct world_container, id), .required = true },
	{ "name", FIELD_TEXT, offsetof(struct world_container, name) },
	{ "running", FIELD_BOOL, offsetof(struct world_container, running) },
	{ "config", FIELD_CUSTOM, offsetof(struct world_container, config), .parse = keep_tree,
	  .schema = any_map },
	{ 0 },
};

static const char *const zone_types[] = { "simple", "vlan", "qinq", "vxlan", "evpn", NULL };

static const struct field zone_fields[] = {
	{ "name", FIELD_NAME, offsetof(struct world_zone, name), .required = true, .max = 8 },
	{ "type", FIELD_ENUM, offsetof(struct world_zone, type), .names = zone_types },
	{ 0 },
};

static const struct field vnet_fields[] = {
	{ "name", FIELD_NAME, offsetof(struct world_vnet, name), .required = true, .max = 8 },
	{ "zone", FIELD_NAME, offsetof(struct world_vnet, zone), .required = true, .max = 8 },
	{ "alias", FIELD_TEXT, offsetof(struct world_vnet, alias) },
	{ "tag", FIELD_INT, offsetof(struct world_vnet, tag), .max = 16777215 },
	{ 0 },
};

static const struct field user_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct world_user, name), .required = true },
	{ "password", FIELD_TEXT, offsetof(struct world_user, password) },
	{ "totp", FIELD_TEXT, offsetof(struct world_user, totp) },
	{ "comment", FIELD_TEXT, offsetof(struct world_user, comment) },
	{ 0 },
};

static void token_init(void *element)
{
	((struct world_token *)element)->privsep = true;
}

static const struct field token_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct world_token, name), .required = true },
	{ "secret", FIELD_TEXT, offsetof(struct world_token, secret) },
	{ "privsep", FIELD_BOOL, offsetof(struct world_token, privsep) },
	{ 0 },
};

static void acl_init(void *element)
{
	((struct world_acl *)element)->propagate = true;
}

static const struct field acl_fields[] = {
	{ "path", FIELD_TEXT, offsetof(struct world_acl, path), .required = true },
	{ "who", FIELD_TEXT, offsetof(struct world_acl, who), .required = true },
	{ "role", FIELD_TEXT, offsetof(struct world_acl, role), .required = true },
	{ "propagate", FIELD_BOOL, offsetof(struct world_acl, propagate) },
	{ 0 },
};

static const struct field role_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct world_role, name), .required = true },
	{ "privileges", FIELD_TEXTS, offsetof(struct world_role, privileges), .required = true },
	{ 0 },
};

static void pci_init(void *element)
{
	((struct world_pci *)element)->iommu_group = -1;
}

static const struct field pci_fields[] = {
	{ "id", FIELD_TEXT, offsetof(struct world_pci, id), .required = true },
	{ "class", FIELD_TEXT, offsetof(struct world_pci, class_id), .required = true },
	{ "vendor", FIELD_TEXT, offsetof(struct world_pci, vendor), .required = true },
	{ "vendor-name", FIELD_TEXT, offsetof(struct world_pci, vendor_name) },
	{ "device", FIELD_TEXT, offsetof(struct world_pci, device), .required = true },
	{ "device-name", FIELD_TEXT, offsetof(struct world_pci, device_name) },
	{ "subsystem-vendor", FIELD_TEXT, offsetof(struct world_pci, subsystem_vendor) },
	{ "subsystem-device", FIELD_TEXT, offsetof(struct world_pci, subsystem_device) },
	{ "iommu-group", FIELD_INT, offsetof(struct world_pci, iommu_group), .min = -1,
	  .max = 10000 },
	{ 0 },
};

static const struct field mapping_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct world_mapping, name), .required = true },
	{ "map", FIELD_TEXTS, offsetof(struct world_mapping, map), .required = true },
	{ 0 },
};

static const struct field time_fields[] = {
	{ "type", FIELD_TEXT, offsetof(struct world_time, type), .required = true },
	{ "ms", FIELD_INT, offsetof(struct world_time, ms), .required = true, .max = 86400000 },
	{ 0 },
};

static const char *const effects[] = { "status", "delay", "drop", "cut",
				       "task",	 "agent", "lock", NULL };

static void fault_init(void *element)
{
	struct world_fault *f = element;

	f->nth = 1;
	f->times = 1;
	f->status = 500;
}

static const struct field fault_fields[] = {
	{ "method", FIELD_TEXT, offsetof(struct world_fault, method) },
	{ "path", FIELD_TEXT, offsetof(struct world_fault, path) },
	{ "task", FIELD_TEXT, offsetof(struct world_fault, task) },
	{ "vmid", FIELD_INT, offsetof(struct world_fault, vmid), .max = 999999999 },
	{ "nth", FIELD_INT, offsetof(struct world_fault, nth), .min = 1, .max = 1000000 },
	{ "times", FIELD_INT, offsetof(struct world_fault, times), .max = 1000000 },
	{ "effect", FIELD_ENUM, offsetof(struct world_fault, effect), .required = true,
	  .names = effects },
	{ "status", FIELD_INT, offsetof(struct world_fault, status), .min = 400, .max = 599 },
	{ "text", FIELD_TEXT, offsetof(struct world_fault, text) },
	{ "ms", FIELD_INT, offsetof(struct world_fault, ms), .max = 86400000 },
	{ 0 },
};

static const struct field answer_fields[] = {
	{ "match", FIELD_TEXT, offsetof(struct world_answer, match), .required = true },
	{ "input", FIELD_LINES, offsetof(struct world_answer, input) },
	{ "status", FIELD_INT, offsetof(struct world_answer, status), .max = 255 },
	{ "out", FIELD_LINES, offsetof(struct world_answer, out) },
	{ "err", FIELD_LINES, offsetof(struct world_answer, err) },
	{ "ms", FIELD_INT, offsetof(struct world_answer, ms), .max = 86400000 },
	{ 0 },
};

static void guest_init(void *element)
{
	struct world_guest *g = element;

	g->os = "debian";
	g->os_name = "Debian GNU/Linux";
	g->os_version = "13";
	g->boot_ms = 8000;
	g->address_ms = 10000;
	g->cloudinit_ms = 15000;
	g->agent = true;
}

static const struct field guest_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct world_guest, name), .required = true },
	{ "os", FIELD_TEXT, offsetof(struct world_guest, os) },
	{ "os-name", FIELD_TEXT, offsetof(struct world_guest, os_name) },
	{ "os-version", FIELD_TEXT, offsetof(struct world_guest, os_version) },
	{ "boot-ms", FIELD_INT, offsetof(struct world_guest, boot_ms), .max = 86400000 },
	{ "address-ms", FIELD_INT, offsetof(struct world_guest, address_ms), .max = 86400000 },
	{ "cloudinit-ms", FIELD_INT, offsetof(struct world_guest, cloudinit_ms), .max = 86400000 },
	{ "agent", FIELD_BOOL, offsetof(struct world_guest, agent) },
	{ "answers", FIELD_LIST, offsetof(struct world_guest, answers), .fields = answer_fields,
	  .size = sizeof(struct world_answer) },
	{ 0 },
};

#define LIST(name, member, table, type, start)                                                     \
	{                                                                                          \
		name, FIELD_LIST, offsetof(struct world, member),                                  \
			.fields = table, .size = sizeof(struct type), .init = start                \
	}

static const struct field world_fields[] = {
	{ "node", FIELD_NAME, offsetof(struct world, node), .max = 63 },
	{ "version", FIELD_TEXT, offsetof(struct world, version) },
	{ "kernel", FIELD_TEXT, offsetof(struct world, kernel) },
	{ "ifupdown2", FIELD_BOOL, offsetof(struct world, ifupdown2) },
	{ "client", FIELD_ADDR, offsetof(struct world, client),
	  .help = "Where the node sees the API's clients, for its firewall" },
	{ "tap", FIELD_TEXT, offsetof(struct world, tap), .help = "Unix socket of a test that is told every call" },
	LIST("interfaces", interfaces, interface_fields, world_interface, NULL),
	LIST("storages", storages, storage_fields, world_storage, storage_init),
	LIST("machines", machines, machine_fields, world_machine, machine_init),
	LIST("containers", containers, container_fields, world_container, NULL),
	LIST("zones", zones, zone_fields, world_zone, NULL),
	LIST("vnets", vnets, vnet_fields, world_vnet, NULL),
	LIST("users", users, user_fields, world_user, NULL),
	LIST("tokens", tokens, token_fields, world_token, token_init),
	LIST("acl", acl, acl_fields, world_acl, acl_init),
	LIST("roles", roles, role_fields, world_role, NULL),
	LIST("pci", pci, pci_fields, world_pci, pci_init),
	LIST("mappings", mappings, mapping_fields, world_mapping, NULL),
	LIST("times", times, time_fields, world_time, NULL),
	LIST("faults", faults, fault_fields, world_fault, fault_init),
	LIST("guests", guests, guest_fields, world_guest, guest_init),
	{ 0 },
};

static void set_defaults(struct world *w)
{
	w->node = "pve";
	w->version = "9.2.11";
	w->kernel = "6.17.2-1-pve";
	w->ifupdown2 = true;
}

static int read_into(struct world *w, const char *text, size_t len, struct err **err)
{
	struct field_ctx c = { .arena = &w->arena, .file = w->file };
	struct tree *root;

	if (tree_parse(&w->arena, w->file, text, len, &root, err))
		return -1;
	set_defaults(w);
	field_bind(&c, world_fields, root, w);
	return field_finish(&c, err);
}

int world_load(const char *path, struct world **ret, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct world *w;

	if (fs_read(path, WORLD_BYTES_MAX, &text, err))
		return err_wrap(err, "world");
	w = xcalloc(1, sizeof(*w));
	w->file = arena_strdup(&w->arena, path);
	if (read_into(w, buf_text(&text), text.len, err)) {
		world_free(w);
		return -1;
	}
	*ret = w;
	return 0;
}

const struct world_guest *world_guest(const struct world *w, const char *name)
{
	const struct world_guest *g = w->guests.v;

	for (size_t i = 0; name && i < w->guests.n; i++)
		if (streq(g[i].name, name))
			return &g[i];
	return NULL;
}

json_t *world_machine_config(const struct world *w, const struct world_machine *m)
{
	const struct world_storage *s = w->storages.v;
	json_t *config = json_object();
	bool dir = false, whole = m->disk_mib % 1024 == 0;
	char size[32];

	for (size_t i = 0; i < w->storages.n; i++)
		dir |= streq(s[i].name, m->storage) && s[i].type == WORLD_STORAGE_DIR;
	json_object_set_new(config, "name", json_string(m->name ? m->name : m->id));
	snprintf(size, sizeof(size), whole ? "%" PRId64 "G" : "%" PRId64 "M",
		 whole ? m->disk_mib / 1024 : m->disk_mib);
	json_object_set_new(config, "scsi0",
			    dir ? json_sprintf("%s:%s/vm-%s-disk-0.qcow2,size=%s", m->storage,
					       m->id, m->id, size)
				: json_sprintf("%s:vm-%s-disk-0,size=%s", m->storage, m->id, size));
	if (m->cloudinit)
		json_object_set_new(config, "ide2", json_sprintf("%s:cloudinit", m->storage));
	for (const struct tree *t = m->config ? m->config->first : NULL; t; t = t->next)
		if (t->kind == TREE_SCALAR)
			json_object_set_new(config, t->key, json_string(t->text));
	return config;
}

struct world *world_free(struct world *w)
{
	if (!w)
		return NULL;
	arena_free(&w->arena);
	free(w);
	return NULL;
}
