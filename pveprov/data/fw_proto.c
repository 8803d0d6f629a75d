#include "data/fw_proto.h"
#include "base/strv.h"
#include "base/text.h"

static const struct {
	const char *name;
	int number;
} protocols[] = {
	{ "ip", 0 },	    { "hopopt", 0 },	 { "icmp", 1 },	     { "igmp", 2 },	  { "ggp", 3 },
	{ "ipencap", 4 },   { "st", 5 },	 { "tcp", 6 },	     { "egp", 8 },	  { "igp", 9 },
	{ "pup", 12 },	    { "udp", 17 },	 { "hmp", 20 },	     { "xns-idp", 22 },	  { "rdp", 27 },
	{ "iso-tp4", 29 },  { "dccp", 33 },	 { "xtp", 36 },	     { "ddp", 37 },	  { "idpr-cmtp", 38 },
	{ "ipv6", 41 },	    { "ipv6-route", 43 }, { "ipv6-frag", 44 }, { "idrp", 45 },	  { "rsvp", 46 },
	{ "gre", 47 },	    { "esp", 50 },	 { "ah", 51 },	     { "skip", 57 },	  { "ipv6-icmp", 58 },
	{ "icmpv6", 58 },   { "ipv6-nonxt", 59 }, { "ipv6-opts", 60 }, { "rspf", 73 },	  { "vmtp", 81 },
	{ "eigrp", 88 },    { "ospf", 89 },	 { "manet", 138 },   { "ax.25", 93 },	  { "ipip", 94 },
	{ "etherip", 97 },  { "encap", 98 },	 { "pim", 103 },     { "ipcomp", 108 },	  { "vrrp", 112 },
	{ "l2tp", 115 },    { "isis", 124 },	 { "sctp", 132 },    { "fc", 133 },	  { "mobility-header", 135 },
	{ "udplite", 136 }, { "mpls-in-ip", 137 }, { "hip", 139 },   { "shim6", 140 },	  { "wesp", 141 },
	{ "rohc", 142 },    { "ethernet", 143 },	 { "mptcp", 262 },
};

static const struct {
	const char *name;
	int family, type, code;
} icmp_types[] = {
	{ "any", 4, -1, -1 },			  { "echo-reply", 4, 0, -1 },
	{ "destination-unreachable", 4, 3, -1 },  { "network-unreachable", 4, 3, 0 },
	{ "host-unreachable", 4, 3, 1 },	  { "protocol-unreachable", 4, 3, 2 },
	{ "port-unreachable", 4, 3, 3 },	  { "fragmentation-needed", 4, 3, 4 },
	{ "source-route-failed", 4, 3, 5 },	  { "network-unknown", 4, 3, 6 },
	{ "host-unknown", 4, 3, 7 },		  { "network-prohibited", 4, 3, 9 },
	{ "host-prohibited", 4, 3, 10 },	  { "TOS-network-unreachable", 4, 3, 11 },
	{ "TOS-host-unreachable", 4, 3, 12 },	  { "communication-prohibited", 4, 3, 13 },
	{ "host-precedence-violation", 4, 3, 14 }, { "precedence-cutoff", 4, 3, 15 },
	{ "source-quench", 4, 4, -1 },		  { "redirect", 4, 5, -1 },
	{ "network-redirect", 4, 5, 0 },	  { "host-redirect", 4, 5, 1 },
	{ "TOS-network-redirect", 4, 5, 2 },	  { "TOS-host-redirect", 4, 5, 3 },
	{ "echo-request", 4, 8, -1 },		  { "router-advertisement", 4, 9, -1 },
	{ "router-solicitation", 4, 10, -1 },	  { "time-exceeded", 4, 11, -1 },
	{ "ttl-zero-during-transit", 4, 11, 0 },  { "ttl-zero-during-reassembly", 4, 11, 1 },
	{ "parameter-problem", 4, 12, -1 },	  { "ip-header-bad", 4, 12, 0 },
	{ "required-option-missing", 4, 12, 1 },  { "timestamp-request", 4, 13, -1 },
	{ "timestamp-reply", 4, 14, -1 },	  { "address-mask-request", 4, 17, -1 },
	{ "address-mask-reply", 4, 18, -1 },	  { "destination-unreachable", 6, 1, -1 },
	{ "no-route", 6, 1, 0 },		  { "communication-prohibited", 6, 1, 1 },
	{ "beyond-scope", 6, 1, 2 },		  { "address-unreachable", 6, 1, 3 },
	{ "port-unreachable", 6, 1, 4 },	  { "failed-policy", 6, 1, 5 },
	{ "reject-route", 6, 1, 6 },		  { "packet-too-big", 6, 2, -1 },
	{ "time-exceeded", 6, 3, -1 },		  { "ttl-zero-during-transit", 6, 3, 0 },
	{ "ttl-zero-during-reassembly", 6, 3, 1 }, { "parameter-problem", 6, 4, -1 },
	{ "bad-header", 6, 4, 0 },		  { "unknown-header-type", 6, 4, 1 },
	{ "unknown-option", 6, 4, 2 },		  { "echo-request", 6, 128, -1 },
	{ "echo-reply", 6, 129, -1 },		  { "router-solicitation", 6, 133, -1 },
	{ "router-advertisement", 6, 134, -1 },	  { "neighbor-solicitation", 6, 135, -1 },
	{ "neighbour-solicitation", 6, 135, -1 }, { "neighbor-advertisement", 6, 136, -1 },
	{ "neighbour-advertisement", 6, 136, -1 }, { "redirect", 6, 137, -1 },
};

