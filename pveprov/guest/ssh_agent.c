#include "guest/ssh_agent.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static void *watch(void *ctx)
{
	const struct ssh_agent_watch *w = ctx;

	for (;;) {
		struct pollfd fds[] = { { .fd = w->stop[0], .events = POLLIN },
					{ .fd = w->deadline.clock->cancel_fd, .events = POLLIN } };
		int n = poll(fds, ARRAY_SIZE(fds), (int)MIN(deadline_left_ms(&w->deadline), (int64_t)1000));
		if (fds[0].revents)
			return NULL;
		if ((n > 0 && fds[1].revents) || deadline_passed(&w->deadline)) {
			shutdown(w->fd, SHUT_RDWR);
			return NULL;
		}
	}
}

static int connect_socket(const char *path, struct err **err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(err, ERR_AUTH, "the path of the SSH agent's socket is too long");
	memcpy(a.sun_path, path, strlen(path));
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot make a socket");
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0) {
		err_set_errno(err, ERR_AUTH, "cannot reach the SSH agent at '%s'", path);
		return err_hint(err, "start ssh-agent and run ssh-add, or name a key file");
	}
	return TAKE_FD(fd);
}

int ssh_agent_begin(struct ssh_agent_watch *w, const char *path, ssh_session session, const struct deadline *d,
		    struct err **err)
{
	_cleanup_close_ int fd = connect_socket(path, err);
	_cleanup_close_ int second = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	*w = (struct ssh_agent_watch){ .deadline = *d, .fd = second };
	if (second < 0 || pipe2(w->stop, O_CLOEXEC) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot watch the SSH agent");
	if (pthread_create(&w->thread, NULL, watch, w) != 0) {
		close(w->stop[0]);
		close(w->stop[1]);
		return err_set(err, ERR_INTERNAL, "cannot start a thread");
	}
	ssh_set_agent_socket(session, TAKE_FD(fd)); /* the session closes it */
	(void)TAKE_FD(second);
	return 0;
}

void ssh_agent_end(struct ssh_agent_watch *w)
{
	close(w->stop[1]); /* the reading end becomes ready */
	pthread_join(w->thread, NULL);
	close(w->stop[0]);
	close(w->fd);
}
