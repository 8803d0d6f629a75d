/*
 * The firewall as the lab compiles it for the kernel against the firewall as `pveprov fw check` reads it: every packet of
 * tests/firewall that can be sent is sent, through a node in namespaces of the test's own.
 *
 * Each packet is sent without the firewall first and must arrive then: what the kernel itself takes no further proves
 * nothing and is counted apart.
 */
#include "test.h"
#include "data/json.h"
#include "data/fw_proto.h"
#include "fw_cases.h"
#include "fw_json.h"
#include "fw_world.h"

#include <sys/wait.h>

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16, URG = 32 };

enum reason { COMPARED, UNKNOWN, NO_FORM, NO_NIC, NOT_BY_ITSELF, REASONS };

static const char *const reasons[] = {
	[COMPARED] = "compared",
	[UNKNOWN] = "not compared: the verdict is 'unknown'",
	[NO_FORM] = "not compared: the packet is not of one protocol",
	[NO_NIC] = "not compared: the guest has no such NIC",
	[NOT_BY_ITSELF] = "not compared: it does not arrive without a firewall, either",
};

static struct {
	size_t n[REASONS];
	size_t wrong;
	uint16_t sent;
} seen;

/* A conntrack of the test's own, so that it runs before the firewall does; `quiet` keeps the node from answering. */
static const char watch[] = "table inet watch {\n\tchain track { type filter hook prerouting priority 0; ct state invalid; }\n"
			    "\tchain track-out { type filter hook output priority 0; ct state invalid; }\n"
			    "\tchain quiet { type filter hook output priority -400; }\n}\n";

static struct addr address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static const struct fw_nic *nic_of(const struct fw_case_set *s, const struct fw_case *c)
{
	const struct fw_guest *g = c->guest ? fw_site_guest(&s->site, c->guest) : NULL;

	for (size_t i = 0; g && i < g->n_nics; i++)
		if (streq(g->nics[i].id, c->nic))
			return &g->nics[i];
	return NULL;
}

/* What the table leaves open is chosen so that no rule speaks of it; ports and identifiers are new each time. */
static void fill_frame(const struct fw_case *c, struct frame *f)
{
	const struct fw_packet *p = &c->packet;
	bool v4 = p->family == 4, to_node = !c->guest && p->direction == FW_IN, of_node = !c->guest && p->direction == FW_OUT;
	const char *own = v4 ? "10.255.0.1" : "fd00::1";

	*f = (struct frame){ .source = p->source, .dest = p->dest, .proto = p->proto };
	if (!f->source.family)
		f->source = address(of_node ? own : v4 ? "198.51.100.98" : "2001:db8:ffff::98");
	if (!f->dest.family)
		f->dest = address(to_node ? own : v4 ? "198.51.100.99" : "2001:db8:ffff::99");
	seen.sent++;
	f->sport = (uint16_t)(p->sport >= 0 ? p->sport : 32768 + seen.sent % 16384);
	f->dport = (uint16_t)MAX(p->dport, 0);
	f->icmp_type = p->icmp_type;
	f->icmp_code = p->icmp_code;
	f->tcp_flags = p->state == FW_ESTABLISHED || p->tcp_flags == FW_TCP_NOT_SYN ? ACK
		       : p->state == FW_INVALID					 ? SYN | ACK
		       : p->tcp_flags == FW_TCP_ODD				 ? FIN | PSH | URG
										 : SYN;
	snprintf(f->mark, sizeof(f->mark), "m%06u", (unsigned)seen.sent);
}

static void fill_shot(const struct fw_case_set *set, const struct fw_case *c, struct fw_shot *s, char device[32])
{
	const struct fw_packet *p = &c->packet;
	const struct fw_nic *nic = nic_of(set, c);
	const char *iface = p->iface;

	*s = (struct fw_shot){ .device = device };
	fill_frame(c, &s->frame);
	s->bridge = p->direction == FW_FORWARD ? 3 : iface && starts_with(iface, "vmbr") ? iface[4] - '0' : 0;
	fw_world_mac(FW_AT_OUT, s->bridge, s->mac);
	fw_world_mac(FW_AT_NODE, s->bridge, s->to_mac);
	snprintf(device, 32, "e%d", s->bridge);
	s->from = FW_AT_OUT;
	if (c->guest && p->direction == FW_OUT) {
		s->from = FW_AT_GUEST;
		snprintf(device, 32, "g%si%s", c->guest, c->nic + strlen("net"));
		memcpy(s->to_mac, s->mac, 6);
		memcpy(s->mac, p->source_mac ? p->source_mac->bytes : nic->mac.bytes, 6);
		memcpy(s->own_mac, nic->mac.bytes, 6);
		return;
	}
	memcpy(s->own_mac, s->mac, 6);
	if (c->guest) {
		memcpy(s->to_mac, nic->mac.bytes, 6);
	} else if (p->direction == FW_OUT || (iface && streq(iface, "lo"))) {
		s->from = FW_AT_NODE;
		s->device = iface;
	}
}

