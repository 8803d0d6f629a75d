/*
 * Real packets through the rendered rules. A number in a comment is that of an observed defect of
 * an earlier router, which the test would show again.
 */
#include "../unit/test.h"
#include "../unit/fixture_router.h"
#include "world.h"
#include "base/fs.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/wait.h>

static struct world w;
static struct fixture f;

/* The rules are loaded while no interface exists: names, not indexes (defects 1, 3, 4, 48). */
static int world_with(const char *rules)
{
	w = (struct world){ 0 };
	world_begin(&w);
	world_render(&w, &f.recipe, &f.vm, &f.facts);
	if (world_load(&w, rules) != 0)
		return -1;
	world_connect(&w);
	return 0;
}

static int setup(void **state UNUSED)
{
	fixture_home(&f);
	return world_with("etc/nftables.conf");
}

static int setup_locked(void **state UNUSED)
{
	fixture_home(&f);
	return world_with("etc/router/lockdown.nft");
}

static int setup_port_forward(void **state UNUSED)
{
	static struct recipe_port_forward forwards[2];

	fixture_home(&f);
	forwards[0] = (struct recipe_port_forward){ .protocol = 0, .port = 443, .to_port = 8443 };
	forwards[1] = (struct recipe_port_forward){ .protocol = 0, .port = 8443 };
	assert_true(addr_parse("192.168.1.50", &forwards[0].to));
	assert_true(addr_parse("::50", &forwards[1].to));
	f.router.port_forwards = forwards;
	f.router.n_port_forwards = ARRAY_SIZE(forwards);
	return world_with("etc/nftables.conf");
}

static int teardown(void **state UNUSED)
{
	world_end(&w);
	return 0;
}

#define assert_connects(...) assert_int_equal(place_connect(__VA_ARGS__, NULL), 0)
#define assert_refused(...)  assert_int_equal(place_connect(__VA_ARGS__, NULL), EHOSTUNREACH)

/* The packet is counted by that counter and nothing is said to its sender. */
static void assert_dropped(const struct place *p, const char *from, const char *to, uint16_t port,
			   const char *counter)
{
	uint64_t before = world_counter(&w, counter);
	int error;
	_cleanup_close_ int fd = place_begin(p, from, to, port, &error);
	struct pollfd answer = { .fd = fd, .events = POLLOUT };

	assert_int_equal(error, EINPROGRESS);
	assert_true(world_counts(&w, counter, before));
	assert_int_equal(poll(&answer, 1, 0), 0);
}

static void ssh_is_open_on_the_admin_interface_only(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.router, SOCK_STREAM, 22);

	assert_dropped(&w.net, NULL, "5.6.7.8", 22, "wan.dropped");
	/* "No route to host" */
	assert_refused(&w.vm, NULL, "192.168.1.1", 22);
	assert_refused(&w.lan, NULL, "192.168.100.1", 22);
	assert_refused(&w.lan, NULL, "10.77.0.1", 22);
	assert_refused(&w.admin, NULL, "10.77.0.1", 80);
	assert_connects(&w.admin, NULL, "10.77.0.1", 22);
	assert_true(server >= 0);
}

/* 24: administrators in other networks; answers to neighbours take no detour over a gateway. */
static void an_administrator_behind_a_gateway_is_answered(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.router, SOCK_STREAM, 22);

	assert_connects(&w.admin, "10.88.0.5", "10.77.0.1", 22);
	assert_int_equal(RUN(&w.router, "ip", "route", "flush", "table", "76"), 0);
	assert_connects(&w.admin, NULL, "10.77.0.1", 22);
	assert_true(server >= 0);
}

/* 25: twelve a minute from one source; another source is not concerned. */
static void attempts_at_ssh_are_limited_for_each_source(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.router, SOCK_STREAM, 22);

	for (size_t i = 0; i < 12; i++)
		assert_connects(&w.admin, NULL, "10.77.0.1", 22);
	assert_dropped(&w.admin, NULL, "10.77.0.1", 22, "ssh.flood");
	assert_connects(&w.admin, "10.88.0.5", "10.77.0.1", 22);
	assert_true(server >= 0);
}

/* 13: every network, not the first two; 31: metrics for those who may; trap: our address in another
 * network. */
