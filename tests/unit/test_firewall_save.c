/* The lab's firewall files as text, in the server's form. */
#include "test.h"
#include "lab/firewall_private.h"

static void a_file_is_written_as_the_server_writes_it(void **state UNUSED)
{
	static const char file[] =
		"{\"options\":{\"enable\":1,\"policy_in\":\"REJECT\"},"
		"\"aliases\":{\"b\":{\"name\":\"B\",\"cidr\":\"10.0.0.2\",\"comment\":\"two\"},"
		"\"a1\":{\"name\":\"a1\",\"cidr\":\"10.0.0.0/24\"}},"
		"\"ipset\":{\"set\":{\"comment\":\"of\",\"entries\":[{\"cidr\":\"10.0.0.0/8\"},"
		"{\"cidr\":\"10.0.0.9\",\"nomatch\":1,\"comment\":\"not\"}]}},"
		"\"groups\":{\"web\":{\"rules\":[{\"type\":\"in\",\"action\":\"ACCEPT\",\"macro\":\"HTTP\",\"enable\":1}]},"
		"\"none\":{\"rules\":[],\"comment\":\"empty\"}},"
		"\"rules\":[{\"type\":\"group\",\"action\":\"web\",\"enable\":1,\"iface\":\"vmbr0\"},"
		"{\"type\":\"out\",\"action\":\"DROP\",\"enable\":0,\"proto\":\"tcp\",\"dport\":\"25\",\"sport\":\"1024:65535\","
		"\"source\":\"a1\",\"dest\":\"+set\",\"log\":\"info\",\"comment\":\"no mail\"},"
		"{\"type\":\"in\",\"action\":\"REJECT\",\"enable\":1,\"proto\":\"icmp\",\"icmp-type\":\"redirect\"}]}";
	static const char text[] = "[OPTIONS]\n\nenable: 1\npolicy_in: REJECT\n\n"
				   "[ALIASES]\n\na1 10.0.0.0/24\nB 10.0.0.2 # two\n\n"
				   "[IPSET set] # of\n\n10.0.0.0/8\n!10.0.0.9 # not\n\n"
				   "[RULES]\n\nGROUP web -i vmbr0\n"
				   "|OUT DROP -source a1 -dest +set -p tcp -dport 25 -sport 1024:65535 -log info # no mail\n"
				   "IN REJECT -p icmp -icmp-type redirect\n\n"
				   "[group web]\n\nIN HTTP(ACCEPT)\n\n[group none] # empty\n\n\n";
	_cleanup_json_ json_t *json = json_loads(file, 0, NULL);
	_cleanup_buf_ struct buf out = { 0 };

	assert_non_null(json);
	firewall_text(json, &out);
	assert_string_equal(buf_text(&out), text);
}

static void an_empty_file_is_no_text(void **state UNUSED)
{
	_cleanup_json_ json_t *json = json_loads("{\"options\":{},\"aliases\":{},\"ipset\":{},\"groups\":{},\"rules\":[]}", 0,
						 NULL);
	_cleanup_buf_ struct buf out = { 0 };

	firewall_text(json, &out);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_file_is_written_as_the_server_writes_it),
					    cmocka_unit_test(an_empty_file_is_no_text) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
