/* The real probe.sh in a network namespace with the interfaces, routes and rules that each probe is about. */
#include "../unit/test.h"
#include "machine.h"
#include "base/strv.h"
#include "probe/kind.h"

#define RULES                                                                                             \
	"add table inet router\ndelete table inet router\ntable inet router {\n\tcounter c { }\n\tset s { type ipv4_addr; flags dynamic; size 99; }\n" \
	"\tchain out {\n\t\ttype filter hook output priority filter; policy accept;\n"                     \
	"\t\ttcp dport 22 reject with icmpx admin-prohibited\n\t\ttcp dport 23 counter name c reject with tcp reset\n" \
	"\t\tupdate @s { ip daddr }\n\t}\n}\n"

static struct machine_shell guest;

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

static int fresh(void **state UNUSED)
{
	machine_reset();
	machine_do("nft flush ruleset; ip link del wan 2>/dev/null || :; ip link set lo up; ip link add wan type bridge; "
		   "ip link add p0 type veth peer name p1 2>/dev/null || :; ip link set p0 master wan up; ip link set p1 up; "
		   "ip link set wan up; ip addr add 192.0.2.10/24 dev wan valid_lft 3600 preferred_lft 3600; "
		   "ip route add default via 192.0.2.1 dev wan; "
		   "ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:01 dev wan nud permanent; "
		   "printf 'nameserver 127.0.0.1\\nsearch vm1\\noptions timeout:1 attempts:1\\n' >/etc/resolv.conf; "
		   "printf '127.0.0.1 localhost\\n1.1.1.1 one.one.one.one\\n' >/etc/hosts; "
		   "printf 'hosts: files dns\\n' >/etc/nsswitch.conf; "
		   ": >/run/fake/active/a.service");
	machine_write("/etc/nftables.conf", RULES);
	machine_do("nft -f /etc/nftables.conf");
	machine_shell(&guest);
	return 0;
}

/* Runs one probe; *seen is malloc'd. */
static bool passes(const struct probe *p, char **seen)
{
	struct probe one = *p;
	struct probe_set set = { .v = &one, .n = 1 };
	_cleanup_probe_report_ struct probe_report r = { 0 };

	assert_works(probe_run(&guest.shell, "guest", &set, &r, &err));
	assert_int_equal(r.n, 1);
	*seen = TAKE_PTR(r.v[0].seen);
	return r.v[0].status == PROBE_PASSED;
}

static void assert_probe(const struct probe *p, bool good, const char *part)
{
	_cleanup_free_ char *seen = NULL;
	bool passed = passes(p, &seen);

	if (passed != good || !strstr(seen, part))
		fail_msg("%s: %s '%s', not '%s'", p->kind->name, passed ? "passed" : "failed", seen, part);
}

static void a_lease_is_seen(void **state UNUSED)
{
	const struct probe p = { .kind = &probe_lease, .interface = "wan", .cidr = cidr("192.0.2.0/24"), .timeout_ms = 1000 };

	assert_probe(&p, true, "192.0.2.10/24");
	machine_do("ip addr flush dev wan; ip addr add 192.0.2.10/24 dev wan");
	assert_probe(&p, false, "192.0.2.10/24 (not by DHCP)");
	machine_do("ip link del wan");
	assert_probe(&p, false, "Device \"wan\" does not exist.");
}

static void a_second_default_route_is_seen(void **state UNUSED)
{
	const struct probe p = { .kind = &probe_default_route, .interface = "wan", .address = address("192.0.2.1"), .only = true };

	assert_probe(&p, true, "via 192.0.2.1 on wan");
	machine_do("ip route add default via 192.0.2.2 dev wan metric 50");
	assert_probe(&p, false, ", via");
	machine_do("ip route flush default");
	assert_probe(&p, false, "no default route");
}

static void an_interface_is_up_or_not(void **state UNUSED)
{
	const struct probe p = { .kind = &probe_interface, .interface = "wan", .cidr = cidr("192.0.2.10/24") };

	assert_probe(&p, true, "up, 192.0.2.10/24");
	machine_do("ip link set wan down");
	assert_probe(&p, false, "down, 192.0.2.10/24");
}

static void the_resolver_is_read(void **state UNUSED)
{
	static struct addr server;
	const struct probe p = { .kind = &probe_resolver, .nameservers = &server, .n_nameservers = 1, .text = "vm1" };

	server = address("127.0.0.1");
	assert_probe(&p, true, "name servers 127.0.0.1, search vm1");
	/* systemd-resolved runs: its own file counts */
	machine_do(": >/run/fake/active/systemd-resolved");
	machine_write("/run/systemd/resolve/resolv.conf", "nameserver 10.0.0.1\nsearch .\n");
	assert_probe(&p, false, "name servers 10.0.0.1, search none");
}

