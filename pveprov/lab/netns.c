#include "lab/netns.h"
#include "base/proc.h"

#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>

struct call {
	int fd; /* -1: a new namespace */
	int (*fn)(void *ctx);
	void *ctx;
	int result;
	int error;
};

/* setns() and unshare() of the network move one thread only, which ends here. */
static void *call_thread(void *arg)
{
	struct call *c = arg;

	c->result = c->fd < 0 ? unshare(CLONE_NEWNET) : setns(c->fd, CLONE_NEWNET);
	if (c->result == 0)
		c->result = c->fn(c->ctx);
	c->error = errno;
	return NULL;
}

static int call_run(struct call *c)
{
	pthread_t thread;

	c->result = -1;
	c->error = pthread_create(&thread, NULL, call_thread, c);
	if (c->error == 0)
		pthread_join(thread, NULL);
	errno = c->error;
	return c->result;
}

int netns_call(int fd, int (*fn)(void *ctx), void *ctx)
{
	struct call c = { .fd = fd, .fn = fn, .ctx = ctx };

	return call_run(&c);
}

static int hold(void *ret_fd)
{
	_cleanup_close_ int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &lo) < 0)
		return -1;
	*(int *)ret_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return *(int *)ret_fd < 0 ? -1 : 0;
}

int netns_new(int *ret_fd, struct err **err)
{
	int fd = -1;
	struct call c = { .fd = -1, .fn = hold, .ctx = &fd };

	if (call_run(&c) < 0) {
		err_set_errno(err, ERR_INTERNAL, "cannot make a network namespace");
		return err_hint(err, "the qemu hypervisor needs root; 'sim' does not");
	}
	*ret_fd = fd;
	return 0;
}

int netns_enter(void *fd)
{
	return setns(*(int *)fd, CLONE_NEWNET);
}

int netns_ip(int fd, const char *lines, const struct clock *clock, struct err **err)
{
	static const char *const argv[] = { "ip", "-batch", "-", NULL };
	const struct proc_spec spec = { .argv = argv,
					.input = lines,
					.input_len = strlen(lines),
					.timeout_ms = 20000,
					.in_child = netns_enter,
					.in_child_ctx = &fd };

	return proc_check(&spec, clock, err);
}

struct sysctl {
	const char *key, *value;
};

static int write_sysctl(void *ctx)
{
	const struct sysctl *s = ctx;
	_cleanup_free_ char *path = xasprintf("/proc/sys/%s", s->key);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, s->value, strlen(s->value)) > 0 ? 0 : -1;
}

int netns_sysctl(int fd, const char *key, const char *value, struct err **err)
{
	struct sysctl s = { key, value };

	if (netns_call(fd, write_sysctl, &s) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot set '%s' to %s", key, value);
	return 0;
}

struct endpoint {
	const struct sockaddr *address, *from; /* from: NULL is any */
	socklen_t len;
	int fd;
};

static int do_listen(void *ctx)
{
	struct endpoint *e = ctx;
	int one = 1;

	e->fd = socket(e->address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->fd < 0)
		return -1;
	setsockopt(e->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind(e->fd, e->address, e->len) < 0 || listen(e->fd, 64) < 0 ? -1 : 0;
}

static int do_connect(void *ctx)
{
	struct endpoint *e = ctx;

	e->fd = socket(e->address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->fd < 0 || (e->from && bind(e->fd, e->from, e->len) < 0))
		return -1;
	return connect(e->fd, e->address, e->len) < 0 && errno != EINPROGRESS ? -1 : 0;
}

static int make_socket(int fd, int (*fn)(void *ctx), const struct sockaddr *address, const struct sockaddr *from,
		       socklen_t len)
{
	struct endpoint e = { address, from, len, -1 };

	if (netns_call(fd, fn, &e) == 0)
		return e.fd;
	int error = errno;
	closep(&e.fd);
	errno = error;
	return -1;
}

int netns_listen(int fd, const struct sockaddr *address, socklen_t len)
{
	return make_socket(fd, do_listen, address, NULL, len);
}

int netns_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return make_socket(fd, do_connect, address, NULL, len);
}

int netns_connect_from(int fd, const struct sockaddr *from, const struct sockaddr *to, socklen_t len)
{
	return make_socket(fd, do_connect, to, from, len);
}
