#include "data/propstring.h"
#include "firewall/fw_live.h"
#include "firewall/fw_address.h"
#include "pve/cluster.h"
#include "pve/net.h"

/* "ip=10.0.0.5/24,ip6=..." of a container's NIC. */
static void read_own(const struct propstring *p, struct fw_nic *nic)
{
	static const char *const keys[] = { "ip", "ip6" };
	struct addr_cidr c;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *text = propstring_get(p, keys[i]);
		if (text && addr_cidr_parse(text, &c))
			nic->own[i] = c.addr;
	}
}

static int read_nics(struct pve_client *c, const struct fw_guest_ref *g, struct arena *a, struct fw_guest *guest,
		     struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/%s/%s/config", g->node, g->kind, g->id);
	_cleanup_json_ json_t *config = NULL;
	struct fw_nic *nics = arena_array(a, 32, sizeof(*nics));

	if (pve_get(c, path, NULL, &config, err) < 0)
		return -1;
	for (int i = 0; i < 32; i++) {
		const char *key = arena_printf(a, "net%d", i), *text = json_text(config, key);
		_cleanup_propstring_ struct propstring p = { 0 };
		_cleanup_err_ struct err *ignored = NULL;
		if (!text || propstring_parse(text, NULL, &p, &ignored) < 0)
			continue;
		struct fw_nic *nic = &nics[guest->n_nics++];
		*nic = (struct fw_nic){ .id = key, .bridge = arena_strdup(a, propstring_get(&p, "bridge")) };
		const char *firewall = propstring_get(&p, "firewall");
		nic->firewall = firewall && streq(firewall, "1");
		read_own(&p, nic);
		for (size_t k = 0; k < p.n; k++)
			if (addr_mac_parse(p.items[k].value, &nic->mac))
				break;
	}
	guest->nics = nics;
	guest->nics_known = true;
	return 0;
}

/* The network of the node's own address, as the daemon would find it among the node's interfaces. */
static void find_network(const struct pve_net *net, const struct addr *address, struct fw_node *node)
{
	for (size_t i = 0; i < net->n; i++) {
		const char *cidrs[] = { net->ifaces[i].cidr, net->ifaces[i].cidr6 };
		for (size_t k = 0; k < ARRAY_SIZE(cidrs); k++) {
			struct addr_cidr c;
			if (!cidrs[k] || !addr_cidr_parse(cidrs[k], &c) || addr_compare(&c.addr, address) != 0)
				continue;
			node->network = (struct addr_cidr){ .addr = addr_network(&c), .prefix = c.prefix };
			node->iface = net->ifaces[i].name;
			return;
		}
	}
}

static int read_node(struct pve_client *c, const struct pve_member *m, struct arena *a, struct fw_node *node,
		     struct fw_site *site, struct err **err)
{
	struct addr *address = arena_alloc(a, sizeof(*address));
	struct pve_net net = { 0 };

	if (!m->address || !addr_parse(m->address, address))
		return 0;
	node->addresses = node->ring = address;
	node->n_addresses = 1;
	/* corosync runs between several nodes only; its ring is taken to be the address that the cluster tells */
	node->n_ring = 1;
	if (site->local_network_known && !m->local)
		return 0;
	if (pve_net_list(c, m->node, a, &net, err) < 0)
		return -1;
	find_network(&net, address, node);
	if (!site->local_network_known) {
		site->local_network_known = node->iface != NULL;
		site->local_network = node->network;
	}
	return 0;
}

int fw_live_site(struct pve_client *c, const struct fw_files *f, const struct fw_scope *scope, struct arena *a,
		 struct fw_site *ret, struct err **err)
{
	struct fw_site s = fw_files_site(f, a);
	struct pve_member *members = NULL;
	size_t n_members = 0;

	if (pve_cluster_members(c, a, &members, &n_members, err) < 0)
		return -1;
	struct fw_node *nodes = arena_array(a, n_members, sizeof(*nodes));
	for (size_t i = 0; i < n_members; i++) {
		nodes[i] = (struct fw_node){ .name = members[i].node,
					     .config = fw_files_find(f, FW_HOST, members[i].node),
					     .local = members[i].local };
		if (read_node(c, &members[i], a, &nodes[i], &s, err) < 0)
			return -1;
	}
	s.nodes = nodes;
	s.n_nodes = n_members;
	struct fw_guest *guests = arena_array(a, scope->n_guests, sizeof(*guests));
	for (size_t i = 0; i < scope->n_guests; i++) {
		guests[i] = (struct fw_guest){ .id = scope->guests[i].id,
					       .config = fw_files_find(f, FW_GUEST, scope->guests[i].id) };
		if (!scope->guests[i].absent && read_nics(c, &scope->guests[i], a, &guests[i], err) < 0)
			return -1;
	}
	s.guests = guests;
	s.n_guests = scope->n_guests;
	s.now_s = pve_client_server_s(c);
	*ret = s;
	return 0;
}
