/*
 * The rendered dnsmasq files with the real program: leases and names. Numbers are those of observed
 * defects of an earlier router.
 */
#include "../unit/test.h"
#include "../unit/fixture_router.h"
#include "world.h"
#include "base/fs.h"
#include "base/proc.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { PACKET_MAX = 512, HEADER = 12, ASK_MS = 200, TRIES = 50 };

static struct world w;
static struct fixture f;
static pid_t servers[4];
static int upstream;	/* what dnscrypt-proxy would be */
static char asked[256]; /* the last name that came there */

/* Starts dnsmasq in the router; it ends with this process, however that ends. */
static pid_t start(const char *network)
{
	_cleanup_free_ char *conf = xasprintf("%s/etc/dnsmasq-%s.conf", w.dir, network);
	_cleanup_free_ char *option = xasprintf("--conf-file=%s", conf);
	_cleanup_free_ char *lease = xasprintf("%s/%s.leases", w.dir, network);
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_buf_ struct buf own = { 0 };

	/* Leases go to our folder. */
	assert_works(fs_read(conf, 1 << 16, &text, &err));
	const char *at = strstr(buf_text(&text), "/var/lib/dnsmasq/");
	assert_non_null(at);
	buf_add(&own, text.data, (size_t)(at - text.data));
	buf_addf(&own, "%s%s", lease, strchr(at, '\n'));
	assert_works(fs_write(conf, own.data, own.len, 0644, &err));
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int quiet = open("/dev/null", O_WRONLY);
		dup2(quiet, STDERR_FILENO);
		if (setns(w.router.ns, CLONE_NEWNET) == 0)
			execl("/usr/sbin/dnsmasq", "dnsmasq", option, "--keep-in-foreground",
			      "--user=root", "--pid-file=", NULL);
		_exit(127);
	}
	return pid;
}

static size_t put_question(uint8_t *p, const char *name, uint16_t type)
{
	size_t n = HEADER;

	memset(p, 0, HEADER);
	p[1] = 7; /* id */
	p[2] = 1; /* recursion desired */
	p[5] = 1; /* one question */
	for (const char *label = name; *label;) {
		size_t len = strcspn(label, ".");
		p[n++] = (uint8_t)len;
		memcpy(p + n, label, len);
		n += len;
		label += len + (label[len] == '.');
	}
	p[n++] = 0;
	p[n++] = 0;
	p[n++] = (uint8_t)type;
	p[n++] = 0;
	p[n++] = 1;
	return n;
}

/* The name at *at as text; follows one compression pointer. *at moves behind it. */
static void get_name(const uint8_t *p, size_t len, size_t *at, char *text)
{
	size_t pos = *at, out = 0;
	bool jumped = false;

	while (pos < len && p[pos]) {
		if (p[pos] >= 0xc0) {
			if (!jumped)
				*at = pos + 2;
			jumped = true;
			pos = p[pos + 1];
			continue;
		}
		memcpy(text + out, p + pos + 1, p[pos]);
		out += p[pos];
		text[out++] = '.';
		pos += p[pos] + 1u;
	}
	text[out ? out - 1 : 0] = '\0';
	if (!jumped)
		*at = pos + 1;
}

/* Answers like an upstream that knows every name as 9.9.9.9. */
static void answer_upstream(void)
{
	static const uint8_t a[] = { 0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 9, 9, 9, 9 };
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	uint8_t p[PACKET_MAX];
	size_t at = HEADER;

	ssize_t n = recvfrom(upstream, p, sizeof(p) - sizeof(a), 0, (void *)&from, &from_len);
	if (n < HEADER)
		return;
	get_name(p, (size_t)n, &at, asked);
	at += 4;
	p[2] |= 0x80;
	p[3] = 0x80;
	p[7] = 1;
	p[11] = 0; /* no EDNS in the answer */
	memcpy(p + at, a, sizeof(a));
	sendto(upstream, p, at + sizeof(a), 0, (void *)&from, from_len);
}

/* Reads an answer: address or name of the first record, or "rcode N". */
static void read_answer(const uint8_t *p, size_t len, char *text)
{
	size_t at = HEADER;
	char name[256];

	snprintf(text, 64, "rcode %d", p[3] & 15);
	if (!p[7])
		return;
	get_name(p, len, &at, name);
	at += 4;
	get_name(p, len, &at, name);
	uint16_t type = (uint16_t)(p[at] << 8 | p[at + 1]);
	at += 10;
	if (type == 1)
		inet_ntop(AF_INET, p + at, text, 64);
	else
		get_name(p, len, &at, text);
}

enum { TYPE_A = 1, TYPE_PTR = 12 };

/* Asks a server; while it waits it is the upstream as well. A server that is not up yet is asked
 * again. */
static const char *ask(const struct place *p, const char *server, const char *name, uint16_t type)
{
	static char text[256];
	uint8_t query[PACKET_MAX], reply[PACKET_MAX];
	size_t len = put_question(query, name, type);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	_cleanup_close_ int fd = place_socket(p, AF_INET, SOCK_DGRAM);

	inet_pton(AF_INET, server, &to.sin_addr);
	asked[0] = '\0';
	for (size_t i = 0; i < TRIES; i++) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
					{ .fd = upstream, .events = POLLIN } };
		sendto(fd, query, len, 0, (void *)&to, sizeof(to));
		while (poll(fds, 2, ASK_MS) > 0) {
			if (fds[1].revents)
				answer_upstream();
			if (!fds[0].revents)
				continue;
			ssize_t n = recv(fd, reply, sizeof(reply), 0);
			if (n < 0)
				break; /* nobody listens yet */
			read_answer(reply, (size_t)n, text);
			return text;
		}
	}
	return "no answer";
}

