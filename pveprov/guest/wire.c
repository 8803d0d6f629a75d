#include "guest/wire.h"
#include "base/buf.h"
#include "base/strv.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int resolve(const char *address, uint16_t port, struct addrinfo **ret, struct err **err)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	int r = getaddrinfo(address, service, &hints, ret);
	if (r != 0)
		return err_set(err, ERR_INTERNAL, "'%s' is not an address: %s", address, gai_strerror(r));
	return 0;
}

static int wait_connected(int fd, const struct deadline *d, const char *address, struct err **err)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLOUT },
					{ .fd = d->clock->cancel_fd, .events = POLLIN } };
		int error = 0;
		socklen_t len = sizeof(error);

		if (deadline_check(d, err, "connecting to %s", address) < 0)
			return -1;
		if (poll(fds, ARRAY_SIZE(fds), (int)MIN(deadline_left_ms(d), (int64_t)1000)) <= 0 || !fds[0].revents)
			continue;
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error == 0)
			return 0;
		errno = error;
		return err_set_errno(err, ERR_UNREACHABLE, "cannot connect to %s", address);
	}
}

int wire_connect(const char *address, uint16_t port, const struct deadline *d, struct wire *ret, struct err **err)
{
	struct addrinfo *ai = NULL;
	int one = 1;

	if (resolve(address, port, &ai, err) < 0)
		return -1;
	_cleanup_close_ int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = fd < 0 ? -1 : connect(fd, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	if (fd < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot make a socket");
	if (r < 0 && errno != EINPROGRESS)
		return err_set_errno(err, ERR_UNREACHABLE, "cannot connect to %s", address);
	if (r < 0 && wait_connected(fd, d, address, err) < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*ret = (struct wire){ .fd = TAKE_FD(fd), .err_fd = -1 };
	return 0;
}

static int expand(struct buf *word, char c, const char *host, uint16_t port, const char *user)
{
	switch (c) {
	case 'h':
		return buf_adds(word, host);
	case 'p':
		return buf_addf(word, "%u", port);
	case 'r':
		return buf_adds(word, user);
	case '%':
		return buf_addc(word, '%');
	default:
		return -1;
	}
}

static int split(const char *command, const char *host, uint16_t port, const char *user, struct strv *argv,
		 struct err **err)
{
	for (const char *p = command; *(p += strspn(p, " \t"));) {
		_cleanup_buf_ struct buf word = { 0 };
		char quote = 0;
		for (; *p && (quote || !strchr(" \t", *p)); p++) {
			if (quote ? *p == quote : *p == '\'' || *p == '"')
				quote = quote ? 0 : *p;
			else if (*p != '%')
				buf_addc(&word, *p);
			else if (expand(&word, *++p, host, port, user) < 0)
				return err_set(err, ERR_USAGE, "proxy command '%s': only %%h, %%p, %%r and %%%% are known",
					       command);
		}
		if (quote)
			return err_set(err, ERR_USAGE, "proxy command '%s': a quote is not closed", command);
		strv_add(argv, buf_text(&word));
	}
	if (argv->n == 0)
		return err_set(err, ERR_USAGE, "the proxy command is empty");
	return 0;
}

static _Noreturn void child(char *const *argv, int stream, int messages)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (dup2(stream, 0) >= 0 && dup2(stream, 1) >= 0 && dup2(messages, 2) >= 0)
		execvp(argv[0], argv);
	dprintf(2, "cannot run '%s': %s\n", argv[0], strerror(errno));
	_exit(127);
}

int wire_proxy(const char *command, const char *host, uint16_t port, const char *user, struct wire *ret,
	       struct err **err)
{
	_cleanup_strv_ struct strv argv = { 0 };
	int pair[2], messages[2];

	if (split(command, host, port, user, &argv, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot make a socket");
	_cleanup_close_ int ours = pair[0], theirs = pair[1];
	/* Non-blocking: a proxy that says more than a pipe holds loses the rest and never waits for us. */
	if (pipe2(messages, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot make a pipe");
	_cleanup_close_ int read_end = messages[0], write_end = messages[1];
	fcntl(ours, F_SETFL, O_NONBLOCK);
	pid_t pid = fork();
	if (pid < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot start '%s'", argv.v[0]);
	if (pid == 0)
		child(argv.v, theirs, write_end);
	*ret = (struct wire){ .fd = TAKE_FD(ours), .pid = pid, .err_fd = TAKE_FD(read_end) };
	return 0;
}

int wire_blame(struct wire *w, struct err **err)
{
	_cleanup_strv_ struct strv lines = { 0 };
	char text[4096];

	if (w->err_fd < 0 || !err || !*err)
		return -1;
	ssize_t n = read(w->err_fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	strv_split(&lines, text, "\r\n");
	if (lines.n)
		err_wrap(err, "proxy command: %s", lines.v[lines.n - 1]);
	return -1;
}

void wire_close(struct wire *w)
{
	closep(&w->fd);
	closep(&w->err_fd);
	if (w->pid > 0) {
		kill(-w->pid, SIGKILL); /* it holds nothing but the stream that is closed anyway */
		kill(w->pid, SIGKILL);	/* not yet its own group */
		waitpid(w->pid, NULL, 0);
	}
	*w = WIRE_NONE;
}
