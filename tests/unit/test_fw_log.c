/* Lines of the firewall's log, as the real logger writes them and as nobody should. */
#include "firewall/fw_log.h"
#include "test.h"

#define AT "14/Mar/2014:12:47:07 +0100 "

static void a_line_is_decoded(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct fw_log_line l;

	assert_true(fw_log_parse(&a,
				 "117 6 tap117i0-IN " AT "policy REJECT: IN=fwbr117i0 OUT=fwbr117i0 PHYSIN=fwln117i0 PHYSOUT=tap117i0 "
				 "MAC=bc:24:11:00:00:01:bc:24:11:00:00:02:08:00 SRC=192.168.2.20 DST=192.168.2.9 LEN=60 TOS=0x00 "
				 "PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=5000 DPT=22 SEQ=1 ACK=0 WINDOW=1 SYN ",
				 &l));
	assert_int_equal(l.time_s, 1394797627);
	assert_string_equal(l.time, "2014-03-14T12:47:07+01:00");
	assert_string_equal(l.vmid, "117");
	assert_string_equal(l.level, "info");
	assert_string_equal(l.chain, "tap117i0-IN");
	assert_string_equal(l.verdict, "policy REJECT");
	assert_null(l.note);
	assert_string_equal(l.physin, "fwln117i0");
	assert_string_equal(fw_log_packet(&a, &l),
			    "TCP 192.168.2.20:5000 -> 192.168.2.9:22 in fwbr117i0/fwln117i0 out fwbr117i0/tap117i0");
}

/* Line -> verdict, note, packet; a NULL packet: it is not decoded. */
static const struct {
	const char *line, *verdict, *note, *packet;
} cases[] = {
	{ "0 5 - " AT "starting pvefw logger", NULL, "starting pvefw logger", "starting pvefw logger" },
	{ "0 3 - " AT "skipped 7 log entries (queue full)", NULL, "skipped 7 log entries (queue full)",
	  "skipped 7 log entries (queue full)" },
	{ "0 6 - " AT "TRACE: filter:PVEFW-INPUT:rule:3 IN=vmbr0 SRC=10.0.0.7 DST=10.0.0.1 PROTO=UDP SPT=1 DPT=2 LEN=9", "TRACE",
	  "filter:PVEFW-INPUT:rule:3", "filter:PVEFW-INPUT:rule:3: UDP 10.0.0.7:1 -> 10.0.0.1:2 in vmbr0" },
	{ "0 6 host-in " AT "DROP: IN=vmbr0 SRC=fd00:: DST=fd00::1 LEN=16 PROTO=UDP SPT=1 DPT=53 LEN=16mark=5 ", "DROP", NULL,
	  "UDP [fd00::]:1 -> [fd00::1]:53 in vmbr0" },
	{ "0 6 - " AT "SRC=fd00:: DST=:: PROTO=59 ", NULL, NULL, "59 fd00:: -> ::" },
	{ "0 6 x " AT "ACCEPT: IN= OUT=vmbr1 SRC=10.0.0.1 DST=10.0.0.2 PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=2 ", "ACCEPT", NULL,
	  "ICMP 10.0.0.1 -> 10.0.0.2 type 8 code 0 out vmbr1" },
	{ "0 6 x " AT "DROP: PHYSIN=tap1i0 SRC=10.0.0.1 DST=10.0.0.2 PROTO=ARP REQUEST ", "DROP", NULL,
	  "ARP 10.0.0.1 -> 10.0.0.2 in tap1i0" },
	{ "0 6 x " AT "DROP: SRC=1.1.1.1 SRC=2.2.2.2 DPT=1 DPT=2 ", "DROP", NULL, "? 1.1.1.1 -> ?:1" },
	{ "0 6 x " AT "DROP: MAC=00:11 ", "DROP", NULL, "-" },
	{ "0 6 x " AT "DROP:", NULL, "DROP:", "DROP:" },
	{ "0 6 x " AT ": ", NULL, ":", ":" },
	{ "0 6 x " AT, NULL, NULL, "-" },
	{ "0  6   x  14/Mar/2014:12:47:07   +0100   DROP: SRC=1.1.1.1", "DROP", NULL, "? 1.1.1.1 -> ?" },
	/* other forms */
	{ "", NULL, NULL, NULL },
	{ " ", NULL, NULL, NULL },
	{ "starting pvefw logger", NULL, NULL, NULL },
	{ "[1704067200.123]\t    [NEW] tcp      6 120 SYN_SENT src=10.0.0.1 dst=10.0.0.2", NULL, NULL, NULL },
	{ "0 8 x " AT "DROP: SRC=1.1.1.1", NULL, NULL, NULL },
	{ "-1 6 x " AT "DROP: SRC=1.1.1.1", NULL, NULL, NULL },
	{ "1000000000 6 x " AT "DROP: SRC=1.1.1.1", NULL, NULL, NULL },
	{ "99999999999999999999 6 x " AT "DROP: SRC=1.1.1.1", NULL, NULL, NULL },
	{ "0 6 x 14/Mar/2014:12:47:07", NULL, NULL, NULL },
	{ "0 6 x 14/Mar/2014:12:47:07 +010", NULL, NULL, NULL },
	{ "0 6 x 14/Mar/2014:12:47:07 01000", NULL, NULL, NULL },
	{ "0 6 x 14/Mar/2014:12:47:07 +9999 DROP", NULL, NULL, NULL },
	{ "0 6 x 14/Mrz/2014:12:47:07 +0100 DROP", NULL, NULL, NULL },
	{ "0 6 x 14/anF/2014:12:47:07 +0100 DROP", NULL, NULL, NULL },
	{ "0 6 x 32/Mar/2014:12:47:07 +0100 DROP", NULL, NULL, NULL },
	{ "0 6 x 14/Mar/2014:24:47:07 +0100 DROP", NULL, NULL, NULL },
	{ "0 6 x 14/Mar/1914:12:47:07 +0100 DROP", NULL, NULL, NULL },
	{ "0 6 x -4/Mar/2014:12:47:07 +0100 DROP", NULL, NULL, NULL },
	{ "0 6 x 14/Mar/2014:12:47:7 +0100 DROP", NULL, NULL, NULL },
	{ "0 6 x 2014-03-14T12:47:07 +0100 DROP", NULL, NULL, NULL },
};

static void same_text(const char *is, const char *wanted, const char *line)
{
	if (!is != !wanted || (is && !streq(is, wanted)))
		fail_msg("'%s': '%s' is not '%s'", line, is ? is : "NULL", wanted ? wanted : "NULL");
}

static void hostile_lines(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct fw_log_line l = { 0 };
		if (fw_log_parse(&a, cases[i].line, &l) != (cases[i].packet != NULL))
			fail_msg("'%s'", cases[i].line);
		if (!cases[i].packet)
			continue;
		same_text(l.verdict, cases[i].verdict, cases[i].line);
		same_text(l.note, cases[i].note, cases[i].line);
		same_text(fw_log_packet(&a, &l), cases[i].packet, cases[i].line);
	}
}

/* Cut anywhere, it is a line or it is none, and nothing beyond its end is read. */
static void lines_that_were_cut(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i].line); n++) {
			_cleanup_arena_ struct arena a = { 0 };
			_cleanup_free_ char *part = xstrndup(cases[i].line, n);
			struct fw_log_line l;
			if (fw_log_parse(&a, part, &l))
				assert_true(strlen(fw_log_packet(&a, &l)) > 0 && strlen(l.time) == 25);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_decoded),
		cmocka_unit_test(hostile_lines),
		cmocka_unit_test(lines_that_were_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
