#include "test.h"
#include "firewall/fw_read.h"
#include "firewall/fw_write.h"

static struct fw_config *read_text(enum fw_level level, const char *text, struct fw_issues *issues)
{
	struct fw_config *c = NULL;

	assert_works(fw_read("test.fw", level, NULL, text, strlen(text), issues, &c, &err));
	return c;
}

/* Lines that the server skips, with the place and the code that lint names. */
static void every_skipped_line_is_named(void **state UNUSED)
{
	static const struct {
		enum fw_level level;
		const char *text, *code;
		unsigned line, column;
	} rows[] = {
		{ FW_CLUSTER, "enable: 1\n", "no-section", 1, 1 },
		{ FW_CLUSTER, "[OPTIONS]\nenabel: 1\n", "unknown-option", 2, 1 },
		{ FW_CLUSTER, "[OPTIONS]\nenable 1\n", "bad-option", 2, 1 },
		{ FW_CLUSTER, "[OPTIONS]\npolicy_in: DENY\n", "bad-value", 2, 12 },
		{ FW_CLUSTER, "[OPTIONS]\nlog_ratelimit: 1,rate=0/second\n", "bad-value", 2, 16 },
		{ FW_HOST, "[OPTIONS]\nnf_conntrack_max: 100\n", "bad-value", 2, 19 },
		{ FW_HOST, "[ALIASES]\n", "section-level", 1, 1 },
		{ FW_GUEST, "[group web]\n", "section-level", 1, 1 },
		{ FW_CLUSTER, "[group toolongforasecuritygroup]\n", "bad-name", 1, 8 },
		{ FW_CLUSTER, "[IPSET 1x]\n", "bad-name", 1, 8 },
		{ FW_CLUSTER, "[RULLES]\n", "bad-section", 1, 1 },
		{ FW_CLUSTER, "[RULES\n", "bad-section", 1, 1 },
		{ FW_CLUSTER, "[ALIASES]\ngw  10.0.0.1\n", "bad-alias", 2, 1 },
		{ FW_CLUSTER, "[ALIASES]\ngw 10.0.0.300\n", "bad-address", 2, 4 },
		{ FW_CLUSTER, "[IPSET x1]\n0.0.0.0/0\n", "zero-prefix", 2, 1 },
		{ FW_CLUSTER, "[IPSET x1]\n10.0.0.1\n10.0.0.1/32\n", "duplicate-member", 3, 1 },
		{ FW_CLUSTER, "[IPSET x1]\n10.0.0.1 10.0.0.2\n", "bad-member", 2, 1 },
		{ FW_CLUSTER, "[RULES]\nIN\n", "bad-rule", 2, 1 },
		{ FW_CLUSTER, "[RULES]\nINN ACCEPT\n", "bad-rule", 2, 1 },
		{ FW_CLUSTER, "[RULES]\nIN ACCEPT --iface net0\n", "bad-rule", 2, 11 },
		{ FW_CLUSTER, "[RULES]\nIN ACCEPT -p  tcp\n", "bad-rule", 2, 11 },
		{ FW_CLUSTER, "[RULES]\nIN ACCEPT -s 10.0.0.1\n", "bad-rule", 2, 11 },
		{ FW_CLUSTER, "[RULES]\nIN ACCEPT -p tcp -dprt 22\n", "bad-rule", 2, 18 },
		{ FW_CLUSTER, "[RULES]\nIN ACCEPT -log loud\n", "bad-rule", 2, 11 },
		{ FW_CLUSTER, "[RULES]\nGROUP web -p tcp\n", "bad-rule", 2, 11 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fw_issues_ struct fw_issues issues = { 0 };
		_cleanup_fw_config_ struct fw_config *c = read_text(rows[i].level, rows[i].text, &issues);
		_cleanup_buf_ struct buf seen = { 0 };
		fw_issues_text(&issues, &seen);
		if (issues.n != 1 || !streq(issues.v[0].code, rows[i].code) || issues.v[0].line != rows[i].line ||
		    issues.v[0].column != rows[i].column)
			fail_msg("%s -> expected %u:%u [%s], got:\n%s", rows[i].text, rows[i].line, rows[i].column,
				 rows[i].code, buf_text(&seen));
	}
}

/* Rules in every form the file takes and the form they are written in. */
static void rules_are_written_in_the_servers_order(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{ "in accept", NULL }, /* an action is in capitals: verify says so */
		{ "IN ACCEPT", "IN ACCEPT" },
		{ "|out  DROP", "|OUT DROP" },
		{ "IN SSH(ACCEPT) -i net0", "IN SSH(ACCEPT) -i net0" },
		{ "IN ACCEPT --dport 22 -proto tcp --source +dc/mgmt", "IN ACCEPT -source +dc/mgmt -p tcp -dport 22" },
		{ "IN DROP -log info -p icmp -icmp-type any -dest guest/me",
		  "IN DROP -dest guest/me -p icmp -log info -icmp-type any" },
		{ "FORWARD DROP -sport 1:2 -p 17#x", "FORWARD DROP -p 17 -sport 1:2 # x" },
		{ "GROUP web -i net1 # the servers", "GROUP web -i net1 # the servers" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		_cleanup_buf_ struct buf out = { 0 };
		struct fw_rule r;
		const char *comment, *why;
		unsigned column;
		assert_true(fw_rule_parse(&a, rows[i][0], &r, &comment, &why, &column));
		fw_rule_write(&r, comment, &out);
		if (rows[i][1])
			assert_string_equal(buf_text(&out), rows[i][1]);
	}
}

static void what_was_written_reads_as_the_same(void **state UNUSED)
{
	static const char text[] = "# the head\n\n[OPTIONS]\n\nenable: 1\n# policy\npolicy_in: REJECT\n\n"
				   "[ALIASES]\n\nGw 10.0.0.1 # gateway\n\n[IPSET mgmt] # admins\n\n10.0.0.0/24\n"
				   "!10.0.0.7 # not him\n\n[RULES]\n\nIN ACCEPT -i vmbr0\nthis is wrong\n"
				   "|GROUP web\n\n[group web]\n\nIN HTTP(ACCEPT)\n# the end\n";
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	_cleanup_fw_config_ struct fw_config *c = read_text(FW_CLUSTER, text, &issues);
	_cleanup_buf_ struct buf out = { 0 };

	assert_int_equal(issues.n, 1);
	fw_write(c, &out);
	assert_string_equal(buf_text(&out), text);
	_cleanup_fw_config_ struct fw_config *again = read_text(FW_CLUSTER, buf_text(&out), NULL);
	assert_true(fw_config_equal(c, again));
	assert_string_equal(fw_alias(c, "GW")->value, "10.0.0.1");
	assert_string_equal(fw_option(c, "policy_in"), "REJECT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_skipped_line_is_named),
		cmocka_unit_test(rules_are_written_in_the_servers_order),
		cmocka_unit_test(what_was_written_reads_as_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
