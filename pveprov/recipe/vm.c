#include "recipe/part.h"

#define AT(m) offsetof(struct recipe_vm, m)

enum { VMID_MIN = 100, VMID_MAX = 999999999, MEMORY_MIN_MIB = 16, MEMORY_MAX_MIB = 4 << 20 };

const struct field recipe_vm_fields[] = {
	{ "name", FIELD_KEY, AT(name), .max = 63 },
	{ "pos", FIELD_POS, AT(pos) },
	{ "id", FIELD_INT, AT(id), .required = true, .min = VMID_MIN, .max = VMID_MAX,
	  .help = "Its number in the cluster." },
	{ "template", FIELD_INT, AT(template_id), .required = true, .min = VMID_MIN,
	  .max = VMID_MAX, .help = "The number of the template it is cloned from." },
	{ "full", FIELD_BOOL, AT(full),
	  .help = "A full copy of the template's disks; else a linked clone." },
	{ "storage", FIELD_TEXT, AT(storage), .min = 1, .max = 100,
	  .help = "Where a full copy goes." },
	{ "machine", FIELD_TEXT, AT(machine), .min = 1, .max = 40,
	  .help = "Machine type: q35, pc, or one with its version; else the template's." },
	{ "cores", FIELD_INT, AT(cores), .min = 1, .max = 512,
	  .help = "Processor cores; else the template's." },
	{ "memory", FIELD_SIZE_MIB, AT(memory_mib), .min = MEMORY_MIN_MIB, .max = MEMORY_MAX_MIB,
	  .help = "Memory in MiB, or with Gi; else the template's." },
	{ "balloon", FIELD_SIZE_MIB, AT(balloon_mib), .min = 0, .max = MEMORY_MAX_MIB,
	  .help = "Memory it may shrink to; 0 turns the balloon off." },
	{ "onboot", FIELD_BOOL, AT(onboot), .help = "Started with the node." },
	{ "nics", FIELD_LIST, AT(nics), .required = true, .min = 1, .max = 32,
	  .fields = recipe_nic_fields, .size = sizeof(struct recipe_nic), .init = recipe_nic_init,
	  .help = "Its network interfaces, in order." },
	{ "passthrough", FIELD_LIST, AT(passthrough), .min = 0, .max = 16,
	  .fields = recipe_passthrough_fields, .size = sizeof(struct recipe_passthrough),
	  .help = "PCI devices of the node that become the machine's." },
	{ "snapshot", FIELD_NAME, AT(snapshot), .min = 2, .max = 40,
	  .help = "A snapshot taken before the first start; reprovision goes back to it." },
	{ "nameserver", FIELD_ADDR, AT(nameserver), .help = "The resolver that cloud-init sets." },
	{ "searchdomain", FIELD_CUSTOM, AT(searchdomain), .parse = recipe_domain_parse,
	  .schema = recipe_text_schema, .help = "The search domain that cloud-init sets." },
	{ "keep_cicustom", FIELD_BOOL, AT(keep_cicustom),
	  .help = "Keep the template's own cloud-init files, which override user and keys." },
	{ "router", FIELD_MAP_PTR, AT(router), .fields = recipe_router_fields,
	  .size = sizeof(struct recipe_router), .init = recipe_router_init,
	  .help = "Makes it a router." },
	{ 0 },
};

void recipe_vm_init(void *vm)
{
	((struct recipe_vm *)vm)->balloon_mib = -1;
}

/* "8.1", "8.1+pve1", "7.2.pxe": what follows "pc-q35-". */
static bool is_machine_version(const char *s)
{
	static const char digits[] = "0123456789";
	size_t n = strspn(s, digits), dots = 0;

	if (!n)
		return false;
	for (s += n; *s == '.' && (n = strspn(s + 1, digits)); s += 1 + n)
		dots++;
	if (starts_with(s, "+pve") && (n = strspn(s + 4, digits)))
		s += 4 + n;
	return dots && (!*s || streq(s, ".pxe"));
}

/* The types that the server's API takes: get /nodes/{node}/qemu/{vmid}/config, `machine`. */
static bool is_machine(const char *s)
{
	static const char *const versioned[] = { "pc-q35-", "pc-i440fx-", "pc-", "virt-" };

	if (streq(s, "q35") || streq(s, "pc") || streq(s, "virt"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(versioned); i++)
		if (starts_with(s, versioned[i]) && is_machine_version(s + strlen(versioned[i])))
			return true;
	return false;
}

static void check_identity(struct recipe_reader *r, size_t i)
{
	const struct recipe_vm *vm = &r->recipe->vms[i];

	if (vm->name && !recipe_is_label(vm->name))
		field_error(&r->fields, vm->pos,
			    "'%s' is no host name: letters, digits and inner '-' only", vm->name);
	if (vm->id && vm->id == vm->template_id)
		field_error(&r->fields, vm->pos, "'%s' has the id of its own template %" PRId64,
			    vm->name, vm->id);
	for (size_t k = 0; k < i; k++) {
		const struct recipe_vm *other = &r->recipe->vms[k];
		if (vm->id && vm->id == other->id)
			field_error(&r->fields, vm->pos,
				    "id %" PRId64 " of '%s' is that of '%s' already", vm->id,
				    vm->name, other->name);
		if (vm->id && vm->id != other->id && vm->id == other->template_id)
			field_error(&r->fields, vm->pos,
				    "id %" PRId64 " of '%s' is the template of '%s'", vm->id,
				    vm->name, other->name);
		if (vm->name && other->name && strcasecmp(vm->name, other->name) == 0)
			field_error(&r->fields, vm->pos, "'%s' and '%s' are the same host name",
				    vm->name, other->name);
	}
}

static void check_hardware(struct recipe_reader *r, const struct recipe_vm *vm)
{
	bool pcie = false;

	for (size_t i = 0; i < vm->n_passthrough; i++)
		pcie |= vm->passthrough[i].pcie;
	if (vm->machine && !is_machine(vm->machine))
		field_error(&r->fields, vm->pos,
			    "'%s' is no machine type; for example q35 or pc-q35-8.1", vm->machine);
	else if (pcie && vm->machine && !strstr(vm->machine, "q35"))
		field_error(&r->fields, vm->pos,
			    "a device with 'pcie' needs machine q35, found '%s'", vm->machine);
	if (vm->memory_mib && vm->balloon_mib > vm->memory_mib)
		field_error(&r->fields, vm->pos, "balloon %" PRId64 " is more than memory %" PRId64,
			    vm->balloon_mib, vm->memory_mib);
	if (vm->storage && !vm->full)
		field_error(&r->fields, vm->pos,
			    "'storage' needs 'full: true': a linked clone stays where its "
			    "template is");
	if (streq_null(vm->snapshot, "current"))
		field_error(&r->fields, vm->pos,
			    "'current' cannot be a snapshot's name: the server uses it");
}

void recipe_vm_check(struct recipe_reader *r)
{
	for (size_t i = 0; i < r->recipe->n_vms; i++) {
		check_identity(r, i);
		check_hardware(r, &r->recipe->vms[i]);
	}
}