static void each_network_gets_what_it_may_use(void **state UNUSED)
{
	const struct place *const places[] = { &w.vm, &w.lan, &w.opt };
	static const char *const routers[] = { "192.168.1.1", "192.168.100.1", "192.168.101.1" };
	_cleanup_close_ int tcp = place_listen(&w.router, SOCK_STREAM, 53);
	_cleanup_close_ int udp = place_listen(&w.router, SOCK_DGRAM, 53);
	_cleanup_close_ int metrics = place_listen(&w.router, SOCK_STREAM, 9100);
	char from[ADDR_TEXT_MAX];

	assert_true(tcp >= 0 && metrics >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_connects(places[i], NULL, routers[i], 53);
		place_send(places[i], NULL, routers[i], 53);
		place_receive(udp, from);
		assert_string_not_equal(from, "");
		assert_int_equal(RUN(places[i], "ping", "-c1", "-W5", "-n", "-q", routers[i]), 0);
	}
	assert_refused(&w.lan, NULL, "192.168.1.1", 53);
	assert_dropped(&w.net, NULL, "5.6.7.8", 53, "wan.dropped");
	assert_refused(&w.admin, NULL, "10.77.0.1", 53);
	assert_connects(&w.vm, "192.168.1.5", "192.168.1.1", 9100);
	assert_refused(&w.vm, "192.168.1.50", "192.168.1.1", 9100);
	assert_refused(&w.lan, NULL, "192.168.100.1", 9100);
}

/* 30 and the recipe's forwards: what is written there passes, nothing else. */
static void networks_reach_each_other_as_the_recipe_says(void **state UNUSED)
{
	_cleanup_close_ int web = place_listen(&w.vm, SOCK_STREAM, 80);
	_cleanup_close_ int ssh = place_listen(&w.vm, SOCK_STREAM, 22);
	_cleanup_close_ int home = place_listen(&w.lan, SOCK_STREAM, 80);
	int fd;
	char from[ADDR_TEXT_MAX];

	assert_connects(&w.lan, NULL, "192.168.1.50", 80);
	place_accept(web, from, &fd);
	assert_string_equal(from, "192.168.100.50");
	close(fd);
	assert_refused(&w.lan, NULL, "192.168.1.50", 22);
	assert_refused(&w.opt, NULL, "192.168.1.50", 80);
	assert_refused(&w.vm, NULL, "192.168.100.50", 80);
	assert_true(place_silent(home) && place_silent(ssh) && place_silent(web));
	assert_true(world_counter(&w, "fwd.lan.vm1") > 0);
	assert_int_equal(world_counter(&w, "fwd.vm1.lan") > 0, 1);
}

/* 14: routed traffic is counted too; 2: a neighbour of wan gets nowhere. */
static void the_internet_is_reached_and_does_not_reach_us(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.net, SOCK_STREAM, 80);
	_cleanup_close_ int home = place_listen(&w.lan, SOCK_STREAM, 80);
	uint64_t received = world_counter(&w, "wan.rx"), sent = world_counter(&w, "wan.tx");
	char from[ADDR_TEXT_MAX];
	int fd;

	assert_connects(&w.lan, NULL, "1.1.1.1", 80);
	place_accept(server, from, &fd);
	assert_string_equal(from, "5.6.7.8");
	close(fd);
	assert_true(world_counter(&w, "wan.rx") > received && world_counter(&w, "wan.tx") > sent);
	assert_true(world_counter(&w, "fwd.lan.wan") > 0 && world_counter(&w, "fwd.wan.lan") > 0);
	assert_dropped(&w.net, NULL, "192.168.100.50", 80, "wan.dropped");
	assert_true(place_silent(home));
}

/* 15: figures for each client. */
static void clients_are_counted(void **state UNUSED)
{
	static const char *const argv[] = { "nft",    "list",	    "set", "inet",
					    "router", "client.tx4", NULL };
	_cleanup_close_ int server = place_listen(&w.net, SOCK_STREAM, 80);
	_cleanup_buf_ struct buf out = { 0 };

	assert_connects(&w.lan, NULL, "1.1.1.1", 80);
	assert_int_equal(place_run(&w.router, &out, argv), 0);
	assert_non_null(strstr(buf_text(&out), "\"lan\" . 192.168.100.50 counter packets"));
	assert_true(server >= 0);
}

