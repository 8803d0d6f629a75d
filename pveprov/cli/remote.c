#include "cli/remote.h"
#include "base/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { END_MS = 10000, NO_PROGRAM = 127, NO_CONNECTION = 255 };

struct child {
	pid_t pid;
	int handle;   /* readable once it has ended */
	int lifeline; /* closed: its standard input has ended */
};

/* In a process group of its own, so that Ctrl-C on the terminal reaches only us. */
static _Noreturn void become_ssh(const char *target, const char *command, int input)
{
	const char *const argv[] = { PROC_SSH, "-oRemoteCommand=none", "-oServerAliveInterval=5", "-oServerAliveCountMax=3",
				     "--",     target, command, NULL };

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	dup2(input, STDIN_FILENO);
	execvp(argv[0], (char *const *)argv);
	_exit(NO_PROGRAM);
}

static int start(const char *target, const char *command, struct child *ret, struct err **err)
{
	int pipe_fds[2];

	if (!proc_find("ssh"))
		return err_hint((err_set(err, ERR_NOT_FOUND, "'ssh' is not installed"), err), "install openssh-client");
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot make a pipe");
	_cleanup_close_ int input = pipe_fds[0];
	ret->lifeline = pipe_fds[1];
	fflush(NULL);
	ret->pid = fork();
	if (ret->pid < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot start 'ssh'");
	if (ret->pid == 0)
		become_ssh(target, command, input);
	ret->handle = (int)syscall(SYS_pidfd_open, ret->pid, 0);
	if (ret->handle >= 0)
		return 0;
	kill(ret->pid, SIGTERM);
	return err_set_errno(err, ERR_INTERNAL, "cannot watch 'ssh'");
}

/* Whether it has ended within ms (-1: no limit); a cancelled run ends the wait where cancel_fd is one. */
static bool ended(const struct child *c, int cancel_fd, int ms)
{
	struct pollfd on[] = { { .fd = c->handle, .events = POLLIN }, { .fd = cancel_fd, .events = POLLIN } };
	int r;

	while ((r = poll(on, 2, ms)) < 0 && errno == EINTR)
		;
	return r > 0 && on[0].revents;
}

static void cut(struct child *c)
{
	closep(&c->lifeline);
	c->lifeline = -1;
}

static int reap(const struct child *c)
{
	int status;

	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return NO_CONNECTION;
	return WIFEXITED(status) ? WEXITSTATUS(status) : NO_CONNECTION;
}

static void child_end(struct child *c)
{
	cut(c);
	closep(&c->handle);
}

int remote_run(const char *target, const char *command, const struct clock *clock, int *ret_status, bool *ret_ended,
	       struct err **err)
{
	_cleanup_(child_end) struct child c = { .handle = -1, .lifeline = -1 };

	if (start(target, command, &c, err) < 0)
		return -1;
	bool by_itself = ended(&c, clock->cancel_fd, -1);
	cut(&c);
	*ret_ended = by_itself || ended(&c, -1, END_MS);
	if (!*ret_ended)
		kill(c.pid, SIGTERM);
	*ret_status = reap(&c);
	if (!by_itself) {
		*ret_ended = *ret_ended && *ret_status != NO_CONNECTION;
		return err_set(err, ERR_INTERRUPTED, "interrupted");
	}
	if (*ret_status == NO_CONNECTION)
		return err_set(err, ERR_UNREACHABLE, "ssh to '%s' failed, or the connection was lost", target);
	return 0;
}
