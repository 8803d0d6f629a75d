#include "test.h"
#include "base/strv.h"
#include "probe/kind.h"
#include "probe/report.h"

/* A shell that gives what the test says and keeps what it was asked. */
struct fake {
	struct shell shell;
	const char *out;
	struct strv argv;
	int64_t timeout_ms;
};

static int fake_exec(struct shell *s, const struct shell_exec *x, struct shell_result *ret, struct err **err UNUSED)
{
	struct fake *f = (struct fake *)s;

	strv_free(&f->argv);
	strv_add_all(&f->argv, x->argv);
	f->timeout_ms = x->timeout_ms;
	return buf_adds(&ret->out, f->out);
}

static const struct shell_ops ops = { .name = "fake", .exec = fake_exec };

static struct addr address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static struct addr_cidr cidr(const char *text)
{
	struct addr_cidr c;

	assert_true(addr_cidr_parse(text, &c));
	return c;
}

#define LINK(flags, info) "[{},{\"ifname\":\"eth0\",\"flags\":[" flags "],\"addr_info\":[" info "]}]"
#define INET(local, dynamic) \
	"{\"family\":\"inet\",\"local\":\"" local "\",\"prefixlen\":24,\"scope\":\"global\"" dynamic "}"
#define DYNAMIC ",\"dynamic\":true"