/* 20: sources that cannot be where they come from, both families, from every side. */
static void unbelievable_sources_are_dropped(void **state UNUSED)
{
	const struct {
		const struct place *place;
		const char *from, *to;
	} cases[] = {
		{ &w.lan, "192.168.1.77", "1.1.1.1" },
		{ &w.lan, "8.8.8.8", "1.1.1.1" },
		{ &w.vm, "192.168.100.50", "192.168.1.1" },
		{ &w.admin, "192.168.1.9", "10.77.0.1" },
		{ &w.net, "192.168.100.7", "5.6.7.8" },
		{ &w.net, "198.51.100.1", "5.6.7.8" },

		{ &w.lan, "2a00:100:0:2::50", "2606:4700::1111" },
		{ &w.net, "2a00:100:0:1::7", "2a00:100::8" },
		{ &w.net, "2001:db8::1", "2a00:100::8" },
	};
	_cleanup_close_ int server = place_listen(&w.net, SOCK_DGRAM, 9);
	char from[ADDR_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t before = world_counter(&w, "spoofed");
		place_send(cases[i].place, cases[i].from, cases[i].to, 9);
		if (!world_counts(&w, "spoofed", before))
			fail_msg("from %s in %s: not counted", cases[i].from, cases[i].place->name);
	}
	place_send(&w.lan, NULL, "1.1.1.1", 9);
	place_receive(server, from);
	assert_string_equal(from, "5.6.7.8");
}

/* 21: private destinations do not leak to the provider. */
static void private_destinations_are_refused_towards_wan(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.net, SOCK_STREAM, 80);

	assert_int_equal(place_connect(&w.lan, NULL, "10.1.2.3", 80, NULL), ENETUNREACH);
	assert_true(place_silent(server));
	assert_int_equal(world_counter(&w, "private.rejected"), 1);
}

/* Nothing of the router's own asks for names in the clear on wan; clients are free to. */
static void the_router_asks_no_name_in_the_clear(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.net, SOCK_STREAM, 53);

	assert_int_equal(place_connect(&w.router, NULL, "1.1.1.1", 53, NULL), EHOSTUNREACH);
	assert_true(place_silent(server));
	assert_connects(&w.lan, NULL, "1.1.1.1", 53);
}

/* 19: a forwarded port, with the client's real address, from outside, from another network and from
 * its own. */
static void port_forwards_work_from_everywhere(void **state UNUSED)
{
	const struct {
		const struct place *place;
		const char *from, *seen;
	} cases[] = {
		{ &w.net, "5.6.7.9", "5.6.7.9" },
		{ &w.lan, "192.168.100.50", "192.168.100.50" },
		{ &w.opt, "192.168.101.50", "192.168.101.50" },
		{ &w.vm, "192.168.1.5", "192.168.1.1" },
	};
	_cleanup_close_ int server = place_listen(&w.vm, SOCK_STREAM, 8443);
	char from[ADDR_TEXT_MAX];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_connects(cases[i].place, cases[i].from, "5.6.7.8", 443);
		place_accept(server, from, &fd);
		assert_string_equal(from, cases[i].seen);
		close(fd);
	}
	assert_dropped(&w.net, NULL, "5.6.7.8", 8443, "wan.dropped");
	assert_refused(&w.opt, NULL, "192.168.1.50", 8443);
}

/* 6, trap: IPv6 passes out; in only through a pinhole, matched by host bits whatever the prefix. */
static void ipv6_is_routed_and_closed_but_for_pinholes(void **state UNUSED)
{
	_cleanup_close_ int outside = place_listen(&w.net, SOCK_STREAM, 80);
	_cleanup_close_ int inside = place_listen(&w.lan, SOCK_STREAM, 8443);
	char from[ADDR_TEXT_MAX];
	int fd;

	assert_connects(&w.lan, NULL, "2606:4700::1111", 80);
	place_accept(outside, from, &fd);
	assert_string_equal(from, "2a00:100:0:1::50");
	close(fd);
	assert_dropped(&w.net, NULL, "2a00:100:0:1::50", 22, "wan.dropped");
	assert_connects(&w.net, NULL, "2a00:100:0:1::50", 8443);
	place_accept(inside, from, &fd);
	assert_string_equal(from, "2a00:100::9");
	close(fd);
}

/* 36: the segment size follows wan's. */
static void segments_fit_through_a_narrow_wan(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.net, SOCK_STREAM, 80);
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	char from[ADDR_TEXT_MAX];
	int fd;

	assert_int_equal(RUN(&w.router, "ip", "link", "set", "wan", "mtu", "1400"), 0);
	assert_connects(&w.lan, NULL, "1.1.1.1", 80);
	place_accept(server, from, &fd);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	close(fd);
	assert_in_range(info.tcpi_snd_mss, 1300, 1360);
}

