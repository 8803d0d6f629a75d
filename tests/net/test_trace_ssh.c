/*
 * 'fw trace --ssh' with a real sshd, real nft and real iptables, all in namespaces of the test's own: the trace names the rule that
 * a packet meets, and however it ends nothing of it is left on the node.
 */
#include "../guest/sshd.h"
#include "../unit/test.h"
#include "base/fs.h"
#include "base/proc.h"
#include "lab/firewall_logger.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { PORT = 7777, WAIT_MS = 10000 };

static struct sshd node;
static struct clock real;
static char *known_hosts;
static pid_t logger;

/* --- the node: this process's own namespaces --- */

static int output_of(const char *const *argv, struct buf *out)
{
	_cleanup_proc_result_ struct proc_result r = { 0 };
	const struct proc_spec spec = { .argv = argv };

	assert_works(proc_run(&spec, &real, &r, &err));
	buf_adds(out, buf_text(&r.out));
	return r.status;
}
#define OUTPUT(out, ...) output_of((const char *const[]){ __VA_ARGS__, NULL }, out)

/* A line for the host's key; `ssh` on PATH is the real one with a configuration of the test's. */
static void write_known_hosts(const char *key)
{
	_cleanup_free_ char *line = xasprintf("[127.0.0.1]:%u %s", node.port, key);

	assert_works(fs_write(known_hosts, line, strlen(line), 0600, &err));
}

static void use_ssh(void)
{
	_cleanup_free_ char *config = fs_join(node.dir, "ssh_config"), *bin = fs_join(node.dir, "bin");
	_cleanup_free_ char *ssh = fs_join(bin, "ssh"), *path = xasprintf("%s:/usr/sbin:/usr/bin:/sbin:/bin", bin);
	_cleanup_free_ char *text = xasprintf("Host node\nHostName 127.0.0.1\nPort %u\nUser root\nIdentityFile %s\nIdentitiesOnly yes\n"
					      "UserKnownHostsFile %s\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking no\n",
					      node.port, node.key, known_hosts);
	_cleanup_free_ char *script = xasprintf("#!/bin/sh\nexec /usr/bin/ssh -F %s \"$@\"\n", config);

	assert_works(fs_mkdirs(bin, 0700, &err));
	assert_works(fs_write(config, text, strlen(text), 0600, &err));
	assert_works(fs_write(ssh, script, strlen(script), 0700, &err));
	setenv("PATH", path, 1);
}

static int set_up(void **state UNUSED)
{
	real = clock_real(-1);
	sshd_start(&node);
	known_hosts = fs_join(node.dir, "known_hosts");
	write_known_hosts(node.host_key);
	use_ssh();
	return 0;
}

static int tear_down(void **state UNUSED)
{
	sshd_stop(&node);
	free(known_hosts);
	return 0;
}

static void send_udp(const char *to, const char *from)
{
	struct sockaddr_in source = { .sin_family = AF_INET };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	bool is4 = inet_pton(AF_INET, to, &in.sin_addr) == 1;
	_cleanup_close_ int fd = socket(is4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(is4 || inet_pton(AF_INET6, to, &in6.sin6_addr) == 1);
	if (from)
		assert_true(inet_pton(AF_INET, from, &source.sin_addr) == 1 && bind(fd, (const void *)&source, sizeof(source)) == 0);
	sendto(fd, "x", 1, 0, is4 ? (const void *)&in : (const void *)&in6, is4 ? sizeof(in) : sizeof(in6));
}

/* --- the program --- */

struct run {
	pid_t pid;
	FILE *out, *err;
};

static struct run begin(const char *const *more)
{
	const char *argv[16] = { getenv("PVEPROV"), "fw", "trace", "--ssh", "node" };
	int out[2], errors[2];
	size_t n = 5;

	for (; *more; more++)
		argv[n++] = *more;
	assert_true(pipe2(out, O_CLOEXEC) == 0 && pipe2(errors, O_CLOEXEC) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(errors[1], STDERR_FILENO);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(out[1]);
	close(errors[1]);
	return (struct run){ pid, fdopen(out[0], "r"), fdopen(errors[0], "r") };
}
#define BEGIN(...) begin((const char *const[]){ "--port", "7777/udp", __VA_ARGS__, NULL })

/* Reads to the first line that has it. */
static void until(FILE *f, const char *part)
{
	_cleanup_buf_ struct buf seen = { 0 };
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, f) > 0) {
		if (strstr(line, part))
			return;
		buf_adds(&seen, line);
	}
	fail_msg("'%s' did not come:\n%s", part, buf_text(&seen));
}

