/*
 * The rendered .network files with the real systemd-networkd, behind the rendered rules, in a mount
 * namespace of its own. Numbers are those of observed defects of an earlier router.
 */
#include "../unit/test.h"
#include "../unit/fixture_router.h"
#include "world.h"
#include "base/deadline.h"
#include "base/fs.h"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char networkd[] = "/lib/systemd/systemd-networkd";

enum { WAIT_MS = 15000, PROGRAMS = 3 };

static struct world w;
static pid_t programs[PROGRAMS];

/* In the child: a view of the machine where only our files configure the network. */
static int private_root(const char *log)
{
	_cleanup_free_ char *files = fs_join(w.dir, "etc/systemd/network");
	const struct passwd *user = getpwnam("systemd-network");
	int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (!user || fd < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	/* A read-only /sys tells networkd that there is no udev to wait for. */
	if (mount("sysfs", "/sys", "sysfs", MS_RDONLY, NULL) < 0 ||
	    mount(files, "/etc/systemd/network", NULL, MS_BIND, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/systemd", 0755) < 0 ||
	    mkdir("/run/systemd/netif", 0755) < 0 ||
	    chown("/run/systemd/netif", user->pw_uid, user->pw_gid) < 0)
		return -1;
	return dup2(fd, STDERR_FILENO);
}

/* Starts a program that ends with this process. log: networkd's. */
static pid_t start(const struct place *p, const char *log, const char *const *argv)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setns(p->ns, CLONE_NEWNET) == 0 && (!log || private_root(log) >= 0)) {
		setenv("SYSTEMD_LOG_TARGET", "console", 1);
		execv(argv[0], (char *const *)argv);
	}
	_exit(127);
}

static pid_t dhcp_server(const struct place *p, const char *address, const char *range)
{
	_cleanup_free_ char *leases = xasprintf("%s/%s.leases", w.dir, p->name);
	_cleanup_free_ char *option = xasprintf("--dhcp-leasefile=%s", leases);
	const char *const argv[] = { "/usr/sbin/dnsmasq",
				     "--keep-in-foreground",
				     "--conf-file=/dev/null",
				     "--user=root",
				     "--port=0",
				     "--no-ping",
				     "--pid-file=",
				     "--interface=eth0",
				     "--log-facility=/dev/null",
				     range,
				     option,
				     NULL };

	assert_int_equal(RUN(p, "ip", "addr", "add", address, "dev", "eth0"), 0);
	return start(p, NULL, argv);
}

/* Waits until a command's output has the text. */
static void assert_becomes(const char *text, const char *const *argv)
{
	struct clock clock = clock_real(-1);
	struct deadline d = deadline_in(&clock, WAIT_MS);

	for (;;) {
		_cleanup_buf_ struct buf out = { 0 };
		place_run(&w.router, &out, argv);
		if (strstr(buf_text(&out), text))
			return;
		if (deadline_passed(&d))
			fail_msg("'%s' does not come; %s %s %s says:\n%s", text, argv[0], argv[1],
				 argv[2], buf_text(&out));
	}
}
#define BECOMES(text, ...) assert_becomes(text, (const char *const[]){ "ip", __VA_ARGS__, NULL })

static int setup(void **state UNUSED)
{
	static const char *const argv[] = { networkd, NULL };
	struct fixture f;

	fixture_home(&f);
	w = (struct world){ 0 };
	world_begin(&w);
	world_render(&w, &f.recipe, &f.vm, &f.facts);
	if (world_load(&w, "etc/nftables.conf") != 0)
		return -1;
	world_cables(&w);
	/* a port without a cable */
	if (RUN(&w.lan, "ip", "link", "set", "eth0", "down") != 0)
		return -1;
	_cleanup_free_ char *log = fs_join(w.dir, "log");
	programs[0] = dhcp_server(&w.net, "5.6.7.9/24", "--dhcp-range=5.6.7.20,5.6.7.30,1h");
	programs[1] =
		dhcp_server(&w.admin, "10.77.0.2/24", "--dhcp-range=10.77.0.20,10.77.0.30,1h");
	programs[2] = start(&w.router, log, argv);
	return 0;
}

static int teardown(void **state UNUSED)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		kill(programs[i], SIGKILL);
		waitpid(programs[i], NULL, 0);
	}
	world_end(&w);
	return 0;
}

static void the_network_comes_up_as_written(void **state UNUSED)
{
	static const char *const routes[] = { "ip", "route", "show", "default", NULL };
	_cleanup_buf_ struct buf out = { 0 }, text = { 0 };
	_cleanup_free_ char *log = fs_join(w.dir, "log");

	/* 12: also without carrier; 13: every network */
	BECOMES("192.168.100.1/24", "addr", "show", "lan");
	BECOMES("192.168.1.1/24", "addr", "show", "vm1");
	BECOMES("192.168.101.1/24", "addr", "show", "opt1");
	BECOMES("inet 5.6.7.", "addr", "show", "wan");
	BECOMES("inet 10.77.0.", "addr", "show", "vm0");
	/* 24: the way back for administrators elsewhere, in its own table */
	BECOMES("default via 10.77.0.2 dev vm0", "route", "show", "table", "76");
	BECOMES("fwmark 0x76 lookup 76", "rule", "show");
	/* exactly one default route, on wan */
	BECOMES("default via 5.6.7.9 dev wan", "route", "show", "default");
	assert_int_equal(place_run(&w.router, &out, routes), 0);
	assert_ptr_equal(strchr(buf_text(&out), '\n'), strrchr(buf_text(&out), '\n'));
	/* no key that networkd does not know */
	assert_works(fs_read(log, 1 << 20, &text, &err));
	assert_non_null(strstr(buf_text(&text), "Enumeration completed"));
	if (strstr(buf_text(&text), "Unknown") || strstr(buf_text(&text), "ignoring"))
		fail_msg("%s", buf_text(&text));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_network_comes_up_as_written, setup, teardown),
	};
	const char *why =
		geteuid() == 0 ? world_possible() : "networkd changes to its own user: root only";

	if (!why && (access(networkd, X_OK) < 0 || access("/usr/sbin/dnsmasq", X_OK) < 0 ||
		     !getpwnam("systemd-network")))
		why = "systemd-networkd, its user or dnsmasq is not installed";
	if (why) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
