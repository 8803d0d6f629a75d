#include "lab/qemu_net.h"
#include "base/buf.h"
#include "base/strv.h"
#include "data/json.h"
#include "lab/netns.h"
#include "lab/qemu_firewall.h"
#include "lab/world.h"

#include <pthread.h>

enum { LINKS_MAX = 8, TYPE_BRIDGE = 1 /* of world_interface.type */ };

/* The provider's end of the router's wan. Addresses that a router takes for internet: nothing
 * leaves the lab. */
#define WAN_DEVICE "wan"
#define WAN_CIDR   "84.20.16.1/24"
#define WAN_DHCP   "84.20.16.100-84.20.16.199"
#define WAN_CIDR6  "2a0c:5a80:0:1::1/64"
#define WAN_PREFIX "2a0c:5a80:100::"

struct uplink {
	char port[MACHINE_DEVICE];   /* the node's end: eno1 */
	char device[MACHINE_DEVICE]; /* the other end, in `internet` */
};

struct qemu_net {
	const struct clock *clock;
	int node, internet, client;
	pthread_mutex_t mutex; /* of the bridges */
	struct strv bridges;   /* that follow the configuration */
	struct qemu_filters filters;
	struct uplink uplinks[LINKS_MAX];
	size_t n_uplinks;
	struct upstream_link links[LINKS_MAX];
	size_t n_links;
};

/* Interface names go into lines of `ip -batch`: the kernel's own limit, and nothing that means
 * something there. */
static bool name_ok(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < MACHINE_DEVICE &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       n &&
	       s[0] != '-' && s[0] != '.';
}

static void add_bridge(struct buf *b, const char *name)
{
	buf_addf(b,
		 "link add %s type bridge forward_delay 0 stp_state 0 mcast_snooping 0\nlink set "
		 "%s up\n",
		 name, name);
}

static int add_uplink(struct qemu_net *n, const struct world_interface *w, struct err **err)
{
	struct upstream_link l = { .dhcp = w->dhcp,
				   .dns = w->dhcp_dns,
				   .address = { w->dhcp_router, w->cidr.prefix } };
	struct uplink u = { 0 };

	if (n->n_uplinks + 1 >= LINKS_MAX || w->ports.n != 1 || !name_ok(w->ports.v[0]))
		return err_set(err, ERR_RECIPE, "'%s': a bridge with dhcp needs exactly one port",
			       w->name);
	snprintf(u.port, sizeof(u.port), "%s", w->ports.v[0]);
	snprintf(u.device, sizeof(u.device), "home%zu", n->n_uplinks);
	snprintf(l.device, sizeof(l.device), "home%zu", n->n_uplinks);
	n->uplinks[n->n_uplinks++] = u;
	n->links[n->n_links++] = l;
	return 0;
}

static int collect_links(struct qemu_net *n, const struct world *w, struct err **err)
{
	const struct world_interface *v = w->interfaces.v;
	struct upstream_link *wan;

	for (size_t i = 0; i < w->interfaces.n; i++)
		if (v[i].dhcp.first.family && add_uplink(n, &v[i], err) < 0)
			return -1;
	wan = &n->links[n->n_links++];
	*wan = (struct upstream_link){ .device = WAN_DEVICE };
	if (!addr_cidr_parse(WAN_CIDR, &wan->address) || !addr_range_parse(WAN_DHCP, &wan->dhcp) ||
	    !addr_cidr_parse(WAN_CIDR6, &wan->address6) ||
	    !addr_parse(WAN_PREFIX, &wan->delegated6))
		return err_set(err, ERR_INTERNAL, "the addresses of the wan segment are malformed");
	wan->dns = wan->address.addr;
	return 0;
}

static int make_namespaces(struct qemu_net *n, struct err **err)
{
	return netns_new(&n->node, err) < 0 || netns_new(&n->internet, err) < 0 ||
			       netns_new(&n->client, err) < 0
		       ? -1
		       : 0;
}

/*
 * A cable from the node into another namespace, which is named by a descriptor of ours: `ip` takes
 * a path as the name of a namespace, and /proc/PID/fd/N is one.
 */
static void add_cable(struct buf *b, const char *node_end, const char *far_end, int far)
{
	buf_addf(b, "link add %s type veth peer name %s netns /proc/%d/fd/%d\nlink set %s up\n",
		 node_end, far_end, (int)getpid(), far, node_end);
}

