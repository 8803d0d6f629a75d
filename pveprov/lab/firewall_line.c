#include "lab/firewall_line.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <time.h>

enum { IP4_LEN = 20, IP6_LEN = 40, ARP_LEN = 28, CHAIN_MAX = 28, EXTENSIONS_MAX = 16, INFO = 6 };

/* What is left of the packet. */
struct rest {
	const uint8_t *at;
	size_t len;
};

static unsigned u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)u16(p) << 16 | u16(p + 2);
}

/* False, and said so, when fewer bytes came. */
static bool whole(struct rest r, size_t need, struct buf *out)
{
	if (r.len >= need)
		return true;
	buf_addf(out, "LEN=%zu INVALID=LEN ", r.len);
	return false;
}

static void add_address(struct buf *out, const char *key, int family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];

	buf_addf(out, "%s=%s ", key, inet_ntop(family, address, text, sizeof(text)));
}

static void add_tcp(struct rest r, struct buf *out)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} flags[] = { { 0x20, "URG" }, { 0x10, "ACK" }, { 0x08, "PSH" }, { 0x04, "RST" }, { 0x02, "SYN" }, { 0x01, "FIN" } };

	if (!whole(r, 20, out))
		return;
	buf_addf(out, "SPT=%u DPT=%u SEQ=%u ACK=%u WINDOW=%u ", u16(r.at), u16(r.at + 2), u32(r.at + 4), u32(r.at + 8),
		 u16(r.at + 14));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (r.at[13] & flags[i].bit)
			buf_addf(out, "%s ", flags[i].name);
	if (r.at[13] & 0x20)
		buf_addf(out, "URGP=%u ", u16(r.at + 18));
}

static void add_udp(struct rest r, struct buf *out)
{
	if (whole(r, 8, out))
		buf_addf(out, "SPT=%u DPT=%u LEN=%u", u16(r.at), u16(r.at + 2), u16(r.at + 4));
}

static void add_sctp(struct rest r, struct buf *out)
{
	if (whole(r, 12, out))
		buf_addf(out, "SPT=%u DPT=%u ", u16(r.at), u16(r.at + 2));
}

static void add_icmp(struct rest r, struct buf *out)
{
	if (!whole(r, 8, out))
		return;
	unsigned type = r.at[0], code = r.at[1];
	buf_addf(out, "TYPE=%u CODE=%u ", type, code);
	if (type == 8 || type == 0)
		buf_addf(out, "ID=%u SEQ=%u ", u16(r.at + 4), u16(r.at + 6));
	else if (type == 12)
		buf_addf(out, "PARAMETER=%u ", r.at[4]);
	else if (type == 5)
		add_address(out, "GATEWAY", AF_INET, r.at + 4);
	else if (type == 3 && code == 4)
		buf_addf(out, "MTU=%u ", u16(r.at + 6));
}

static void add_icmp6(struct rest r, struct buf *out)
{
	if (!whole(r, 8, out))
		return;
	unsigned type = r.at[0];
	buf_addf(out, "TYPE=%u CODE=%u ", type, r.at[1]);
	if (type == 128 || type == 129)
		buf_addf(out, "ID=%u SEQ=%u ", u16(r.at + 4), u16(r.at + 6));
	else if (type == 134 && whole(r, 16, out))
		buf_addf(out, "HOPLIMIT=%u RA=%02x LIFETIME=%u REACHABLE=%u RETRANSMIT=%u ", r.at[4], r.at[5], u16(r.at + 6),
			 u32(r.at + 8), u32(r.at + 12));
	else if (type == 136)
		buf_addf(out, "NA=%08x ", u32(r.at + 4));
	else if (type == 2)
		buf_addf(out, "MTU=%u ", u32(r.at + 4));
}

