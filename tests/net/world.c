#include "world.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/text.h"
#include "render/validate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>

enum { WAIT_MS = 5000 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	abort();
}

static int put(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) >= 0 ? 0 : -1;
}

const char *world_possible(void)
{
	char map[32];

	if (!proc_find("nft") || !proc_find("ip"))
		return "nft or ip is not installed";
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)geteuid());
	if (geteuid() != 0) {
		char groups[32];
		snprintf(groups, sizeof(groups), "0 %u 1", (unsigned)getegid());
		if (unshare(CLONE_NEWUSER) < 0 || put("/proc/self/setgroups", "deny") < 0 ||
		    put("/proc/self/uid_map", map) < 0 || put("/proc/self/gid_map", groups) < 0)
			return "neither root nor a user namespace";
	}
	return unshare(CLONE_NEWNET) < 0 ? "no network namespace can be made" : NULL;
}

void world_pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		die("sched_setaffinity");
}

void world_unpin(void)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	if (sched_setaffinity(0, sizeof(all), &all) < 0)
		die("sched_setaffinity");
}

static int own_namespace(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("namespace");
	return fd;
}

static void enter(int ns)
{
	if (setns(ns, CLONE_NEWNET) < 0)
		die("setns");
}

static int enter_in_child(void *ctx)
{
	return setns(*(const int *)ctx, CLONE_NEWNET);
}

int place_run(const struct place *p, struct buf *out, const char *const *argv)
{
	static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	_cleanup_proc_result_ struct proc_result r = { 0 };
	_cleanup_err_ struct err *err = NULL;
	struct clock clock = clock_real(-1);
	int ns = p->ns;
	const struct proc_spec spec = {
		.argv = argv, .env = env, .in_child = enter_in_child, .in_child_ctx = &ns
	};

	if (proc_run(&spec, &clock, &r, &err) < 0) {
		fprintf(stderr, "%s\n", err->text);
		return -1;
	}
	if (r.status && !out)
		fprintf(stderr, "# in %s: %s: status %d: %s", p->name, argv[0], r.status,
			buf_text(&r.err));
	if (out)
		buf_adds(out, buf_text(&r.out));
	return r.status;
}

int place_new(struct place *p)
{
	int home = own_namespace();

	if (unshare(CLONE_NEWNET) < 0) {
		close(home);
		return -1;
	}
	p->ns = own_namespace();
	/* Addresses are usable at once: no duplicate address detection. */
	if (put("/proc/sys/net/ipv6/conf/all/accept_dad", "0") < 0 ||
	    put("/proc/sys/net/ipv6/conf/default/accept_dad", "0") < 0)
		die("accept_dad");
	enter(home);
	close(home);
	return 0;
}

void world_begin(struct world *w)
{
	struct {
		struct place *place;
		const char *name;
	} places[] = { { &w->router, "router" }, { &w->admin, "admin" }, { &w->vm, "vm" },
		       { &w->lan, "lan" },	 { &w->opt, "opt" },	 { &w->net, "net" } };

	w->home = own_namespace();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		places[i].place->name = places[i].name;
		if (place_new(places[i].place) < 0)
			die("unshare");
	}
}

int place_feed(const struct place *p, const char *const *argv, const char *input)
{
	_cleanup_proc_result_ struct proc_result r = { 0 };
	_cleanup_err_ struct err *err = NULL;
	struct clock clock = clock_real(-1);
	int ns = p->ns;
	const struct proc_spec spec = { .argv = argv,
					.input = input,
					.input_len = strlen(input),
					.in_child = enter_in_child,
					.in_child_ctx = &ns };

	if (proc_run(&spec, &clock, &r, &err) == 0 && r.status == 0)
		return 0;
	fprintf(stderr, "in %s: %s: %s\n", p->name, argv[0], err ? err->text : buf_text(&r.err));
	return -1;
}

void place_ip(const struct place *p, const char *option, const char *commands)
{
	const char *const plain[] = { "ip", "-batch", "-", NULL },
			  *const with[] = { "ip", option, "-batch", "-", NULL };

	if (place_feed(p, option ? with : plain, commands) < 0)
		abort();
}

