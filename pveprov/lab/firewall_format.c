#include "lab/firewall_format.h"
#include "base/buf.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/addr.h"
#include "data/fw_proto.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
#define DIGITS "0123456789"

enum { NAME_MAX_BYTES = 64, PORTS_MAX = 15 };

static const char *const helpers[] = { "amanda", "ftp", "irc", "netbios-ns", "pptp", "sane", "sip", "snmp", "tftp", NULL };

static bool in_list(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (streq(*list, s))
			return true;
	return false;
}

bool firewall_is_name(const char *s)
{
	size_t n = strlen(s);

	return n >= 2 && (s[0] | 32) >= 'a' && (s[0] | 32) <= 'z' && strspn(s, NAME_BYTES) == n;
}

bool firewall_is_alias(const char *s)
{
	return firewall_is_name(starts_with(s, "dc/") ? s + 3 : starts_with(s, "guest/") ? s + 6 : s);
}

bool firewall_is_icmp_type(int family, const char *name)
{
	const char *known;

	for (size_t i = 0; (known = fw_icmp_name(family, i)); i++)
		if (streq(known, name))
			return true;
	return false;
}

char *firewall_complain_proto(const char *value)
{
	return !*value || fw_proto_number(value) >= 0 ? NULL : xasprintf("unknown protocol '%s'", value);
}

char *firewall_complain_icmp_type(const char *value)
{
	if (!*value || firewall_is_icmp_type(4, value) || firewall_is_icmp_type(6, value))
		return NULL;
	return xasprintf("invalid icmp-type value '%s'", value);
}

static char *complain_commas(const char *value)
{
	size_t n = strlen(value);

	/* Perl's split drops what is empty at the end only */
	return n && value[n - 1] == ',' ? xstrdup("extraneous commas in list") : NULL;
}

/* One port, range or name; *count grows by how many numbers it is. */
static char *complain_port(const char *item, bool icmp_too, size_t *count, bool *icmp)
{
	const char *colon = strchr(item, ':');
	_cleanup_free_ char *first = xstrndup(item, strcspn(item, ":"));
	uint64_t a, b = 0;
	uint16_t port;
	bool range = colon && *first && text_consists_of(first, DIGITS) && colon[1] && text_consists_of(colon + 1, DIGITS);

	if (range || (*item && text_consists_of(item, DIGITS))) {
		*count += range ? 2 : 1;
		if (!text_to_u64(first, 0, 65535, &a))
			return xasprintf("invalid port '%s'", first);
		if (range && !text_to_u64(colon + 1, 0, 65535, &b))
			return xasprintf("invalid port '%s'", colon + 1);
		return range && a > b ? xasprintf("backwards range '%s' not allowed, did you mean '%s:%s'?", item,
						  colon + 1, first)
				      : NULL;
	}
	if (icmp_too && (firewall_is_icmp_type(4, item) || firewall_is_icmp_type(6, item))) {
		*icmp = true;
		return NULL;
	}
	return fw_service_port(item, &port) ? NULL : xasprintf("invalid port '%s'", item);
}

static char *complain_ports(const char *value, bool icmp_too)
{
	_cleanup_free_ char *copy = xstrdup(value), *why = complain_commas(value);
	char *at = copy, *item;
	size_t count = 0;
	bool icmp = false;

	while (!why && *value && (item = strsep(&at, ",")))
		why = complain_port(item, icmp_too, &count, &icmp);
	if (!why && icmp && count)
		why = xstrdup("ICMP ports not allowed in port range");
	if (!why && count > PORTS_MAX)
		why = xstrdup("too many entries in port list (> 15 numbers)");
	return TAKE_PTR(why);
}

char *firewall_complain_sport(const char *value)
{
	return complain_ports(value, false);
}

char *firewall_complain_dport(const char *value)
{
	return complain_ports(value, true);
}

/* "Invalid prefix 0000.../24": host bits are set. */
static char *complain_host_bits(const struct addr_cidr *c)
{
	_cleanup_buf_ struct buf b = { 0 };
	size_t bits = c->addr.family == 4 ? 32 : 128;

	for (size_t i = 0; i < bits; i++)
		buf_addc(&b, c->addr.bytes[i / 8] >> (7 - i % 8) & 1 ? '1' : '0');
	return xasprintf("Invalid prefix %s/%u", buf_text(&b), c->prefix);
}

