#include "firewall/fw_evaluate.h"
#include "firewall/fw_options.h"
#include "firewall/fw_stop.h"
#include "firewall/fw_walk.h"

static void off(struct fw_decision *ret, const char *file, const char *rule, const char *reason)
{
	*ret = (struct fw_decision){ .verdict = FW_ACCEPT, .file = file, .rule = rule, .reason = reason };
}

static void at_stop(void *ctx, const struct fw_config *c, unsigned line, unsigned column UNUSED, const char *why)
{
	struct fw_walk *w = ctx;

	if (w->decided)
		return;
	w->decided = true;
	*w->decision = (struct fw_decision){ .verdict = FW_UNKNOWN,
					     .file = c->file,
					     .line = line,
					     .rule = arena_strdup(w->arena, why),
					     .reason = "the nftables backend stops over this line: what is loaded is not known" };
}

/* One line that the nftables backend cannot read, in any file, and it loads nothing. */
static bool stops(struct fw_walk *w)
{
	const struct fw_site *s = w->site;
	const struct fw_config *files[] = { s->cluster, w->node ? w->node->config : NULL };

	for (size_t i = 0; w->nft && i < ARRAY_SIZE(files); i++)
		if (files[i])
			fw_stops(files[i], at_stop, w);
	for (size_t i = 0; w->nft && i < s->n_guests; i++)
		if (s->guests[i].config)
			fw_stops(s->guests[i].config, at_stop, w);
	return w->decided;
}

void fw_evaluate_node(struct arena *a, const struct fw_site *s, const struct fw_node *node, const struct fw_packet *x,
		      struct fw_decision *ret)
{
	const struct fw_config *host = node ? node->config : NULL;
	struct fw_packet packet = *x;
	struct fw_walk w = {
		.arena = a, .site = s, .node = node, .packet = &packet, .decision = ret, .nft = fw_node_nftables(node)
	};

	packet.state = fw_packet_state(x);

	if (!fw_site_enabled(s)) {
		off(ret, "cluster.fw", "enable: 0", "the firewall is off for the whole cluster");
		return;
	}
	if (host && !fw_option_on(host, FW_HOST, "enable")) {
		off(ret, host->file, "enable: 0", "the firewall is off on this node");
		return;
	}
	if (stops(&w))
		return;
	if (w.nft)
		fw_nftables_node(&w);
	else
		fw_iptables_node(&w);
}

static const struct fw_nic *find_nic(const struct fw_guest *g, const char *id)
{
	for (size_t i = 0; i < g->n_nics; i++)
		if (streq(g->nics[i].id, id))
			return &g->nics[i];
	return NULL;
}

/* The iptables daemon's bridges filter a little even where the guest's own firewall is off. */
static void unfiltered(struct fw_walk *w, const struct fw_nic *nic, const char *file, const char *rule, const char *reason)
{
	if (w->nft || !nic || !fw_iptables_bridged(w, nic->firewall))
		off(w->decision, file, rule, reason);
}

void fw_evaluate_guest(struct arena *a, const struct fw_site *s, const struct fw_node *node,
		       const struct fw_guest *guest, const char *nic_id, const struct fw_packet *x,
		       struct fw_decision *ret)
{
	const struct fw_nic assumed = { .id = nic_id, .firewall = true }, *nic = find_nic(guest, nic_id);
	struct fw_packet packet = *x;
	struct fw_walk w = { .arena = a,
			     .site = s,
			     .node = node,
			     .guest = guest,
			     .packet = &packet,
			     .decision = ret,
			     .nft = fw_node_nftables(node) };

	packet.iface = nic_id;
	packet.state = fw_packet_state(x);
	if (!nic && !guest->nics_known)
		nic = &assumed;
	if (!fw_site_enabled(s))
		off(ret, "cluster.fw", "enable: 0", "the firewall is off for the whole cluster");
	else if (!guest->config || !fw_option_on(guest->config, FW_GUEST, "enable"))
		unfiltered(&w, nic, guest->config ? guest->config->file : NULL, "enable: 0",
			   "the guest's firewall is off");
	else if (!nic)
		*ret = (struct fw_decision){ .verdict = FW_UNKNOWN,
					     .rule = nic_id,
					     .reason = "the guest has no such NIC" };
	else if (!nic->firewall)
		unfiltered(&w, nic, NULL, arena_printf(a, "%s without firewall=1", nic_id), "the NIC is not filtered");
	else if (stops(&w))
		return;
	else if (w.nft)
		fw_nftables_guest(&w, nic);
	else
		fw_iptables_guest(&w, nic);
}