static int end(struct run *r, int signal_number)
{
	int status;

	if (signal_number)
		kill(r->pid, signal_number);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	fclose(r->out);
	fclose(r->err);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool has_table(void)
{
	_cleanup_buf_ struct buf out = { 0 };

	assert_int_equal(OUTPUT(&out, "nft", "list", "tables"), 0);
	return strstr(buf_text(&out), "pveprov-trace");
}

/* Where nobody waits for the node's end. */
static void assert_table_goes(void)
{
	struct deadline d = deadline_in(&real, WAIT_MS);

	while (has_table())
		assert_false(deadline_passed(&d));
}

/* --- with nftables --- */

static void load_nft(void)
{
	_cleanup_buf_ struct buf out = { 0 };

	assert_int_equal(OUTPUT(&out, "nft", "flush ruleset; table inet proxmox-firewall { chain host-in { type filter hook input priority 0; "
					     "udp dport 7777 drop; }; }"),
			 0);
}

static void the_trace_names_the_rule(void **state UNUSED)
{
	load_nft();
	struct run r = BEGIN("--for", "1h");
	until(r.err, "tracing for 3600 s");
	assert_true(has_table());
	send_udp("127.0.0.1", NULL);
	until(r.out, "inet proxmox-firewall host-in rule udp dport 7777 drop (verdict drop)");
	send_udp("::1", NULL);
	until(r.out, "ip6 saddr ::1");
	until(r.out, "inet proxmox-firewall host-in rule udp dport 7777 drop (verdict drop)");
	assert_int_equal(end(&r, SIGINT), 130);
	assert_false(has_table()); /* it waited for the node */
}

static void only_what_matches_is_traced(void **state UNUSED)
{
	load_nft();
	struct run r = BEGIN("--from", "127.0.0.2", "--guests", "--for", "1h", "--backend", "nftables");
	until(r.err, "tracing");
	send_udp("127.0.0.1", NULL);
	send_udp("127.0.0.1", "127.0.0.2");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	assert_true(getline(&line, &room, r.out) > 0 && strstr(line, " packet: ") && strstr(line, "ip saddr 127.0.0.2 "));
	assert_int_equal(end(&r, SIGTERM), 130);
	assert_false(has_table());
}

/* Ours comes from there, too: what it prints would be traced, and so on. */
static void the_connection_itself_is_not_traced(void **state UNUSED)
{
	load_nft();
	struct run r = begin((const char *const[]){ "--from", "127.0.0.1", "--for", "1h", NULL });
	until(r.err, "tracing");
	send_udp("127.0.0.1", NULL);
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	assert_true(getline(&line, &room, r.out) > 0 && strstr(line, "udp dport 7777 "));
	until(r.out, "host-in rule udp dport 7777 drop (verdict drop)");
	assert_int_equal(end(&r, SIGINT), 130);
	assert_false(has_table());
}

static void it_ends_with_its_time(void **state UNUSED)
{
	load_nft();
	struct run r = BEGIN("--for", "1s");
	assert_int_equal(end(&r, 0), 0);
	assert_false(has_table());
}

/* The program is killed: nobody tells the node but the end of its standard input. */
static void a_killed_program_leaves_nothing(void **state UNUSED)
{
	load_nft();
	struct run r = BEGIN("--for", "1h");
	until(r.err, "tracing");
	assert_int_equal(end(&r, SIGKILL), 128 + SIGKILL);
	assert_table_goes();
}

static pid_t child_of(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/task/%d/children", (int)pid, (int)pid);
	_cleanup_buf_ struct buf children = { 0 };

	assert_works(fs_read(path, 4096, &children, &err));
	pid_t child = (pid_t)strtol(buf_text(&children), NULL, 10);
	assert_true(child > 1);
	return child;
}

/* The connection breaks at one end or the other. */
static void a_lost_connection_leaves_nothing(void **state UNUSED)
{
	load_nft();
	for (int at_the_server = 0; at_the_server < 2; at_the_server++) {
		struct run r = BEGIN("--for", "1h");
		until(r.err, "tracing");
		assert_int_equal(kill(child_of(at_the_server ? node.pid : r.pid), SIGKILL), 0);
		until(r.err, "the connection was lost");
		until(r.err, "removes its marks by itself, at the latest after 3600 s");
		assert_int_equal(end(&r, 0), 3);
		assert_table_goes();
	}
}

static void an_unknown_host_is_refused(void **state UNUSED)
{
	load_nft();
	write_known_hosts(node.wrong_host_key);
	struct run r = BEGIN("--for", "1h");
	until(r.err, "Host key verification failed");
	until(r.err, "the node's key must be in known_hosts already");
	assert_int_equal(end(&r, 0), 3);
	assert_works(fs_write(known_hosts, "", 0, 0600, &err));
	r = BEGIN("--for", "1h");
	until(r.err, "Host key verification failed");
	assert_int_equal(end(&r, 0), 3);
	assert_false(has_table());
}

/* --- with iptables-legacy, as the daemon of Proxmox VE has it --- */

static void start_logger(void)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	logger = fork();
	if (logger == 0) {
		struct event_base *base = event_base_new();
		struct firewall_logger *g = NULL;
		int ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (firewall_logger_open(base, ns, "/var/log/pve-firewall.log", &g, NULL) == 0 && write(ready[1], "+", 1) == 1)
			event_base_dispatch(base);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

/* What `iptables` is on the node from now on. */
static void use_legacy(void)
{
	int r = symlink("/usr/sbin/iptables-legacy", "/usr/local/sbin/iptables");

	assert_true((r == 0 || errno == EEXIST) &&
		    (symlink("/usr/sbin/ip6tables-legacy", "/usr/local/sbin/ip6tables") == 0 || errno == EEXIST));
}

static void raw_rules(struct buf *out)
{
	assert_int_equal(OUTPUT(out, "iptables-legacy", "-t", "raw", "-S"), 0);
	assert_int_equal(OUTPUT(out, "ip6tables-legacy", "-t", "raw", "-S"), 0);
}

static void iptables_are_traced_too(void **state UNUSED)
{
	_cleanup_buf_ struct buf before = { 0 }, while_on = { 0 }, after = { 0 };

	if (OUTPUT(&before, "iptables-legacy", "-t", "raw", "-L") != 0)
		skip(); /* not installed, or the kernel has none */
	buf_reset(&before);
	use_legacy();
	start_logger();
	assert_int_equal(OUTPUT(&after, "nft", "flush", "ruleset"), 0);
	assert_int_equal(OUTPUT(&after, "iptables-legacy", "-N", "PVEFW-INPUT"), 0);
	assert_int_equal(OUTPUT(&after, "iptables-legacy", "-A", "INPUT", "-j", "PVEFW-INPUT"), 0);
	assert_int_equal(OUTPUT(&after, "iptables-legacy", "-A", "PVEFW-INPUT", "-p", "udp", "--dport", "7777", "-j", "DROP"), 0);
	raw_rules(&before);
	struct run r = BEGIN("--for", "1h");
	until(r.err, "tracing for 3600 s");
	raw_rules(&while_on);
	assert_non_null(strstr(buf_text(&while_on), "-j RETURN\n-A PVEPROV-TRACE -p tcp"));
	assert_non_null(strstr(buf_text(&while_on), "-A PVEPROV-TRACE -p udp -m udp --dport 7777 -j TRACE"));
	send_udp("127.0.0.1", NULL);
	until(r.out, "TRACE: filter:PVEFW-INPUT:rule:1 IN=lo");
	assert_int_equal(end(&r, SIGINT), 130);
	raw_rules(&after);
	assert_string_equal(buf_text(&after), buf_text(&before));
	assert_false(has_table());
	kill(logger, SIGKILL);
	waitpid(logger, NULL, 0);
}

/* iptables is legacy there as well, but proxmox-firewall's table says what counts. */
static void a_node_with_nftables_is_known(void **state UNUSED)
{
	if (access("/usr/sbin/iptables-legacy", X_OK) < 0)
		skip();
	use_legacy();
	load_nft();
	struct run r = BEGIN("--for", "1h");
	until(r.err, "tracing");
	assert_true(has_table());
	send_udp("127.0.0.1", NULL);
	until(r.out, "inet proxmox-firewall host-in rule udp dport 7777 drop (verdict drop)");
	assert_int_equal(end(&r, SIGINT), 130);
	assert_false(has_table());
}

/* Namespaces of our own, with files of our own where the node's would be written. */
static const char *own_node(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (geteuid() != 0 || !proc_find("nft") || !proc_find("sshd"))
		return "needs root, nft and sshd";
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/var/log", "tmpfs", 0, NULL) < 0 || mount("none", "/usr/local/sbin", "tmpfs", 0, NULL) < 0)
		return "no namespaces can be made";
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? "the loopback does not come up" : NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(the_trace_names_the_rule),	  TEST(only_what_matches_is_traced),	  TEST(it_ends_with_its_time),
		TEST(the_connection_itself_is_not_traced),
		TEST(a_killed_program_leaves_nothing), TEST(a_lost_connection_leaves_nothing), TEST(an_unknown_host_is_refused),
		TEST(iptables_are_traced_too), TEST(a_node_with_nftables_is_known),
	};
	const char *why = own_node();

	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
