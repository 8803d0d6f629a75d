/* The lab's side and the client's side of `connect`, with a hypervisor that dials the loopback. */
#include "base/fs.h"
#include "lab/connect.h"
#include "test.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct {
	char *dir, *path;
	struct event_base *base;
	struct connect *connect;
	pthread_t loop;
	int stop[2];
	int server; /* a listening TCP socket: what the "guest" is */
	int port;
} lab;

static int dial(struct hypervisor *h, const char *host, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	(void)h;
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static const struct hypervisor_ops ops = { .name = "test", .dial = dial };
static struct hypervisor hypervisor = { .ops = &ops };

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void *loop(void *arg)
{
	(void)arg;
	event_base_dispatch(lab.base);
	return NULL;
}

static struct event *stopper;

static int set_up(void **state)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(any);

	(void)state;
	assert_works(fs_temp_dir(NULL, "connect", &lab.dir, &err));
	lab.path = fs_join(lab.dir, "s");
	lab.base = event_base_new();
	assert_works(connect_open(lab.base, lab.path, &hypervisor, &lab.connect, &err));
	assert_int_equal(pipe(lab.stop), 0);
	stopper = event_new(lab.base, lab.stop[0], EV_READ, on_stop, lab.base);
	event_add(stopper, NULL);
	lab.server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(lab.server, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(lab.server, 4), 0);
	getsockname(lab.server, (struct sockaddr *)&any, &len);
	lab.port = ntohs(any.sin_port);
	return pthread_create(&lab.loop, NULL, loop, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(write(lab.stop[1], "x", 1), 1);
	pthread_join(lab.loop, NULL);
	event_free(stopper);
	connect_free(lab.connect);
	assert_false(fs_exists(lab.path));
	event_base_free(lab.base);
	close(lab.stop[0]);
	close(lab.stop[1]);
	close(lab.server);
	assert_works(fs_remove_tree(lab.dir, &err));
	free(lab.dir);
	free(lab.path);
	return 0;
}

static void refusals(void **state)
{
	const struct clock clock = clock_real(-1);
	_cleanup_free_ char *nowhere = fs_join(lab.dir, "none");
	int fd = -1;
	struct stat st;

	(void)state;
	assert_int_equal(stat(lab.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_fails(connect_ask(nowhere, "127.0.0.1", lab.port, 5000, &clock, &fd, &err),
		     ERR_UNREACHABLE, "no lab");
	assert_fails(connect_ask(lab.path, "router.lan", 22, 5000, &clock, &fd, &err),
		     ERR_UNREACHABLE, "router.lan");
	assert_fails(connect_ask(lab.path, "127.0.0.1", 0, 5000, &clock, &fd, &err),
		     ERR_UNREACHABLE, "question");
	/* Port 1 of the loopback: nobody listens. */
	assert_fails(connect_ask(lab.path, "127.0.0.1", 1, 5000, &clock, &fd, &err),
		     ERR_UNREACHABLE, "refused");
	assert_int_equal(fd, -1);
}

struct carry {
	int fd, in, out;
	int result;
};

static void *carry(void *arg)
{
	struct carry *c = arg;

	c->result = connect_carry(c->fd, c->in, c->out, NULL);
	return NULL;
}

/* More than any buffer holds, both ways at once; the end of our input is seen by the guest, which
 * answers after it. */
static void carries(void **state)
{
	enum { SIZE = 3 << 20 };
	const struct clock clock = clock_real(-1);
	_cleanup_free_ char *data = xmalloc(SIZE), *got = xmalloc(SIZE);
	int fd = -1, in[2], out[2];
	pthread_t thread;
	size_t sent = 0, received = 0;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char)(i * 31 + i / 4096);
	assert_works(connect_ask(lab.path, "127.0.0.1", lab.port, 5000, &clock, &fd, &err));
	int guest = accept(lab.server, NULL, NULL);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	struct carry c = { fd, in[0], out[1], -1 };
	assert_int_equal(pthread_create(&thread, NULL, carry, &c), 0);
	while (sent < SIZE) {
		ssize_t n = write(in[1], data + sent, MIN((size_t)8192, SIZE - sent));
		assert_true(n > 0);
		sent += (size_t)n;
		while (received < sent) {
			n = read(guest, got + received, sent - received);
			assert_true(n > 0);
			received += (size_t)n;
		}
	}
	assert_memory_equal(data, got, SIZE);
	close(in[1]);
	assert_int_equal(read(guest, got, 1), 0);
	assert_int_equal(write(guest, "bye", 3), 3);
	close(guest);
	assert_int_equal(read(out[0], got, 8), 3);
	pthread_join(thread, NULL);
	assert_int_equal(c.result, 0);
	close(fd);
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
		cmocka_unit_test(carries),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
