#include "base/deadline.h"
#include "firewall/fw_apply.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

static bool addr_of(const struct sockaddr_storage *s, struct addr *ret)
{
	if (s->ss_family == AF_INET) {
		ret->family = 4;
		memcpy(ret->bytes, &((const struct sockaddr_in *)s)->sin_addr, 4);
		return true;
	}
	const struct in6_addr *six = &((const struct sockaddr_in6 *)s)->sin6_addr;
	ret->family = IN6_IS_ADDR_V4MAPPED(six) ? 4 : 6;
	memcpy(ret->bytes, six->s6_addr + (ret->family == 4 ? 12 : 0), ret->family == 4 ? 4 : 16);
	return true;
}

/* Waits until the connection stands or failed; returns errno. */
static int wait_connected(int fd, const struct deadline *d)
{
	socklen_t len = sizeof(int);
	int error = ETIMEDOUT;

	while (!deadline_passed(d)) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLOUT },
					{ .fd = d->clock->cancel_fd, .events = POLLIN } };
		int n = poll(fds, ARRAY_SIZE(fds), (int)MIN(deadline_left_ms(d), (int64_t)1000));
		if (n > 0 && fds[1].revents)
			return EINTR;
		if (n > 0 && fds[0].revents)
			return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
	}
	return error;
}

static int dial_one(const struct addrinfo *ai, const struct deadline *d, struct addr *ret_from, struct addr *ret_to)
{
	_cleanup_close_ int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage own = { 0 }, peer = { 0 };
	socklen_t own_len = sizeof(own);

	if (fd < 0)
		return errno;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		int error = errno == EINPROGRESS ? wait_connected(fd, d) : errno;
		if (error)
			return error;
	}
	if (ret_from && getsockname(fd, (struct sockaddr *)&own, &own_len) == 0)
		addr_of(&own, ret_from);
	memcpy(&peer, ai->ai_addr, MIN((size_t)ai->ai_addrlen, sizeof(peer)));
	if (ret_to)
		addr_of(&peer, ret_to);
	return 0;
}

int fw_dial(const char *host, int port, int64_t timeout_ms, const struct clock *clock, struct addr *ret_from,
	    struct addr *ret_to, struct err **err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	struct deadline d = deadline_in(clock, timeout_ms);
	_cleanup_free_ char *service = xasprintf("%d", port);
	int error = ENOENT, r = getaddrinfo(host, service, &hints, &list);

	if (r != 0)
		return err_set(err, ERR_UNREACHABLE, "cannot resolve '%s': %s", host, gai_strerror(r));
	for (const struct addrinfo *ai = list; ai && error && error != EINTR; ai = ai->ai_next)
		error = dial_one(ai, &d, ret_from, ret_to);
	freeaddrinfo(list);
	if (!error)
		return 0;
	if (error == EINTR)
		return err_set(err, ERR_INTERRUPTED, "interrupted");
	errno = error;
	return err_set_errno(err, error == ETIMEDOUT ? ERR_TIMEOUT : ERR_UNREACHABLE,
			     "no new connection to '%s' port %d", host, port);
}
