/*
 * The chains of proxmox-firewall 1.2.3 (nftables): its built-in rules come before those of the files, and conntrack is
 * asked per guest. Source: proxmox-firewall.nft and firewall.rs of that version.
 */
#include "firewall/fw_options.h"
#include "data/fw_proto.h"
#include "firewall/fw_walk.h"

static enum fw_match is_true(bool b)
{
	return b ? FW_YES : FW_NO;
}

/* Any of the ICMP types of the packet's family, the list ended by -1. */
static enum fw_match icmp_types(const struct fw_packet *x, const int *v4, const int *v6)
{
	const int *types = x->family == 4 ? v4 : v6;

	if (x->proto < 0)
		return FW_MAYBE;
	if (x->proto != (x->family == 4 ? FW_ICMP : FW_ICMPV6))
		return FW_NO;
	for (; *types >= 0; types++)
		if (x->icmp_type < 0 || *types == x->icmp_type)
			return x->icmp_type < 0 ? FW_MAYBE : FW_YES;
	return FW_NO;
}

static bool is_multicast4(const struct addr *a)
{
	struct addr_cidr c;

	return a->family == 4 && addr_cidr_parse("224.0.0.0/4", &c) && addr_cidr_contains(&c, a);
}

static bool walk_icmp(struct fw_walk *w)
{
	static const int v4[] = { 3, 4, 11, -1 }, v6[] = { 1, 2, 3, 4, -1 };

	return fw_walk_builtin(w, icmp_types(w->packet, v4, v6), FW_ACCEPT, "ICMP errors");
}

static bool walk_connection(struct fw_walk *w, bool block_invalid)
{
	return fw_walk_builtin(w, is_true(w->packet->state == FW_ESTABLISHED), FW_ACCEPT,
			       "established and related connections") ||
	       fw_walk_builtin(w, is_true(block_invalid && w->packet->state == FW_INVALID), FW_DROP,
			       "conntrack invalid");
}

static bool walk_ndp(struct fw_walk *w, bool on)
{
	static const int none[] = { -1 }, in[] = { 133, 134, 135, 136, 137, -1 }, out[] = { 133, 135, 136, -1 };

	return fw_walk_builtin(w, icmp_types(w->packet, none, w->packet->direction == FW_IN ? in : out),
			       on ? FW_ACCEPT : FW_DROP, "neighbor discovery (ndp)");
}

static bool walk_management(struct fw_walk *w)
{
	static const int ports[][2] = { { 8006, 8006 }, { 5900, 5999 }, { 3128, 3128 }, { 22, 22 } };
	const struct fw_packet *x = w->packet;
	enum fw_match from = fw_match_management(w->arena, w->site, &x->source, x->family, true);

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (fw_walk_builtin(w, fw_and(from, fw_match_service(x, FW_TCP, ports[i][0], ports[i][1])), FW_ACCEPT,
				    "management: tcp 8006, 5900-5999, 3128, 22, before every rule"))
			return true;
	return false;
}

static bool walk_default_in(struct fw_walk *w)
{
	static const struct {
		int proto, first, last;
		enum fw_verdict verdict;
		const char *name;
	} rules[] = {
		{ FW_UDP, 5405, 5412, FW_ACCEPT, "corosync: udp 5405-5412 from anywhere" },
		{ FW_UDP, 135, 135, FW_REJECT, "SMB noise (udp 135)" },
		{ FW_UDP, 137, 139, FW_REJECT, "SMB noise (udp 137-139)" },
		{ FW_UDP, 445, 445, FW_REJECT, "SMB noise (udp 445)" },
		{ FW_TCP, 135, 135, FW_REJECT, "SMB noise (tcp 135)" },
		{ FW_TCP, 139, 139, FW_REJECT, "SMB noise (tcp 139)" },
		{ FW_TCP, 445, 445, FW_REJECT, "SMB noise (tcp 445)" },
	};
	const struct fw_packet *x = w->packet;

	if (fw_walk_builtin(w, fw_match_protocol(x, 2), FW_ACCEPT, "igmp") ||
	    walk_management(w))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (fw_walk_builtin(w, fw_match_service(x, rules[i].proto, rules[i].first, rules[i].last),
				    rules[i].verdict, rules[i].name))
			return true;
	return fw_walk_builtin(w, fw_and(is_true(x->sport == 137), fw_match_service(x, FW_UDP, 1024, 65535)), FW_REJECT,
			       "SMB noise (udp from 137)") ||
	       fw_walk_builtin(w, fw_match_service(x, FW_UDP, 1900, 1900), FW_DROP, "UPnP (udp 1900)") ||
	       fw_walk_builtin(w, fw_and(is_true(x->sport == 53), fw_match_protocol(x, FW_UDP)), FW_DROP,
			       "late DNS replies (udp from 53)");
}

/* Odd TCP flags; whatever is sent to everybody, or from a multicast address. */
static bool walk_options_in(struct fw_walk *w, const struct fw_config *host)
{
	const struct fw_packet *x = w->packet;
	static const struct addr nobody = { .family = 4 };

	if (fw_option_on(host, FW_HOST, "tcpflags") &&
	    fw_walk_builtin(w, fw_match_tcp_flags(x), FW_DROP,
			    "a combination of TCP flags that nobody sends (tcpflags)"))
		return true;
	return x->family == 4 && fw_option_on(host, FW_HOST, "nosmurfs") && addr_compare(&x->source, &nobody) != 0 &&
	       fw_walk_builtin(w, is_true(is_multicast4(&x->source) ||
					  (fw_walk_is_broadcast(w, &x->dest) && !is_multicast4(&x->dest))),
			       FW_DROP, "smurfs: sent to everybody, or from a multicast address");
}