static char *complain_prefix(const char *item)
{
	const char *slash = strchr(item, '/');
	int bits = strchr(item, ':') ? 128 : 32;
	uint64_t n;

	if (!slash || !text_to_u64(slash + 1, 0, UINT16_MAX, &n) || n <= (uint64_t)bits)
		return NULL;
	return xasprintf("Prefix length %" PRIu64 " is longer than IP address (%d)", n, bits);
}

/* Why Net::IP takes no IPv4 address. */
static char *complain_v4(const char *host)
{
	_cleanup_strv_ struct strv quads = { 0 };
	size_t n = strlen(host);
	uint64_t value;

	if (!n || strspn(host, DIGITS ".") != n)
		return xasprintf("Invalid chars in IP %s", host);
	if (host[0] == '.' || host[n - 1] == '.')
		return xasprintf("Invalid IP %s - %s with a dot", host, host[0] == '.' ? "starts" : "ends");
	if (strstr(host, ".."))
		return xasprintf("Empty quad in IP address %s", host);
	strv_split(&quads, host, ".");
	for (size_t i = 0; i < quads.n && quads.n <= 4; i++)
		if (!text_to_u64(quads.v[i], 0, 255, &value))
			return xasprintf("Invalid quad in IP address %s - %s", host, quads.v[i]);
	return xasprintf("Invalid IP address %s", host);
}

/* One address, network or range; *family is its. */
static char *read_one(const char *item, int *family)
{
	struct addr_range r;
	struct addr_cidr c;
	struct addr a;

	if (strchr(item, '-')) {
		if (!addr_range_parse(item, &r))
			return xasprintf("Invalid range %s", item);
		*family = r.first.family;
		return NULL;
	}
	if (addr_parse(item, &a)) {
		*family = a.family;
		return NULL;
	}
	if (addr_cidr_parse(item, &c)) {
		struct addr net = addr_network(&c);
		*family = c.addr.family;
		return addr_compare(&net, &c.addr) == 0 ? NULL : complain_host_bits(&c);
	}
	_cleanup_free_ char *host = xstrndup(item, strcspn(item, "/"));
	char *why = strchr(host, ':') ? NULL : addr_parse(host, &a) ? NULL : complain_v4(host);
	if (!why)
		why = complain_prefix(item);
	return why ? why : xasprintf("Invalid address %s", item);
}

char *firewall_read_addresses(const char *value, int *ret)
{
	_cleanup_free_ char *copy = xstrdup(value), *commas = complain_commas(value);
	char *at = copy, *item;
	size_t n = 0;
	bool range = false;

	*ret = 0;
	if (value[0] == '+' && value[1])
		return strlen(value) > NAME_MAX_BYTES + 1 ? xstrdup("ipset name too long") : NULL;
	if (firewall_is_alias(value))
		return strlen(value) > NAME_MAX_BYTES ? xstrdup("alias name too long") : NULL;
	if (commas)
		return TAKE_PTR(commas);
	while (*value && (item = strsep(&at, ","))) {
		int family = 0;
		_cleanup_free_ char *why = read_one(item, &family);
		if (why)
			return xasprintf("invalid IP address: %s", why);
		if (*ret && *ret != family)
			return xasprintf("detected mixed ipv4/ipv6 addresses in address list '%s'", value);
		*ret = family;
		range |= strchr(item, '-') != NULL;
		n++;
	}
	return range && n > 1 ? xstrdup("you can't use a range in a list") : NULL;
}

char *firewall_complain_address(const char *value)
{
	int family;

	return firewall_read_addresses(value, &family);
}

char *firewall_complain_cidr(const char *value)
{
	_cleanup_free_ char *host = xstrndup(value, strcspn(value, "/"));
	const char *slash = strchr(value, '/');
	struct addr_cidr c;
	struct addr a;

	if (addr_parse(value, &a) || addr_cidr_parse(value, &c))
		return NULL;
	char *why = addr_parse(host, &a) && slash && text_consists_of(slash + 1, DIGITS) ? complain_prefix(value) : NULL;
	return why ? why : xstrdup("value does not look like a valid IP address or CIDR network");
}

char *firewall_complain_member(const char *value)
{
	return firewall_is_alias(value) ? NULL : firewall_complain_cidr(value);
}

char *firewall_complain_helpers(const char *value)
{
	_cleanup_free_ char *copy = xstrdup(value), *why = complain_commas(value);
	char *at = copy, *item;

	while (!why && *value && (item = strsep(&at, ",")))
		if (!in_list(helpers, item))
			why = xasprintf("unknown helper %s at /usr/share/perl5/PVE/Firewall.pm line 1167.", item);
	return TAKE_PTR(why);
}
