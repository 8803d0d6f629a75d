/* sim_net.c: which addresses a simulated guest has, and when it got them (sim.h: sim_interfaces).
 */
#include "lab/sim.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/addr.h"
#include "data/json.h"
#include "data/propstring.h"

#include <ctype.h>

enum { NICS_MAX = 32 };

/* What the provider behind the card's first port hands out. */
static const char wan_address[] = "203.0.113.57/24", wan_gateway[] = "203.0.113.1";

static const struct world_interface *interface_of(const struct sim *s, const char *name)
{
	const struct world_interface *w = s->world->interfaces.v;

	for (size_t i = 0; i < s->world->interfaces.n; i++)
		if (streq(w[i].name, name))
			return &w[i];
	return NULL;
}

struct search {
	struct addr_cidr network;
	struct addr_range range;
	bool found;
};

/* Looks for "dhcp-range=FIRST,LAST,..." within the network in one file of a router. */
static void look_for_range(void *ctx, const char *path UNUSED, const struct buf *data)
{
	struct search *look = ctx;
	const char *at = data->data;

	while (at && (at = strstr(at, "dhcp-range="))) {
		_cleanup_strv_ struct strv parts = { 0 };
		_cleanup_free_ char *line = NULL;
		at += strlen("dhcp-range=");
		line = xstrndup(at, strcspn(at, "\n"));
		strv_split(&parts, line, ",");
		for (size_t i = 0; i + 1 < parts.n && !look->found; i++) {
			struct addr_range r;
			if (addr_parse(parts.v[i], &r.first) &&
			    addr_parse(parts.v[i + 1], &r.last) && r.first.family == 4 &&
			    addr_cidr_contains(&look->network, &r.first)) {
				look->range = r;
				look->found = true;
			}
		}
	}
}

/* A running machine with a fixed address on the bridge and a DHCP server there: a router made by a
 * recipe. */
static bool router_range(const struct sim *s, const char *bridge, struct search *look)
{
	for (size_t i = 0; i < s->n_vms; i++) {
		const struct sim_vm *vm = s->vms[i];
		for (int n = 0; vm->state == SIM_RUNNING && n < NICS_MAX; n++) {
			_cleanup_propstring_ struct propstring net = { 0 }, ip = { 0 };
			char key[16], ip_key[16];
			const char *value, *address;
			snprintf(key, sizeof(key), "net%d", n);
			snprintf(ip_key, sizeof(ip_key), "ipconfig%d", n);
			value = json_text(vm->config, key);
			if (!value || propstring_parse(value, "model", &net, NULL) ||
			    !streq_null(propstring_get(&net, "bridge"), bridge))
				continue;
			value = json_text(vm->config, ip_key);
			if (!value || propstring_parse(value, NULL, &ip, NULL) ||
			    !(address = propstring_get(&ip, "ip")) ||
			    !addr_cidr_parse(address, &look->network))
				continue;
			guest_each(vm->guest, "/etc/dnsmasq", look_for_range, look);
			if (look->found)
				return true;
		}
	}
	return false;
}

/* A lease by the MAC: the same machine gets the same address for as long as its MAC stays. */
static bool lease(const struct sim *s, const char *bridge, const char *mac, struct addr_cidr *ret)
{
	const struct world_interface *w = interface_of(s, bridge);
	struct search look = { 0 };
	uint32_t hash = 0, size = 1;
	struct addr a;

	if (w && w->dhcp.first.family)
		look = (struct search){ w->cidr, w->dhcp, true };
	else if (!router_range(s, bridge, &look))
		return false;
	for (; *mac; mac++)
		hash = hash * 31 + (uint32_t)toupper((unsigned char)*mac);
	while (size < 4096 && addr_offset(&look.range.first, size, &a) &&
	       addr_compare(&a, &look.range.last) <= 0)
		size++;
	if (!addr_offset(&look.range.first, hash % size, &ret->addr))
		return false;
	ret->prefix = look.network.prefix;
	return true;
}

static void add_address(json_t *list, const struct addr *a, int prefix, bool dynamic)
{
	char text[ADDR_TEXT_MAX];

	json_array_append_new(list,
			      json_pack("{s:s, s:s, s:i, s:b}", "ip-address", addr_text(a, text),
					"ip-address-type", a->family == 6 ? "ipv6" : "ipv4",
					"prefix", prefix, "dynamic", (int)dynamic));
}