/* The servers are started before any interface is there (11). */
static int setup(void **state UNUSED)
{
	static const char *const networks[] = { "vm1", "lan", "opt1", "opt2" };

	fixture_home(&f);
	w = (struct world){ 0 };
	world_begin(&w);
	world_render(&w, &f.recipe, &f.vm, &f.facts);
	if (world_load(&w, "etc/nftables.conf") != 0 ||
	    RUN(&w.router, "ip", "link", "set", "lo", "up") != 0)
		return -1;
	upstream = place_listen(&w.router, SOCK_DGRAM, 53);
	/* As dnscrypt-proxy does: on the loopback only, or dnsmasq could not have the other
	 * addresses. */
	close(upstream);
	upstream = place_socket(&w.router, AF_INET, SOCK_DGRAM);
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(53),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(upstream, (void *)&at, sizeof(at)) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
		servers[i] = start(networks[i]);
	world_connect(&w);
	return 0;
}

static int teardown(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++) {
		kill(servers[i], SIGKILL);
		waitpid(servers[i], NULL, 0);
	}
	close(upstream);
	world_end(&w);
	return 0;
}

/* 28: the router's own name is its address there, not what /etc/hosts says. */
static void the_router_has_a_name_in_every_network(void **state UNUSED)
{
	assert_string_equal(ask(&w.lan, "192.168.100.1", "router.lan", TYPE_A), "192.168.100.1");
	assert_string_equal(ask(&w.vm, "192.168.1.1", "router.vm1", TYPE_A), "192.168.1.1");
	assert_string_equal(ask(&w.opt, "192.168.101.1", "router.opt1", TYPE_A), "192.168.101.1");
	assert_string_equal(ask(&w.lan, "192.168.100.1", "1.100.168.192.in-addr.arpa", TYPE_PTR),
			    "router.lan");
	assert_string_equal(asked, "");
}

/* 29: names of ours that nobody has, bare names and private addresses are not asked upstream. */
static void only_what_belongs_to_the_internet_is_asked_there(void **state UNUSED)
{
	assert_string_equal(ask(&w.lan, "192.168.100.1", "example.org", TYPE_A), "9.9.9.9");
	assert_string_equal(asked, "example.org");
	assert_string_equal(ask(&w.lan, "192.168.100.1", "nobody.lan", TYPE_A), "rcode 3");
	assert_string_equal(ask(&w.lan, "192.168.100.1", "nobody", TYPE_A), "rcode 3");
	assert_string_equal(ask(&w.lan, "192.168.100.1", "9.1.168.192.in-addr.arpa", TYPE_PTR),
			    "rcode 3");
	assert_string_equal(asked, "");
}

/* Takes a lease as a machine of that name does; what it was given goes to *given. */
static int lease(const struct place *p, const char *name, struct buf *given)
{
	_cleanup_free_ char *script = fs_join(w.dir, "bound"), *file = fs_join(w.dir, "given");
	_cleanup_free_ char *text = xasprintf("#!/bin/sh\n[ \"$1\" = bound ] || exit 0\n"
					      "echo \"$ip $router $dns $domain $lease\" >%s\n",
					      file);
	_cleanup_free_ char *host = xasprintf("hostname:%s", name);

	assert_works(fs_write(script, text, strlen(text), 0755, &err));
	int status = RUN(p, "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "5", "-T",
			 "1", "-x", host, "-s", script);
	if (status == 0)
		assert_works(fs_read(file, 4096, given, &err));
	return status;
}

/* 8: leases of two networks side by side; 37: DHCP passes the rules. Names follow forwards, and
 * only those. */
static void a_lease_gives_address_and_name(void **state UNUSED)
{
	_cleanup_buf_ struct buf vm = { 0 };
	_cleanup_buf_ struct buf lan = { 0 };
	char address[64];

	assert_string_equal(ask(&w.vm, "192.168.1.1", "router.vm1", TYPE_A), "192.168.1.1");
	assert_string_equal(ask(&w.lan, "192.168.100.1", "router.lan", TYPE_A), "192.168.100.1");
	assert_int_equal(lease(&w.vm, "test1", &vm), 0);
	assert_int_equal(lease(&w.lan, "laptop", &lan), 0);
	assert_non_null(strstr(buf_text(&vm), " 192.168.1.1 192.168.1.1 vm1 3600\n"));
	assert_non_null(strstr(buf_text(&lan), " 192.168.100.1 192.168.100.1 lan 43200\n"));
	snprintf(address, sizeof(address), "%.*s", (int)strcspn(buf_text(&vm), " "), buf_text(&vm));
	assert_string_equal(ask(&w.vm, "192.168.1.1", "test1.vm1", TYPE_A), address);
	assert_string_equal(ask(&w.lan, "192.168.100.1", "test1.vm1", TYPE_A), address);
	assert_string_equal(ask(&w.vm, "192.168.1.1", "router.lan", TYPE_A), "9.9.9.9");
	assert_string_equal(ask(&w.vm, "192.168.1.1", "router.vm1", TYPE_A), "192.168.1.1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(the_router_has_a_name_in_every_network),
		TEST(only_what_belongs_to_the_internet_is_asked_there),
		TEST(a_lease_gives_address_and_name),
	};
	const char *why = world_possible();

	if (!why && (!proc_find("dnsmasq") || !proc_find("busybox")))
		why = "dnsmasq or busybox is not installed";
	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