static void every_kind_tells_good_from_bad(void **state UNUSED)
{
	static struct addr server;
	server = address("192.168.1.1");
	const struct probe lease = { .kind = &probe_lease, .interface = "eth0", .cidr = cidr("192.168.1.0/24") };
	const struct probe route = { .kind = &probe_default_route, .address = server, .only = true };
	const struct probe wan_route = { .kind = &probe_default_route, .interface = "wan", .only = true };
	const struct probe resolver = { .kind = &probe_resolver, .nameservers = &server, .n_nameservers = 1, .text = "vm1" };
	const struct probe ping = { .kind = &probe_ping, .address = server };
	const struct probe name = { .kind = &probe_resolve, .text = "one.one.one.one" };
	const struct probe refused = { .kind = &probe_refused, .address = server, .port = 22, .with = 0 };
	const struct probe reset = { .kind = &probe_refused, .address = server, .port = 22, .with = 1 };
	const struct probe any = { .kind = &probe_refused, .address = server, .port = 22, .with = 2 };
	const struct probe refused6 = { .kind = &probe_refused, .address = address("fd00::1"), .port = 22, .with = 0 };
	const struct probe tcp = { .kind = &probe_tcp, .address = server, .port = 80 };
	const struct probe lan = { .kind = &probe_interface, .interface = "eth0", .cidr = cidr("192.168.1.1/24") };
	const struct probe opt = { .kind = &probe_interface, .interface = "eth0", .cidr = cidr("192.168.1.1/24"), .optional = true };
	const struct probe wan = { .kind = &probe_interface, .interface = "eth0" };
	const struct probe services = { .kind = &probe_services, .text = "a.service b.timer" };
	const struct probe rules = { .kind = &probe_ruleset, .text = "/etc/nftables.conf" };
	const struct probe dns = { .kind = &probe_encrypted_dns, .interface = "wan", .text = "one.one.one.one" };
	const struct {
		const struct probe *p;
		const char *text;
		bool good;
		const char *seen;
	} cases[] = {
		{ &lease, LINK("", INET("192.168.1.50", DYNAMIC)), true, "192.168.1.50/24" },
		{ &lease, LINK("", INET("192.168.2.50", DYNAMIC)), false, "192.168.2.50/24" },
		{ &lease, LINK("", INET("192.168.1.50", "")), false, "192.168.1.50/24 (not by DHCP)" },
		{ &lease, LINK("", ""), false, "no IPv4 address" },
		{ &lease, "Device \"eth0\" does not exist.\n", false, "Device \"eth0\" does not exist." },
		{ &lease, "", false, "nothing" },
		{ &route, "[{\"dst\":\"default\",\"gateway\":\"192.168.1.1\",\"dev\":\"eth0\"}]", true, "via 192.168.1.1 on eth0" },
		{ &route, "[{\"gateway\":\"10.0.0.1\",\"dev\":\"eth0\"}]", false, "via 10.0.0.1 on eth0" },
		{ &route, "[{\"gateway\":\"192.168.1.1\",\"dev\":\"a\"},{\"gateway\":\"10.0.0.1\",\"dev\":\"b\"}]", false,
		  "via 192.168.1.1 on a, via 10.0.0.1 on b" },
		{ &route, "[]", false, "no default route" },
		{ &wan_route, "[{\"gateway\":\"10.0.0.1\",\"dev\":\"wan\"}]", true, "via 10.0.0.1 on wan" },
		{ &wan_route, "[{\"gateway\":\"10.0.0.1\",\"dev\":\"vm0\"}]", false, "via 10.0.0.1 on vm0" },
		{ &wan_route, "[{\"dev\":\"wan\",\"scope\":\"link\"}]", true, "via nobody on wan" },
		{ &resolver, "# x\nnameserver 192.168.1.1\nsearch vm1\n", true, "name servers 192.168.1.1, search vm1" },
		{ &resolver, "nameserver 192.168.1.1\nnameserver 8.8.8.8\nsearch vm1\n", false, "name servers 192.168.1.1 8.8.8.8, search vm1" },
		{ &resolver, "nameserver 192.168.1.1\nnameserver fe80::be24:11ff:fe00:11%2\nsearch vm1\n", true,
		  "name servers 192.168.1.1 fe80::be24:11ff:fe00:11%2, search vm1" },
		{ &resolver, "nameserver fe80::be24:11ff:fe00:11%2\nsearch vm1\n", false,
		  "name servers fe80::be24:11ff:fe00:11%2, search vm1" },
		{ &resolver, "nameserver 192.168.1.1\nsearch .\n", false, "name servers 192.168.1.1, search none" },
		{ &resolver, "nameserver 127.0.0.53\ndomain vm1\n", false, "name servers 127.0.0.53, search vm1" },
		{ &ping, "PING\n\n3 packets transmitted, 2 received, 33% packet loss, time 1ms\n", true,
		  "3 packets transmitted, 2 received, 33% packet loss, time 1ms" },
		{ &ping, "3 packets transmitted, 0 received, 100% packet loss\n", false, "3 packets transmitted, 0 received, 100% packet loss" },
		{ &ping, "ping: connect: Network is unreachable\n", false, "ping: connect: Network is unreachable" },
		{ &name, "address 1.1.1.1\naddress 1.0.0.1\n", true, "1.1.1.1, 1.0.0.1" },
		{ &name, "", false, "no address" },
		{ &refused, "bash: connect: No route to host\nbash: x\nstatus 1\n", true, "No route to host" },
		{ &refused, "bash: connect: Connection refused\nstatus 1\n", false, "Connection refused" },
		{ &refused, "connected\n", false, "connected" },
		{ &refused, "status 124\n", false, "no answer" },
		{ &refused, "odd\n", false, "odd" },
		{ &reset, "bash: connect: Connection refused\nstatus 1\n", true, "Connection refused" },
		{ &any, "bash: connect: Connection refused\nstatus 1\n", true, "Connection refused" },
		{ &any, "bash: connect: Connection timed out\nstatus 1\n", false, "Connection timed out" },
		{ &refused6, "bash: connect: Permission denied\nstatus 1\n", true, "Permission denied" },
		{ &tcp, "connected\n", true, "connected" },
		{ &tcp, "bash: connect: Connection refused\nstatus 1\n", false, "Connection refused" },
		{ &lan, LINK("\"UP\",\"LOWER_UP\"", INET("192.168.1.1", "")), true, "up, 192.168.1.1/24" },
		{ &lan, LINK("\"NO-CARRIER\",\"UP\"", INET("192.168.1.1", "")), false, "up, no carrier, 192.168.1.1/24" },
		{ &opt, LINK("\"NO-CARRIER\",\"UP\"", INET("192.168.1.1", "")), true, "up, no carrier, 192.168.1.1/24" },
		{ &opt, LINK("", INET("192.168.1.1", "")), false, "down, 192.168.1.1/24" },
		{ &lan, LINK("\"UP\",\"LOWER_UP\"", INET("192.168.7.1", "")), false, "up, 192.168.7.1/24" },
		{ &wan, LINK("\"UP\",\"LOWER_UP\"", INET("203.0.113.9", "")), true, "up, 203.0.113.9/24" },
		{ &wan, LINK("\"UP\",\"LOWER_UP\"", ""), false, "up" },
		{ &wan, "[]", false, "not there" },
		{ &services, "a.service active\nb.timer active\n", true, "2 active" },
		{ &services, "a.service active\nb.timer failed\n", false, "1 active, b.timer failed" },
		{ &services, "a.service active\nb.timer inactive\n", false, "1 active, b.timer inactive" },
		{ &services, "", false, "0 active" },
		{ &rules, "same\n", true, "the same" },
		{ &rules, "differs\n> policy accept;\n", false, "differs; > policy accept;" },
		{ &rules, "/etc/nftables.conf:1:1: Error: x\n", false, "/etc/nftables.conf:1:1: Error: x" },
		{ &dns, "address 1.1.1.1\nplain 0\n", true, "resolved, 0 packets to port 53" },
		{ &dns, "address 1.1.1.1\nplain 2\n", false, "resolved, 2 packets to port 53" },
		{ &dns, "plain 0\n", false, "not resolved, 0 packets to port 53" },
		{ &dns, "nft: no\n", false, "nft: no" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf seen = { 0 };
		bool good = cases[i].p->kind->judge(cases[i].p, cases[i].text, &seen);
		if (good != cases[i].good || !streq(buf_text(&seen), cases[i].seen))
			fail_msg("%s, case %zu: %d '%s', not '%s'", cases[i].p->kind->name, i, good, buf_text(&seen),
				 cases[i].seen);
	}
}

static void the_table_of_kinds_is_whole_and_sorted(void **state UNUSED)
{
	for (size_t i = 0; probe_kinds[i]; i++) {
		const struct probe_kind *k = probe_kinds[i];
		assert_true(k->name && k->look && k->timeout_ms && k->words && k->label && k->expected && k->judge);
		if (i)
			assert_true(strcmp(probe_kinds[i - 1]->name, k->name) < 0);
	}
}

static const char two_answers[] = "@probe 0 12\n|3 packets transmitted, 3 received, 0% packet loss\n"
				  "@probe 1 7\n|address 1.1.1.1\n|@end\n@end\n";

static struct probe_set two(void)
{
	static struct probe v[2];

	v[0] = (struct probe){ .kind = &probe_ping, .address = address("192.168.1.1") };
	v[1] = (struct probe){ .kind = &probe_resolve, .text = "one.one.one.one" };
	return (struct probe_set){ .v = v, .n = 2 };
}

static void all_of_a_machine_is_one_program(void **state UNUSED)
{
	struct fake f = { .shell = { .ops = &ops, .peer = "test1" }, .out = two_answers };
	struct probe_set set = two();
	_cleanup_probe_report_ struct probe_report r = { 0 };

	assert_works(probe_run(&f.shell, "test1", &set, &r, &err));
	_cleanup_free_ char *line = strv_join(&f.argv, "|");
	assert_string_equal(line, "/bin/sh|-s|--|0 ping 12 192.168.1.1|1 name 20 one.one.one.one");
	assert_int_equal(f.timeout_ms, 70000);
	assert_int_equal(r.n, 2);
	assert_int_equal(probe_report_failed(&r), 0);
	assert_string_equal(r.v[0].name, "ping 192.168.1.1");
	assert_int_equal(r.v[0].ms, 12);
	assert_string_equal(r.v[1].seen, "1.1.1.1");
	strv_free(&f.argv);
}

static void answers_that_make_no_sense_are_errors(void **state UNUSED)
{
	static const char *const bad[] = { "", "@end\n", "@probe 1 2\n", "@probe 0 x\n", "@probe 0 1\n@end\n",
					   "@probe 0 1\n|a\n@probe 1 1\n|b\n", "noise\n" };
	struct probe_set set = two();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fake f = { .shell = { .ops = &ops, .peer = "test1" }, .out = bad[i] };
		_cleanup_probe_report_ struct probe_report r = { 0 };
		assert_fails(probe_run(&f.shell, "test1", &set, &r, &err), ERR_INTERNAL, "test1: the probes");
		assert_int_equal(r.n, 0);
		strv_free(&f.argv);
	}
}

