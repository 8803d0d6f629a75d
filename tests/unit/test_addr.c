#include "test.h"
#include "data/addr.h"

static void only_the_strict_form_is_an_address(void **state UNUSED)
{
	static const char *const bad[] = {
		"",	     "1",	 "1.2.3",	 "1.2.3.4.5", "01.2.3.4",
		"1.2.3.256", " 1.2.3.4", "1.2.3.4 ",	 "0x1.2.3.4", "1.2.3.4/24",
		":",	     ":::",	 "fe80::1%eth0", "1::2::3",   "12345::",
		"::1/64"
	};
	static const char *const bad_cidr[] = { "1.2.3.4",    "1.2.3.4/",     "1.2.3.4/33",
						"1.2.3.4/-1", "1.2.3.4/08",   "::/129",
						"/24",	      "1.2.3.4/24/1", "1.2.3.4/ 24" };
	static const char *const bad_range[] = { "",
						 "-",
						 "1.2.3.4-",
						 "-1.2.3.4",
						 "1.2.3.5-1.2.3.4",
						 "1.2.3.4-::1",
						 "1.2.3.4-1.2.3.5-1.2.3.6",
						 "1.2.3.4 - 1.2.3.5" };
	static const char *const bad_mac[] = { "",
					       "BC:24:11:00:00",
					       "BC:24:11:00:00:0",
					       "BC:24:11:00:00:0g",
					       "BC-24:11:00:00:01",
					       "BC2411000001",
					       "BC:24:11:00:00:01:",
					       "BC:24:11:00:00: 1",
					       "BC.24.11.00.00.01" };
	struct addr a = { 0 };
	struct addr_cidr c = { 0 };
	struct addr_range r = { 0 };
	struct addr_mac m = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(addr_parse(bad[i], &a));
	for (size_t i = 0; i < ARRAY_SIZE(bad_cidr); i++)
		assert_false(addr_cidr_parse(bad_cidr[i], &c));
	for (size_t i = 0; i < ARRAY_SIZE(bad_range); i++)
		assert_false(addr_range_parse(bad_range[i], &r));
	for (size_t i = 0; i < ARRAY_SIZE(bad_mac); i++)
		assert_false(addr_mac_parse(bad_mac[i], &m));
	assert_int_equal(a.family | c.addr.family | r.first.family | m.bytes[0], 0);
}

static void text_is_canonical(void **state UNUSED)
{
	/* RFC 5952, section 4 */
	static const char *const pairs[][2] = {
		{ "192.168.1.1", "192.168.1.1" },
		{ "2001:DB8:0:0:0:0:2:1", "2001:db8::2:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "::", "::" },
	};
	char text[ADDR_TEXT_MAX], mac[ADDR_MAC_TEXT_MAX];
	struct addr a;
	struct addr_cidr c;
	struct addr_mac m;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		assert_true(addr_parse(pairs[i][0], &a));
		assert_string_equal(addr_text(&a, text), pairs[i][1]);
	}
	assert_true(addr_net_parse("192.168.1.1/24", &c) && c.prefix == 24);
	assert_true(addr_net_parse("192.168.1.1", &c) && c.prefix == 32);
	assert_true(addr_net_parse("fd00::1", &c) && c.prefix == 128);
	assert_false(addr_net_parse("192.168.1.1/33", &c) || addr_net_parse("office", &c));
	assert_true(addr_cidr_parse("192.168.1.1/24", &c));
	assert_string_equal(addr_cidr_text(&c, text), "192.168.1.1/24");
	assert_true(addr_mac_parse("BC-24-11-0a-0B-01", &m));
	assert_string_equal(addr_mac_text(&m, mac), "bc:24:11:0a:0b:01");
	assert_string_equal(addr_text(&(struct addr){ 0 }, text), "");
}

