#include "test.h"
#include "firewall/fw_diff.h"
#include "firewall/fw_guard.h"
#include "firewall/fw_read.h"

static struct fw_config *read_text(enum fw_level level, const char *text)
{
	struct fw_config *c = NULL;

	assert_works(fw_read("x.fw", level, level == FW_HOST ? "pve" : NULL, text, strlen(text), NULL, &c, &err));
	return c;
}

#define ON "[OPTIONS]\nenable: 1\n"

/* Ways to lock oneself out, and ones that keep access. */
static const struct {
	const char *what, *live, *wanted, *host, *from;
	bool certain, ssh;
	enum fw_guard_verdict verdict;
	const char *rule; /* that closes the way */
} rows[] = {
	{ "enable from another network (section 7, item 1)", "", ON, "", "192.0.2.9", true, false, FW_GUARD_CLOSED,
	  "policy_in: DROP" },
	{ "enable from the node's own network", "", ON, "", "10.0.0.9", true, false, FW_GUARD_OPEN, NULL },
	{ "enable with our address in management", "", ON "[IPSET management]\n192.0.2.9\n", "", "192.0.2.9", true, true,
	  FW_GUARD_OPEN, NULL },
	{ "our address is excluded from management", "", ON "[IPSET management]\n192.0.2.0/24\n!192.0.2.9\n", "",
	  "192.0.2.9", true, false, FW_GUARD_CLOSED, "policy_in: DROP" },
	{ "local_network is set to another network (item 2)", ON, ON "[ALIASES]\nlocal_network 172.16.0.0/16\n", "",
	  "10.0.0.9", true, false, FW_GUARD_CLOSED, "policy_in: DROP" },
	{ "a rule drops before management", ON, ON "[RULES]\nIN DROP -p tcp -dport 8006\n", "", "10.0.0.9", true, false,
	  FW_GUARD_CLOSED, "IN DROP -p tcp -dport 8006" },
	{ "the node's own rules drop", ON, ON, "[RULES]\nIN REJECT -source 10.0.0.0/24\n", "10.0.0.9", true, false,
	  FW_GUARD_CLOSED, "IN REJECT" },
	{ "the rule for us goes, the policy stays", ON "[RULES]\nIN ACCEPT -source 192.0.2.9\n", ON, "", "192.0.2.9", true,
	  false, FW_GUARD_CLOSED, "policy_in: DROP" },
	{ "the accept is disabled (item 5)", "", ON "[RULES]\n|IN ACCEPT -source 192.0.2.9\n", "", "192.0.2.9", true, false,
	  FW_GUARD_CLOSED, "policy_in: DROP" },
	{ "the group that lets us in is empty (item 5)", "", ON "[RULES]\nGROUP us\n[group us]\n", "", "192.0.2.9", true,
	  false, FW_GUARD_CLOSED, "policy_in: DROP" },
	{ "our address is on the blacklist", ON, ON "[IPSET blacklist]\n10.0.0.0/24\n", "", "10.0.0.9", true, false,
	  FW_GUARD_CLOSED, "blacklist" },
	{ "SSH is closed while the API stays", ON, ON "[RULES]\nIN DROP -p tcp -dport 22\n", "", "10.0.0.9", true, true,
	  FW_GUARD_CLOSED, "IN DROP -p tcp -dport 22" },
	{ "SSH is closed, but nobody uses it", ON, ON "[RULES]\nIN DROP -p tcp -dport 22\n", "", "10.0.0.9", true, false,
	  FW_GUARD_OPEN, NULL },
	{ "a NAT may lie between", "", ON, "", "10.0.0.9", false, false, FW_GUARD_UNKNOWN, NULL },
	{ "only our interface would tell", ON, ON "[RULES]\nIN DROP -i vmbr1\n", "", "10.0.0.9", true, false,
	  FW_GUARD_UNKNOWN, NULL },
	{ "switching off opens everything", ON, "", "", "192.0.2.9", true, false, FW_GUARD_OPEN, NULL },
	{ "nothing changes that concerns us", ON, ON "[RULES]\nIN ACCEPT -p tcp -dport 80\n", "", "10.0.0.9", true, false,
	  FW_GUARD_OPEN, NULL },
};