int fw_proto_number(const char *name)
{
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (streq(protocols[i].name, name) ||
		    (text_to_u64(name, 0, 65535, &n) && (int)n == protocols[i].number))
			return protocols[i].number;
	return -1;
}

const char *fw_proto_name(size_t index)
{
	return index < ARRAY_SIZE(protocols) ? protocols[index].name : NULL;
}

bool fw_proto_has_ports(const char *name)
{
	static const char *const names[] = { "tcp", "6", "udp", "17", "udplite", "136", "sctp", "132", "dccp", "33" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(names[i], name))
			return true;
	return false;
}

bool fw_proto_is_icmp(const char *name)
{
	return fw_proto_family(name) != 0;
}

int fw_proto_family(const char *name)
{
	return streq(name, "icmp") ? 4 : streq(name, "icmpv6") || streq(name, "ipv6-icmp") ? 6 : 0;
}

/* The server reads 022 as 22. */
static bool parse_number(const char *text, uint16_t *ret)
{
	uint64_t n;

	text += strspn(text, "0") - (strspn(text, "0") && !text[strspn(text, "0")]);
	if (!text_to_u64(text, 0, 65535, &n))
		return false;
	*ret = (uint16_t)n;
	return true;
}

struct fw_ports *fw_ports_parse(struct arena *a, const char *text, const char **why)
{
	_cleanup_strv_ struct strv items = { 0 };
	struct fw_ports *p = arena_alloc(a, sizeof(*p));
	size_t numbers = 0;

	strv_split(&items, text, ",");
	if (text[0] == ',' || !*text || text[strlen(text) - 1] == ',' || strstr(text, ",,")) {
		*why = "extraneous commas in list";
		return NULL;
	}
	p->v = arena_array(a, items.n, sizeof(*p->v));
	for (size_t i = 0; i < items.n; i++) {
		struct fw_port_range *r = &p->v[p->n++];
		char *colon = strchr(items.v[i], ':');
		if (colon)
			*colon = '\0';
		/* a range has numbers only */
		bool good = colon ? parse_number(items.v[i], &r->first) && parse_number(colon + 1, &r->last)
				  : parse_number(items.v[i], &r->first) || fw_service_port(items.v[i], &r->first);
		if (!good) {
			*why = arena_printf(a, "invalid port '%s%s%s'", items.v[i], colon ? ":" : "", colon ? colon + 1 : "");
			return NULL;
		}
		if (!colon)
			r->last = r->first;
		if (r->first > r->last) {
			*why = arena_printf(a, "backwards range '%s:%s' not allowed", items.v[i], colon + 1);
			return NULL;
		}
		numbers += colon ? 2 : text_consists_of(items.v[i], "0123456789");
	}
	if (numbers > 15) {
		*why = "too many entries in port list (> 15 numbers)";
		return NULL;
	}
	return p;
}

bool fw_ports_contain(const struct fw_ports *p, uint16_t port)
{
	for (size_t i = 0; i < p->n; i++)
		if (port >= p->v[i].first && port <= p->v[i].last)
			return true;
	return false;
}

bool fw_icmp_parse(int family, const char *name, int *ret_type, int *ret_code)
{
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(icmp_types); i++) {
		if (icmp_types[i].family == family && streq(icmp_types[i].name, name)) {
			*ret_type = icmp_types[i].type;
			*ret_code = icmp_types[i].code;
			return true;
		}
	}
	if (!text_to_u64(name, 0, 255, &n))
		return false;
	*ret_type = (int)n;
	*ret_code = -1;
	return true;
}

const char *fw_icmp_name(int family, size_t index)
{
	for (size_t i = 0; i < ARRAY_SIZE(icmp_types); i++)
		if (icmp_types[i].family == family && index-- == 0)
			return icmp_types[i].name;
	return NULL;
}