static void cable(struct world *w, const char *port, const struct place *to)
{
	_cleanup_free_ char *text =
		xasprintf("link add %s type veth peer name eth0 netns /proc/%d/fd/%d\n"
			  "link set %s up\n",
			  port, (int)getpid(), to->ns, port);

	place_ip(&w->router, NULL, text);
	place_ip(to, NULL, "link set lo up\nlink set eth0 up\n");
}

void world_cables(struct world *w)
{
	cable(w, "vm0", &w->admin);
	cable(w, "vm1", &w->vm);
	cable(w, "lan", &w->lan);
	cable(w, "opt1", &w->opt);
	cable(w, "wan", &w->net);
}

void world_connect(struct world *w)
{
	_cleanup_free_ char *settings = fs_join(w->dir, "etc/sysctl.d/60-router.conf");
	_cleanup_free_ char *forwarding = fs_join(w->dir, "etc/router/forwarding.conf");
	static const char sysctl[] = "/lib/systemd/systemd-sysctl";

	world_cables(w);
	place_ip(&w->router, NULL,
		 "link set lo up\n"
		 "addr add 10.77.0.1/24 dev vm0\naddr add 192.168.1.1/24 dev vm1\n"
		 "addr add 192.168.100.1/24 dev lan\naddr add 192.168.101.1/24 dev opt1\n"
		 "addr add 5.6.7.8/24 dev wan\nroute add default via 5.6.7.9\n"
		 "addr add 2a00:100:0:1::1/64 dev lan\naddr add 2a00:100::8/64 dev wan\n"
		 "route add default via 2a00:100::9\n"
		 "route add default via 10.77.0.2 table 76\nrule add fwmark 0x76 table 76 priority "
		 "76\n");
	place_ip(&w->admin, NULL, "addr add 10.77.0.2/24 dev eth0\naddr add 10.88.0.5/32 dev lo\n"
			    "route add default via 10.77.0.1\n");
	place_ip(&w->vm, NULL, "addr add 192.168.1.50/24 dev eth0\naddr add 192.168.1.5/24 dev eth0\n"
			 "route add default via 192.168.1.1\n");
	place_ip(&w->lan, NULL,
		 "addr add 192.168.100.50/24 dev eth0\nroute add default via 192.168.100.1\n"
		 "addr add 2a00:100:0:1::50/64 dev eth0\nroute add default via 2a00:100:0:1::1\n");
	place_ip(&w->opt, NULL,
		 "addr add 192.168.101.50/24 dev eth0\nroute add default via 192.168.101.1\n");
	place_ip(&w->net, NULL, "addr add 5.6.7.9/24 dev eth0\naddr add 1.1.1.1/32 dev lo\naddr add "
			  "10.1.2.3/32 dev lo\n"
			  "addr add 2a00:100::9/64 dev eth0\naddr add 2606:4700::1111/128 dev lo\n"
			  "route add 192.168.0.0/16 via 5.6.7.8\nroute add 2a00:100:0:1::/64 via "
			  "2a00:100::8\n");
	if (RUN(&w->router, sysctl, settings) != 0 || RUN(&w->router, sysctl, forwarding) != 0)
		die("sysctl");
}

void world_end(struct world *w)
{
	const struct place *const places[] = { &w->router, &w->admin, &w->vm,
					       &w->lan,	   &w->opt,   &w->net };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		close(places[i]->ns);
	close(w->home);
	fs_remove_tree(w->dir, NULL);
	free(w->dir);
}

void world_render(struct world *w, const struct recipe *r, const struct recipe_vm *vm,
		  const struct render_facts *facts)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_err_ struct err *err = NULL;

	if ((!w->dir && fs_temp_dir(NULL, "router", &w->dir, &err) < 0) ||
	    render_router(r, vm, facts, &b, &err) < 0 || validate_write(&b, w->dir, &err) < 0) {
		fprintf(stderr, "%s\n", err->text);
		abort();
	}
}

int world_load(struct world *w, const char *file)
{
	_cleanup_free_ char *path = fs_join(w->dir, file);

	return RUN(&w->router, "nft", "-f", path);
}

static int open_socket(const struct place *p, int family, int type, int protocol)
{
	int home = own_namespace();

	enter(p->ns);
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);
	enter(home);
	close(home);
	if (fd < 0)
		die("socket");
	return fd;
}

int place_socket(const struct place *p, int family, int type)
{
	return open_socket(p, family, type, 0);
}

