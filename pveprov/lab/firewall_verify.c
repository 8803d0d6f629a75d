/* What the server says of a rule: the texts of verify_rule and of the formats (pve-firewall 6.0.4). */
#include "base/strv.h"
#include "base/text.h"
#include "lab/firewall_private.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

const char *const firewall_macros[] = {
	"Amanda", "Auth", "BGP", "BitTorrent", "BitTorrent32", "Ceph", "Citrix", "CVS", "DAAP", "DCC", "DHCPfwd",
	"DHCPv6", "Distcc", "DNS", "Finger", "FTP", "Git", "GNUnet", "GRE", "HKP", "HTTP", "HTTPS", "ICPV2", "ICQ",
	"IMAP", "IMAPS", "IPIP", "IPsec", "IPsecah", "IPsecnat", "IRC", "Jetdirect", "L2TP", "LDAP", "LDAPS", "Mail",
	"MDNS", "MSNP", "MSSQL", "Munin", "MySQL", "NeighborDiscovery", "NNTP", "NNTPS", "NTP", "OpenVPN", "OSPF",
	"PCA", "Ping", "PMG", "POP3", "POP3S", "PostgreSQL", "PPtP", "Printer", "Razor", "Rdate", "RDP", "RIP", "RNDC",
	"Rsync", "SANE", "SixXS", "SMB", "SMBswat", "SMTP", "SMTPS", "SNMP", "SPAMD", "SPICEproxy", "Squid", "SSH",
	"Submission", "SVN", "Syslog", "Telnet", "Telnets", "TFTP", "Time", "Trcrt", "VNC", "VNCL", "Web", "Webcache",
	"Webmin", "Whois", NULL
};

static const char *const protocols[] = {
	"ah",	 "dccp", "esp",	 "gre",	 "icmp", "icmpv6", "igmp", "ip",   "ipencap", "ipip", "ipv6", "ipv6-icmp",
	"l2tp",	 "ospf", "pim",	 "rsvp", "sctp", "tcp",	   "udp",  "udplite", "vrrp",	NULL
};

static bool is_name(const char *s)
{
	size_t n = strlen(s);

	return n >= 2 && n <= 64 && (s[0] | 32) >= 'a' && (s[0] | 32) <= 'z' && strspn(s, NAME_BYTES) == n;
}

static const char *without_scope(const char *s, const char *scope)
{
	return starts_with(s, scope) ? s + strlen(scope) : s;
}

static bool in_list(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (strcasecmp(*list, s) == 0)
			return true;
	return false;
}

char *firewall_clean_cidr(const char *text)
{
	char out[ADDR_TEXT_MAX];
	struct addr_cidr c;
	struct addr a;

	if (addr_parse(text, &a))
		return xstrdup(text);
	if (!addr_cidr_parse(text, &c))
		return NULL;
	struct addr_cidr net = { .addr = addr_network(&c), .prefix = c.prefix };
	if (c.prefix == (c.addr.family == 4 ? 32 : 128))
		return xstrdup(addr_text(&c.addr, out));
	return xstrdup(addr_cidr_text(&net, out));
}

char *firewall_alias_cidr(const char *text)
{
	const char *slash = strchr(text, '/');
	bool whole = slash && streq(slash, strchr(text, ':') ? "/128" : "/32");

	return xstrndup(text, whole ? (size_t)(slash - text) : strlen(text));
}

const json_t *firewall_alias(const struct request *q, const char *name)
{
	const char *bare = without_scope(without_scope(name, "dc/"), "guest/");
	_cleanup_free_ char *key = firewall_lower(bare);
	const json_t *own = json_object_get(json_object_get(firewall_file_of(q), "aliases"), key);
	const json_t *cluster = json_object_get(json_object_get(firewall_file(q->lab, "cluster"), "aliases"), key);

	if (starts_with(name, "dc/"))
		return cluster;
	return own || starts_with(name, "guest/") ? own : cluster;
}