static json_t *new_interface(const char *name, const char *mac, json_t **ret_addresses)
{
	_cleanup_free_ char *lower = xstrdup(mac);

	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	*ret_addresses = json_array();
	return json_pack("{s:s, s:s, s:o, s:{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}}", "name",
			 name, "hardware-address", lower, "ip-addresses", *ret_addresses,
			 "statistics", "tx-bytes", 0, "rx-bytes", 0, "tx-packets", 0, "rx-packets",
			 0, "tx-errs", 0, "rx-errs", 0, "tx-dropped", 0, "rx-dropped", 0);
}

/* The link-local address made of a MAC (RFC 4291, appendix A). */
static void add_link_local(json_t *list, const char *mac)
{
	struct addr_mac m;
	struct addr a = { .family = 6, .bytes = { 0xfe, 0x80 } };

	if (!addr_mac_parse(mac, &m))
		return;
	memcpy(a.bytes + 8,
	       (uint8_t[]){ m.bytes[0] ^ 2, m.bytes[1], m.bytes[2], 0xff, 0xfe, m.bytes[3],
			    m.bytes[4], m.bytes[5] },
	       8);
	add_address(list, &a, 64, false);
}

/* ".link" files that a recipe wrote name interfaces by MAC: "MACAddress=..." and "Name=...". */
struct naming {
	const char *mac;
	const char *path; /* "Path=pci-0000:01:00.0" of a port of the card; NULL: none */
	char name[16];
};

static void look_for_name(void *ctx, const char *path UNUSED, const struct buf *data)
{
	struct naming *n = ctx;
	const char *name = data->data ? strstr(data->data, "\nName=") : NULL;

	if (name && (strcasestr(data->data, n->mac) || (n->path && strstr(data->data, n->path))))
		snprintf(n->name, sizeof(n->name), "%.*s", (int)strcspn(name + 6, "\n"), name + 6);
}

static const char *interface_name(const struct sim_vm *vm, int index, struct naming *n)
{
	snprintf(n->name, sizeof(n->name), "eth%d", index);
	guest_each(vm->guest, "/etc/systemd/network/", look_for_name, n);
	return n->name;
}

/* The ".network" file of an interface. */
struct network_file {
	const char *name;
	const char *text;
};

static void look_for_network(void *ctx, const char *path, const struct buf *data)
{
	struct network_file *f = ctx;
	_cleanup_free_ char *match = xasprintf("[Match]\nName=%s\n", f->name);
	size_t n = strlen(path);

	if (n > 8 && streq(path + n - 8, ".network") && data->data && strstr(data->data, match))
		f->text = data->data;
}

static const char *network_file(const struct sim_vm *vm, const char *name)
{
	struct network_file f = { .name = name };

	guest_each(vm->guest, "/etc/systemd/network/", look_for_network, &f);
	return f.text;
}

/* What a recipe's own network configuration says of an interface; false: there is none. */
static bool from_networkd(const struct sim *s, const struct sim_vm *vm, const char *name,
			  const char *bridge, const char *mac, json_t *addresses)
{
	const char *text = network_file(vm, name), *at;
	struct addr_cidr cidr;

	if (!text)
		return false;
	at = strstr(text, "\nAddress=");
	if (at) {
		_cleanup_free_ char *value = xstrndup(at + 9, strcspn(at + 9, "\n"));
		if (addr_cidr_parse(value, &cidr))
			add_address(addresses, &cidr.addr, cidr.prefix, false);
	}
	if (strstr(text, "\nDHCP=") && !strstr(text, "\nDHCP=no") &&
	    (bridge ? lease(s, bridge, mac, &cidr) : addr_cidr_parse(wan_address, &cidr)))
		add_address(addresses, &cidr.addr, cidr.prefix, true);
	return true;
}

static void add_nic(struct sim *s, const struct sim_vm *vm, json_t *list, int index,
		    const char *value)
{
	_cleanup_propstring_ struct propstring net = { 0 }, ip = { 0 };
	const char *bridge, *mac, *address, *config;
	struct addr_cidr cidr;
	struct naming naming = { 0 };
	json_t *addresses;
	char key[16];

	if (propstring_parse(value, "model", &net, NULL) || net.n == 0)
		return;
	mac = net.items[0].value;
	naming.mac = mac;
	bridge = propstring_get(&net, "bridge");
	json_array_append_new(list,
			      new_interface(interface_name(vm, index, &naming), mac, &addresses));
	if (sim_uptime_ms(s, vm) < (vm->kind ? vm->kind->address_ms : 0))
		return;
	add_link_local(addresses, mac);
	if (from_networkd(s, vm, naming.name, bridge, mac, addresses))
		return;
	snprintf(key, sizeof(key), "ipconfig%d", index);
	config = json_text(vm->config, key);
	if (!config || propstring_parse(config, NULL, &ip, NULL) ||
	    !(address = propstring_get(&ip, "ip")))
		return;
	bool dhcp = streq(address, "dhcp");
	if (addr_cidr_parse(address, &cidr) || (dhcp && bridge && lease(s, bridge, mac, &cidr)))
		add_address(addresses, &cidr.addr, cidr.prefix, dhcp);
}

