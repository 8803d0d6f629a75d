/*
 * The chains of the iptables daemon. Source: pve-firewall 6.0.4 (enable_host_firewall, ruleset_create_vm_chain,
 * ruleset_chain_add_input_filters, pve_std_chains, compile_iptables_filter, compile_iptables_raw).
 */
#include "lab/firewall_nft.h"

static void open_chain(struct nft *n, const char *name)
{
	buf_addf(n->out, "\tchain %s {\n", name);
}

static void close_chain(struct nft *n)
{
	buf_adds(n->out, "\t}\n");
}

static void add_lines(struct nft *n, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		nft_line(n, "%s", lines[i]);
}

static const char *host_option(struct nft *n, const char *key)
{
	return nft_option(n, NFT_HOST, n->host, key);
}

static bool host_on(struct nft *n, const char *key)
{
	return nft_on(n, NFT_HOST, n->host, key);
}

static void reject_chain(struct nft *n)
{
	static const char *const lines[] = {
		"meta nfproto ipv4 fib daddr type broadcast drop",
		"ip saddr 224.0.0.0/4 drop",
		"meta nfproto ipv4 meta l4proto icmp drop",
		"meta nfproto ipv6 meta l4proto ipv6-icmp drop",
		"meta l4proto tcp reject with tcp reset",
		"meta l4proto udp reject with icmpx type port-unreachable",
		"meta nfproto ipv4 reject with icmp type host-prohibited",
		"reject with icmpv6 type admin-prohibited",
	};

	open_chain(n, "do-reject");
	add_lines(n, lines, ARRAY_SIZE(lines));
	close_chain(n);
}

/* What a policy DROP or REJECT does before it comes to itself. */
static void noise_chain(struct nft *n, const char *name, const char *smb)
{
	static const char *const first[] = {
		"meta nfproto ipv6 tcp dport 43 jump do-reject",
		"meta nfproto ipv4 fib daddr type { broadcast, multicast, anycast } drop",
		"ip daddr 224.0.0.0/4 drop",
		"ip6 daddr ff00::/8 drop",
		"meta nfproto ipv4 icmp type 3 icmp code 4 accept",
		"meta nfproto ipv4 icmp type 11 accept",
		"meta nfproto ipv6 icmpv6 type { 1, 2, 3 } accept",
		"ct state invalid drop",
	};
	static const char *const last[] = {
		"udp dport 1900 drop",
		"tcp flags & (fin | syn | rst | ack) != syn drop",
		"udp sport 53 drop",
	};

	open_chain(n, name);
	add_lines(n, first, ARRAY_SIZE(first));
	nft_line(n, "udp dport { 135, 137-139, 445 } %s", smb);
	nft_line(n, "udp sport 137 udp dport 1024-65535 %s", smb);
	nft_line(n, "tcp dport { 135, 139, 445 } %s", smb);
	add_lines(n, last, ARRAY_SIZE(last));
	close_chain(n);
}

static void log_drop_chain(struct nft *n, const char *chain, const char *level)
{
	const struct nft_place at = { .label = chain, .vmid = "0" };
	const char *log = nft_log(n, &at, level, "DROP: ");

	open_chain(n, chain);
	nft_line(n, "%sdrop", log);
	close_chain(n);
}

static void filter_chains(struct nft *n)
{
	static const char *const smurfs[] = {
		"ip saddr 0.0.0.0 return",
		"fib saddr type broadcast goto PVEFW-smurflog",
		"ip saddr 224.0.0.0/4 goto PVEFW-smurflog",
	};
	static const char *const flags[] = {
		"tcp flags & (fin | syn | rst | psh | ack | urg) == fin | psh | urg goto PVEFW-logflags",
		"tcp flags & (fin | syn | rst | psh | ack | urg) == 0 goto PVEFW-logflags",
		"tcp flags & (syn | rst) == syn | rst goto PVEFW-logflags",
		"tcp flags & (fin | syn) == fin | syn goto PVEFW-logflags",
		"tcp sport 0 tcp flags & (fin | syn | rst | ack) == syn goto PVEFW-logflags",
	};

	log_drop_chain(n, "PVEFW-smurflog", host_option(n, "smurf_log_level"));
	log_drop_chain(n, "PVEFW-logflags", host_option(n, "tcp_flags_log_level"));
	/* made once, by the guests' chain, which comes first and takes this level */
	log_drop_chain(n, "PVEFW-blacklist", host_option(n, "log_level_out"));
	open_chain(n, "PVEFW-smurfs");
	add_lines(n, smurfs, ARRAY_SIZE(smurfs));
	close_chain(n);
	open_chain(n, "PVEFW-tcpflags");
	add_lines(n, flags, ARRAY_SIZE(flags));
	close_chain(n);
}

static void add_input_filters(struct nft *n)
{
	if (nft_find_set(n->cluster, "blacklist"))
		for (int family = 4; family <= 6; family += 2)
			nft_line(n, "%s jump PVEFW-blacklist", nft_in_set(n, family, "saddr", "0", "blacklist"));
	if (host_on(n, "nosmurfs"))
		nft_line(n, "meta nfproto ipv4 ct state invalid,new jump PVEFW-smurfs");
	if (host_on(n, "tcpflags"))
		nft_line(n, "meta l4proto tcp jump PVEFW-tcpflags");
}