/* The API's clients have an address of their own in the network that they are in. */
static int seat_client(struct qemu_net *n, const struct world *w, struct err **err)
{
	const struct world_interface *v = w->interfaces.v;
	_cleanup_buf_ struct buf b = { 0 };
	char text[ADDR_TEXT_MAX];
	size_t uplink = 0;

	for (size_t i = 0; i < w->interfaces.n; i++) {
		if (!v[i].dhcp.first.family)
			continue;
		if (w->client.family == v[i].cidr.addr.family && addr_cidr_contains(&v[i].cidr, &w->client))
			buf_addf(&b, "addr add %s dev %s\n", addr_text(&w->client, text), n->uplinks[uplink].device);
		uplink++;
	}
	return b.len ? netns_ip(n->internet, buf_text(&b), n->clock, err) : 0;
}

static int lay_cables(struct qemu_net *n, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (int f = 0; f < MACHINE_PORTS; f++)
		add_bridge(&b, machine_port_bridge(f));
	add_cable(&b, "c-wan", WAN_DEVICE, n->internet);
	add_cable(&b, "c-lan", "eth0", n->client);
	buf_addf(&b, "link set c-wan master %s\nlink set c-lan master %s\n", machine_port_bridge(0),
		 machine_port_bridge(1));
	for (size_t i = 0; i < n->n_uplinks; i++)
		add_cable(&b, n->uplinks[i].port, n->uplinks[i].device, n->internet);
	return netns_ip(n->node, buf_text(&b), n->clock, err);
}

/* The node as the world has it before anybody changes anything. */
static int apply_world(struct qemu_net *n, const struct world *w, struct err **err)
{
	const struct world_interface *v = w->interfaces.v;
	_cleanup_json_ json_t *list = json_array();
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < w->interfaces.n; i++) {
		json_t *o = json_pack("{s:s, s:b, s:s, s:s}", "iface", v[i].name, "autostart",
				      v[i].autostart, "type",
				      v[i].type == TYPE_BRIDGE ? "bridge" : "eth", "bridge_ports",
				      v[i].ports.n ? v[i].ports.v[0] : "");

		if (v[i].cidr.addr.family)
			json_object_set_new(o, "cidr",
					    json_string(addr_cidr_text(&v[i].cidr, text)));
		if (v[i].gateway.family)
			json_object_set_new(o, "gateway",
					    json_string(addr_text(&v[i].gateway, text)));
		json_array_append_new(list, o);
	}
	return qemu_net_apply(n, list, err);
}

int qemu_net_open(const struct world *w, const struct clock *clock, struct qemu_net **ret,
		  struct err **err)
{
	_cleanup_(qemu_net_freep) struct qemu_net *n = xcalloc(1, sizeof(*n));

	n->clock = clock;
	n->node = n->internet = n->client = -1;
	pthread_mutex_init(&n->mutex, NULL);
	if (collect_links(n, w, err) < 0 || make_namespaces(n, err) < 0 || lay_cables(n, err) < 0 || seat_client(n, w, err) < 0 ||
	    apply_world(n, w, err) < 0)
		return err_wrap(err, "the lab's network");
	*ret = TAKE_PTR(n);
	return 0;
}

struct qemu_net *qemu_net_free(struct qemu_net *n)
{
	if (!n)
		return NULL;
	closep(&n->node);
	closep(&n->internet);
	closep(&n->client);
	pthread_mutex_destroy(&n->mutex);
	strv_free(&n->bridges);
	qemu_filters_free(&n->filters);
	free(n);
	return NULL;
}

int qemu_net_node(const struct qemu_net *n)
{
	return n->node;
}

int qemu_net_internet(const struct qemu_net *n)
{
	return n->internet;
}

int qemu_net_client(const struct qemu_net *n)
{
	return n->client;
}

const struct upstream_link *qemu_net_links(const struct qemu_net *n, size_t *ret_n)
{
	*ret_n = n->n_links;
	return n->links;
}

static bool is_uplink(const struct qemu_net *n, const char *port)
{
	for (size_t i = 0; i < n->n_uplinks; i++)
		if (streq(n->uplinks[i].port, port))
			return true;
	return false;
}