static void networks_have_edges(void **state UNUSED)
{
	static const char *const rows[][4] = {
		/* given, network, broadcast, netmask */
		{ "192.168.1.77/24", "192.168.1.0", "192.168.1.255", "255.255.255.0" },
		{ "10.1.2.3/0", "0.0.0.0", "255.255.255.255", "0.0.0.0" },
		{ "10.1.2.3/32", "10.1.2.3", "10.1.2.3", "255.255.255.255" },
		{ "10.1.2.3/30", "10.1.2.0", "10.1.2.3", "255.255.255.252" },
		{ "fd00::1:2/112", "fd00::1:0", "fd00::1:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:0" },
	};
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr_cidr c;
		assert_true(addr_cidr_parse(rows[i][0], &c));
		struct addr network = addr_network(&c), broadcast = addr_broadcast(&c);
		struct addr mask = addr_netmask(c.addr.family, c.prefix);
		assert_string_equal(addr_text(&network, text), rows[i][1]);
		assert_string_equal(addr_text(&broadcast, text), rows[i][2]);
		assert_string_equal(addr_text(&mask, text), rows[i][3]);
	}
}

static void overlap_is_symmetric(void **state UNUSED)
{
	static const struct {
		const char *a, *b;
		bool overlaps;
	} rows[] = {
		{ "192.168.1.1/24", "192.168.1.2/24", true },
		{ "192.168.0.0/16", "192.168.1.2/24", true },
		{ "192.168.1.1/24", "192.168.2.1/24", false },
		{ "192.168.1.0/25", "192.168.1.128/25", false },
		{ "0.0.0.0/0", "::/0", false },
		{ "fd00::/8", "fd12::1/64", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr_cidr a, b;
		assert_true(addr_cidr_parse(rows[i].a, &a) && addr_cidr_parse(rows[i].b, &b));
		assert_int_equal(addr_cidr_overlaps(&a, &b), rows[i].overlaps);
		assert_int_equal(addr_cidr_overlaps(&b, &a), rows[i].overlaps);
	}
	struct addr_cidr none = { 0 }, all;
	assert_true(addr_cidr_parse("0.0.0.0/0", &all));
	assert_false(addr_cidr_overlaps(&none, &all));
	assert_false(addr_cidr_overlaps(&none, &none));
}

static void ranges_and_offsets(void **state UNUSED)
{
	struct addr_range r;
	struct addr a;
	char text[ADDR_TEXT_MAX];

	assert_true(addr_range_parse("192.168.1.10-192.168.1.250", &r));
	assert_true(addr_range_contains(&r, &r.first) && addr_range_contains(&r, &r.last));
	assert_true(addr_offset(&r.last, 1, &a));
	assert_false(addr_range_contains(&r, &a));
	assert_true(addr_offset(&r.last, 6, &a));
	assert_string_equal(addr_text(&a, text), "192.168.2.0");
	assert_true(addr_parse("255.255.255.254", &a));
	assert_true(addr_offset(&a, 1, &a));
	assert_false(addr_offset(&a, 1, &a));
	assert_true(addr_parse("fd00::ffff:ffff", &a) && addr_offset(&a, 1, &a));
	assert_string_equal(addr_text(&a, text), "fd00::1:0:0");
	assert_true(addr_range_parse("::1", &r) && addr_compare(&r.first, &r.last) == 0);
}

static void scopes(void **state UNUSED)
{
	static const struct {
		const char *a;
		bool link_local, loopback, private;
	} rows[] = {
		{ "169.254.1.1", true, false, false }, { "fe80::1", true, false, false },
		{ "febf::1", true, false, false },     { "fec0::1", false, false, false },
		{ "127.0.0.53", false, true, false },  { "::1", false, true, false },
		{ "10.0.0.1", false, false, true },    { "172.31.255.255", false, false, true },
		{ "172.32.0.0", false, false, false }, { "192.168.1.1", false, false, true },
		{ "100.127.0.1", false, false, true }, { "fd00::1", false, false, true },
		{ "1.1.1.1", false, false, false },    { "2606:4700::1111", false, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr a;
		assert_true(addr_parse(rows[i].a, &a));
		assert_int_equal(addr_is_link_local(&a), rows[i].link_local);
		assert_int_equal(addr_is_loopback(&a), rows[i].loopback);
		assert_int_equal(addr_is_private(&a), rows[i].private);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_strict_form_is_an_address),
		cmocka_unit_test(text_is_canonical),
		cmocka_unit_test(networks_have_edges),
		cmocka_unit_test(overlap_is_symmetric),
		cmocka_unit_test(ranges_and_offsets),
		cmocka_unit_test(scopes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