static void add_connections(struct nft *n, bool allow_invalid)
{
	if (!allow_invalid)
		nft_line(n, "ct state invalid drop");
	nft_line(n, "ct state established,related accept");
}

/* Router advertisements go out of a guest with radv only, and never out of a node. */
static void add_ndp(struct nft *n, const json_t *file, enum nft_level level, enum nft_direction direction)
{
	bool ra = direction == NFT_IN || (level == NFT_GUEST && nft_on(n, level, file, "radv"));

	if (nft_on(n, level, file, "ndp"))
		nft_line(n, "meta nfproto ipv6 icmpv6 type { 133, %s135, 136 } accept", ra ? "134, " : "");
}

static void add_policy(struct nft *n, const struct nft_place *at, const char *policy, const char *level)
{
	if (streq(policy, "ACCEPT")) {
		nft_line(n, "accept");
		return;
	}
	nft_line(n, "jump %s", streq(policy, "DROP") ? "PVEFW-Drop" : "PVEFW-Reject");
	nft_line(n, "%s%s", nft_log(n, at, level, arena_printf(&n->arena, "policy %s: ", policy)),
		 nft_verdict(n, at, policy));
}

/* Between the addresses of one ring. */
static void add_corosync(struct nft *n, enum nft_direction direction)
{
	char own[ADDR_TEXT_MAX], peer[ADDR_TEXT_MAX];
	const struct firewall_node *node = n->site->nodes, *other = node + 1;

	for (; other < node + n->site->n_nodes; other++) {
		for (size_t k = 0; k < MIN(other->n_ring, node->n_ring); k++) {
			if (other->ring[k].family != node->ring[k].family)
				continue;
			const char *ip = other->ring[k].family == 4 ? "ip" : "ip6";
			addr_text(&node->ring[k], own);
			addr_text(&other->ring[k], peer);
			nft_line(n, "%s saddr %s %s daddr %s udp dport 5404-5405 accept", ip,
				 direction == NFT_IN ? peer : own, ip, direction == NFT_IN ? own : peer);
		}
	}
}

static void add_standard(struct nft *n, enum nft_direction direction)
{
	struct addr_cidr local;
	char text[ADDR_TEXT_MAX];

	if (direction == NFT_IN)
		for (int family = 4; family <= 6; family += 2)
			nft_line(n, "%s tcp dport { 22, 3128, 5900-5999, 8006, 60000-60050 } accept",
				 nft_in_set(n, family, "saddr", "0", "management"));
	else if (nft_local_network(n, &local))
		nft_line(n, "%s daddr %s tcp dport { 22, 3128, 5900-5999, 8006 } accept", local.addr.family == 4 ? "ip" : "ip6",
			 addr_cidr_text(&local, text));
	add_corosync(n, direction);
}

static void node_chain(struct nft *n, enum nft_direction direction)
{
	bool in = direction == NFT_IN;
	const char *name = in ? "PVEFW-HOST-IN" : "PVEFW-HOST-OUT";
	/* 'guest/' means the node's file, which has no names */
	const struct nft_place at = { .chain = name, .label = name, .vmid = "0", .direction = direction, .own = n->host };

	open_chain(n, name);
	nft_line(n, "%s \"lo\" accept", in ? "iifname" : "oifname");
	add_connections(n, false);
	add_ndp(n, n->host, NFT_HOST, direction);
	if (in)
		add_input_filters(n);
	nft_line(n, "meta l4proto igmp accept");
	nft_rules(n, &at, n->host);
	nft_rules(n, &at, n->cluster);
	add_standard(n, direction);
	add_policy(n, &at, nft_option(n, NFT_CLUSTER, n->cluster, in ? "policy_in" : "policy_out"),
		   host_option(n, in ? "log_level_in" : "log_level_out"));
	close_chain(n);
}

static void add_out_filters(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic)
{
	const char *name = arena_printf(&n->arena, "ipfilter-%s", nic->id);
	struct nft_members m = { 0 };
	char mac[ADDR_MAC_TEXT_MAX];

	if (nft_on(n, NFT_GUEST, g->file, "macfilter"))
		nft_line(n, "ether saddr != %s drop", addr_mac_text(&nic->mac, mac));
	if (!nft_on(n, NFT_GUEST, g->file, "radv"))
		nft_line(n, "meta nfproto ipv6 icmpv6 type 134 drop");
	if (nft_ipfilter(n, g, nic, &m)) {
		nft_line(n, "ip saddr != @%s drop", nft_set_name(n, 4, g->id, name, ""));
		nft_line(n, "ip6 saddr != @%s drop", nft_set_name(n, 6, g->id, name, ""));
	}
}

