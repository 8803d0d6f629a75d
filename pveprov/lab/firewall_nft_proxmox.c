/*
 * The chains of proxmox-firewall 1.2.3. Its guests' chains are in the bridge family there; here they stand in the inet
 * table's forward hook, where fwbrNiM leads them. Source: proxmox-firewall.nft and firewall.rs of that version.
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

static void fixed_chain(struct nft *n, const char *name, const char *const *lines)
{
	open_chain(n, name);
	for (; *lines; lines++)
		nft_line(n, "%s", *lines);
	close_chain(n);
}

static void fixed_chains(struct nft *n)
{
	static const char *const reject[] = {
		"meta pkttype broadcast drop",
		"ip saddr 224.0.0.0/4 drop",
		"meta l4proto tcp reject with tcp reset",
		"meta l4proto { icmp, ipv6-icmp } reject with icmpx type port-unreachable",
		"meta nfproto ipv4 reject with icmp type host-prohibited",
		"reject with icmpv6 type admin-prohibited",
		NULL,
	};
	static const char *const icmp[] = {
		"icmp type { 3, 4, 11 } accept",
		"icmpv6 type { 1, 2, 3, 4 } accept",
		NULL,
	};
	static const char *const defaults[] = {
		"meta l4proto igmp accept",
		"tcp dport { 22, 3128, 5900-5999, 8006 } jump accept-management",
		"udp dport 5405-5412 accept",
		"udp dport { 135, 137-139, 445 } goto do-reject",
		"udp sport 137 udp dport 1024-65535 goto do-reject",
		"tcp dport { 135, 139, 445 } goto do-reject",
		"udp dport 1900 drop",
		"udp sport 53 drop",
		NULL,
	};

	fixed_chain(n, "do-reject", reject);
	fixed_chain(n, "allow-icmp", icmp);
	open_chain(n, "accept-management");
	for (int family = 4; family <= 6; family += 2)
		nft_line(n, "%s accept", nft_in_set(n, family, "saddr", "0", "management"));
	close_chain(n);
	fixed_chain(n, "default-in", defaults);
}

static void add_connections(struct nft *n)
{
	if (!nft_on(n, NFT_HOST, n->host, "nf_conntrack_allow_invalid"))
		nft_line(n, "ct state invalid drop");
	nft_line(n, "ct state established,related accept");
}

/* Always a rule, whatever the option says. */
static void add_ndp(struct nft *n, bool on, enum nft_direction direction)
{
	nft_line(n, "icmpv6 type { 133, 135, %s } %s", direction == NFT_IN ? "134, 136, 137" : "136", on ? "accept" : "drop");
}

static void log_drop_chain(struct nft *n, const char *chain, const char *label, const char *option)
{
	const struct nft_place at = { .label = label, .vmid = "0" };

	open_chain(n, chain);
	nft_line(n, "%sdrop", nft_log(n, &at, nft_option(n, NFT_HOST, n->host, option), "DROP: "));
	close_chain(n);
}

static void filter_chains(struct nft *n)
{
	static const char *const smurfs[] = {
		"ip saddr 0.0.0.0 return",
		"meta pkttype broadcast goto log-drop-smurfs",
		"ip saddr 224.0.0.0/4 goto log-drop-smurfs",
		NULL,
	};
	static const char *const flags[] = {
		"tcp flags & (fin | syn | rst | psh | ack | urg) == fin | psh | urg goto log-drop-invalid-tcp",
		"tcp flags & (fin | syn | rst | psh | ack | urg) == 0 goto log-drop-invalid-tcp",
		"tcp flags & (syn | rst) == syn | rst goto log-drop-invalid-tcp",
		"tcp flags & (fin | syn) == fin | syn goto log-drop-invalid-tcp",
		"tcp sport 0 tcp flags & (fin | syn | rst | ack) == syn goto log-drop-invalid-tcp",
		NULL,
	};

	log_drop_chain(n, "log-drop-smurfs", "log-smurfs", "smurf_log_level");
	log_drop_chain(n, "log-drop-invalid-tcp", "log-invalid-tcp", "tcp_flags_log_level");
	fixed_chain(n, "block-smurfs", smurfs);
	fixed_chain(n, "block-invalid-tcp", flags);
}