/* What is wrong with an address, in the words of Perl's Net::IP; malloc'd. */
char *firewall_address_complaint(const char *text)
{
	_cleanup_strv_ struct strv quads = { 0 };
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *host = xstrndup(text, strcspn(text, "/"));
	uint64_t n;

	strv_split(&quads, host, ".");
	for (size_t i = 0; i < quads.n && quads.n == 4; i++)
		if (text_consists_of(quads.v[i], "0123456789") && !text_to_u64(quads.v[i], 0, 255, &n))
			return xasprintf("Invalid quad in IP address %s - %s", host, quads.v[i]);
	if (slash && text_to_u64(slash + 1, 0, UINT16_MAX, &n) && n > (strchr(host, ':') ? 128U : 32U))
		return xasprintf("Prefix length %" PRIu64 " is longer than IP address (%d)", n,
				 strchr(host, ':') ? 128 : 32);
	return xstrdup("value does not look like a valid IP address or CIDR network");
}

/* A list of addresses, one range or one network; *family is set. NULL, or the error. */
static char *check_list(const char *value, int *family)
{
	_cleanup_strv_ struct strv items = { 0 };

	strv_split(&items, value, ",");
	if (!*value || value[0] == ',' || value[strlen(value) - 1] == ',' || strstr(value, ",,"))
		return xstrdup("invalid format - extraneous commas in list\n");
	for (size_t i = 0; i < items.n; i++) {
		struct addr_range r = { 0 };
		struct addr_cidr c = { 0 };
		if (strchr(items.v[i], '-') ? !addr_range_parse(items.v[i], &r) : !addr_cidr_parse(items.v[i], &c) &&
										     !addr_parse(items.v[i], &c.addr))
		{
			_cleanup_free_ char *why = firewall_address_complaint(items.v[i]);
			return xasprintf("invalid format - invalid IP address: %s\n", why);
		}
		if (strchr(items.v[i], '-') && items.n > 1)
			return xstrdup("invalid format - you can't use a range in a list\n");
		int f = r.first.family ? r.first.family : c.addr.family;
		if (*family && *family != f)
			return xasprintf("detected mixed ipv4/ipv6 addresses in address list '%s'", value);
		*family = f;
	}
	return NULL;
}

static bool has_set(const struct request *q, const char *name)
{
	json_t *own = json_object_get(firewall_file_of(q), "ipset");
	json_t *cluster = json_object_get(firewall_file(q->lab, "cluster"), "ipset");

	return json_object_get(own, name) || json_object_get(cluster, name);
}

static char *check_address(const struct request *q, const char *value, int *family)
{
	const char *name = without_scope(without_scope(without_scope(value + 1, "dc/"), "guest/"), "sdn/");

	if (value[0] == '+' && !is_name(name))
		return xasprintf("invalid ipset name '%s'", value);
	if (value[0] == '+')
		return has_set(q, name) || starts_with(value, "+sdn/") ? NULL : xasprintf("no such ipset '%s'", name);
	if (!is_name(without_scope(without_scope(value, "dc/"), "guest/")))
		return check_list(value, family);
	const json_t *alias = firewall_alias(q, value);
	if (!alias)
		return xasprintf("no such alias '%s'", value);
	*family = strchr(json_text(alias, "cidr"), ':') ? 6 : 4;
	return NULL;
}

static char *check_ports(const char *value)
{
	_cleanup_strv_ struct strv items = { 0 };
	size_t count = 0;

	strv_split(&items, value, ",");
	for (size_t i = 0; i < items.n; i++) {
		char *colon = strchr(items.v[i], ':');
		uint64_t a, b;
		if (colon)
			*colon = '\0';
		if (!text_to_u64(items.v[i], 0, 65535, &a) || (colon && !text_to_u64(colon + 1, 0, 65535, &b))) {
			if (!colon && strspn(items.v[i], "0123456789") != strlen(items.v[i]))
				continue; /* a service's name: the node has /etc/services */
			return xasprintf("invalid format - invalid port '%s'\n", items.v[i]);
		}
		if (colon && a > b)
			return xasprintf("invalid format - backwards range '%s:%s' not allowed, did you mean '%s:%s'?\n",
					 items.v[i], colon + 1, colon + 1, items.v[i]);
		count += colon ? 2 : 1;
	}
	return count > 15 ? xstrdup("invalid format - too many entries in port list (> 15 numbers)\n") : NULL;
}