void fw_nftables_node(struct fw_walk *w)
{
	const struct fw_config *host = w->node ? w->node->config : NULL, *cluster = w->site->cluster;
	const struct fw_packet *x = w->packet;
	bool in = x->direction == FW_IN, forward = x->direction == FW_FORWARD;
	bool block_invalid = !fw_option_on(host, FW_HOST, "nf_conntrack_allow_invalid");
	const char *key = in ? "policy_in" : forward ? "policy_forward" : "policy_out";
	const char *log = in ? "log_level_in" : forward ? "log_level_forward" : "log_level_out";

	if (!forward && (fw_walk_builtin(w, is_true(x->iface && streq(x->iface, "lo")), FW_ACCEPT,
					 "the loopback interface") ||
			 walk_icmp(w)))
		return;
	if (walk_connection(w, block_invalid) || (in && walk_default_in(w)) ||
	    (!forward && walk_ndp(w, fw_option_on(host, FW_HOST, "ndp"))))
		return;
	if (in && walk_options_in(w, host))
		return;
	if (fw_walk_rules(w, host) || fw_walk_rules(w, cluster))
		return;
	fw_walk_policy(w, fw_verdict_of(fw_option_effective(cluster, FW_CLUSTER, key)), cluster ? cluster->file : NULL,
		       key, fw_walk_log(host, FW_HOST, log));
}

static bool walk_dhcp(struct fw_walk *w, const struct fw_config *c)
{
	const struct fw_packet *x = w->packet;
	bool in = x->direction == FW_IN;
	int client = x->family == 4 ? 68 : 546, server = x->family == 4 ? 67 : 547;
	enum fw_match match = x->proto < 0 ? FW_MAYBE
					   : is_true(x->proto == FW_UDP && x->sport == (in ? server : client) &&
						     x->dport == (in ? client : server));

	return fw_walk_builtin(w, match, fw_option_on(c, FW_GUEST, "dhcp") ? FW_ACCEPT : FW_DROP,
			       "DHCP of the guest (dhcp)");
}

static bool walk_out_filters(struct fw_walk *w, const struct fw_config *c, const struct fw_nic *nic)
{
	static const int none[] = { -1 }, advertisements[] = { 134, 137, -1 };
	const struct fw_packet *x = w->packet;

	if (fw_option_on(c, FW_GUEST, "macfilter") && x->source_mac &&
	    fw_walk_builtin(w, is_true(!addr_mac_equal(x->source_mac, &nic->mac)), FW_DROP,
			    "the source MAC is not the NIC's (macfilter)"))
		return true;
	return walk_dhcp(w, c) || walk_ndp(w, fw_option_on(c, FW_GUEST, "ndp")) ||
	       fw_walk_builtin(w, icmp_types(x, none, advertisements),
			       fw_option_on(c, FW_GUEST, "radv") ? FW_ACCEPT : FW_DROP,
			       "router advertisements of the guest (radv)");
}

/* Without a set of its own a NIC may send from the address made of its MAC and, in a container, from its addresses. */
static bool walk_ipfilter(struct fw_walk *w, const struct fw_config *c, const struct fw_nic *nic)
{
	const char *name = arena_printf(w->arena, "ipfilter-%s", nic->id);
	const struct fw_section *set = fw_section_find(c, FW_IPSET, name);
	struct fw_place p = { .cluster = w->site->cluster, .own = c };
	const struct fw_packet *x = w->packet;

	/* here the set alone does nothing */
	if (!fw_option_on(c, FW_GUEST, "ipfilter"))
		return false;
	enum fw_match allowed = set ? fw_match_set(w->arena, w->site, &p, set, &x->source, x->family, true)
				: !x->source.family ? FW_MAYBE
						    : is_true(fw_nic_has_address(nic, &x->source));
	return fw_walk_builtin(w, fw_not(allowed), FW_DROP,
			       arena_printf(w->arena, "the source is not in '%s' (ipfilter)", name));
}

void fw_nftables_guest(struct fw_walk *w, const struct fw_nic *nic)
{
	const struct fw_config *host = w->node ? w->node->config : NULL, *c = w->guest->config;
	bool in = w->packet->direction == FW_IN;
	bool block_invalid = !fw_option_on(host, FW_HOST, "nf_conntrack_allow_invalid");

	if (walk_icmp(w) || walk_connection(w, block_invalid))
		return;
	if (in ? walk_dhcp(w, c) || walk_ndp(w, fw_option_on(c, FW_GUEST, "ndp"))
	       : walk_ipfilter(w, c, nic) || walk_out_filters(w, c, nic))
		return;
	if (fw_walk_rules(w, c))
		return;
	const char *key = in ? "policy_in" : "policy_out";
	enum fw_verdict v = fw_verdict_of(fw_option_effective(c, FW_GUEST, key));
	fw_walk_policy(w, in && v == FW_REJECT ? FW_DROP : v, c->file, key,
		       fw_walk_log(c, FW_GUEST, in ? "log_level_in" : "log_level_out"));
}