static void sites(const struct fw_config *live, const struct fw_config *wanted, const struct fw_config *host,
		  struct fw_node node[2], struct fw_site site[2])
{
	node[0] = (struct fw_node){ .name = "pve" };
	node[1] = (struct fw_node){ .name = "pve", .config = host };
	for (int i = 0; i < 2; i++) {
		site[i] = (struct fw_site){ .cluster = i ? wanted : live,
					    .nodes = &node[i],
					    .n_nodes = 1,
					    .local_network_known = true };
		assert_true(addr_cidr_parse("10.0.0.0/24", &site[i].local_network));
	}
}

static void every_lock_out_is_seen_before_it_happens(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		_cleanup_fw_config_ struct fw_config *live = read_text(FW_CLUSTER, rows[i].live);
		_cleanup_fw_config_ struct fw_config *wanted = read_text(FW_CLUSTER, rows[i].wanted);
		_cleanup_fw_config_ struct fw_config *host = read_text(FW_HOST, rows[i].host);
		struct fw_access access = { .node = "pve", .api_port = 8006, .ssh = rows[i].ssh,
					    .from_certain = rows[i].certain };
		struct fw_node node[2];
		struct fw_site site[2];
		sites(live, wanted, host, node, site);
		assert_true(addr_parse(rows[i].from, &access.from));
		assert_true(addr_parse("10.0.0.1", &access.to));
		struct fw_guard g = fw_guard(&a, &site[0], &site[1], &access);
		if (g.verdict != rows[i].verdict)
			fail_msg("%s: verdict %d, expected %d (%s)", rows[i].what, g.verdict, rows[i].verdict,
				 g.n ? g.ways[0].then.reason : "no way");
		bool named = rows[i].rule == NULL;
		for (size_t k = 0; k < g.n; k++)
			named |= rows[i].rule && g.ways[k].then.rule && strstr(g.ways[k].then.rule, rows[i].rule);
		if (!named)
			fail_msg("%s: no way is closed by '%s'", rows[i].what, rows[i].rule);
		if (g.verdict == FW_GUARD_CLOSED)
			assert_string_equal(g.fix_member, rows[i].from);
	}
}

/* What other nodes need: corosync on the rings (section 5), and no switch with nftables on any node (section 7, item 9). */
static void other_nodes_count_too(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_config_ struct fw_config *live = read_text(FW_CLUSTER, "");
	_cleanup_fw_config_ struct fw_config *good = read_text(FW_CLUSTER, ON);
	_cleanup_fw_config_ struct fw_config *bad = read_text(FW_CLUSTER, ON "[RULES]\nIN DROP -p udp -dport 5405\n");
	_cleanup_fw_config_ struct fw_config *nft = read_text(FW_HOST, "[OPTIONS]\nnftables: 1\n");
	struct fw_access access = { .node = "one", .api_port = 8006, .from_certain = true };
	struct addr ring[2];
	struct fw_node nodes[2] = { { .name = "one", .ring = &ring[0], .n_ring = 1 },
				    { .name = "two", .ring = &ring[1], .n_ring = 1 } };
	struct fw_site now = { .cluster = live, .nodes = nodes, .n_nodes = 2, .local_network_known = true }, then = now;

	assert_true(addr_cidr_parse("10.0.0.0/24", &now.local_network));
	then.local_network = now.local_network;
	assert_true(addr_parse("10.0.0.1", &ring[0]) && addr_parse("10.0.0.2", &ring[1]));
	assert_true(addr_parse("10.0.0.9", &access.from) && addr_parse("10.0.0.1", &access.to));
	then.cluster = good;
	struct fw_guard open = fw_guard(&a, &now, &then, &access);
	assert_int_equal(open.verdict, FW_GUARD_OPEN);
	assert_int_equal(open.n, 3); /* the API, and corosync both ways */
	then.cluster = bad;
	struct fw_guard closed = fw_guard(&a, &now, &then, &access);
	assert_int_equal(closed.verdict, FW_GUARD_CLOSED);
	assert_string_equal(closed.ways[1].what, "corosync of two (udp 5405) from 10.0.0.1");
	assert_false(closed.nftables);
	nodes[1].config = nft;
	assert_true(fw_guard(&a, &now, &then, &access).nftables);
}

