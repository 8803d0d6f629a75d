/* Addresses, networks, ranges and MAC addresses: what is read is written and read again as the
 * same. */
#include "fuzz.h"
#include "data/addr.h"

static void check_cidr(const char *text)
{
	char again[ADDR_TEXT_MAX];
	struct addr_cidr c, d;

	if (!addr_cidr_parse(text, &c))
		return;
	fuzz_expect(addr_cidr_parse(addr_cidr_text(&c, again), &d));
	fuzz_expect(addr_compare(&c.addr, &d.addr) == 0 && c.prefix == d.prefix);
	struct addr first = addr_network(&c), last = addr_broadcast(&c);
	fuzz_expect(addr_cidr_contains(&c, &c.addr) && addr_cidr_contains(&c, &first) &&
		    addr_cidr_contains(&c, &last));
	fuzz_expect(addr_compare(&first, &last) <= 0 && addr_cidr_overlaps(&c, &d));
}

static void check_range(const char *text)
{
	struct addr_range r;
	struct addr next;

	if (!addr_range_parse(text, &r))
		return;
	fuzz_expect(addr_range_contains(&r, &r.first) && addr_range_contains(&r, &r.last));
	if (addr_offset(&r.last, 1, &next))
		fuzz_expect(!addr_range_contains(&r, &next));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char again[ADDR_TEXT_MAX], mac_text[ADDR_MAC_TEXT_MAX];
	struct addr a, b;
	struct addr_mac m, n;

	if (addr_parse(text, &a)) {
		fuzz_expect(addr_parse(addr_text(&a, again), &b) && addr_compare(&a, &b) == 0);
		fuzz_expect(!(addr_is_private(&a) && addr_is_link_local(&a)));
	}
	if (addr_mac_parse(text, &m))
		fuzz_expect(addr_mac_parse(addr_mac_text(&m, mac_text), &n) &&
			    addr_mac_equal(&m, &n));
	check_cidr(text);
	check_range(text);
	return 0;
}
