/*
 * What nft rules log in a network namespace, as the lab's logger writes it down: real packets of a neighbour in a namespace of
 * its own, rules with the prefixes of pve-firewall.
 */
#include "../unit/test.h"
#include "base/fs.h"
#include "base/proc.h"
#include "lab/firewall_logger.h"
#include "lab/netns.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <regex.h>

enum { WAIT_S = 10, PORT = 2222, LOG_MAX = 1 << 20 };

static struct clock real;
static int node = -1, neighbour = -1;
static char *dir, *path;
static struct event_base *base;
static struct firewall_logger *logger;

static void nft(const char *rules)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	const struct proc_spec spec = {
		.argv = argv, .input = rules, .input_len = strlen(rules), .in_child = netns_enter, .in_child_ctx = &node
	};

	assert_works(proc_check(&spec, &real, &err));
}

static int set_up(void **state UNUSED)
{
	_cleanup_free_ char *lines = NULL;

	real = clock_real(-1);
	assert_works(netns_new(&node, &err));
	assert_works(netns_new(&neighbour, &err));
	lines = xasprintf("link add vmbr0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0\nlink set vmbr0 up\n"
			  "link add tap100i0 type veth peer name eth0 netns /proc/%d/fd/%d\nlink set tap100i0 master vmbr0 up\n"
			  "addr add 10.20.0.1/24 dev vmbr0\naddr add fd20::1/64 dev vmbr0 nodad\n",
			  (int)getpid(), neighbour);
	assert_works(netns_ip(node, lines, &real, &err));
	assert_works(netns_ip(neighbour,
			      "link set eth0 address bc:24:11:00:00:07 up\naddr add 10.20.0.7/24 dev eth0\n"
			      "addr add fd20::7/64 dev eth0 nodad\n",
			      &real, &err));
	assert_works(fs_temp_dir(NULL, "fwlog", &dir, &err));
	path = fs_join(dir, "pve-firewall.log");
	base = event_base_new();
	assert_works(firewall_logger_open(base, node, path, &logger, &err));
	return 0;
}

static int tear_down(void **state UNUSED)
{
	logger = firewall_logger_free(logger);
	event_base_free(base);
	assert_works(fs_remove_tree(dir, &err));
	free(path);
	free(dir);
	close(node);
	close(neighbour);
	return 0;
}

struct sending {
	const char *to;
	int type; /* SOCK_STREAM, SOCK_DGRAM, SOCK_RAW: an echo request */
};