static void add_address(struct buf *b, const json_t *o, const char *name, const char *key,
			const char *gateway_key)
{
	char text[ADDR_TEXT_MAX];
	struct addr_cidr cidr;
	struct addr gateway;
	const char *value = json_text(o, key);

	if (value && addr_cidr_parse(value, &cidr))
		buf_addf(b, "addr add %s dev %s\n", addr_cidr_text(&cidr, text), name);
	value = json_text(o, gateway_key);
	if (value && addr_parse(value, &gateway))
		buf_addf(b, "route replace default via %s dev %s\n", addr_text(&gateway, text),
			 name);
}

/* One bridge as it is configured: made where it is missing, its ports and addresses replaced. */
static void apply_bridge(struct qemu_net *n, const json_t *o, const char *name, struct strv *now,
			 struct buf *b)
{
	_cleanup_strv_ struct strv ports = { 0 };
	const char *text = json_text(o, "bridge_ports");

	if (!strv_contains(&n->bridges, name))
		add_bridge(b, name);
	strv_add(now, name);
	strv_split(&ports, text ? text : "", " ,");
	for (size_t i = 0; i < ports.n; i++)
		if (is_uplink(n, ports.v[i]))
			buf_addf(b, "link set %s master %s\n", ports.v[i], name);
	buf_addf(b, "addr flush dev %s scope global\n", name);
	add_address(b, o, name, "cidr", "gateway");
	add_address(b, o, name, "cidr6", "gateway6");
}

static int apply_locked(struct qemu_net *n, const json_t *interfaces, struct err **err)
{
	_cleanup_strv_ struct strv now = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	void *iter = json_is_object(interfaces) ? json_object_iter((json_t *)interfaces) : NULL;
	size_t count = json_is_object(interfaces) ? json_object_size(interfaces)
						  : json_array_size(interfaces);

	for (size_t i = 0; i < count; i++) {
		const json_t *o =
			iter ? json_object_iter_value(iter) : json_array_get(interfaces, i);
		const char *name = json_text(o, "iface");

		if (!name && iter)
			name = json_object_iter_key(iter);
		if (name && name_ok(name) && streq_null(json_text(o, "type"), "bridge") &&
		    json_flag(o, "autostart", false))
			apply_bridge(n, o, name, &now, &b);
		iter = iter ? json_object_iter_next((json_t *)interfaces, iter) : NULL;
	}
	for (size_t i = 0; i < n->bridges.n; i++)
		if (!strv_contains(&now, n->bridges.v[i]))
			buf_addf(&b, "link del %s\n", n->bridges.v[i]);
	if (b.len && netns_ip(n->node, buf_text(&b), n->clock, err) < 0)
		return -1;
	strv_free(&n->bridges);
	n->bridges = now;
	now = (struct strv){ 0 };
	return 0;
}

int qemu_net_apply(struct qemu_net *n, const json_t *interfaces, struct err **err)
{
	pthread_mutex_lock(&n->mutex);
	int r = apply_locked(n, interfaces, err);
	pthread_mutex_unlock(&n->mutex);
	return r;
}

int qemu_net_check(struct qemu_net *n, const struct machine *m, struct err **err)
{
	int r = 0;

	pthread_mutex_lock(&n->mutex);
	for (size_t i = 0; i < m->n_nics && r == 0; i++) {
		const struct machine_nic *nic = &m->nics[i];

		if (nic->function < 0 && nic->bridge[0] && !strv_contains(&n->bridges, nic->bridge))
			r = err_set(err, ERR_TASK, "bridge '%s' does not exist", nic->bridge);
	}
	pthread_mutex_unlock(&n->mutex);
	return r;
}

int qemu_net_plug(struct qemu_net *n, const struct machine *m, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	pthread_mutex_lock(&n->mutex);
	for (size_t i = 0; i < m->n_nics; i++)
		if (m->nics[i].bridge[0])
			qemu_filters_plug(&n->filters, m->vmid, &m->nics[i], &b);
	int r = b.len ? netns_ip(n->node, buf_text(&b), n->clock, err) : 0;
	pthread_mutex_unlock(&n->mutex);
	return r;
}

int qemu_net_unplug(struct qemu_net *n, int vmid, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	pthread_mutex_lock(&n->mutex);
	qemu_filters_unplug(&n->filters, vmid, &b);
	int r = b.len ? netns_ip(n->node, buf_text(&b), n->clock, err) : 0;
	pthread_mutex_unlock(&n->mutex);
	return r;
}