static void words_with_blanks_never_reach_the_machine(void **state UNUSED)
{
	struct fake f = { .shell = { .ops = &ops, .peer = "test1" }, .out = "" };
	struct probe p = { .kind = &probe_resolve, .text = "a; reboot" };
	struct probe_set set = { .v = &p, .n = 1 };

	assert_fails(probe_run(&f.shell, "test1", &set, &(struct probe_report){ 0 }, &err), ERR_RECIPE, "'a; reboot'");
}

static void the_router_is_looked_at_as_a_whole(void **state UNUSED)
{
	struct recipe_network nets[] = { { .interface = "lan", .address = cidr("192.168.100.1/24") },
					 { .interface = "opt1", .address = cidr("192.168.101.1/24"), .optional = true } };
	struct recipe_nic nic = { .name = "vm0", .addressing = RECIPE_ADDRESS_DHCP };
	struct recipe_router router = { .admin = "vm0", .wan = { .interface = "wan", .addressing = RECIPE_ADDRESS_DHCP },
					.networks = nets, .n_networks = 2 };
	struct recipe_vm vm = { .name = "router", .nics = &nic, .n_nics = 1, .router = &router };
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_probe_set_ struct probe_set set = { 0 };
	_cleanup_strv_ struct strv labels = { 0 };

	assert_works(bundle_text(&b, "/etc/nftables.conf", 0644, "", &err));
	strv_add(&b.enable, "nftables-lockdown.service");
	strv_add(&b.enable, "nftables.service");
	strv_add(&b.enable, "systemd-networkd-wait-online.service");
	assert_works(probe_set_router(&vm, &b, &set, &err));
	for (size_t i = 0; i < set.n; i++) {
		strv_take(&labels, set.v[i].kind->label(&set.v[i]));
		strv_take(&labels, set.v[i].kind->expected(&set.v[i]));
	}
	_cleanup_free_ char *all = strv_join(&labels, "|");
	assert_string_equal(all, "interface wan|up, an address|interface vm0|up, an address|"
				 "interface lan|up, 192.168.100.1/24|interface opt1|there, 192.168.101.1/24|"
				 "default route|exactly one, on wan|services|1 active|ruleset|loaded as in /etc/nftables.conf|"
				 "DNS on wan|one.one.one.one resolves and no packet to port 53 leaves");
	vm.router = NULL;
	assert_fails(probe_set_router(&vm, &b, &set, &err), ERR_INTERNAL, "'router' is not a router");
}

