#include "data/addr.h"
#include "base/text.h"

#include <arpa/inet.h>

static unsigned bits_of(uint8_t family)
{
	return family == 4 ? 32 : family == 6 ? 128 : 0;
}

static size_t bytes_of(uint8_t family)
{
	return bits_of(family) / 8;
}

bool addr_parse(const char *s, struct addr *ret)
{
	struct addr a = { .family = strchr(s, ':') ? 6 : 4 };

	/* glibc's inet_pton() is strict: four decimals without leading zeros; no zone ids */
	if (inet_pton(a.family == 6 ? AF_INET6 : AF_INET, s, a.bytes) != 1)
		return false;
	*ret = a;
	return true;
}

bool addr_cidr_parse(const char *s, struct addr_cidr *ret)
{
	char text[ADDR_TEXT_MAX];
	struct addr_cidr c;
	uint64_t prefix;
	const char *slash = strchr(s, '/');

	if (!slash || (size_t)(slash - s) >= sizeof(text))
		return false;
	memcpy(text, s, (size_t)(slash - s));
	text[slash - s] = '\0';
	if (!addr_parse(text, &c.addr) ||
	    !text_to_u64(slash + 1, 0, bits_of(c.addr.family), &prefix))
		return false;
	c.prefix = (uint8_t)prefix;
	*ret = c;
	return true;
}

bool addr_net_parse(const char *s, struct addr_cidr *ret)
{
	struct addr a;

	if (addr_cidr_parse(s, ret))
		return true;
	if (!addr_parse(s, &a))
		return false;
	*ret = (struct addr_cidr){ .addr = a, .prefix = a.family == 4 ? 32 : 128 };
	return true;
}

bool addr_range_parse(const char *s, struct addr_range *ret)
{
	char first[ADDR_TEXT_MAX];
	struct addr_range r;
	size_t n = strcspn(s, "-");

	if (n >= sizeof(first))
		return false;
	memcpy(first, s, n);
	first[n] = '\0';
	if (!addr_parse(first, &r.first) || !addr_parse(s[n] ? s + n + 1 : first, &r.last) ||
	    r.first.family != r.last.family || addr_compare(&r.first, &r.last) > 0)
		return false;
	*ret = r;
	return true;
}

bool addr_mac_parse(const char *s, struct addr_mac *ret)
{
	struct addr_mac m;

	if (strlen(s) != ADDR_MAC_TEXT_MAX - 1)
		return false;
	for (size_t i = 0; i < sizeof(m.bytes); i++) {
		const char pair[] = { s[3 * i], s[3 * i + 1], '\0' };
		uint64_t byte;
		if (!text_to_hex(pair, 0xff, &byte))
			return false;
		/* one separator throughout */
		if (i < 5 && ((s[2] != ':' && s[2] != '-') || s[3 * i + 2] != s[2]))
			return false;
		m.bytes[i] = (uint8_t)byte;
	}
	*ret = m;
	return true;
}

const char *addr_text(const struct addr *a, char text[static ADDR_TEXT_MAX])
{
	text[0] = '\0';
	if (a->family)
		inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes, text, ADDR_TEXT_MAX);
	return text;
}

const char *addr_cidr_text(const struct addr_cidr *c, char text[static ADDR_TEXT_MAX])
{
	addr_text(&c->addr, text);
	size_t n = strlen(text);
	if (n)
		snprintf(text + n, ADDR_TEXT_MAX - n, "/%u", c->prefix);
	return text;
}

const char *addr_mac_text(const struct addr_mac *m, char text[static ADDR_MAC_TEXT_MAX])
{
	snprintf(text, ADDR_MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", m->bytes[0], m->bytes[1],
		 m->bytes[2], m->bytes[3], m->bytes[4], m->bytes[5]);
	return text;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, bytes_of(a->family));
}

struct addr addr_netmask(uint8_t family, uint8_t prefix)
{
	struct addr mask = { .family = family };

	for (unsigned bit = 0; bit < MIN((unsigned)prefix, bits_of(family)); bit++)
		mask.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return mask;
}

/* Host bits cleared, or all set. */
static struct addr edge(const struct addr_cidr *c, bool set)
{
	struct addr mask = addr_netmask(c->addr.family, c->prefix), a = c->addr;

	for (size_t i = 0; i < bytes_of(a.family); i++)
		a.bytes[i] =
			set ? a.bytes[i] | (uint8_t)~mask.bytes[i] : a.bytes[i] & mask.bytes[i];
	return a;
}

struct addr addr_network(const struct addr_cidr *c)
{
	return edge(c, false);
}

struct addr addr_broadcast(const struct addr_cidr *c)
{
	return edge(c, true);
}

bool addr_cidr_contains(const struct addr_cidr *net, const struct addr *a)
{
	struct addr first = addr_network(net), last = addr_broadcast(net);

	return a->family && a->family == net->addr.family && addr_compare(a, &first) >= 0 &&
	       addr_compare(a, &last) <= 0;
}

bool addr_cidr_overlaps(const struct addr_cidr *a, const struct addr_cidr *b)
{
	return a->prefix <= b->prefix ? addr_cidr_contains(a, &b->addr)
				      : addr_cidr_contains(b, &a->addr);
}

bool addr_range_contains(const struct addr_range *r, const struct addr *a)
{
	return a->family && a->family == r->first.family && addr_compare(a, &r->first) >= 0 &&
	       addr_compare(a, &r->last) <= 0;
}

bool addr_offset(const struct addr *a, uint32_t offset, struct addr *ret)
{
	struct addr sum = *a;
	uint64_t carry = offset;

	for (size_t i = bytes_of(a->family); i-- > 0; carry >>= 8) {
		carry += sum.bytes[i];
		sum.bytes[i] = (uint8_t)carry;
	}
	if (carry || !a->family)
		return false;
	*ret = sum;
	return true;
}

static bool in_any(const struct addr *a, const struct addr_cidr *nets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (addr_cidr_contains(&nets[i], a))
			return true;
	return false;
}

bool addr_is_link_local(const struct addr *a)
{
	static const struct addr_cidr nets[] = {
		{ { 4, { 169, 254 } }, 16 },   /* RFC 3927 */
		{ { 6, { 0xfe, 0x80 } }, 10 }, /* RFC 4291 */
	};

	return in_any(a, nets, ARRAY_SIZE(nets));
}

bool addr_is_loopback(const struct addr *a)
{
	static const struct addr_cidr nets[] = {
		{ { 4, { 127 } }, 8 },
		{ { 6, { [15] = 1 } }, 128 },
	};

	return in_any(a, nets, ARRAY_SIZE(nets));
}

bool addr_is_private(const struct addr *a)
{
	static const struct addr_cidr nets[] = {
		{ { 4, { 10 } }, 8 },	     { { 4, { 172, 16 } }, 12 }, /* RFC 1918 */
		{ { 4, { 192, 168 } }, 16 }, { { 4, { 100, 64 } }, 10 }, /* RFC 6598 */
		{ { 6, { 0xfc } }, 7 },					 /* RFC 4193 */
	};

	return in_any(a, nets, ARRAY_SIZE(nets));
}

bool addr_mac_equal(const struct addr_mac *a, const struct addr_mac *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