/* 5, trap: reloads while packets flow lose none of them, and no figures. */
static void a_reload_loses_no_packet(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.net, SOCK_DGRAM, 9);
	_cleanup_free_ char *rules = fs_join(w.dir, "etc/nftables.conf");
	size_t lost = 0, sent = 0;
	char from[ADDR_TEXT_MAX];
	int status;

	pid_t pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < 10; i++)
			if (RUN(&w.router, "nft", "-f", rules) != 0)
				_exit(1);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		place_send(&w.lan, NULL, "1.1.1.1", 9);
		place_receive(server, from);
		lost += streq(from, "");
		sent++;
	}
	assert_int_equal(status, 0);
	assert_int_equal(lost, 0);
	assert_true(sent > 10);
	assert_true(world_counter(&w, "fwd.lan.wan") >= sent);
}

/* 16, 17, 18: tables of others and bans survive; a ban works at once, in both directions, on
 * running flows. */
static void bans_and_other_tables_survive_a_reload(void **state UNUSED)
{
	_cleanup_close_ int server = place_listen(&w.net, SOCK_DGRAM, 9);
	char from[ADDR_TEXT_MAX];

	place_send(&w.lan, NULL, "1.1.1.1", 9);
	place_receive(server, from);
	assert_string_equal(from, "5.6.7.8");
	assert_int_equal(RUN(&w.router, "nft", "add", "table", "inet", "other"), 0);
	assert_int_equal(
		RUN(&w.router, "nft", "add", "element", "inet", "bans", "ban4", "{ 1.1.1.1 }"), 0);
	assert_int_equal(world_load(&w, "etc/nftables.conf"), 0);
	assert_int_equal(RUN(&w.router, "nft", "list", "table", "inet", "other"), 0);
	assert_refused(&w.lan, NULL, "1.1.1.1", 80);
	place_send(&w.lan, NULL, "1.1.1.1", 9);
	place_send(&w.lan, NULL, "5.6.7.9", 9);
	place_receive(server, from);
	assert_true(place_silent(server));
}

/* 2: before the rules are loaded, and when they do not load, only administration. */
static void the_lockdown_lets_only_administrators_in(void **state UNUSED)
{
	_cleanup_close_ int ssh = place_listen(&w.router, SOCK_STREAM, 22);
	_cleanup_close_ int server = place_listen(&w.net, SOCK_DGRAM, 9);
	_cleanup_free_ char *rules = fs_join(w.dir, "etc/nftables.conf");
	const struct place *const outside[] = { &w.lan, &w.vm, &w.net };
	static const char *const routers[] = { "192.168.100.1", "192.168.1.1", "5.6.7.8" };
	int fds[ARRAY_SIZE(outside)], error;

	assert_works(fs_write(rules, "table inet router { chain input { nonsense } }\n", 47, 0644,
			      &err));
	assert_int_not_equal(world_load(&w, "etc/nftables.conf"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		fds[i] = place_begin(outside[i], NULL, routers[i], 22, &error);
	place_send(&w.lan, NULL, "1.1.1.1", 9);
	assert_connects(&w.admin, NULL, "10.77.0.1", 22);
	assert_connects(&w.admin, "10.88.0.5", "10.77.0.1", 22);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		struct pollfd answer = { .fd = fds[i], .events = POLLOUT };
		assert_int_equal(poll(&answer, 1, 0), 0);
		close(fds[i]);
	}
	assert_true(place_silent(server) && ssh >= 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(ssh_is_open_on_the_admin_interface_only),
		TEST(an_administrator_behind_a_gateway_is_answered),
		TEST(attempts_at_ssh_are_limited_for_each_source),
		TEST(each_network_gets_what_it_may_use),
		TEST(networks_reach_each_other_as_the_recipe_says),
		TEST(the_internet_is_reached_and_does_not_reach_us),
		TEST(clients_are_counted),
		TEST(unbelievable_sources_are_dropped),
		TEST(private_destinations_are_refused_towards_wan),
		TEST(the_router_asks_no_name_in_the_clear),
		cmocka_unit_test_setup_teardown(port_forwards_work_from_everywhere,
						setup_port_forward, teardown),
		cmocka_unit_test_setup_teardown(ipv6_is_routed_and_closed_but_for_pinholes,
						setup_port_forward, teardown),
		TEST(segments_fit_through_a_narrow_wan),
		TEST(a_reload_loses_no_packet),
		TEST(bans_and_other_tables_survive_a_reload),
		cmocka_unit_test_setup_teardown(the_lockdown_lets_only_administrators_in,
						setup_locked, teardown),
	};
	const char *why = world_possible();

	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