static char *check_protocol(const json_t *rule, const char **param, int *family)
{
	const char *proto = json_text(rule, "proto"), *dport = json_text(rule, "dport"), *sport = json_text(rule, "sport");
	bool icmp = proto && (streq(proto, "icmp") || streq(proto, "icmpv6") || streq(proto, "ipv6-icmp"));
	uint64_t n;

	*param = "proto";
	if (proto && !in_list(protocols, proto) && !text_to_u64(proto, 0, 255, &n))
		return xasprintf("invalid format - unknown protocol '%s'\n", proto);
	if (icmp)
		*family = streq(proto, "icmp") ? 4 : 6;
	if (!proto && (dport || sport))
		return xasprintf("missing property - '%s' requires this property", dport ? "dport" : "sport");
	if (json_text(rule, "icmp-type") && !icmp)
		return xstrdup("missing property - 'icmp-type' requires this property");
	*param = "dport";
	char *why = dport && !icmp ? check_ports(dport) : NULL;
	if (why)
		return why;
	*param = "sport";
	return sport ? check_ports(sport) : NULL;
}

static char *check_type(const struct request *q, const json_t *rule, bool group, const char **param)
{
	const char *type = json_text(rule, "type"), *action = json_text(rule, "action");
	bool is_rule = type && !streq(type, "group");

	*param = "type";
	if (!type)
		return xstrdup("missing property");
	if (group && !is_rule)
		return xstrdup("invalid rule type 'group' for rule_env 'group'");
	if (param_text(q, "vmid") && streq(type, "forward"))
		return xstrdup("invalid rule type 'forward' for rule_env 'vm'");
	*param = "action";
	if (!action)
		return xstrdup("missing property");
	if (streq(type, "forward") && streq(action, "REJECT"))
		return xstrdup("cannot define REJECT rules on forward chain");
	if (is_rule && !streq(action, "ACCEPT") && !streq(action, "DROP") && !streq(action, "REJECT"))
		return xasprintf("unknown action '%s'", action);
	*param = "iface";
	const char *iface = json_text(rule, "iface");
	if (iface && param_text(q, "vmid") && (!starts_with(iface, "net") || !text_consists_of(iface + 3, "0123456789")))
		return xstrdup("value does not match the regex pattern 'net\\d+'");
	return NULL;
}

char *firewall_verify(const struct request *q, json_t *rule, bool group, const char **param)
{
	const char *macro = json_text(rule, "macro");
	int family = 0;
	char *why = check_type(q, rule, group, param);

	if (!why && macro && !in_list(firewall_macros, macro)) {
		*param = "macro";
		why = xasprintf("unknown macro '%s'", macro);
	}
	for (size_t i = 0; !why && macro && firewall_macros[i]; i++)
		if (strcasecmp(firewall_macros[i], macro) == 0) {
			json_object_set_new(rule, "macro", json_string(firewall_macros[i]));
			macro = firewall_macros[i]; /* the other text is gone */
		}
	if (!why)
		why = check_protocol(rule, param, &family);
	static const char *const sides[] = { "source", "dest" };
	for (size_t i = 0; !why && i < ARRAY_SIZE(sides); i++) {
		int f = 0;
		const char *value = json_text(rule, sides[i]);
		*param = sides[i];
		why = value ? check_address(q, value, &f) : NULL;
		if (!why && f && family && f != family)
			why = xstrdup("detected mixed ipv4/ipv6 addresses in rule");
		family = f ? f : family;
	}
	json_object_del(rule, "ipversion");
	if (!why && family)
		json_object_set_new(rule, "ipversion", json_integer(family));
	return why;
}
