#include "lab/connect.h"
#include "base/deadline.h"
#include "base/text.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { QUESTION_MAX = 128, QUESTION_S = 5, BACKLOG = 16, CHUNK = 65536 };

struct connect {
	struct event_base *base;
	struct evconnlistener *listener;
	struct hypervisor *h;
	char *path;
	struct question *questions;
};

/* One client that has not been answered yet. */
struct question {
	struct question *next;
	struct connect *c;
	struct event *event;
	int fd;
	char text[QUESTION_MAX];
	size_t len;
};

static void question_free(struct question *q)
{
	for (struct question **p = &q->c->questions; *p; p = &(*p)->next) {
		if (*p == q) {
			*p = q->next;
			break;
		}
	}
	event_free(q->event);
	close(q->fd);
	free(q);
}

static void send_answer(int to, int fd, const char *reason)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io[] = { { (char *)(fd >= 0 ? "+" : "-"), 1 },
			      { (char *)reason, strlen(reason) } };
	struct msghdr m = { .msg_iov = io, .msg_iovlen = ARRAY_SIZE(io) };

	if (fd >= 0) {
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* "HOST PORT", the line end already gone. */
static void answer(struct question *q)
{
	char *blank = strrchr(q->text, ' ');
	uint64_t port;

	if (!blank || !text_to_u64(blank + 1, 1, 65535, &port)) {
		send_answer(q->fd, -1, "the question is not 'HOST PORT'");
		return;
	}
	*blank = 0;
	_cleanup_close_ int fd = q->c->h->ops->dial(q->c->h, q->text, (int)port);
	send_answer(q->fd, fd, fd >= 0 ? "" : strerror(errno));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	ssize_t n = what & EV_READ
			    ? recv(fd, q->text + q->len, sizeof(q->text) - 1 - q->len, MSG_DONTWAIT)
			    : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	q->len += n > 0 ? (size_t)n : 0;
	char *end = memchr(q->text, '\n', q->len);
	if (end) {
		*end = 0;
		answer(q);
	} else if (n > 0 && q->len < sizeof(q->text) - 1) {
		return;
	}
	question_free(q);
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len,
		      void *arg)
{
	struct connect *c = arg;
	struct question *q = xcalloc(1, sizeof(*q));
	const struct timeval limit = { .tv_sec = QUESTION_S };

	(void)l;
	(void)from;
	(void)len;
	q->c = c;
	q->fd = fd;
	q->event = event_new(c->base, fd, EV_READ | EV_PERSIST, on_readable, q);
	q->next = c->questions;
	c->questions = q;
	event_add(q->event, &limit);
}

static int address_of(const char *path, struct sockaddr_un *ret, struct err **err)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path))
		return err_set(err, ERR_INTERNAL,
			       "the path of the lab's socket is longer than %zu bytes: '%s'",
			       sizeof(ret->sun_path) - 1, path);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return 0;
}

int connect_open(struct event_base *base, const char *path, struct hypervisor *h,
		 struct connect **ret, struct err **err)
{
	struct sockaddr_un at;

	if (address_of(path, &at, err) < 0)
		return -1;
	unlink(path);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode is set before anybody can connect: nothing listens yet. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || chmod(path, 0600) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot listen on '%s'", path);
	struct connect *c = xcalloc(1, sizeof(*c));
	c->base = base;
	c->h = h;
	c->path = xstrdup(path);
	c->listener = evconnlistener_new(
		base, on_accept, c, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, TAKE_FD(fd));
	*ret = c;
	return 0;
}

struct connect *connect_free(struct connect *c)
{
	if (!c)
		return NULL;
	while (c->questions)
		question_free(c->questions);
	evconnlistener_free(c->listener);
	unlink(c->path);
	free(c->path);
	free(c);
	return NULL;
}