static void the_recipe_names_the_probes_of_the_test_machine(void **state UNUSED)
{
	struct addr server = address("192.168.1.1");
	struct recipe_probe probes[] = {
		{ .kind = RECIPE_PROBE_LEASE, .interface = "eth0", .within = cidr("192.168.1.0/24") },
		{ .kind = RECIPE_PROBE_DEFAULT_ROUTE, .address = server, .only = true },
		{ .kind = RECIPE_PROBE_RESOLVER, .nameservers = { &server, 1 }, .name = "vm1" },
		{ .kind = RECIPE_PROBE_PING, .address = server },
		{ .kind = RECIPE_PROBE_RESOLVE, .name = "one.one.one.one" },
		{ .kind = RECIPE_PROBE_REFUSED, .address = server, .port = 22 },
		{ .kind = RECIPE_PROBE_TCP, .address = server, .port = 53 },
	};
	struct recipe r = { .verify = { .from = "test1", .probes = probes, .n_probes = ARRAY_SIZE(probes) } };
	_cleanup_probe_set_ struct probe_set set = { 0 };
	_cleanup_strv_ struct strv labels = { 0 };

	assert_works(probe_set_verify(&r, &set, &err));
	for (size_t i = 0; i < set.n; i++) {
		strv_take(&labels, set.v[i].kind->label(&set.v[i]));
		strv_take(&labels, set.v[i].kind->expected(&set.v[i]));
	}
	_cleanup_free_ char *all = strv_join(&labels, "|");
	assert_string_equal(all, "lease eth0|an address by DHCP within 192.168.1.0/24|"
				 "default route|exactly one, via 192.168.1.1|"
				 "resolver|name servers 192.168.1.1, search vm1|ping 192.168.1.1|an answer|"
				 "resolve one.one.one.one|an address|refused 192.168.1.1:22|No route to host|"
				 "tcp 192.168.1.1:53|a connection");
	r.verify.from = NULL;
	assert_fails(probe_set_verify(&r, &set, &err), ERR_RECIPE, "no 'verify'");
}