static enum fw_where target(const struct fw_case *c)
{
	const struct fw_packet *p = &c->packet;

	if (p->direction == FW_IN)
		return c->guest ? FW_AT_GUEST : FW_AT_NODE;
	return FW_AT_OUT;
}

/* The other side's word, without which a connection is not established. */
static void answer(struct fw_world *w, const struct fw_case *c, const struct fw_shot *first)
{
	struct fw_shot s = *first;
	struct frame *f = &s.frame;

	f->source = first->frame.dest;
	f->dest = first->frame.source;
	f->sport = first->frame.dport;
	f->dport = first->frame.sport;
	f->tcp_flags = SYN | ACK;
	f->mark[0] = 'a';
	if (f->proto == 1 || f->proto == 58) { /* the packet that the error is about: frame.c */
		f->proto = 17;
		f->sport = first->frame.sport;
		f->dport = 9;
	}
	if (target(c) == FW_AT_NODE) {
		s.from = FW_AT_NODE;
		s.device = NULL;
	} else if (target(c) == FW_AT_GUEST) {
		char device[32];
		snprintf(device, sizeof(device), "g%si%s", c->guest, c->nic + strlen("net"));
		s.from = FW_AT_GUEST;
		s.device = device;
		memcpy(s.mac, first->to_mac, 6);
		memcpy(s.to_mac, first->mac, 6);
		memcpy(s.own_mac, s.mac, 6);
		fw_world_shoot(w, &s);
		return;
	} else { /* routed: the reply comes in on the other bridge */
		s.bridge = 1;
		s.device = "e1";
		fw_world_mac(FW_AT_NODE, 1, s.to_mac);
		fw_world_mac(FW_AT_OUT, 1, s.mac);
		memcpy(s.own_mac, s.mac, 6);
	}
	fw_world_shoot(w, &s);
}

/* Before the firewall is there: does it arrive at all? Makes the connection of those that are to have one. */
static bool arrives(struct fw_world *w, const struct fw_case_set *set, const struct fw_case *c, struct fw_shot *s,
		    char device[32])
{
	fill_shot(set, c, s, device);
	if (c->packet.state == FW_ESTABLISHED)
		s->frame.tcp_flags = SYN;
	bool arrived = fw_world_shoot(w, s).arrived[target(c)];
	if (c->packet.state == FW_ESTABLISHED && arrived) {
		answer(w, c, s);
		s->frame.tcp_flags = ACK;
	} else {
		fill_shot(set, c, s, device);
	}
	return arrived;
}

static void compare(struct fw_world *w, const struct fw_case_set *set, const struct fw_case *c, const struct fw_shot *s)
{
	struct fw_outcome o = fw_world_shoot(w, s);
	const char *got = o.arrived[target(c)] ? "accept" : o.refused ? "reject" : "drop";

	seen.n[COMPARED]++;
	if (streq(got, c->verdict))
		return;
	seen.wrong++;
	print_message("set '%s', line %u: %s\n  the packet says %s\n", set->name, c->number, c->line, got);
}

static enum reason classify(const struct fw_case_set *s, const struct fw_case *c)
{
	const struct fw_packet *p = &c->packet;

	if (streq(c->verdict, "unknown"))
		return UNKNOWN;
	if (c->guest && !nic_of(s, c))
		return NO_NIC;
	return frame_knows(p->proto) && !(fw_proto_family(p->proto == 1 ? "icmp" : "tcp") && p->icmp_type < 0) ? COMPARED
														: NO_FORM;
}

