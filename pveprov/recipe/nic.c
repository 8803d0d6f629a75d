#include "recipe/part.h"
#include "data/digest.h"

#define AT(m) offsetof(struct recipe_nic, m)

static const char *const models[] = { "e1000", "e1000e", "rtl8139", "virtio", "vmxnet3", NULL };

static int parse_model(struct field_ctx *c, const struct tree *t, void *model)
{
	const struct field f = { t->key, FIELD_ENUM, .names = models };
	int i;

	if (field_value(c, &f, t, &i) < 0)
		return -1;
	*(const char **)model = models[i];
	return 0;
}

static json_t *model_schema(void)
{
	static const struct field f = { "model", FIELD_ENUM, .names = models };

	return field_value_schema(&f);
}

static int parse_address(struct field_ctx *c, const struct tree *t, void *nic)
{
	struct recipe_nic *n = nic;

	return recipe_addressing_parse(c, t, 4, false, &n->addressing, &n->address);
}

static int parse_address6(struct field_ctx *c, const struct tree *t, void *nic)
{
	struct recipe_nic *n = nic;

	return recipe_addressing_parse(c, t, 6, true, &n->addressing6, &n->address6);
}

const struct field recipe_nic_fields[] = {
	{ "pos", FIELD_POS, AT(pos) },
	{ "name", FIELD_NAME, AT(name), .required = true, .max = 15,
	  .help = "Its name inside the machine." },
	{ "bridge", FIELD_NAME, AT(bridge), .required = true, .max = 15,
	  .help = "The node's bridge it is plugged into." },
	{ "model", FIELD_CUSTOM, AT(model), .parse = parse_model, .schema = model_schema,
	  .help = "What the machine sees; virtio unless told." },
	{ "mac", FIELD_MAC, AT(mac), .set_offset = AT(has_mac),
	  .help = "Its MAC address; else one derived from recipe, machine and position." },
	{ "address", FIELD_CUSTOM, .parse = parse_address, .schema = recipe_text_schema,
	  .help = "dhcp, or an IPv4 address with its prefix." },
	{ "gateway", FIELD_ADDR, AT(gateway),
	  .help = "The default gateway beside a static address." },
	{ "address6", FIELD_CUSTOM, .parse = parse_address6, .schema = recipe_text_schema,
	  .help = "dhcp, auto, or an IPv6 address with its prefix." },
	{ "gateway6", FIELD_ADDR, AT(gateway6),
	  .help = "The default gateway beside a static IPv6 address." },
	{ "vlan", FIELD_INT, AT(vlan), .min = 1, .max = 4094, .help = "VLAN tag on the bridge." },
	{ "firewall", FIELD_BOOL, AT(firewall), .help = "Whether the node's firewall filters it." },
	{ 0 },
};

void recipe_nic_init(void *nic)
{
	((struct recipe_nic *)nic)->model = "virtio";
}

struct addr_mac recipe_derived_mac(const char *recipe_name, int64_t vm_id, size_t index)
{
	static const char digits[] = "0123456789abcdef";
	struct addr_mac m = { { 0xbc, 0x24, 0x11 } };
	char hex[DIGEST_SHA256_HEX];
	_cleanup_free_ char *text = xasprintf("%s/%" PRId64 "/%zu", recipe_name, vm_id, index);

	digest_sha256(text, strlen(text), hex);
	for (size_t i = 0; i < 3; i++)
		m.bytes[3 + i] = (uint8_t)((strchr(digits, hex[2 * i]) - digits) << 4 |
					   (strchr(digits, hex[2 * i + 1]) - digits));
	return m;
}

static void check_names(struct recipe_reader *r, const struct recipe_vm *vm, size_t i)
{
	const struct recipe_nic *n = &vm->nics[i];

	for (size_t k = 0; n->name && k < i; k++)
		if (streq_null(vm->nics[k].name, n->name))
			field_error(&r->fields, n->pos, "'%s' has two interfaces named '%s'",
				    vm->name, n->name);
	if (n->name && (streq(n->name, "lo") || streq(n->name, "all") || streq(n->name, "default")))
		field_error(&r->fields, n->pos,
			    "'%s' cannot be an interface's name: the kernel uses it", n->name);
}

/* Another NIC with the same MAC address, among those before this one. Where two machines have one
 * id, so do their NICs. */
static const struct recipe_nic *same_mac(const struct recipe *r, const struct recipe_vm *vm,
					 const struct recipe_nic *n)
{
	for (size_t v = 0; v < r->n_vms; v++)
		for (size_t i = 0; i < r->vms[v].n_nics; i++) {
			const struct recipe_nic *other = &r->vms[v].nics[i];
			bool consequence = !n->has_mac && !other->has_mac && vm->id == r->vms[v].id;
			if (other == n)
				return NULL;
			if (addr_mac_equal(&other->mac, &n->mac) && !consequence)
				return other;
		}
	return NULL;
}

static void check_mac(struct recipe_reader *r, const struct recipe_vm *vm, size_t i)
{
	struct recipe_nic *n = &vm->nics[i];
	char text[ADDR_MAC_TEXT_MAX];

	if (!n->has_mac && r->recipe->name)
		n->mac = recipe_derived_mac(r->recipe->name, vm->id, i);
	if (!n->has_mac && !r->whole) /* ids may be missing: derived addresses mean nothing */
		return;
	addr_mac_text(&n->mac, text);
	if (n->has_mac && (n->mac.bytes[0] & 1 || addr_mac_equal(&n->mac, &(struct addr_mac){ 0 })))
		field_error(&r->fields, n->pos,
			    "%s cannot be an interface's MAC address: it is a group's", text);
	const struct recipe_nic *other = same_mac(r->recipe, vm, n);
	if (other)
		field_error(&r->fields, n->pos,
			    "MAC address %s is that of the interface at line %u already%s", text,
			    other->pos.line,
			    n->has_mac ? "" : " (derived by chance: give one of them with 'mac')");
}

void recipe_nic_check(struct recipe_reader *r)
{
	for (size_t v = 0; v < r->recipe->n_vms; v++) {
		const struct recipe_vm *vm = &r->recipe->vms[v];
		for (size_t i = 0; i < vm->n_nics; i++) {
			const struct recipe_nic *n = &vm->nics[i];
			check_names(r, vm, i);
			check_mac(r, vm, i);
			recipe_gateway_check(r, n->pos, n->addressing, &n->address, &n->gateway);
			recipe_gateway_check(r, n->pos, n->addressing6, &n->address6, &n->gateway6);
		}
	}
}