/* Whoever is administered over SSH from here stays reachable. */
static void guests_in_use_count_too(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_config_ struct fw_config *on = read_text(FW_CLUSTER, ON);
	_cleanup_fw_config_ struct fw_config *none = read_text(FW_GUEST, "");
	_cleanup_fw_config_ struct fw_config *shut = read_text(FW_GUEST, "[OPTIONS]\nenable: 1\n[RULES]\nIN Ping(ACCEPT)\n");
	_cleanup_fw_config_ struct fw_config *let = read_text(FW_GUEST, "[OPTIONS]\nenable: 1\n[RULES]\nIN SSH(ACCEPT)\n");
	static const struct fw_nic nic = { .id = "net0", .bridge = "vmbr0", .firewall = true };
	static const struct fw_guest_door door = { "100", "net0" };
	struct fw_guest was = { .id = "100", .config = none, .nics = &nic, .n_nics = 1, .nics_known = true }, will = was;
	struct fw_node node = { .name = "pve" };
	struct fw_site now = { .cluster = on, .nodes = &node, .n_nodes = 1, .guests = &was, .n_guests = 1 }, then = now;
	struct fw_access access = { .node = "pve", .api_port = 8006, .from_certain = true, .doors = &door, .n_doors = 1 };

	now.local_network_known = then.local_network_known = true;
	assert_true(addr_cidr_parse("10.0.0.0/24", &now.local_network));
	then.local_network = now.local_network;
	then.guests = &will;
	assert_true(addr_parse("10.0.0.9", &access.from) && addr_parse("10.0.0.1", &access.to));
	will.config = shut;
	struct fw_guard g = fw_guard(&a, &now, &then, &access);
	assert_int_equal(g.verdict, FW_GUARD_CLOSED);
	assert_string_equal(g.ways[1].what, "SSH of VM 100 (tcp 22) from 10.0.0.9");
	will.config = let;
	assert_int_equal(fw_guard(&a, &now, &then, &access).verdict, FW_GUARD_OPEN);
}

static void assert_calls(const struct fw_changes *c, const char *const *expected, size_t n_expected)
{
	static const char *const verbs[] = { "POST", "PUT", "DELETE" };
	_cleanup_buf_ struct buf seen = { 0 }, want = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		size_t n = 0;
		while (c->v[i].path[n])
			n++;
		buf_addf(&seen, "%s %s\n", verbs[c->v[i].verb], c->v[i].path[n - 1]);
	}
	for (size_t i = 0; i < n_expected; i++)
		buf_addf(&want, "%s\n", expected[i]);
	assert_string_equal(buf_text(&seen), buf_text(&want));
}