static void compile(struct fw_case_set *s, struct buf *rules)
{
	_cleanup_json_ json_t *files = json_array();
	const struct firewall_site site = fw_json_site(&s->arena, &s->site, files);

	firewall_compile(&site, rules);
}

static void send_set(struct fw_case_set *s)
{
	struct fw_shot shots[FW_CASE_PACKETS_MAX];
	char devices[FW_CASE_PACKETS_MAX][32];
	enum reason why[FW_CASE_PACKETS_MAX];
	_cleanup_buf_ struct buf rules = { 0 };
	struct fw_world w;

	fw_world_begin(&w, &s->site);
	assert_int_equal(fw_world_load(&w, watch), 0);
	/* the node's own resets would end what is to be established; behind the rules they must come */
	assert_int_equal(fw_world_load(&w, "add rule inet watch quiet tcp flags & rst == rst drop\n"), 0);
	for (size_t i = 0; i < s->n; i++) {
		why[i] = classify(s, &s->cases[i]);
		if (why[i] == COMPARED && !arrives(&w, s, &s->cases[i], &shots[i], devices[i]))
			why[i] = NOT_BY_ITSELF;
		if (why[i] == NOT_BY_ITSELF)
			print_message("# %s: %s\n", s->name, s->cases[i].line);
		if (why[i] != COMPARED)
			seen.n[why[i]]++;
	}
	assert_int_equal(fw_world_load(&w, "flush chain inet watch quiet\n"), 0);
	compile(s, &rules);
	if (fw_world_load(&w, buf_text(&rules)) != 0)
		fail_msg("set '%s': nft refuses:\n%s", s->name, buf_text(&rules));
	for (size_t i = 0; i < s->n; i++)
		if (why[i] == COMPARED)
			compare(&w, s, &s->cases[i], &shots[i]);
	fw_world_end(&w);
}

static void the_kernel_decides_as_the_table_says(void **state UNUSED)
{
	struct fw_cases all = { 0 };

	fw_cases_load("tests/firewall/evaluate.cases", &all);
	fw_cases_load("tests/firewall/defaults.cases", &all);
	for (size_t i = 0; i < all.n; i++)
		send_set(all.v[i]);
	print_message("%zu rule sets\n", all.n);
	fw_cases_free(&all);
	for (size_t i = 0; i < REASONS; i++)
		print_message("%4zu packets %s\n", seen.n[i], reasons[i]);
	assert_int_equal(seen.wrong, 0);
	assert_true(seen.n[COMPARED] >= 200);
}

/* A daemon loads its rules every few seconds: what is let in stays in, what is not never gets in. */
static void a_reload_lets_nothing_through_and_stops_nothing(void **state UNUSED)
{
	struct fw_cases all = { 0 };
	_cleanup_buf_ struct buf rules = { 0 };
	struct fw_case_set *s = NULL;
	size_t shots = 0, wrong = 0;
	struct fw_world w;
	int status;

	fw_cases_load("tests/firewall/evaluate.cases", &all);
	for (size_t i = 0; i < all.n; i++)
		s = streq(all.v[i]->name, "order") ? all.v[i] : s;
	assert_non_null(s);
	fw_world_begin(&w, &s->site);
	compile(s, &rules);
	assert_int_equal(fw_world_load(&w, buf_text(&rules)), 0);
	pid_t pid = fork();
	if (pid == 0) {
		world_unpin();
		for (size_t i = 0; i < 20; i++)
			if (fw_world_load(&w, buf_text(&rules)) != 0)
				_exit(1);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		const struct fw_case *c = &s->cases[shots++ % s->n];
		struct fw_shot shot;
		char device[32];
		if (classify(s, c) != COMPARED)
			continue;
		fill_shot(s, c, &shot, device);
		if (fw_world_shoot(&w, &shot).arrived[target(c)] == streq(c->verdict, "accept"))
			continue;
		printf("# shot %zu: '%s' is to be %s\n", shots, c->line, c->verdict);
		wrong++;
	}
	assert_int_equal(status, 0);
	assert_int_equal(wrong, 0);
	assert_true(shots > 20);
	fw_world_end(&w);
	fw_cases_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_kernel_decides_as_the_table_says),
					    cmocka_unit_test(a_reload_lets_nothing_through_and_stops_nothing) };
	const char *why = world_possible();

	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	/* one processor: what is sent first is delivered first */
	world_pin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