static void synflood_chain(struct nft *n)
{
	const char *rate = nft_option(n, NFT_HOST, n->host, "protection_synflood_rate");
	const char *burst = nft_option(n, NFT_HOST, n->host, "protection_synflood_burst");

	/* a set cannot be changed while it stands: one for each of these values */
	const char *set = arena_printf(&n->arena, "synflood-%s-%s-v", rate, burst);

	for (int family = 4; family <= 6; family += 2)
		buf_addf(n->out, "\tset %s%d {\n\t\ttype ipv%d_addr\n\t\tflags dynamic\n\t\ttimeout 60s\n\t}\n", set, family,
			 family);
	open_chain(n, "block-synflood");
	for (int family = 4; family <= 6; family += 2)
		nft_line(n,
			 "tcp flags & (fin | syn | rst | ack) == syn update @%s%d { %s saddr limit rate over %s/second burst "
			 "%s packets } drop",
			 set, family, family == 4 ? "ip" : "ip6", rate, burst);
	close_chain(n);
}

static void add_options(struct nft *n, enum nft_direction direction)
{
	add_ndp(n, nft_on(n, NFT_HOST, n->host, "ndp"), direction);
	if (direction != NFT_IN)
		return;
	if (nft_on(n, NFT_HOST, n->host, "protection_synflood"))
		nft_line(n, "jump block-synflood");
	if (nft_on(n, NFT_HOST, n->host, "tcpflags"))
		nft_line(n, "jump block-invalid-tcp");
	if (nft_on(n, NFT_HOST, n->host, "nosmurfs"))
		nft_line(n, "jump block-smurfs");
}

static void rules_of_node(struct nft *n, enum nft_direction direction)
{
	static const char *const policies[] = { [NFT_IN] = "policy_in", [NFT_OUT] = "policy_out", [NFT_FORWARD] = "policy_forward" };
	static const char *const levels[] = { [NFT_IN] = "log_level_in", [NFT_OUT] = "log_level_out",
					      [NFT_FORWARD] = "log_level_forward" };
	const char *policy = nft_option(n, NFT_CLUSTER, n->cluster, policies[direction]);
	struct nft_place at = { .vmid = "0", .direction = direction, .own = n->host };

	at.chain = at.label = arena_printf(&n->arena, "host-%s", nft_word(n, direction));
	open_chain(n, at.chain);
	nft_rules(n, &at, n->host);
	close_chain(n);
	at.chain = at.label = arena_printf(&n->arena, "cluster-%s", nft_word(n, direction));
	at.own = n->host;
	open_chain(n, at.chain);
	nft_rules(n, &at, n->cluster);
	nft_line(n, "%s%s",
		 nft_log(n, &at, nft_option(n, NFT_HOST, n->host, levels[direction]),
			 arena_printf(&n->arena, "%s: ", policy)),
		 nft_verdict(n, &at, policy));
	close_chain(n);
}

static void node_chains(struct nft *n)
{
	for (enum nft_direction t = NFT_IN; t <= NFT_FORWARD; t++)
		rules_of_node(n, t);
	synflood_chain(n);
	for (enum nft_direction t = NFT_IN; t <= NFT_OUT; t++) {
		open_chain(n, t == NFT_IN ? "input" : "output");
		nft_line(n, "type filter hook %s priority filter; policy accept;", t == NFT_IN ? "input" : "output");
		nft_line(n, "%s \"lo\" accept", t == NFT_IN ? "iifname" : "oifname");
		nft_line(n, "jump allow-icmp");
		add_connections(n);
		if (t == NFT_IN)
			nft_line(n, "jump default-in");
		add_options(n, t);
		nft_line(n, "jump host-%s", nft_word(n, t));
		nft_line(n, "jump cluster-%s", nft_word(n, t));
		close_chain(n);
	}
}

static void add_ipfilter(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic)
{
	const char *name = arena_printf(&n->arena, "ipfilter-%s", nic->id);
	struct nft_members m = { 0 };

	if (!nft_ipfilter(n, g, nic, &m))
		return;
	for (int family = 4; family <= 6; family += 2) {
		const char *ip = family == 4 ? "ip" : "ip6";
		nft_line(n, "%s saddr != @%s drop", ip, nft_set_name(n, family, g->id, name, ""));
		nft_line(n, "%s saddr @%s drop", ip, nft_set_name(n, family, g->id, name, "-nomatch"));
	}
}