static void nic_chain(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic, enum nft_direction direction)
{
	bool in = direction == NFT_IN;
	const char *name = arena_printf(&n->arena, "tap%si%s-%s", g->id, nic->id + strlen("net"), nft_word(n, direction));
	const struct nft_place at = { .chain = name, .label = name, .vmid = g->id, .direction = direction,
				      .own = g->file, .nic = nic->id, .guest = true };

	open_chain(n, name);
	if (nft_on(n, NFT_GUEST, g->file, "dhcp")) {
		nft_line(n, "meta nfproto ipv4 udp sport %d udp dport %d accept", in ? 67 : 68, in ? 68 : 67);
		nft_line(n, "meta nfproto ipv6 udp sport %d udp dport %d accept", in ? 547 : 546, in ? 546 : 547);
	}
	if (!in)
		add_out_filters(n, g, nic);
	add_ndp(n, g->file, NFT_GUEST, direction);
	nft_rules(n, &at, g->file);
	add_policy(n, &at, nft_option(n, NFT_GUEST, g->file, in ? "policy_in" : "policy_out"),
		   nft_option(n, NFT_GUEST, g->file, in ? "log_level_in" : "log_level_out"));
	close_chain(n);
}

/* The filters stand before every NIC that has a fwbr, also where its guest's firewall is off. */
static void guests_chain(struct nft *n, enum nft_direction direction)
{
	const struct firewall_site *s = n->site;

	for (size_t i = 0; i < s->n_guests; i++)
		for (size_t k = 0; k < s->guests[i].n_nics; k++)
			if (nft_filtered(n, &s->guests[i], &s->guests[i].nics[k]))
				nic_chain(n, &s->guests[i], &s->guests[i].nics[k], direction);
	open_chain(n, direction == NFT_IN ? "PVEFW-FWBR-IN" : "PVEFW-FWBR-OUT");
	if (direction == NFT_IN)
		add_input_filters(n);
	for (size_t i = 0; i < s->n_guests; i++)
		for (size_t k = 0; k < s->guests[i].n_nics; k++)
			if (nft_filtered(n, &s->guests[i], &s->guests[i].nics[k]))
				nft_line(n, "iifname \"fwbr%si%s\" goto tap%si%s-%s", s->guests[i].id,
					 s->guests[i].nics[k].id + strlen("net"), s->guests[i].id,
					 s->guests[i].nics[k].id + strlen("net"), nft_word(n, direction));
	close_chain(n);
}

static void raw_chain(struct nft *n)
{
	static const struct {
		int family;
		const char *key;
	} families[] = { { 4, "ip saddr" }, { 6, "ip6 saddr & ffff:ffff:ffff:ffff::" } };

	if (!host_on(n, "protection_synflood"))
		return;
	/* a set cannot be changed while it stands: one for each of these values */
	const char *timeout = host_option(n, "nf_conntrack_tcp_timeout_syn_recv"),
		   *rate = host_option(n, "protection_synflood_rate"), *burst = host_option(n, "protection_synflood_burst"),
		   *set = arena_printf(&n->arena, "synflood-%s-%s-%s-v", timeout, rate, burst);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		buf_addf(n->out, "\tset %s%d {\n\t\ttype ipv%d_addr\n\t\tflags dynamic\n\t\ttimeout %ss\n\t}\n", set,
			 families[i].family, families[i].family, timeout);
	open_chain(n, "prerouting");
	nft_line(n, "type filter hook prerouting priority raw; policy accept;");
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		nft_line(n,
			 "iifname != \"fwbr*\" tcp flags & (fin | syn | rst | ack) == syn update @%s%d { %s limit rate over "
			 "%s/second burst %s packets } drop",
			 set, families[i].family, families[i].key, rate, burst);
	close_chain(n);
}

static void base_chains(struct nft *n)
{
	bool node = host_on(n, "enable");

	open_chain(n, "forward");
	nft_line(n, "type filter hook forward priority filter; policy accept;");
	add_connections(n, host_on(n, "nf_conntrack_allow_invalid"));
	nft_line(n, "meta mark 2 jump PVEFW-FWBR-IN");
	nft_line(n, "meta mark 1 jump PVEFW-FWBR-OUT");
	close_chain(n);
	for (enum nft_direction t = NFT_IN; node && t <= NFT_OUT; t++) {
		open_chain(n, t == NFT_IN ? "input" : "output");
		nft_line(n, "type filter hook %s priority filter; policy accept;", t == NFT_IN ? "input" : "output");
		nft_line(n, "jump PVEFW-HOST-%s", nft_word(n, t));
		close_chain(n);
	}
}

void nft_daemon(struct nft *n)
{
	const char *group;
	json_t *body;

	reject_chain(n);
	noise_chain(n, "PVEFW-Drop", "drop");
	noise_chain(n, "PVEFW-Reject", "jump do-reject");
	filter_chains(n);
	json_object_foreach(json_object_get(n->cluster, "groups"), group, body)
		for (enum nft_direction t = NFT_IN; t <= NFT_OUT; t++)
			nft_group(n, group, body, t, false);
	for (enum nft_direction t = NFT_IN; t <= NFT_OUT; t++) {
		if (host_on(n, "enable"))
			node_chain(n, t);
		guests_chain(n, t);
	}
	raw_chain(n);
	base_chains(n);
}