/* The order of the facts: names, groups, rules, options; the cluster's switch last; what goes, goes after. */
static void changes_come_in_a_safe_order(void **state UNUSED)
{
	static const char live_text[] = "[OPTIONS]\nenable: 0\n[ALIASES]\nold 10.0.0.1\n[IPSET gone]\n10.0.0.2\n"
					"[RULES]\nIN ACCEPT -source old\n[group left]\nIN ACCEPT\n";
	static const char wanted_text[] = ON "[ALIASES]\nnew 10.0.0.3\n[IPSET come]\nnew\n[RULES]\n"
					     "IN ACCEPT -source +come\nGROUP web\n[group web]\nIN HTTP(ACCEPT)\n";
	static const char *const expected[] = {
		"POST aliases", "POST ipset",  "POST come",	  "POST groups", "POST web",   "POST rules",
		"PUT 1",	"PUT options", "DELETE 10.0.0.2", "DELETE 0",	 "DELETE old", "DELETE gone", "DELETE left",
	};
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_config_ struct fw_config *live = read_text(FW_CLUSTER, live_text);
	_cleanup_fw_config_ struct fw_config *wanted = read_text(FW_CLUSTER, wanted_text);
	struct fw_target t = { .level = FW_CLUSTER, .live = live, .wanted = wanted };
	struct fw_changes c = fw_diff(&a, &t, 1);
	assert_calls(&c, expected, ARRAY_SIZE(expected));
	struct fw_target same = { .level = FW_CLUSTER, .live = wanted, .wanted = wanted };
	assert_int_equal(fw_diff(&a, &same, 1).n, 0);
}

/* The server drops rules that a new address makes mix the families: those that the alias comes last in, not the others. */
static void rules_that_would_mix_families_go_first(void **state UNUSED)
{
	static const char live_text[] = "[ALIASES]\nhost 10.0.0.1\n[RULES]\nIN ACCEPT -source host -p icmp\n"
					"IN ACCEPT -source host -dest 10.0.0.0/8\nIN DROP -source 10.2.0.0/16 -dest host\n"
					"IN ACCEPT -dest host\n";
	static const char wanted_text[] = "[ALIASES]\nhost fd00::1\n[RULES]\nIN ACCEPT -source host -p ipv6-icmp\n"
					  "IN ACCEPT -source host -dest fd00::/8\nIN ACCEPT -dest host\n";
	static const char *const expected[] = { "DELETE 2", "DELETE 0", "PUT host", "POST rules", "PUT 1" };
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_config_ struct fw_config *live = read_text(FW_CLUSTER, live_text);
	_cleanup_fw_config_ struct fw_config *wanted = read_text(FW_CLUSTER, wanted_text);
	struct fw_target t = { .level = FW_CLUSTER, .live = live, .wanted = wanted };
	struct fw_changes c = fw_diff(&a, &t, 1);

	assert_calls(&c, expected, ARRAY_SIZE(expected));
}

/* A guest's alias that hides the cluster's one of that name cannot wait until the rules are written. */
static void an_alias_that_hides_another_goes_before_the_rules(void **state UNUSED)
{
	static const char *const expected[] = { "POST aliases", "DELETE host", "POST rules", "DELETE other" };
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_config_ struct fw_config *none = read_text(FW_CLUSTER, "");
	_cleanup_fw_config_ struct fw_config *cluster = read_text(FW_CLUSTER, "[ALIASES]\nhost fd00::1\n");
	_cleanup_fw_config_ struct fw_config *live = read_text(FW_GUEST, "[ALIASES]\nhost 10.0.0.1\nother 10.0.0.2\n");
	_cleanup_fw_config_ struct fw_config *wanted = read_text(FW_GUEST, "[RULES]\nIN ACCEPT -source host -dest fd00::/8\n");
	struct fw_target t[] = {
		{ .level = FW_CLUSTER, .live = none, .wanted = cluster },
		{ .level = FW_GUEST, .node = "pve", .id = "100", .live = live, .wanted = wanted },
	};
	struct fw_changes c = fw_diff(&a, t, ARRAY_SIZE(t));

	assert_calls(&c, expected, ARRAY_SIZE(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_lock_out_is_seen_before_it_happens),
		cmocka_unit_test(other_nodes_count_too),
		cmocka_unit_test(guests_in_use_count_too),
		cmocka_unit_test(changes_come_in_a_safe_order),
		cmocka_unit_test(rules_that_would_mix_families_go_first),
		cmocka_unit_test(an_alias_that_hides_another_goes_before_the_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
