/* Packets of every kind and length as lines of the lab's firewall log. Real ones: tests/net/test_firewall_log.c. */
#include "lab/firewall_line.h"
#include "test.h"

#include <arpa/inet.h>
#include <net/ethernet.h>

static uint8_t nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Exactly as long as it is, so that a byte too many is noticed. */
static uint8_t *unhex(const char *text, size_t *ret_len)
{
	uint8_t *data = xmalloc(strlen(text) / 2 + 1);
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p == ' ')
			continue;
		data[n++] = (uint8_t)(nibble(p[0]) << 4 | nibble(p[1]));
		p++;
	}
	*ret_len = n;
	return xrealloc(data, n ? n : 1, 1);
}

#define IP4(proto, fragment) "45000054 0007" fragment "40" proto "0000 0a000007 0a000001 "
#define IP6(next) "60012345 0020" next "40 fd000000000000000000000000000007 fd000000000000000000000000000001 "
#define HEAD4 "SRC=10.0.0.7 DST=10.0.0.1 LEN=84 TOS=0x00 PREC=0x00 TTL=64 ID=7 "
#define HEAD6 "SRC=fd00::7 DST=fd00::1 LEN=32 TC=0 FLOWLBL=74565 HOPLIMIT=64 "

static const struct {
	int family;
	uint16_t ethertype;
	const char *packet, *line;
} cases[] = {
	{ AF_INET, 0, IP4("06", "4000") "1388 0016 00000001 00000002 503f 0400 0000 0009",
	  HEAD4 "DF PROTO=TCP SPT=5000 DPT=22 SEQ=1 ACK=2 WINDOW=1024 URG ACK PSH RST SYN FIN URGP=9 " },
	{ AF_INET, 0, IP4("11", "2000") "1388 0035 0008 0000", HEAD4 "MF PROTO=UDP SPT=5000 DPT=53 LEN=8" },
	{ AF_INET, 0, IP4("11", "00b9") "13", HEAD4 "FRAG=185 PROTO=UDP LEN=1 INVALID=LEN " },
	{ AF_INET, 0, IP4("84", "0000") "1388 0016 00000000 00000000", HEAD4 "PROTO=SCTP SPT=5000 DPT=22 " },
	{ AF_INET, 0, IP4("01", "0000") "0304 0000 0000 05dc", HEAD4 "PROTO=ICMP TYPE=3 CODE=4 MTU=1500 " },
	{ AF_INET, 0, IP4("01", "0000") "0501 0000 0a000009", HEAD4 "PROTO=ICMP TYPE=5 CODE=1 GATEWAY=10.0.0.9 " },
	{ AF_INET, 0, IP4("01", "0000") "0c00 0000 07000000", HEAD4 "PROTO=ICMP TYPE=12 CODE=0 PARAMETER=7 " },
	{ AF_INET, 0, IP4("02", "0000") "16", HEAD4 "PROTO=IGMP " },
	{ AF_INET, 0, IP4("2f", "0000") "00", HEAD4 "PROTO=47 " },
	{ AF_INET, 0, "4f000054 00070000 40060000 0a000007 0a000001 1388", "INVALID=IHL " },
	{ AF_INET, 0, "4500", "LEN=2 INVALID=LEN " },
	{ AF_INET6, 0, IP6("3a") "8600 0000 4000 0708 00000000 00000000",
	  HEAD6 "PROTO=ICMPV6 TYPE=134 CODE=0 HOPLIMIT=64 RA=00 LIFETIME=1800 REACHABLE=0 RETRANSMIT=0 " },
	{ AF_INET6, 0, IP6("3a") "8800 0000 60000000", HEAD6 "PROTO=ICMPV6 TYPE=136 CODE=0 NA=60000000 " },
	{ AF_INET6, 0, IP6("00") "3a00050200000000 8700 0000 00000000", HEAD6 "NEXTHDR=HOPOPTS PROTO=ICMPV6 TYPE=135 CODE=0 " },
	{ AF_INET6, 0, IP6("2c") "1100 0001 00000007 1388 0035 0008 0000", HEAD6 "FRAG=0 ID=7 MF PROTO=UDP SPT=5000 DPT=53 LEN=8" },
	{ AF_INET6, 0, IP6("2b") "11ff 0201", HEAD6 "LEN=4 INVALID=LEN " },
	{ AF_INET6, 0, IP6("3c") "3c000000 00000000 3cff0000 00000000", HEAD6 "NEXTHDR=DSTOPTS NEXTHDR=DSTOPTS LEN=8 INVALID=LEN " },
	{ AF_INET6, 0, IP6("3b"), HEAD6 "PROTO=59 " },
	{ AF_BRIDGE, ETHERTYPE_ARP, "00010800 06040002 bc2411000007 0a000007 bc2411000001 0a000001",
	  "SRC=10.0.0.7 DST=10.0.0.1 PROTO=ARP REPLY MAC=bc:24:11:00:00:07 " },
	{ AF_BRIDGE, ETHERTYPE_IP, IP4("2f", "0000") "00", HEAD4 "PROTO=47 " },
	{ AF_BRIDGE, 0x88cc, "0207", "" },
	{ AF_INET, 0, "", "LEN=0 INVALID=LEN " },
};

static void every_kind_of_packet(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		size_t len;
		_cleanup_free_ uint8_t *data = unhex(cases[i].packet, &len);
		_cleanup_free_ char *wanted = xasprintf("117 6 tap117i0-IN 14/Mar/2014:11:47:07 +0000 policy REJECT: %s\n", cases[i].line);

		firewall_line(&(struct firewall_packet){ .prefix = ":117:6:tap117i0-IN: policy REJECT: ", .time_s = 1394797627,
							 .family = cases[i].family, .ethertype = cases[i].ethertype, .data = data, .len = len },
			      &out);
		assert_string_equal(buf_text(&out), wanted);
	}
}

static void packets_that_were_cut(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len;
		_cleanup_free_ uint8_t *data = unhex(cases[i].packet, &len);
		for (size_t n = 0; n < len; n++) {
			_cleanup_buf_ struct buf out = { 0 };
			_cleanup_free_ uint8_t *part = xmalloc(n ? n : 1);
			memcpy(part, data, n);
			firewall_line(&(struct firewall_packet){ .family = cases[i].family, .ethertype = cases[i].ethertype, .data = part,
								 .len = n },
				      &out);
			assert_true(out.len <= FIREWALL_LINE_MAX && buf_text(&out)[out.len - 1] == '\n');
		}
	}
}

static void lines_have_a_limit(void **state UNUSED)
{
	_cleanup_buf_ struct buf out = { 0 };
	uint8_t mac[300] = { 0 };

	firewall_line(&(struct firewall_packet){ .prefix = ":0:6:x: DROP: ", .family = AF_INET, .mac = mac, .mac_len = sizeof(mac) }, &out);
	assert_int_equal(out.len, FIREWALL_LINE_MAX);
	assert_true(buf_text(&out)[out.len - 1] == '\n');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_packet),
		cmocka_unit_test(packets_that_were_cut),
		cmocka_unit_test(lines_have_a_limit),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