static void nic_chain(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic, enum nft_direction direction)
{
	const json_t *c = g->file;
	bool in = direction == NFT_IN;
	const char *policy = nft_option(n, NFT_GUEST, c, in ? "policy_in" : "policy_out"), *way = nft_word(n, direction);
	const struct nft_place at = { .chain = arena_printf(&n->arena, "guest-%s-%s-%s", g->id, nic->id, way),
				      .label = arena_printf(&n->arena, "guest-%s-%s", g->id, way), .vmid = g->id,
				      .direction = direction, .own = c, .nic = nic->id, .guest = true };
	char mac[ADDR_MAC_TEXT_MAX];

	open_chain(n, at.chain);
	add_connections(n);
	if (!in)
		add_ipfilter(n, g, nic);
	if (!in && nft_on(n, NFT_GUEST, c, "macfilter"))
		nft_line(n, "ether saddr != %s drop", addr_mac_text(&nic->mac, mac));
	nft_line(n, "udp sport . udp dport { %s } %s", in ? "67 . 68, 547 . 546" : "68 . 67, 546 . 547",
		 nft_on(n, NFT_GUEST, c, "dhcp") ? "accept" : "drop");
	add_ndp(n, nft_on(n, NFT_GUEST, c, "ndp"), direction);
	if (!in)
		nft_line(n, "icmpv6 type { 134, 137 } %s", nft_on(n, NFT_GUEST, c, "radv") ? "accept" : "drop");
	nft_rules(n, &at, c);
	nft_line(n, "%s%s",
		 nft_log(n, &at, nft_option(n, NFT_GUEST, c, in ? "log_level_in" : "log_level_out"),
			 arena_printf(&n->arena, "%s: ", policy)),
		 nft_verdict(n, &at, policy));
	close_chain(n);
}

static void guests_chain(struct nft *n, enum nft_direction direction)
{
	const struct firewall_site *s = n->site;

	for (size_t i = 0; i < s->n_guests; i++)
		for (size_t k = 0; k < s->guests[i].n_nics; k++)
			if (nft_filtered(n, &s->guests[i], &s->guests[i].nics[k]))
				nic_chain(n, &s->guests[i], &s->guests[i].nics[k], direction);
	open_chain(n, direction == NFT_IN ? "guests-in" : "guests-out");
	nft_line(n, "jump allow-icmp");
	for (size_t i = 0; i < s->n_guests; i++)
		for (size_t k = 0; k < s->guests[i].n_nics; k++)
			if (nft_filtered(n, &s->guests[i], &s->guests[i].nics[k]))
				nft_line(n, "iifname \"fwbr%si%s\" goto guest-%s-%s-%s", s->guests[i].id,
					 s->guests[i].nics[k].id + strlen("net"), s->guests[i].id, s->guests[i].nics[k].id,
					 nft_word(n, direction));
	close_chain(n);
}

/* Between ports of one bridge only the guests' rules count; what the node routes has no mark. */
static void forward_chain(struct nft *n, bool node)
{
	open_chain(n, "forward");
	nft_line(n, "type filter hook forward priority filter; policy accept;");
	nft_line(n, "meta mark 2 goto guests-in");
	nft_line(n, "meta mark 1 goto guests-out");
	nft_line(n, "meta mark 3 accept");
	if (node) {
		add_connections(n);
		nft_line(n, "jump host-forward");
		nft_line(n, "jump cluster-forward");
	}
	close_chain(n);
}

void nft_proxmox(struct nft *n)
{
	bool node = nft_on(n, NFT_HOST, n->host, "enable");
	const char *group;
	json_t *body;

	fixed_chains(n);
	filter_chains(n);
	json_object_foreach(json_object_get(n->cluster, "groups"), group, body) {
		for (enum nft_direction t = NFT_IN; t <= NFT_FORWARD; t++) {
			nft_group(n, group, body, t, false);
			nft_group(n, group, body, t, true);
		}
	}
	if (node)
		node_chains(n);
	guests_chain(n, NFT_IN);
	guests_chain(n, NFT_OUT);
	forward_chain(n, node);
}
