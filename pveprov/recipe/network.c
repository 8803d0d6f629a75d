#include "recipe/part.h"

#define AT(m) offsetof(struct recipe_network, m)

enum {
	HOUR_MS = 3600000,
	LEASE_MIN_MS = 120000 /* dnsmasq takes no less */,
	PREFIX_MIN = 8,
	PREFIX_MAX = 30
};

static const struct field host_fields[] = {
	{ "name", FIELD_KEY, offsetof(struct recipe_host, name), .max = 63 },
	{ "pos", FIELD_POS, offsetof(struct recipe_host, pos) },
	{ "mac", FIELD_MAC, offsetof(struct recipe_host, mac), .required = true,
	  .help = "The machine's MAC address." },
	{ "address", FIELD_ADDR, offsetof(struct recipe_host, address), .required = true,
	  .help = "The address it always gets." },
	{ 0 },
};

const struct field recipe_network_fields[] = {
	{ "interface", FIELD_KEY, AT(interface), .max = 15 },
	{ "pos", FIELD_POS, AT(pos) },
	{ "address", FIELD_CIDR, AT(address),
	  .help = "The router's own IPv4 address there; else that of its interface in 'nics'." },
	{ "address6", FIELD_CIDR, AT(address6),
	  .help = "The router's own IPv6 address there, beside a delegated prefix." },
	{ "dhcp", FIELD_RANGE, AT(dhcp), .set_offset = AT(has_dhcp),
	  .help = "The addresses that machines get." },
	{ "lease", FIELD_DURATION, AT(lease_ms), .min = LEASE_MIN_MS,
	  .max = INT64_C(8760) * HOUR_MS,
	  .help = "How long they keep one: 1h on a bridge, 12h on a port, unless told." },
	{ "domain", FIELD_CUSTOM, AT(domain), .parse = recipe_domain_parse,
	  .schema = recipe_text_schema,
	  .help = "The local domain; the interface's name unless told." },
	{ "allow", FIELD_LIST, AT(allow), .parse = recipe_allow_parse,
	  .schema = recipe_allow_schema, .size = sizeof(struct recipe_allow),
	  .help = "What machines there may reach on the router itself; dns and dhcp unless told." },
	{ "optional", FIELD_BOOL, AT(optional),
	  .help = "The port may be unplugged: nothing waits for it." },
	{ "hosts", FIELD_DICT, AT(hosts), .fields = host_fields, .size = sizeof(struct recipe_host),
	  .help = "Machines that always get the same address." },
	{ 0 },
};

const struct recipe_network *recipe_network_on(const struct recipe_router *router,
					       const char *interface)
{
	for (size_t i = 0; interface && i < router->n_networks; i++)
		if (streq_null(router->networks[i].interface, interface))
			return &router->networks[i];
	return NULL;
}

static void set_defaults(struct recipe_reader *r, const struct recipe_nic *nic,
			 struct recipe_network *n)
{
	if (!n->address.addr.family && nic && nic->addressing == RECIPE_ADDRESS_STATIC)
		n->address = nic->address;
	if (!n->domain)
		n->domain = n->interface;
	if (!n->lease_ms)
		n->lease_ms = nic ? HOUR_MS : 12 * HOUR_MS;
	if (!n->allow) {
		n->n_allow = n->has_dhcp ? 2 : 1;
		n->allow = arena_array(&r->recipe->arena, n->n_allow, sizeof(*n->allow));
		for (size_t i = 0; i < n->n_allow; i++)
			n->allow[i] = (struct recipe_allow){ .kind = i ? RECIPE_ALLOW_DHCP
								       : RECIPE_ALLOW_DNS,
							     .pos = n->pos };
	}
}

static void check_address(struct recipe_reader *r, const struct recipe_nic *nic,
			  const struct recipe_network *n)
{
	const struct addr_cidr *a = &n->address;
	char text[ADDR_TEXT_MAX], other[ADDR_TEXT_MAX];

	if (!a->addr.family) {
		if (r->whole)
			field_error(
				&r->fields, n->pos,
				"network '%s' has no 'address', nor has its interface in 'nics'",
				n->interface);
		return;
	}
	addr_cidr_text(a, text);
	if (a->addr.family != 4 || (n->address6.addr.family && n->address6.addr.family != 6))
		field_error(&r->fields, n->pos,
			    "network '%s': 'address' is for IPv4, 'address6' for IPv6",
			    n->interface);
	else if (a->prefix < PREFIX_MIN || a->prefix > PREFIX_MAX)
		field_error(&r->fields, n->pos,
			    "network '%s': expected a prefix from /%d to /%d, found %s",
			    n->interface, PREFIX_MIN, PREFIX_MAX, text);
	else if (recipe_is_edge(a, &a->addr))
		field_error(&r->fields, n->pos,
			    "network '%s': %s is the network's own or broadcast address",
			    n->interface, text);
	if (!nic)
		return;
	if (nic->addressing == RECIPE_ADDRESS_DHCP)
		field_error(
			&r->fields, n->pos,
			"network '%s': its interface at line %u asks for DHCP, but the router is "
			"the server there",
			n->interface, nic->pos.line);
	else if (nic->addressing == RECIPE_ADDRESS_STATIC &&
		 (addr_compare(&nic->address.addr, &a->addr) != 0 ||
		  nic->address.prefix != a->prefix))
		field_error(&r->fields, n->pos,
			    "network '%s' has address %s, but its interface at line %u has %s",
			    n->interface, text, nic->pos.line,
			    addr_cidr_text(&nic->address, other));
}