static void pings_and_names_are_answered_or_not(void **state UNUSED)
{
	const struct probe here = { .kind = &probe_ping, .address = address("192.0.2.10") };
	const struct probe nowhere = { .kind = &probe_ping, .address = address("192.0.2.1"), .timeout_ms = 1000 };
	const struct probe name = { .kind = &probe_resolve, .text = "one.one.one.one" };
	const struct probe no_name = { .kind = &probe_resolve, .text = "none.invalid" };

	assert_probe(&here, true, "3 received");
	assert_probe(&nowhere, false, "");
	assert_probe(&name, true, "1.1.1.1");
	assert_probe(&no_name, false, "no address");
}

static void refusals_are_told_apart(void **state UNUSED)
{
	const struct addr here = address("192.0.2.10");
	const struct probe prohibited = { .kind = &probe_refused, .address = here, .port = 22, .with = 0 };
	const struct probe reset = { .kind = &probe_refused, .address = here, .port = 23, .with = 1 };
	const struct probe wrong = { .kind = &probe_refused, .address = here, .port = 23, .with = 0 };
	const struct probe silent = { .kind = &probe_refused, .address = address("192.0.2.1"), .port = 80, .with = 0,
				      .timeout_ms = 1000 };
	const struct probe closed = { .kind = &probe_tcp, .address = here, .port = 80 };

	assert_probe(&prohibited, true, "No route to host");
	assert_probe(&reset, true, "Connection refused");
	assert_probe(&wrong, false, "Connection refused");
	assert_probe(&silent, false, "no answer");
	assert_probe(&closed, false, "Connection refused");
}

static void services_are_active_or_not(void **state UNUSED)
{
	const struct probe p = { .kind = &probe_services, .text = "a.service b.service" };

	assert_probe(&p, false, "1 active, b.service inactive");
	machine_do(": >/run/fake/active/b.service");
	assert_probe(&p, true, "2 active");
}

static void rules_that_differ_are_seen_and_counters_are_not(void **state UNUSED)
{
	const struct probe p = { .kind = &probe_ruleset, .text = "/etc/nftables.conf" };

	machine_do("nft add element inet router s '{ 192.0.2.7 }'; nft add table inet foreign");
	assert_probe(&p, true, "the same");
	machine_do("nft add rule inet router out tcp dport 99 accept");
	assert_probe(&p, false, "> \t\ttcp dport 99 accept");
	machine_do("nft delete table inet router");
	assert_probe(&p, false, "differs");
	machine_write("/etc/nftables.conf", "nonsense\n");
	assert_probe(&p, false, "Error: syntax error");
}

static void plain_dns_that_leaves_is_counted(void **state UNUSED)
{
	const struct probe p = { .kind = &probe_encrypted_dns, .interface = "wan", .text = "one.one.one.one" };

	assert_probe(&p, true, "resolved, 0 packets to port 53");
	machine_do("printf 'nameserver 192.0.2.1\\noptions timeout:1 attempts:1\\n' >/etc/resolv.conf");
	assert_probe(&p, false, "resolved, ");
	machine_do("! nft list tables | grep pveprov");
}

static void probes_run_side_by_side_and_leave_nothing(void **state UNUSED)
{
	struct probe v[6];
	struct probe_set set = { .v = v, .n = ARRAY_SIZE(v) };
	_cleanup_probe_report_ struct probe_report r = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = (struct probe){ .kind = &probe_refused, .address = address("192.0.2.1"), .port = 80,
				       .timeout_ms = 2000 };
	int64_t start = clock_now_ms(&guest.clock);
	assert_works(probe_run(&guest.shell, "guest", &set, &r, &err));
	assert_int_equal(r.n, 6);
	assert_true(clock_now_ms(&guest.clock) - start < 6 * 2000); /* one after the other takes longer */
	machine_do("! ls /run | grep pveprov");
}

static int start(void **state UNUSED)
{
	_cleanup_free_ char *stubs = xasprintf("%s/tests/guest/stubs", getenv("SOURCE"));

	machine_enter(stubs);
	return 0;
}

static int stop(void **state UNUSED)
{
	machine_leave();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lease_is_seen),
		TEST(a_second_default_route_is_seen),
		TEST(an_interface_is_up_or_not),
		TEST(the_resolver_is_read),
		TEST(pings_and_names_are_answered_or_not),
		TEST(refusals_are_told_apart),
		TEST(services_are_active_or_not),
		TEST(rules_that_differ_are_seen_and_counters_are_not),
		TEST(plain_dns_that_leaves_is_counted),
		TEST(probes_run_side_by_side_and_leave_nothing),
	};
	if (geteuid() != 0) {
		puts("skipped: needs root, for namespaces");
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
