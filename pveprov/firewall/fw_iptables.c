/*
 * The chains of the iptables daemon. Source: pve-firewall 6.0.4 (enable_host_firewall, ruleset_create_vm_chain,
 * ruleset_chain_add_input_filters, pve_std_chains).
 */
#include "firewall/fw_options.h"
#include "data/fw_proto.h"
#include "firewall/fw_walk.h"

enum { IGMP = 2 };

static enum fw_match is_true(bool b)
{
	return b ? FW_YES : FW_NO;
}

static enum fw_match icmp(const struct fw_packet *x, int proto, int type, int code)
{
	if (x->proto < 0)
		return FW_MAYBE;
	if (x->proto != proto)
		return FW_NO;
	if (x->icmp_type < 0)
		return FW_MAYBE;
	return is_true(x->icmp_type == type && (code < 0 || x->icmp_code == code));
}

static enum fw_match source_port(const struct fw_packet *x, int proto, int port)
{
	if (x->proto != proto)
		return x->proto < 0 ? FW_MAYBE : FW_NO;
	/* an unknown source port is a high one of a client */
	return is_true(x->sport == port);
}

/* What a policy DROP or REJECT does before it comes to itself: quiet drops, a few accepts. */
static bool walk_noise(struct fw_walk *w, bool reject)
{
	static const struct {
		int proto, first, last;
		const char *name;
	} smb[] = { { FW_UDP, 135, 135, "SMB noise (udp 135)" },     { FW_UDP, 445, 445, "SMB noise (udp 445)" },
		    { FW_UDP, 137, 139, "SMB noise (udp 137:139)" }, { FW_TCP, 135, 135, "SMB noise (tcp 135)" },
		    { FW_TCP, 139, 139, "SMB noise (tcp 139)" },     { FW_TCP, 445, 445, "SMB noise (tcp 445)" } };
	static const struct {
		int family, type, code;
		const char *name;
	} accepted[] = { { 4, 3, 4, "icmp fragmentation-needed" },
			 { 4, 11, -1, "icmp time-exceeded" },
			 { 6, 1, -1, "icmpv6 destination-unreachable" },
			 { 6, 3, -1, "icmpv6 time-exceeded" },
			 { 6, 2, -1, "icmpv6 packet-too-big" } };
	const struct fw_packet *x = w->packet;

	if (x->family == 6 &&
	    fw_walk_builtin(w, fw_match_service(x, FW_TCP, 43, 43), FW_REJECT, "tcp 43 is rejected (IPv6)"))
		return true;
	if (fw_walk_builtin(w, is_true(fw_walk_is_broadcast(w, &x->dest)), FW_DROP, "broadcast and multicast are dropped"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++)
		if (accepted[i].family == x->family &&
		    fw_walk_builtin(w, icmp(x, x->family == 4 ? FW_ICMP : FW_ICMPV6, accepted[i].type, accepted[i].code),
				    FW_ACCEPT, accepted[i].name))
			return true;
	if (fw_walk_builtin(w, is_true(x->state == FW_INVALID), FW_DROP, "conntrack INVALID"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(smb); i++)
		if (fw_walk_builtin(w, fw_match_service(x, smb[i].proto, smb[i].first, smb[i].last),
				    reject ? FW_REJECT : FW_DROP, smb[i].name))
			return true;
	return fw_walk_builtin(w, fw_and(source_port(x, FW_UDP, 137), fw_match_service(x, FW_UDP, 1024, 65535)),
			       reject ? FW_REJECT : FW_DROP, "SMB noise (udp from 137)") ||
	       fw_walk_builtin(w, fw_match_service(x, FW_UDP, 1900, 1900), FW_DROP, "UPnP (udp 1900)") ||
	       fw_walk_builtin(w, fw_and(is_true(x->tcp_flags != FW_TCP_SYN), fw_match_protocol(x, FW_TCP)), FW_DROP,
			       "new TCP connections that do not begin with SYN") ||
	       fw_walk_builtin(w, source_port(x, FW_UDP, 53), FW_DROP, "late DNS replies (udp from 53)");
}

static void walk_policy(struct fw_walk *w, const char *value, const char *file, const char *key, const char *log)
{
	enum fw_verdict v = fw_verdict_of(value);

	if (v != FW_ACCEPT && walk_noise(w, v == FW_REJECT))
		return;
	fw_walk_policy(w, v, file, key, log);
}

static bool walk_connection(struct fw_walk *w, bool allow_invalid)
{
	return fw_walk_builtin(w, is_true(!allow_invalid && w->packet->state == FW_INVALID), FW_DROP,
			       "conntrack INVALID") ||
	       fw_walk_builtin(w, is_true(w->packet->state == FW_ESTABLISHED), FW_ACCEPT,
			       "RELATED,ESTABLISHED connections");
}

/* Neighbour discovery; outgoing router advertisements only with radv. */
static bool walk_ndp(struct fw_walk *w, const struct fw_config *c, enum fw_level level)
{
	static const int types[] = { 133, 134, 135, 136 };
	const struct fw_packet *x = w->packet;

	if (x->family != 6 || !fw_option_on(c, level, "ndp"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i] == 134 && x->direction == FW_OUT &&
		    !(level == FW_GUEST && fw_option_on(c, level, "radv")))
			continue;
		if (fw_walk_builtin(w, icmp(x, FW_ICMPV6, types[i], -1), FW_ACCEPT, "neighbor discovery (ndp)"))
			return true;
	}
	return false;
}

/* The set blacklist, smurfs, odd TCP flags. */
static bool walk_input_filters(struct fw_walk *w, const struct fw_config *host)
{
	const struct fw_section *blacklist = fw_section_find(w->site->cluster, FW_IPSET, "blacklist");
	struct fw_place p = { .cluster = w->site->cluster, .own = w->site->cluster };
	const struct fw_packet *x = w->packet;

	if (blacklist &&
	    fw_walk_builtin(w, fw_match_set(w->arena, w->site, &p, blacklist, &x->source, x->family, false), FW_DROP,
			    "the source is in the IP set 'blacklist'"))
		return true;
	if (x->family == 4 && fw_option_on(host, FW_HOST, "nosmurfs") &&
	    fw_walk_builtin(w, is_true(fw_walk_is_broadcast(w, &x->source)), FW_DROP, "smurfs: a broadcast source"))
		return true;
	return fw_option_on(host, FW_HOST, "tcpflags") &&
	       fw_walk_builtin(w, fw_match_tcp_flags(x), FW_DROP,
			       "a combination of TCP flags that nobody sends (tcpflags)");
}

static bool walk_management(struct fw_walk *w)
{
	static const struct {
		int first, last;
		const char *name;
	} ports[] = { { 8006, 8006, "management: tcp 8006 (web interface, API)" },
		      { 5900, 5999, "management: tcp 5900:5999 (VNC)" },
		      { 3128, 3128, "management: tcp 3128 (SPICE)" },
		      { 22, 22, "management: tcp 22 (SSH)" },
		      { 60000, 60050, "management: tcp 60000:60050 (migration)" } };
	const struct fw_packet *x = w->packet;
	enum fw_match from = fw_match_management(w->arena, w->site, &x->source, x->family, false);

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (fw_walk_builtin(w, fw_and(from, fw_match_service(x, FW_TCP, ports[i].first, ports[i].last)),
				    FW_ACCEPT, ports[i].name))
			return true;
	return false;
}

static bool walk_local_network(struct fw_walk *w)
{
	static const int ports[][2] = { { 8006, 8006 }, { 22, 22 }, { 5900, 5999 }, { 3128, 3128 } };
	const struct fw_packet *x = w->packet;
	struct addr_cidr local;
	bool known = fw_site_local_network(w->site, &local);
	enum fw_match to = !known || !x->dest.family ? FW_MAYBE : is_true(addr_cidr_contains(&local, &x->dest));

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (fw_walk_builtin(w, fw_and(to, fw_match_service(x, FW_TCP, ports[i][0], ports[i][1])), FW_ACCEPT,
				    "to the local network: tcp 8006, 22, 5900:5999, 3128"))
			return true;
	return false;
}

static enum fw_match match_address(const struct addr *seen, const struct addr *wanted)
{
	return !seen->family ? FW_MAYBE : is_true(addr_compare(seen, wanted) == 0);
}

/* Between the addresses of one ring only. */
static bool walk_corosync(struct fw_walk *w)
{
	const struct fw_packet *x = w->packet;
	bool in = x->direction == FW_IN;
	const struct addr *peer = in ? &x->source : &x->dest, *own = in ? &x->dest : &x->source;
	size_t n_own = w->node ? w->node->n_ring : 0;
	enum fw_match known = FW_NO;

	for (size_t i = 0; i < w->site->n_nodes; i++) {
		const struct fw_node *n = &w->site->nodes[i];
		for (size_t k = 0; n != w->node && k < MIN(n->n_ring, n_own); k++)
			if (n->ring[k].family == x->family)
				known = MAX(known, fw_and(match_address(peer, &n->ring[k]),
							  match_address(own, &w->node->ring[k])));
	}
	return fw_walk_builtin(w, fw_and(known, fw_match_service(x, FW_UDP, 5404, 5405)), FW_ACCEPT,
			       "corosync between nodes: udp 5404:5405");
}

void fw_iptables_node(struct fw_walk *w)
{
	const struct fw_config *host = w->node ? w->node->config : NULL, *cluster = w->site->cluster;
	const struct fw_packet *x = w->packet;
	bool in = x->direction == FW_IN;

	if (x->direction == FW_FORWARD) {
		fw_walk_builtin(w, FW_YES, FW_ACCEPT, "the iptables daemon has no forward rules");
		return;
	}
	if (fw_walk_builtin(w, is_true(x->iface && streq(x->iface, "lo")), FW_ACCEPT, "the loopback interface") ||
	    walk_connection(w, false) || walk_ndp(w, host, FW_HOST) || (in && walk_input_filters(w, host)) ||
	    fw_walk_builtin(w, fw_match_protocol(x, IGMP), FW_ACCEPT, "igmp") ||
	    fw_walk_rules(w, host) || fw_walk_rules(w, cluster) || (in ? walk_management(w) : walk_local_network(w)) ||
	    walk_corosync(w))
		return;
	const char *key = in ? "policy_in" : "policy_out";
	walk_policy(w, fw_option_effective(cluster, FW_CLUSTER, key), cluster ? cluster->file : NULL, key,
		    fw_walk_log(host, FW_HOST, in ? "log_level_in" : "log_level_out"));
}

static bool walk_dhcp(struct fw_walk *w, const struct fw_config *c)
{
	const struct fw_packet *x = w->packet;
	bool in = x->direction == FW_IN;
	int client = x->family == 4 ? 68 : 546, server = x->family == 4 ? 67 : 547;

	return fw_option_on(c, FW_GUEST, "dhcp") &&
	       fw_walk_builtin(w,
			       fw_and(source_port(x, FW_UDP, in ? server : client),
				      fw_match_service(x, FW_UDP, in ? client : server, in ? client : server)),
			       FW_ACCEPT, "DHCP of the guest (dhcp)");
}

/* The sources that a NIC may send from: ipfilter-netN and the NIC's own. */
static enum fw_match match_ipfilter(struct fw_walk *w, const struct fw_section *set, const struct fw_nic *nic)
{
	const struct fw_packet *x = w->packet;
	struct fw_place p = { .cluster = w->site->cluster, .own = w->guest->config };

	if (fw_nic_has_address(nic, &x->source))
		return FW_YES;
	if (!set)
		return x->source.family ? FW_NO : FW_MAYBE;
	return fw_match_set(w->arena, w->site, &p, set, &x->source, x->family, w->nft);
}

static bool walk_out_filters(struct fw_walk *w, const struct fw_config *c, const struct fw_nic *nic)
{
	const struct fw_packet *x = w->packet;
	const char *name = arena_printf(w->arena, "ipfilter-%s", nic->id);
	const struct fw_section *set = fw_section_find(c, FW_IPSET, name);

	if (fw_option_on(c, FW_GUEST, "macfilter") && x->source_mac &&
	    fw_walk_builtin(w, is_true(!addr_mac_equal(x->source_mac, &nic->mac)), FW_DROP,
			    "the source MAC is not the NIC's (macfilter)"))
		return true;
	if (x->family == 6 && !fw_option_on(c, FW_GUEST, "radv") &&
	    fw_walk_builtin(w, icmp(x, FW_ICMPV6, 134, -1), FW_DROP, "router advertisements of the guest (radv)"))
		return true;
	return (set || fw_option_on(c, FW_GUEST, "ipfilter")) &&
	       fw_walk_builtin(w, fw_not(match_ipfilter(w, set, nic)), FW_DROP,
			       arena_printf(w->arena, "the source is not in '%s' (ipfilter)", name));
}

bool fw_iptables_bridged(struct fw_walk *w, bool filtered)
{
	const struct fw_config *host = w->node ? w->node->config : NULL;

	return walk_connection(w, fw_option_on(host, FW_HOST, "nf_conntrack_allow_invalid")) ||
	       (filtered && w->packet->direction == FW_IN && walk_input_filters(w, host));
}

void fw_iptables_guest(struct fw_walk *w, const struct fw_nic *nic)
{
	const struct fw_config *c = w->guest->config;
	bool in = w->packet->direction == FW_IN;

	if (fw_iptables_bridged(w, true) || walk_dhcp(w, c) || (!in && walk_out_filters(w, c, nic)) ||
	    walk_ndp(w, c, FW_GUEST) || fw_walk_rules(w, c))
		return;
	const char *key = in ? "policy_in" : "policy_out";
	walk_policy(w, fw_option_effective(c, FW_GUEST, key), c->file, key,
		    fw_walk_log(c, FW_GUEST, in ? "log_level_in" : "log_level_out"));
}