static void reports_are_safe_in_every_form(void **state UNUSED)
{
	static char machine[] = "test1", good[] = "ping 1.1.1.1", bad[] = "resolve <a> & \"b\" #1", want[] = "an address",
		    odd[] = "it's\n<none>", fine[] = "3 received";
	struct probe_result v[] = { { machine, good, PROBE_PASSED, want, fine, 1234 },
				    { machine, bad, PROBE_FAILED, want, odd, 5 } };
	const struct probe_report r = { .v = v, .n = 2 };
	const struct {
		enum probe_format format;
		const char *text;
	} cases[] = {
		{ PROBE_TABLE, "STATUS MACHINE PROBE                EXPECTED   SEEN\n"
			       "passed test1   ping 1.1.1.1         an address 3 received\n"
			       "failed test1   resolve <a> & \"b\" #1 an address it's <none>\n" },
		{ PROBE_TAP, "TAP version 14\n1..2\nok 1 - test1: ping 1.1.1.1\nnot ok 2 - test1: resolve <a> & \"b\" \\#1\n"
			     "  ---\n  expected: 'an address'\n  seen: 'it''s <none>'\n  ...\n" },
		{ PROBE_JUNIT,
		  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		  "<testsuite name=\"pveprov\" tests=\"2\" failures=\"1\">\n"
		  "<testcase classname=\"test1\" name=\"ping 1.1.1.1\" time=\"1.234\"/>\n"
		  "<testcase classname=\"test1\" name=\"resolve &lt;a&gt; &amp; &quot;b&quot; #1\" time=\"0.005\">"
		  "<failure message=\"expected an address, seen it's &lt;none&gt;\"/></testcase>\n"
		  "</testsuite>\n</testsuites>\n" },
		{ PROBE_JSON,
		  "{\n  \"schema\": 1,\n  \"kind\": \"probes\",\n  \"items\": [\n    {\n      \"machine\": \"test1\",\n"
		  "      \"probe\": \"ping 1.1.1.1\",\n      \"status\": \"passed\",\n      \"expected\": \"an address\",\n"
		  "      \"seen\": \"3 received\",\n      \"ms\": 1234\n    },\n    {\n      \"machine\": \"test1\",\n"
		  "      \"probe\": \"resolve <a> & \\\"b\\\" #1\",\n      \"status\": \"failed\",\n"
		  "      \"expected\": \"an address\",\n      \"seen\": \"it's\\n<none>\",\n      \"ms\": 5\n    }\n  ]\n}\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf b = { 0 };
		assert_works(probe_report_write(&r, cases[i].format, 0, false, &b, &err));
		assert_string_equal(buf_text(&b), cases[i].text);
	}
	assert_fails(probe_report_verdict(&r, &err), ERR_VERIFY, "1 of 2 probes failed: test1: resolve");
	v[1].status = PROBE_SKIPPED;
	assert_works(probe_report_verdict(&r, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_tells_good_from_bad),
		cmocka_unit_test(the_table_of_kinds_is_whole_and_sorted),
		cmocka_unit_test(all_of_a_machine_is_one_program),
		cmocka_unit_test(answers_that_make_no_sense_are_errors),
		cmocka_unit_test(words_with_blanks_never_reach_the_machine),
		cmocka_unit_test(the_router_is_looked_at_as_a_whole),
		cmocka_unit_test(the_recipe_names_the_probes_of_the_test_machine),
		cmocka_unit_test(reports_are_safe_in_every_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
