#include "test.h"
#include "firewall/fw_merge.h"
#include "firewall/fw_read.h"
#include "firewall/fw_write.h"

/* A file before, as it was wanted, as it is when the way back begins; and where that leads. */
static const struct {
	const char *what, *former, *wanted, *now, *back;
} rows[] = {
	{ "nobody else: as before", "[OPTIONS]\nenable: 1\n[RULES]\nIN ACCEPT\n", "[OPTIONS]\nenable: 1\n[RULES]\nIN DROP\n",
	  "[OPTIONS]\nenable: 1\n[RULES]\nIN DROP\n", "[OPTIONS]\nenable: 1\n[RULES]\nIN ACCEPT\n" },
	{ "half of it was sent", "[RULES]\nIN ACCEPT\nOUT DROP\n", "[RULES]\nIN DROP\nIN REJECT\n",
	  "[RULES]\nIN DROP\nIN ACCEPT\nOUT DROP\n", "[RULES]\nIN ACCEPT\nOUT DROP\n" },
	{ "a rule of theirs stays where it is", "[RULES]\nIN ACCEPT\nOUT DROP\n", "[RULES]\nOUT DROP\n",
	  "[RULES]\nIN REJECT # theirs\nOUT DROP\n", "[RULES]\nIN REJECT # theirs\nIN ACCEPT\nOUT DROP\n" },
	{ "a rule that they took away stays away", "[RULES]\nIN ACCEPT\nOUT DROP\n", "[RULES]\nIN REJECT\nOUT DROP\n",
	  "[RULES]\nIN REJECT\n", "[RULES]\nIN ACCEPT\n" },
	{ "an option of theirs", "[OPTIONS]\npolicy_in: ACCEPT\n", "[OPTIONS]\npolicy_in: DROP\n",
	  "[OPTIONS]\npolicy_in: REJECT\nebtables: 0\n", "[OPTIONS]\npolicy_in: REJECT\nebtables: 0\n" },
	{ "an option that they took away", "[OPTIONS]\nebtables: 0\npolicy_in: ACCEPT\n",
	  "[OPTIONS]\nebtables: 0\npolicy_in: DROP\n", "[OPTIONS]\npolicy_in: DROP\n", "[OPTIONS]\npolicy_in: ACCEPT\n" },
	{ "aliases: ours go, theirs and their change stay", "[ALIASES]\naa 10.0.0.1\n", "[ALIASES]\naa 10.0.0.2\nbb 10.0.0.3\n",
	  "[ALIASES]\naa 10.0.0.9\nbb 10.0.0.3\ncc 10.0.0.4\n", "[ALIASES]\naa 10.0.0.9\ncc 10.0.0.4\n" },
	{ "members", "[IPSET management]\n10.0.0.1\n10.0.0.5\n", "[IPSET management]\n10.0.0.5\n10.0.0.2\n",
	  "[IPSET management]\n10.0.0.2\n10.0.0.3\n", "[IPSET management]\n10.0.0.1\n10.0.0.3\n" },
	{ "a set that we removed, one that they made", "[IPSET us]\n10.0.0.1\n", "", "[IPSET them]\n10.0.0.2\n",
	  "[IPSET us]\n10.0.0.1\n[IPSET them]\n10.0.0.2\n" },
	{ "a group that they removed", "[group web]\nIN HTTP(ACCEPT)\n[group ssh]\nIN ACCEPT\n",
	  "[group web]\nIN HTTP(ACCEPT)\n[group ssh]\nIN DROP\n", "[group ssh]\nIN DROP\n", "[group ssh]\nIN ACCEPT\n" },
};

static struct fw_config *read_text(const char *text)
{
	struct fw_config *c = NULL;

	assert_works(fw_read("cluster.fw", FW_CLUSTER, NULL, text, strlen(text), NULL, &c, &err));
	return c;
}

static void what_others_did_stays(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fw_config_ struct fw_config *former = read_text(rows[i].former), *wanted = read_text(rows[i].wanted),
						     *now = read_text(rows[i].now), *back = read_text(rows[i].back);
		_cleanup_fw_config_ struct fw_config *seen = fw_merge(former, wanted, now);
		_cleanup_buf_ struct buf text = { 0 };
		fw_write(seen, &text);
		if (!fw_config_equal(seen, back))
			fail_msg("%s: not\n%sbut\n%s", rows[i].what, rows[i].back, buf_text(&text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_others_did_stays) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