static void check_dhcp(struct recipe_reader *r, const struct recipe_network *n)
{
	const struct addr_cidr *net = &n->address;
	char own[ADDR_TEXT_MAX];
	bool allowed = false;

	if (!n->has_dhcp)
		return;
	for (size_t i = 0; i < n->n_allow; i++)
		allowed |= n->allow[i].kind == RECIPE_ALLOW_DHCP;
	if (!allowed)
		field_error(&r->fields, n->pos,
			    "network '%s' has a DHCP range, but its 'allow' lacks dhcp",
			    n->interface);
	if (net->addr.family != 4)
		return;
	addr_cidr_text(net, own);
	if (!addr_cidr_contains(net, &n->dhcp.first) || !addr_cidr_contains(net, &n->dhcp.last))
		field_error(&r->fields, n->pos, "network '%s': the DHCP range is not inside %s",
			    n->interface, own);
	else if (addr_range_contains(&n->dhcp, &net->addr))
		field_error(&r->fields, n->pos,
			    "network '%s': the DHCP range contains the router's own address %s",
			    n->interface, own);
	else if (recipe_is_edge(net, &n->dhcp.first) || recipe_is_edge(net, &n->dhcp.last))
		field_error(&r->fields, n->pos,
			    "network '%s': the DHCP range contains the network's own or broadcast "
			    "address of %s",
			    n->interface, own);
}

static void check_allow(struct recipe_reader *r, const struct recipe_network *n)
{
	for (size_t i = 0; i < n->n_allow; i++) {
		const struct recipe_allow *a = &n->allow[i];
		const struct addr_cidr *net =
			a->from.first.family == 6 ? &n->address6 : &n->address;
		char text[ADDR_TEXT_MAX];
		if (a->has_from && net->addr.family &&
		    (!addr_cidr_contains(net, &a->from.first) ||
		     !addr_cidr_contains(net, &a->from.last)))
			field_error(&r->fields, a->pos,
				    "'from' is not inside %s, the network of '%s'",
				    addr_cidr_text(net, text), n->interface);
	}
}

static void check_hosts(struct recipe_reader *r, const struct recipe_network *n)
{
	const struct recipe_host *hosts = n->hosts.v;
	char text[ADDR_TEXT_MAX], net[ADDR_TEXT_MAX];

	for (size_t i = 0; i < n->hosts.n; i++) {
		const struct recipe_host *h = &hosts[i];
		addr_text(&h->address, text);
		if (h->name && !recipe_is_label(h->name))
			field_error(&r->fields, h->pos,
				    "'%s' is no host name: letters, digits and inner '-' only",
				    h->name);
		if (!h->address.family || !n->address.addr.family)
			continue;
		if (!addr_cidr_contains(&n->address, &h->address) ||
		    recipe_is_edge(&n->address, &h->address))
			field_error(&r->fields, h->pos,
				    "%s of '%s' is no machine's address inside %s", text, h->name,
				    addr_cidr_text(&n->address, net));
		else if (addr_compare(&h->address, &n->address.addr) == 0)
			field_error(&r->fields, h->pos, "%s of '%s' is the router's own address",
				    text, h->name);
		for (size_t k = 0; k < i; k++) {
			if (addr_compare(&hosts[k].address, &h->address) == 0)
				field_error(&r->fields, h->pos,
					    "%s of '%s' is that of '%s' already", text, h->name,
					    hosts[k].name);
			if (addr_mac_equal(&hosts[k].mac, &h->mac))
				field_error(&r->fields, h->pos,
					    "'%s' and '%s' have the same MAC address", h->name,
					    hosts[k].name);
		}
	}
}

void recipe_network_check(struct recipe_reader *r)
{
	for (size_t v = 0; v < r->recipe->n_vms; v++) {
		const struct recipe_vm *vm = &r->recipe->vms[v];
		for (size_t i = 0; vm->router && i < vm->router->n_networks; i++) {
			struct recipe_network *n = &vm->router->networks[i];
			const struct recipe_nic *nic =
				n->interface ? recipe_vm_nic(vm, n->interface) : NULL;
			set_defaults(r, nic, n);
			check_address(r, nic, n);
			check_dhcp(r, n);
			check_allow(r, n);
			check_hosts(r, n);
		}
	}
}