static const struct protocol {
	uint8_t number;
	const char *name;
	void (*add)(struct rest r, struct buf *out); /* NULL: the name says it all */
} protocols[] = {
	{ IPPROTO_ICMP, "ICMP", add_icmp }, { IPPROTO_IGMP, "IGMP", NULL },	  { IPPROTO_TCP, "TCP", add_tcp },
	{ IPPROTO_UDP, "UDP", add_udp },    { IPPROTO_ESP, "ESP", NULL },	  { IPPROTO_AH, "AH", NULL },
	{ IPPROTO_ICMPV6, "ICMPV6", add_icmp6 }, { IPPROTO_SCTP, "SCTP", add_sctp },
};

static void add_protocol(uint8_t number, struct rest r, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].number != number)
			continue;
		buf_addf(out, "PROTO=%s ", protocols[i].name);
		if (protocols[i].add)
			protocols[i].add(r, out);
		return;
	}
	buf_addf(out, "PROTO=%u ", number);
}

static void add_ip4(struct rest r, struct buf *out)
{
	if (!whole(r, IP4_LEN, out))
		return;
	size_t header = (size_t)(r.at[0] & 0xf) * 4;
	if (header < IP4_LEN || r.len <= header) {
		buf_adds(out, "INVALID=IHL ");
		return;
	}
	add_address(out, "SRC", AF_INET, r.at + 12);
	add_address(out, "DST", AF_INET, r.at + 16);
	buf_addf(out, "LEN=%u TOS=0x%02X PREC=0x%02X TTL=%u ID=%u ", u16(r.at + 2), r.at[1] & 0x1e, r.at[1] & 0xe0, r.at[8],
		 u16(r.at + 4));
	unsigned fragment = u16(r.at + 6);
	if (fragment & 0x1fff)
		buf_addf(out, "FRAG=%u ", fragment & 0x1fff);
	if (fragment & 0x4000)
		buf_adds(out, "DF ");
	if (fragment & 0x2000)
		buf_adds(out, "MF ");
	add_protocol(r.at[9], (struct rest){ r.at + header, r.len - header }, out);
}

/* The extension header's length; 0: it is none. */
static size_t extension(uint8_t number, struct rest r, struct buf *out)
{
	const char *name = number == IPPROTO_HOPOPTS ? "HOPOPTS" : number == IPPROTO_DSTOPTS ? "DSTOPTS" : NULL;

	if (!name && number != IPPROTO_ROUTING && number != IPPROTO_FRAGMENT)
		return 0;
	if (name)
		buf_addf(out, "NEXTHDR=%s ", name);
	if (!whole(r, 8, out))
		return SIZE_MAX;
	if (number == IPPROTO_FRAGMENT)
		buf_addf(out, "FRAG=%u ID=%u %s", u16(r.at + 2) >> 3, u32(r.at + 4), r.at[3] & 1 ? "MF " : "");
	else if (number == IPPROTO_ROUTING)
		buf_addf(out, "TYPE=%u SEGMENTS=%u ", r.at[2], r.at[3]);
	size_t len = number == IPPROTO_FRAGMENT ? 8 : ((size_t)r.at[1] + 1) * 8;
	return whole(r, len, out) ? len : SIZE_MAX;
}

static void add_ip6(struct rest r, struct buf *out)
{
	if (!whole(r, IP6_LEN, out))
		return;
	uint32_t flow = u32(r.at);
	add_address(out, "SRC", AF_INET6, r.at + 8);
	add_address(out, "DST", AF_INET6, r.at + 24);
	buf_addf(out, "LEN=%u TC=%u FLOWLBL=%u HOPLIMIT=%u ", u16(r.at + 4), flow >> 20 & 0xff, flow & 0xfffff, r.at[7]);
	uint8_t number = r.at[6];
	r = (struct rest){ r.at + IP6_LEN, r.len - IP6_LEN };
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		size_t len = extension(number, r, out);
		if (len == SIZE_MAX)
			return;
		if (len == 0) {
			add_protocol(number, r, out);
			return;
		}
		number = r.at[0];
		r = (struct rest){ r.at + len, r.len - len };
	}
}

