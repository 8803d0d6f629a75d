#include "lab/firewall_compile.h"
#include "base/text.h"
#include "lab/firewall_nft.h"

enum { SWITCH_SECONDS = 60 };

/* What stands before the elements says of which type they are; NULL: something else is in the braces. */
static const char *type_before(const char *line, size_t end)
{
	static const struct {
		const char *field, *type;
	} fields[] = {
		{ "dport ", "inet_service" },	{ "sport ", "inet_service" },	{ "ip saddr ", "ipv4_addr" },
		{ "ip daddr ", "ipv4_addr" },	{ "ip6 saddr ", "ipv6_addr" }, { "ip6 daddr ", "ipv6_addr" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t n = strlen(fields[i].field);
		if (end >= n && strncmp(line + end - n, fields[i].field, n) == 0)
			return fields[i].type;
	}
	return NULL;
}

/* Intervals in braces become a set with a name (see nft_named_set()). */
void nft_line(struct nft *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *line = xvasprintf(fmt, ap);
	va_end(ap);
	buf_adds(n->out, "\t\t");
	const char *rest = line;
	for (const char *open, *close; (open = strstr(rest, "{ ")) && (close = strstr(open, " }")); rest = close + 2) {
		const char *elements = arena_strndup(&n->arena, open + 2, (size_t)(close - open) - 2);
		const char *type = strpbrk(elements, "-/") ? type_before(line, (size_t)(open - line)) : NULL;
		if (type)
			buf_addf(n->out, "%.*s@%s", (int)(open - rest), rest, nft_named_set(n, type, elements));
		else
			buf_addf(n->out, "%.*s", (int)(close + 2 - rest), rest);
	}
	buf_addf(n->out, "%s\n", rest);
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

	buf_addf(n->out, "table bridge %s {\n\tchain layer2 {\n", nft_table(n));
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

const char *nft_table(const struct nft *n)
{
	return n->proxmox ? "proxmox-firewall" : "pve-firewall";
}

static void drop_tables(const char *name, struct buf *out)
{
	static const char *const families[] = { "inet", "bridge" };

	/* added first so that there is something to delete */
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		buf_addf(out, "add table %s %s\ndelete table %s %s\n", families[i], name, families[i], name);
}

/*
 * One transaction. The tables stay and their rules are replaced: each hook then has either all the old ones or all the new
 * ones, where a new hook beside an old one would let a packet through that meets the one too early and the other too late.
 */
void firewall_compile(const struct firewall_site *s, struct buf *out)
{
	_cleanup_json_ json_t *sets = json_object();
	_cleanup_buf_ struct buf body = { 0 }, named = { 0 };
	struct nft n = { .out = &body, .named = &named, .sets = sets, .site = s, .cluster = s->cluster, .host = s->nodes[0].file };

	n.proxmox = nft_on(&n, NFT_HOST, n.host, "nftables");
	const char *table = nft_table(&n);
	drop_tables(n.proxmox ? "pve-firewall" : "proxmox-firewall", out);
	if (!is_enabled(&n)) {
		drop_tables(table, out);
	} else {
		n.limit = log_limit(&n);
		buf_addf(out, "add table inet %s\nflush table inet %s\nadd table bridge %s\nflush table bridge %s\n", table, table,
			 table, table);
		nft_sets(&n);
		if (n.proxmox)
			nft_proxmox(&n);
		else
			nft_daemon(&n);
		buf_addf(out, "table inet %s {\n%s%s}\n", table, buf_text(&named), buf_text(&body));
		n.out = out;
		bridge_table(&n);
	}
	arena_free(&n.arena);
}