static void add_card(const struct sim *s, const struct sim_vm *vm, json_t *list, int index)
{
	for (int port = 0; port < SIM_CARD_PORTS; port++) {
		struct naming naming = { 0 };
		char mac[24], path[40];
		json_t *addresses;
		snprintf(mac, sizeof(mac), "a0:36:9f:01:00:0%d", port);
		snprintf(path, sizeof(path), "Path=pci-0000:01:00.%d\n", port);
		naming.mac = mac;
		naming.path = path;
		json_array_append_new(list, new_interface(interface_name(vm, index + port, &naming),
							  mac, &addresses));
		if (sim_uptime_ms(s, vm) >= (vm->kind ? vm->kind->address_ms : 0))
			from_networkd(s, vm, naming.name, NULL, mac, addresses);
	}
}

/* The gateway that comes with the lease of an interface on a bridge. */
static bool lease_gateway(const struct sim *s, const char *bridge, struct addr *ret)
{
	const struct world_interface *w = interface_of(s, bridge);
	struct search look = { 0 };

	if (w && w->dhcp.first.family) {
		*ret = w->dhcp_router;
		return w->dhcp_router.family != 0;
	}
	if (!router_range(s, bridge, &look))
		return false;
	*ret = look.network.addr;
	return true;
}

/* The bridge of the NIC with that MAC; malloc'd, NULL: none. */
static char *bridge_of(const struct sim_vm *vm, const char *mac)
{
	for (int i = 0; i < NICS_MAX; i++) {
		_cleanup_propstring_ struct propstring net = { 0 };
		char key[16];
		snprintf(key, sizeof(key), "net%d", i);
		const char *value = json_text(vm->config, key);
		if (value && propstring_parse(value, "model", &net, NULL) == 0 && net.n &&
		    strcasecmp(net.items[0].value, mac) == 0)
			return xstrdup_null(propstring_get(&net, "bridge"));
	}
	return NULL;
}

json_t *sim_routes(struct sim *s, struct sim_vm *vm)
{
	json_t *routes = json_array(), *list = sim_interfaces(s, vm), *nic, *ip;
	size_t i, k;

	json_array_foreach(list, i, nic) {
		const char *name = json_text(nic, "name"), *text = network_file(vm, name);
		_cleanup_free_ char *bridge = bridge_of(vm, json_text(nic, "hardware-address"));
		struct addr gateway;
		char space[ADDR_TEXT_MAX];
		bool dynamic = false;
		json_array_foreach(json_list(nic, "ip-addresses"), k, ip)
			dynamic |= json_flag(ip, "dynamic", false);
		if (!dynamic ||
		    (text && (strstr(text, "UseGateway=no") || strstr(text, "UseRoutes=no"))))
			continue;
		if (bridge ? lease_gateway(s, bridge, &gateway) : addr_parse(wan_gateway, &gateway))
			json_array_append_new(routes,
					      json_pack("{s:s, s:s, s:s, s:s}", "dst", "default",
							"gateway", addr_text(&gateway, space),
							"dev", name, "protocol", "dhcp"));
	}
	json_decref(list);
	return routes;
}

json_t *sim_interfaces(struct sim *s, struct sim_vm *vm)
{
	json_t *list = json_array(), *addresses;
	struct addr a;
	int n = 0;

	json_array_append_new(list, new_interface("lo", "00:00:00:00:00:00", &addresses));
	if (addr_parse("127.0.0.1", &a))
		add_address(addresses, &a, 8, false);
	if (addr_parse("::1", &a))
		add_address(addresses, &a, 128, false);
	for (int i = 0; i < NICS_MAX; i++) {
		char key[16];
		snprintf(key, sizeof(key), "net%d", i);
		if (json_text(vm->config, key)) {
			add_nic(s, vm, list, i, json_text(vm->config, key));
			n++;
		}
	}
	if (json_text(vm->config, "hostpci0"))
		add_card(s, vm, list, n);
	return list;
}
