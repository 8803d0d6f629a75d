#include "firewall/fw_guard.h"
#include "firewall/fw_address.h"
#include "data/fw_proto.h"

enum { SSH_PORT = 22, COROSYNC_PORT = 5405 };

static struct fw_packet packet_of(const struct fw_way *w, const struct addr *from, const struct addr *to,
				  const char *iface)
{
	int family = from->family ? from->family : to->family ? to->family : 4;

	return (struct fw_packet){ .direction = FW_IN,
				   .source = *from,
				   .dest = *to,
				   .family = family,
				   .proto = w->proto,
				   .sport = -1,
				   .dport = w->port,
				   .icmp_type = -1,
				   .icmp_code = -1,
				   .iface = iface };
}

static void look(struct arena *a, struct fw_way *w, const struct fw_site *now, const struct fw_site *then,
		 const struct addr *from, const struct addr *to, const char *iface)
{
	struct fw_packet p = packet_of(w, from, to, iface);

	fw_evaluate_node(a, now, fw_site_node(now, w->node), &p, &w->now);
	fw_evaluate_node(a, then, fw_site_node(then, w->node), &p, &w->then);
}

static const char *text_of(struct arena *a, const struct addr *x)
{
	char text[ADDR_TEXT_MAX];

	return x->family ? arena_strdup(a, addr_text(x, text)) : "an unknown address";
}

static struct fw_way *add(struct arena *a, struct fw_guard *g, const char *what, const char *whose,
			  const struct addr *from, int proto, int port)
{
	struct fw_way *w = &g->ways[g->n++];
	const char *source = text_of(a, from);

	*w = (struct fw_way){ .what = arena_printf(a, "%s of %s (%s %d) from %s", what, whose,
						   proto == FW_TCP ? "tcp" : "udp", port, source),
			      .source = source,
			      .node = whose,
			      .proto = proto,
			      .port = port };
	return w;
}

/* From every node to every other, on the rings. */
static void add_corosync(struct arena *a, struct fw_guard *g, const struct fw_site *now, const struct fw_site *then)
{
	for (size_t i = 0; i < then->n_nodes; i++) {
		for (size_t k = 0; k < then->n_nodes; k++) {
			const struct fw_node *from = &then->nodes[i], *to = &then->nodes[k];
			if (i == k || !from->n_ring || !to->n_ring)
				continue;
			struct fw_way *w = add(a, g, "corosync", to->name, &from->ring[0], FW_UDP, COROSYNC_PORT);
			look(a, w, now, then, &from->ring[0], &to->ring[0], NULL);
		}
	}
}

/* SSH to guests that are administered from here. */
static void add_doors(struct arena *a, struct fw_guard *g, const struct fw_site *now, const struct fw_site *then,
		      const struct fw_access *access)
{
	const struct addr unknown = { 0 };

	for (size_t i = 0; i < access->n_doors; i++) {
		const struct fw_guest_door *d = &access->doors[i];
		const struct fw_guest *was = fw_site_guest(now, d->guest), *will = fw_site_guest(then, d->guest);
		if (!was || !will)
			continue;
		struct fw_way *w = add(a, g, "SSH", arena_printf(a, "VM %s", d->guest), &access->from, FW_TCP, SSH_PORT);
		struct fw_packet p = packet_of(w, &access->from, &unknown, NULL);
		w->node = access->node;
		w->guest = d->guest;
		fw_evaluate_guest(a, now, fw_site_node(now, w->node), was, d->nic, &p, &w->now);
		fw_evaluate_guest(a, then, fw_site_node(then, w->node), will, d->nic, &p, &w->then);
	}
}

static void conclude(struct arena *a, struct fw_guard *g, const struct fw_access *access)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct fw_way *w = &g->ways[i];
		if (w->then.verdict == FW_ACCEPT || w->now.verdict == FW_DROP || w->now.verdict == FW_REJECT)
			continue;
		bool closed = w->then.verdict != FW_UNKNOWN;
		g->verdict = MAX(g->verdict, closed ? FW_GUARD_CLOSED : FW_GUARD_UNKNOWN);
	}
	/* a source that may be another one behind a NAT proves nothing either way */
	if (g->verdict == FW_GUARD_OPEN && !access->from_certain && (g->enabling || g->enabled) && g->n)
		g->verdict = FW_GUARD_UNKNOWN;
	if (g->verdict != FW_GUARD_OPEN && access->from.family) {
		struct addr_cidr c = { .addr = access->from, .prefix = access->from.family == 4 ? 32 : 128 };
		g->fix_member = fw_cidr_text(a, &c);
		g->fix = arena_printf(a, "[IPSET management]\n%s", g->fix_member);
	}
}

struct fw_guard fw_guard(struct arena *a, const struct fw_site *now, const struct fw_site *then,
			 const struct fw_access *access)
{
	struct fw_guard g = { .enabling = !fw_site_enabled(now) && fw_site_enabled(then),
			      .enabled = fw_site_enabled(now) };

	g.ways = arena_array(a, 2 + then->n_nodes * then->n_nodes + access->n_doors, sizeof(*g.ways));
	for (size_t i = 0; i < then->n_nodes; i++)
		g.nftables |= fw_node_nftables(&then->nodes[i]) ||
			      fw_node_nftables(fw_site_node(now, then->nodes[i].name));
	if (!fw_site_enabled(then))
		return g;
	struct fw_way *api = add(a, &g, "API", access->node, &access->from, FW_TCP, access->api_port);
	look(a, api, now, then, &access->from, &access->to, access->iface);
	if (access->ssh) {
		struct fw_way *ssh = add(a, &g, "SSH", access->node, &access->from, FW_TCP, SSH_PORT);
		look(a, ssh, now, then, &access->from, &access->to, access->iface);
	}
	add_corosync(a, &g, now, then);
	add_doors(a, &g, now, then, access);
	conclude(a, &g, access);
	return g;
}