/* In the neighbour's namespace. */
static int send_packet(void *ctx)
{
	static const uint8_t echo4[] = { ICMP_ECHO, 0, 0xf7, 0xfe, 0, 0, 0, 1 }, echo6[] = { ICMP6_ECHO_REQUEST, 0, 0, 0, 0, 0, 0, 1 };
	const struct sending *s = ctx;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	bool is4 = inet_pton(AF_INET, s->to, &in.sin_addr) == 1, raw = s->type == SOCK_RAW;
	const struct sockaddr *to = is4 ? (const void *)&in : (const void *)&in6;
	socklen_t len = is4 ? sizeof(in) : sizeof(in6);

	if (raw)
		in6.sin6_port = 0;
	if (!is4 && inet_pton(AF_INET6, s->to, &in6.sin6_addr) != 1)
		return -1;
	_cleanup_close_ int fd = socket(to->sa_family, s->type | SOCK_NONBLOCK | SOCK_CLOEXEC,
					!raw ? 0 : is4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return -1;
	if (s->type == SOCK_STREAM)
		return connect(fd, to, len) < 0 && errno != EINPROGRESS ? -1 : 0;
	return sendto(fd, !raw ? (const void *)"12345678" : is4 ? echo4 : echo6, 8, 0, to, len) == 8 ? 0 : -1;
}

static void send_to(const char *to, int type)
{
	struct sending s = { to, type };

	assert_int_equal(netns_call(neighbour, send_packet, &s), 0);
}

static bool in_log(const regex_t *re)
{
	_cleanup_buf_ struct buf text = { 0 };

	assert_works(fs_read(path, LOG_MAX, &text, &err));
	return regexec(re, buf_text(&text), 0, NULL, 0) == 0;
}

static void too_late(evutil_socket_t fd UNUSED, short what UNUSED, void *late)
{
	*(bool *)late = true;
}

/* Turns the loop until a whole line is there. */
static void assert_logged(const char *line)
{
	static const char zone[] = " [0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4} ";
	_cleanup_free_ char *head = xstrndup(line, strcspn(line, "@")), *pattern = NULL;
	struct timeval wait = { .tv_sec = WAIT_S };
	bool late = false;
	struct event *limit = evtimer_new(base, too_late, &late);
	regex_t re;

	pattern = xasprintf("^%s%s%s$", head, zone, line + strlen(head) + 1);
	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
	event_add(limit, &wait);
	while (!in_log(&re) && !late)
		event_base_loop(base, EVLOOP_ONCE);
	event_free(limit);
	regfree(&re);
	if (late) {
		_cleanup_buf_ struct buf text = { 0 };
		assert_works(fs_read(path, LOG_MAX, &text, &err));
		fail_msg("no line is '%s':\n%s", pattern, buf_text(&text));
	}
}

#define MAC "MAC=[0-9a-f:]{17}:bc:24:11:00:00:07:"
/* with br_netfilter the bridge's port is known even here */
#define FROM "IN=vmbr0 (PHYSIN=tap100i0 )?"

static void packets_become_lines(void **state UNUSED)
{
	nft("table inet t { chain input { type filter hook input priority 0;\n"
	    " tcp dport 2222 log group 0 prefix \":0:6:PVEFW-HOST-IN: policy DROP: \" drop\n"
	    " udp dport 2222 meta mark set 5 log group 0 prefix \":100:4:tap100i0-OUT: REJECT: \" drop\n"
	    " icmp type echo-request log group 0 prefix \":117:0:guest-117-in: ACCEPT: \"\n"
	    " icmpv6 type echo-request log group 0 prefix \":117:7:guest-117-in: DROP: \" drop\n }\n"
	    " chain output { type filter hook output priority 0;\n"
	    " icmp type echo-reply log group 0 prefix \":0:5:host-out: ACCEPT: \"\n }\n }\n");
	assert_logged("0 5 -@starting pvefw logger");
	send_to("10.20.0.1", SOCK_STREAM);
	assert_logged("0 6 PVEFW-HOST-IN@policy DROP: " FROM MAC "08:00 SRC=10\\.20\\.0\\.7 DST=10\\.20\\.0\\.1 LEN=60 TOS=0x00 "
		      "PREC=0x00 TTL=64 ID=[0-9]+ DF PROTO=TCP SPT=[0-9]+ DPT=2222 SEQ=[0-9]+ ACK=0 WINDOW=[0-9]+ SYN ");
	send_to("fd20::1", SOCK_STREAM);
	assert_logged("0 6 PVEFW-HOST-IN@policy DROP: " FROM MAC "86:dd SRC=fd20::7 DST=fd20::1 LEN=40 TC=0 FLOWLBL=[0-9]+ "
		      "HOPLIMIT=64 PROTO=TCP SPT=[0-9]+ DPT=2222 SEQ=[0-9]+ ACK=0 WINDOW=[0-9]+ SYN ");
	send_to("10.20.0.1", SOCK_DGRAM);
	assert_logged("100 4 tap100i0-OUT@REJECT: " FROM MAC "08:00 SRC=10\\.20\\.0\\.7 DST=10\\.20\\.0\\.1 LEN=36 TOS=0x00 PREC=0x00 "
		      "TTL=64 ID=[0-9]+ DF PROTO=UDP SPT=[0-9]+ DPT=2222 LEN=16mark=5 ");
	send_to("fd20::1", SOCK_DGRAM);
	assert_logged("100 4 tap100i0-OUT@REJECT: " FROM MAC "86:dd SRC=fd20::7 DST=fd20::1 LEN=16 TC=0 FLOWLBL=[0-9]+ HOPLIMIT=64 "
		      "PROTO=UDP SPT=[0-9]+ DPT=2222 LEN=16mark=5 ");
	send_to("10.20.0.1", SOCK_RAW);
	assert_logged("117 0 guest-117-in@ACCEPT: " FROM MAC "08:00 SRC=10\\.20\\.0\\.7 DST=10\\.20\\.0\\.1 LEN=28 TOS=0x00 PREC=0x00 "
		      "TTL=64 ID=[0-9]+ DF PROTO=ICMP TYPE=8 CODE=0 ID=0 SEQ=1 ");
	assert_logged("0 5 host-out@ACCEPT: OUT=vmbr0 SRC=10\\.20\\.0\\.1 DST=10\\.20\\.0\\.7 LEN=28 TOS=0x00 PREC=0x00 TTL=64 ID=[0-9]+ "
		      "PROTO=ICMP TYPE=0 CODE=0 ID=0 SEQ=1 ");
	send_to("fd20::1", SOCK_RAW);
	assert_logged("117 7 guest-117-in@DROP: " FROM MAC "86:dd SRC=fd20::7 DST=fd20::1 LEN=8 TC=0 FLOWLBL=[0-9]+ HOPLIMIT=64 "
		      "PROTO=ICMPV6 TYPE=128 CODE=0 ID=0 SEQ=1 ");
}

/* The guests' table of the nftables backend is of the bridge family: both devices are told. */
static void bridged_packets_become_lines(void **state UNUSED)
{
	nft("table bridge t { chain input { type filter hook input priority 0;\n"
	    " ether type arp log group 0 prefix \":100:6:guest-100-out: DROP: \"\n"
	    " udp dport 2222 log group 0 prefix \":100:6:guest-100-out: DROP: \" drop\n }\n }\n");
	send_to("10.20.0.1", SOCK_DGRAM);
	assert_logged("100 6 guest-100-out@DROP: IN=vmbr0 PHYSIN=tap100i0 " MAC "08:06 SRC=10\\.20\\.0\\.7 DST=10\\.20\\.0\\.1 PROTO=ARP "
		      "REQUEST ");
	assert_logged("100 6 guest-100-out@DROP: IN=vmbr0 PHYSIN=tap100i0 " MAC "08:00 SRC=10\\.20\\.0\\.7 DST=10\\.20\\.0\\.1 LEN=36 "
		      "TOS=0x00 PREC=0x00 TTL=64 ID=[0-9]+ DF PROTO=UDP SPT=[0-9]+ DPT=2222 LEN=16");
	send_to("fd20::1", SOCK_DGRAM);
	assert_logged("100 6 guest-100-out@DROP: IN=vmbr0 PHYSIN=tap100i0 " MAC "86:dd SRC=fd20::7 DST=fd20::1 LEN=16 TC=0 "
		      "FLOWLBL=[0-9]+ HOPLIMIT=64 PROTO=UDP SPT=[0-9]+ DPT=2222 LEN=16");
}

/* A prefix that is not the firewall's is text; a rule of another group is not ours. */
static void foreign_prefixes_are_kept(void **state UNUSED)
{
	nft("table inet t { chain input { type filter hook input priority 0;\n"
	    " udp dport 2222 log group 1 prefix \":0:6:other: group \"\n"
	    " udp dport 2222 log group 0 prefix \":1:9:x: level \"\n udp dport 2222 log group 0 prefix \":1:6: no chain \"\n udp dport 2222 log group 0\n"
	    " udp dport 2222 log group 0 prefix \":1:6:a-name-that-is-longer-than-28-x: DROP: \" drop\n }\n }\n");
	send_to("10.20.0.1", SOCK_DGRAM);
	assert_logged("0 6 -@:1:6:a-name-that-is-longer-than-28-x: DROP: IN=vmbr0 .*LEN=16");
	assert_logged("0 6 -@:1:9:x: level IN=vmbr0 .*LEN=16");
	assert_logged("0 6 -@:1:6: no chain IN=vmbr0 .*LEN=16");
	assert_logged("0 6 -@IN=vmbr0 .*LEN=16");
	_cleanup_buf_ struct buf text = { 0 };
	assert_works(fs_read(path, LOG_MAX, &text, &err));
	assert_null(strstr(buf_text(&text), "other"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(packets_become_lines),
		TEST(bridged_packets_become_lines),
		TEST(foreign_prefixes_are_kept),
	};

	if (geteuid() != 0 || !proc_find("nft") || !proc_find("ip")) {
		printf("skipped: needs root, nft and ip\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