int place_raw(const struct place *p, int family, int protocol)
{
	return open_socket(p, family, SOCK_RAW, protocol);
}

static socklen_t address(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	*ret = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(ret, &in, sizeof(in));
		return sizeof(in);
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
		die(text);
	memcpy(ret, &in6, sizeof(in6));
	return sizeof(in6);
}

/* IPv4 in an IPv6 socket is shown as IPv4. */
static void name(const struct sockaddr_storage *a, char text[static ADDR_TEXT_MAX])
{
	const struct sockaddr_in6 *in6 = (const void *)a;

	if (a->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, text,
			  ADDR_TEXT_MAX);
	else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, ADDR_TEXT_MAX);
	else
		inet_ntop(AF_INET6, &in6->sin6_addr, text, ADDR_TEXT_MAX);
}

int place_listen(const struct place *p, int type, uint16_t port)
{
	int fd = place_socket(p, AF_INET6, type | SOCK_NONBLOCK), on = 1, off = 0;
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const void *)&any, sizeof(any)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 64) < 0))
		die("listen");
	return fd;
}

static void use_source(int fd, int family, const char *from)
{
	struct sockaddr_storage a;
	int on = 1;
	socklen_t len = address(from, 0, &a);

	setsockopt(fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		   family == AF_INET ? IP_TRANSPARENT : IPV6_TRANSPARENT, &on, sizeof(on));
	if (bind(fd, (const void *)&a, len) < 0)
		die(from);
}

int place_begin(const struct place *p, const char *from, const char *to, uint16_t port,
		int *ret_errno)
{
	struct sockaddr_storage a;
	socklen_t len = address(to, port, &a);
	int fd = place_socket(p, a.ss_family, SOCK_STREAM | SOCK_NONBLOCK);

	if (from)
		use_source(fd, a.ss_family, from);
	*ret_errno = connect(fd, (const void *)&a, len) < 0 ? errno : 0;
	return fd;
}

int place_connect(const struct place *p, const char *from, const char *to, uint16_t port,
		  int *ret_fd)
{
	int result, fd = place_begin(p, from, to, port, &result);
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(result);

	if (result == EINPROGRESS && poll(&wait, 1, WAIT_MS) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &len);
	else if (result == EINPROGRESS)
		result = ETIMEDOUT;
	if (ret_fd)
		*ret_fd = fd;
	else
		close(fd);
	return result;
}

void place_send(const struct place *p, const char *from, const char *to, uint16_t port)
{
	struct sockaddr_storage a;
	socklen_t len = address(to, port, &a);
	_cleanup_close_ int fd = place_socket(p, a.ss_family, SOCK_DGRAM);

	if (from)
		use_source(fd, a.ss_family, from);
	sendto(fd, "x", 1, 0, (const void *)&a, len);
}

void place_receive(int fd, char from[static ADDR_TEXT_MAX])
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char byte;

	from[0] = '\0';
	if (poll(&wait, 1, WAIT_MS) == 1 && recvfrom(fd, &byte, 1, 0, (void *)&a, &len) >= 0)
		name(&a, from);
}

void place_accept(int fd, char from[static ADDR_TEXT_MAX], int *ret_fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	from[0] = '\0';
	*ret_fd = -1;
	if (poll(&wait, 1, WAIT_MS) == 1)
		*ret_fd = accept4(fd, (void *)&a, &len, SOCK_CLOEXEC);
	if (*ret_fd >= 0)
		name(&a, from);
}

bool place_silent(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	return poll(&wait, 1, 0) == 0;
}

uint64_t world_counter(struct world *w, const char *counter)
{
	const char *const argv[] = { "nft", "list", "counter", "inet", "router", counter, NULL };
	_cleanup_buf_ struct buf out = { 0 };

	if (place_run(&w->router, &out, argv) != 0)
		die(counter);
	const char *packets = strstr(buf_text(&out), "packets ");
	return packets ? strtoull(packets + strlen("packets "), NULL, 10) : 0;
}

bool world_counts(struct world *w, const char *counter, uint64_t before)
{
	struct clock clock = clock_real(-1);
	struct deadline d = deadline_in(&clock, WAIT_MS);

	while (!deadline_passed(&d))
		if (world_counter(w, counter) > before)
			return true;
	return false;
}
