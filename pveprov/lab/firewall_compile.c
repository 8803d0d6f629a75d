#include "lab/firewall_compile.h"
#include "base/text.h"
#include "lab/firewall_nft.h"

enum { SWITCH_SECONDS = 60 };

void nft_line(struct nft *n, const char *fmt, ...)
{
	va_list ap;

	buf_adds(n->out, "\t\t");
	va_start(ap, fmt);
	buf_vaddf(n->out, fmt, ap);
	va_end(ap);
	buf_addc(n->out, '\n');
}

bool nft_filtered(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic)
{
	return g->file && nic->filtered && nft_on(n, NFT_GUEST, g->file, "enable");
}

/* proxmox-firewall reads the option as a boolean: a time is an error there and nothing is loaded. */
static bool is_enabled(struct nft *n)
{
	uint64_t enable = 0;

	text_to_u64(nft_option(n, NFT_CLUSTER, n->cluster, "enable"), 0, INT64_MAX, &enable);
	return enable == 1 || (enable > 1 && !n->proxmox && n->site->now_s - (int64_t)enable <= SWITCH_SECONDS);
}

/* log_ratelimit: "1" or "enable=1,rate=5/minute,burst=10". */
static const char *log_limit(struct nft *n)
{
	const char *text = nft_option(n, NFT_CLUSTER, n->cluster, "log_ratelimit");
	char *copy = arena_strdup(&n->arena, text), *word;
	const char *rate = "1/second", *burst = "5", *on = "1";

	while ((word = strsep(&copy, ",")))
		if (starts_with(word, "rate="))
			rate = word + strlen("rate=");
		else if (starts_with(word, "burst="))
			burst = word + strlen("burst=");
		else
			on = starts_with(word, "enable=") ? word + strlen("enable=") : word;
	return streq(on, "0") ? "" : arena_printf(&n->arena, "limit rate %s burst %s packets ", rate, burst);
}

static void layer2_arp(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic, const char *tap)
{
	const json_t *set = nft_find_set(g->file, arena_printf(&n->arena, "ipfilter-%s", nic->id));
	struct nft_members m = { 0 };

	if (!nft_ipfilter(n, g, nic, &m) || (!n->proxmox && !set && !nic->own[0].family))
		return;
	const char *allowed = nft_elements(n, &m, 4);
	if (*allowed) {
		nft_line(n, "iifname \"%s\" arp saddr ip != { %s } drop", tap, allowed);
		if (n->proxmox)
			nft_line(n, "oifname \"%s\" arp daddr ip != { %s } drop", tap, allowed);
	} else if (n->proxmox) {
		nft_line(n, "iifname \"%s\" meta protocol arp drop", tap);
	}
}

/* What is not IP does not come to the inet table: a NIC's MAC address, ARP, other protocols. */
static void layer2(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic)
{
	const char *tap = arena_printf(&n->arena, "tap%si%s", g->id, nic->id + strlen("net"));
	const char *protocols = nft_option(n, NFT_GUEST, g->file, "layer2_protocols");
	char mac[ADDR_MAC_TEXT_MAX];

	if (nft_on(n, NFT_GUEST, g->file, "macfilter"))
		nft_line(n, "iifname \"%s\" ether saddr != %s drop", tap, addr_mac_text(&nic->mac, mac));
	layer2_arp(n, g, nic, tap);
	if (protocols && !n->proxmox)
		nft_line(n, "iifname \"%s\" ether type != { %s } drop", tap, protocols);
}

static void bridge_table(struct nft *n)
{
	const struct firewall_site *s = n->site;
	bool filters = n->proxmox || nft_on(n, NFT_CLUSTER, n->cluster, "ebtables");

	buf_adds(n->out, "table bridge pve-firewall {\n\tchain layer2 {\n");
	for (size_t i = 0; filters && i < s->n_guests; i++)
		for (size_t k = 0; k < s->guests[i].n_nics; k++)
			if (nft_filtered(n, &s->guests[i], &s->guests[i].nics[k]))
				layer2(n, &s->guests[i], &s->guests[i].nics[k]);
	/* 1: from a guest, 2: to a guest, 3: between other ports; a packet for the node itself has none */
	buf_adds(n->out, "\t}\n\tchain forward {\n"
			 "\t\ttype filter hook forward priority -200; policy accept;\n"
			 "\t\tmeta mark set 3\n"
			 "\t\toifname \"fwln*\" meta mark set 1\n"
			 "\t\tiifname \"fwln*\" meta mark set 2\n"
			 "\t\tether type != { ip, ip6 } jump layer2\n"
			 "\t}\n\tchain input {\n"
			 "\t\ttype filter hook input priority -200; policy accept;\n"
			 "\t\tmeta mark set 0\n"
			 "\t}\n}\n");
}

void firewall_compile(const struct firewall_site *s, struct buf *out)
{
	struct nft n = { .out = out, .site = s, .cluster = s->cluster, .host = s->nodes[0].file };

	/* Added first so that there is something to delete. One transaction: the new hooks count from the moment on from
	 * which the old ones do not. */
	buf_adds(out, "add table inet pve-firewall\ndelete table inet pve-firewall\n"
		      "add table bridge pve-firewall\ndelete table bridge pve-firewall\n");
	n.proxmox = nft_on(&n, NFT_HOST, n.host, "nftables");
	if (is_enabled(&n)) {
		n.limit = log_limit(&n);
		buf_adds(out, "table inet pve-firewall {\n");
		nft_sets(&n);
		if (n.proxmox)
			nft_proxmox(&n);
		else
			nft_daemon(&n);
		buf_adds(out, "}\n");
		bridge_table(&n);
	}
	arena_free(&n.arena);
}