static void add_arp(struct rest r, struct buf *out)
{
	if (!whole(r, ARP_LEN, out))
		return;
	add_address(out, "SRC", AF_INET, r.at + 14);
	add_address(out, "DST", AF_INET, r.at + 24);
	buf_adds(out, "PROTO=ARP ");
	unsigned op = u16(r.at + 6);
	if (op == 1)
		buf_adds(out, "REQUEST ");
	else if (op == 2)
		buf_addf(out, "REPLY MAC=%02x:%02x:%02x:%02x:%02x:%02x ", r.at[8], r.at[9], r.at[10], r.at[11], r.at[12], r.at[13]);
	else
		buf_addf(out, "CODE=%u ", op);
}

static void add_packet(const struct firewall_packet *p, struct buf *out)
{
	struct rest r = { p->data, p->len };

	if (p->family == AF_INET || (p->family == AF_BRIDGE && p->ethertype == ETHERTYPE_IP))
		add_ip4(r, out);
	else if (p->family == AF_INET6 || (p->family == AF_BRIDGE && p->ethertype == ETHERTYPE_IPV6))
		add_ip6(r, out);
	else if (p->family == AF_BRIDGE && p->ethertype == ETHERTYPE_ARP)
		add_arp(r, out);
}

static void add_head(const char *vmid, size_t vmid_len, int level, const char *chain, size_t chain_len, int64_t time_s,
		     struct buf *out)
{
	time_t t = (time_t)time_s;
	struct tm tm = { 0 };
	char text[40];

	localtime_r(&t, &tm);
	strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S %z", &tm);
	buf_addf(out, "%.*s %d %.*s %s ", (int)vmid_len, vmid, level, (int)chain_len, chain, text);
}

/* ":VMID:LOGID:CHAIN: REST"; the head is written and REST returned. */
static const char *add_prefix(const char *prefix, int64_t time_s, struct buf *out)
{
	if (prefix[0] == ':') {
		const char *vmid = prefix + 1;
		size_t n = strspn(vmid, "0123456789");
		const char *level = vmid + n + 1, *chain = vmid + n + 3;
		if (n && n <= 9 && vmid[n] == ':' && level[0] >= '0' && level[0] <= '7' && level[1] == ':') {
			size_t m = strcspn(chain, ": ");
			if (m && m <= CHAIN_MAX && chain[m] == ':' && chain[m + 1] == ' ') {
				add_head(vmid, n, level[0] - '0', chain, m, time_s, out);
				return chain + m + 2;
			}
		}
	}
	add_head("0", 1, INFO, "-", 1, time_s, out);
	return prefix;
}

static void end_line(struct buf *line, struct buf *out)
{
	buf_addf(out, "%.*s\n", FIREWALL_LINE_MAX - 1, buf_text(line));
}

void firewall_line(const struct firewall_packet *p, struct buf *out)
{
	const struct {
		const char *key, *name;
	} devices[] = { { "IN", p->in }, { "OUT", p->out }, { "PHYSIN", p->physin }, { "PHYSOUT", p->physout } };
	_cleanup_buf_ struct buf line = { 0 };

	buf_adds(&line, add_prefix(p->prefix ? p->prefix : "", p->time_s, &line));
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (devices[i].name)
			buf_addf(&line, "%s=%s ", devices[i].key, devices[i].name);
	for (size_t i = 0; i < p->mac_len; i++)
		buf_addf(&line, "%s%02x%s", i ? "" : "MAC=", p->mac[i], i + 1 < p->mac_len ? ":" : " ");
	add_packet(p, &line);
	if (p->mark)
		buf_addf(&line, "mark=%u ", p->mark);
	end_line(&line, out);
}

void firewall_line_status(int64_t time_s, int level, const char *text, struct buf *out)
{
	_cleanup_buf_ struct buf line = { 0 };

	add_head("0", 1, level, "-", 1, time_s, &line);
	buf_adds(&line, text);
	end_line(&line, out);
}
