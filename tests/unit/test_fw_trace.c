/* The tracing script as text. What it does: tests/net/test_trace_ssh.c. */
#include "firewall/fw_trace.h"
#include "base/proc.h"
#include "test.h"

static const struct {
	struct fw_trace trace;
	const char *from, *to;
	const char *has[6], *has_not[4];
} cases[] = {
	{ { FW_TRACE_AUTO, .proto = -1, .port = -1, .seconds = 30 }, NULL, NULL,
	  { "    meta nftrace set 1\n", "-A PVEPROV-TRACE -j TRACE", "for tables in iptables ip6tables; do", "timeout --foreground 30 cat",
	    "*legacy*) nft list table inet proxmox-firewall", NULL },
	  { "bridge", NULL } },
	{ { FW_TRACE_AUTO, .proto = 6, .port = 22, .bridge = true, .seconds = 5 }, "2001:db8::1", NULL,
	  { "    ip6 saddr 2001:db8::1 meta l4proto 6 th dport 22 meta nftrace set 1\n", "table bridge pveprov-trace {",
	    "nft delete table bridge pveprov-trace\n", "-A PVEPROV-TRACE -s 2001:db8::1 -p 6 --dport 22 -j TRACE",
	    "for tables in ip6tables; do", NULL },
	  { " iptables;", NULL } },
	{ { FW_TRACE_NFTABLES, .proto = 1, .port = -1, .seconds = 5 }, NULL, "10.0.0.1",
	  { "    ip daddr 10.0.0.1 meta l4proto 1 meta nftrace set 1\n", "type filter hook output", "\nmark_nftables\n", NULL },
	  { "iptables", "raw", "proxmox-firewall", NULL } },
	{ { FW_TRACE_IPTABLES, .proto = 58, .port = -1, .seconds = 5 }, NULL, NULL,
	  { "for tables in ip6tables; do", "-A PVEPROV-TRACE -p 58 -j TRACE", "\nmark_iptables ", "-X PVEPROV-TRACE", NULL },
	  { "nftrace", "table inet", NULL } },
	{ { FW_TRACE_IPTABLES, .proto = 17, .port = 53, .seconds = 5 }, "10.0.0.7", "10.0.0.1",
	  { "for tables in iptables; do", "-A PVEPROV-TRACE -s 10.0.0.7 -d 10.0.0.1 -p 17 --dport 53 -j TRACE", NULL },
	  { "ip6tables", NULL } },
};

static void make(size_t i, struct buf *out)
{
	struct fw_trace t = cases[i].trace;

	assert_true(!cases[i].from || addr_parse(cases[i].from, &t.from));
	assert_true(!cases[i].to || addr_parse(cases[i].to, &t.to));
	fw_trace_script(&t, out);
}

static void it_marks_what_is_asked_for(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		make(i, &out);
		for (const char *const *p = cases[i].has; *p; p++)
			if (!strstr(buf_text(&out), *p))
				fail_msg("%zu has no '%s':\n%s", i, *p, buf_text(&out));
		for (const char *const *p = cases[i].has_not; *p; p++)
			if (strstr(buf_text(&out), *p))
				fail_msg("%zu has '%s':\n%s", i, *p, buf_text(&out));
	}
}

/* It is pasted, and given to a login shell: one word of single quotes, and what is in it is shell. */
static void it_is_one_word(void **state UNUSED)
{
	struct clock real = clock_real(-1);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		make(i, &out);
		const char *text = buf_text(&out), *first = strchr(text, '\''), *last = strrchr(text, '\'');
		assert_true(starts_with(text, "sh -c '\n") && streq(last, "'\n") && strchr(first + 1, '\'') == last && !strchr(text, '\t'));
		_cleanup_free_ char *inner = xstrndup(first + 1, (size_t)(last - first - 1));
		const char *const argv[] = { "sh", "-n", "-c", inner, NULL };
		assert_works(proc_check(&(struct proc_spec){ .argv = argv }, &real, &err));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_marks_what_is_asked_for),
		cmocka_unit_test(it_is_one_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