/* Receives the answer; -1 where it is a refusal. */
static int read_answer(int fd, const char *host, int port, int *ret_fd, struct err **err)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	char text[256] = { 0 };
	struct iovec io = { text, sizeof(text) - 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (n > 0 && text[0] == '+' && c && c->cmsg_type == SCM_RIGHTS) {
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
		return 0;
	}
	return err_set(err, ERR_UNREACHABLE, "cannot connect to '%s' port %d: %s", host, port,
		       n > 1 ? text + 1 : "the lab did not answer");
}

static int wait_for(int fd, short events, const struct deadline *d, struct err **err)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		if (deadline_check(d, err, "the connection through the lab") < 0)
			return -1;
		if (poll(&p, 1, (int)MIN(deadline_left_ms(d), (int64_t)1000)) > 0)
			return 0;
	}
}

int connect_ask(const char *path, const char *host, int port, int64_t timeout_ms,
		const struct clock *clock, int *ret_fd, struct err **err)
{
	struct deadline d = deadline_in(clock, timeout_ms);
	_cleanup_close_ int lab = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;
	_cleanup_free_ char *question = xasprintf("%s %d\n", host, port);
	struct sockaddr_un at;
	int failed = 0;
	socklen_t len = sizeof(failed);

	if (address_of(path, &at, err) < 0)
		return -1;
	if (lab < 0 || connect(lab, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    send(lab, question, strlen(question), MSG_NOSIGNAL) < 0) {
		err_set_errno(err, ERR_UNREACHABLE, "no lab answers at '%s'", path);
		return err_hint(err, "start one with 'pveprov lab up'");
	}
	if (wait_for(lab, POLLIN, &d, err) < 0 || read_answer(lab, host, port, &fd, err) < 0 ||
	    wait_for(fd, POLLOUT, &d, err) < 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) < 0 || failed != 0) {
		errno = failed;
		return err_set_errno(err, ERR_UNREACHABLE, "cannot connect to '%s' port %d", host,
				     port);
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* One direction. What was read waits in `data` until the other side takes it. */
struct flow {
	int from, to;
	bool ended;
	size_t start, len;
	char data[CHUNK];
};

static void flow_poll(const struct flow *f, struct pollfd *from, struct pollfd *to)
{
	*from = (struct pollfd){ .fd = f->ended || f->len ? -1 : f->from, .events = POLLIN };
	*to = (struct pollfd){ .fd = f->len ? f->to : -1, .events = POLLOUT };
}

/* Writes are small enough not to block once poll() has allowed them. */
static int flow_move(struct flow *f, const struct pollfd *from, const struct pollfd *to)
{
	ssize_t n;

	if (from->fd >= 0 && from->revents) {
		n = read(f->from, f->data, sizeof(f->data));
		if (n < 0 && errno != EINTR && errno != ECONNRESET)
			return -1;
		f->ended = n == 0 || (n < 0 && errno == ECONNRESET);
		f->start = 0;
		f->len = n > 0 ? (size_t)n : 0;
	}
	if (to->fd >= 0 && to->revents) {
		n = write(f->to, f->data + f->start, MIN(f->len, (size_t)PIPE_BUF));
		if (n < 0 && errno != EINTR)
			return -1;
		f->start += n > 0 ? (size_t)n : 0;
		f->len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int connect_carry(int fd, int in, int out, struct err **err)
{
	_cleanup_free_ struct flow *f = xcalloc(2, sizeof(*f));
	bool told = false;

	f[0].from = in;
	f[0].to = fd;
	f[1].from = fd;
	f[1].to = out;
	while (!f[1].ended || f[1].len) {
		struct pollfd p[4];

		flow_poll(&f[0], &p[0], &p[1]);
		flow_poll(&f[1], &p[2], &p[3]);
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return err_set_errno(err, ERR_INTERNAL, "cannot wait for data");
		if (flow_move(&f[0], &p[0], &p[1]) < 0 || flow_move(&f[1], &p[2], &p[3]) < 0)
			return err_set_errno(err, ERR_UNREACHABLE, "the connection broke");
		/* The end of our input is told to the far side, which may still have much to say.
		 */
		if (f[0].ended && !f[0].len && !told) {
			shutdown(fd, SHUT_WR);
			told = true;
		}
	}
	return 0;
}
