#include "base/proc.h"
#include "base/fs.h"
#include "base/strv.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { TIMEOUT_DEFAULT_MS = 60000, OUTPUT_MAX_DEFAULT = 1 << 20 };

struct pipes {
	int in[2], out[2], err[2], exec[2];
};

static void pipes_close(struct pipes *p)
{
	for (int *fd = (int *)p; fd < (int *)(p + 1); fd++)
		closep(fd);
}

static int pipes_open(struct pipes *p, struct err **err)
{
	*p = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (pipe2(p->in, O_CLOEXEC) < 0 || pipe2(p->out, O_CLOEXEC) < 0 || pipe2(p->err, O_CLOEXEC) < 0 ||
	    pipe2(p->exec, O_CLOEXEC) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot make a pipe");
	return 0;
}

/* Reports errno to the parent through the pipe that a successful exec closes. */
static _Noreturn void child_fail(const struct pipes *p)
{
	int e = errno;
	ssize_t ignored UNUSED = write(p->exec[1], &e, sizeof(e));

	_exit(127);
}

static _Noreturn void child(const struct proc_spec *spec, const struct pipes *p)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0); /* a Ctrl-C on the terminal is ours to handle */
	if (dup2(p->in[0], 0) < 0 || dup2(p->out[1], 1) < 0 || dup2(p->err[1], 2) < 0)
		child_fail(p);
	if (spec->dir && chdir(spec->dir) < 0)
		child_fail(p);
	for (const char *const *e = spec->env; e && *e; e++)
		putenv((char *)*e);
	if (spec->in_child && spec->in_child(spec->in_child_ctx) != 0)
		child_fail(p);
	execvp(spec->argv[0], (char *const *)spec->argv);
	child_fail(p);
}

/* Reads what is there; closes the descriptor at its end. Beyond the ceiling it is dropped. */
static void drain(int *fd, struct buf *b)
{
	char chunk[16384];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0) {
		size_t room = b->ceiling - MIN(b->len, b->ceiling);
		buf_add(b, chunk, MIN((size_t)n, room));
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		closep(fd);
		*fd = -1;
	}
}

static void feed(int *fd, const char **data, size_t *left)
{
	ssize_t n = *left ? write(*fd, *data, *left) : 0;

	if (n > 0) {
		*data += n;
		*left -= (size_t)n;
	}
	if (*left == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		closep(fd);
		*fd = -1;
	}
}

/* Moves bytes until the child has closed both outputs. */
static int pump(const struct proc_spec *spec, struct pipes *p, const struct deadline *d, struct proc_result *r,
		struct err **err)
{
	const char *data = spec->input;
	size_t left = spec->input ? spec->input_len : 0;

	fcntl(p->in[1], F_SETFL, O_NONBLOCK);
	while (p->out[0] >= 0 || p->err[0] >= 0) {
		struct pollfd fds[] = { { .fd = p->in[1], .events = POLLOUT },
					{ .fd = p->out[0], .events = POLLIN },
					{ .fd = p->err[0], .events = POLLIN },
					{ .fd = d->clock->cancel_fd, .events = POLLIN } };
		if (deadline_check(d, err, "'%s'", spec->argv[0]) < 0)
			return -1;
		if (poll(fds, ARRAY_SIZE(fds), (int)MIN(deadline_left_ms(d), (int64_t)1000)) <= 0)
			continue;
		if (fds[0].revents)
			feed(&p->in[1], &data, &left);
		if (fds[1].revents)
			drain(&p->out[0], &r->out);
		if (fds[2].revents)
			drain(&p->err[0], &r->err);
	}
	return 0;
}

static int reap(pid_t pid, const struct deadline *d, const char *name, int *ret_status, struct err **err)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status;

	for (;;) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
					{ .fd = d->clock->cancel_fd, .events = POLLIN } };
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		if (deadline_check(d, err, "'%s'", name) < 0)
			return -1;
		poll(fds, ARRAY_SIZE(fds), (int)MIN(deadline_left_ms(d), (int64_t)1000));
	}
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

int proc_run(const struct proc_spec *spec, const struct clock *clock, struct proc_result *ret, struct err **err)
{
	_cleanup_(pipes_close) struct pipes p;
	struct deadline d = deadline_in(clock, spec->timeout_ms ? spec->timeout_ms : TIMEOUT_DEFAULT_MS);
	int exec_errno = 0;

	*ret = (struct proc_result){ 0 };
	ret->out.ceiling = ret->err.ceiling = spec->output_max ? spec->output_max : OUTPUT_MAX_DEFAULT;
	if (pipes_open(&p, err) < 0)
		return -1;
	pid_t pid = fork();
	if (pid < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot start '%s'", spec->argv[0]);
	if (pid == 0)
		child(spec, &p);
	int *ours[] = { &p.in[0], &p.out[1], &p.err[1], &p.exec[1] };
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		closep(ours[i]);
		*ours[i] = -1;
	}
	if (read(p.exec[0], &exec_errno, sizeof(exec_errno)) == sizeof(exec_errno)) {
		waitpid(pid, NULL, 0);
		errno = exec_errno;
		return err_set_errno(err, exec_errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL,
				     "cannot run '%s'", spec->argv[0]);
	}
	if (pump(spec, &p, &d, ret, err) < 0 || reap(pid, &d, spec->argv[0], &ret->status, err) < 0) {
		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -1;
	}
	return 0;
}

int proc_check(const struct proc_spec *spec, const struct clock *clock, struct err **err)
{
	_cleanup_proc_result_ struct proc_result r = { 0 };

	if (proc_run(spec, clock, &r, err) < 0)
		return -1;
	if (r.status == 0)
		return 0;
	_cleanup_strv_ struct strv lines = { 0 };
	strv_split(&lines, r.err.len ? buf_text(&r.err) : buf_text(&r.out), "\n");
	err_set(err, ERR_INTERNAL, "'%s' failed with status %d%s%s", spec->argv[0], r.status,
		lines.n ? ": " : "", lines.n ? lines.v[lines.n - 1] : "");
	return err_code(err, r.status);
}

bool proc_find(const char *name)
{
	const char *path = getenv("PATH");
	_cleanup_strv_ struct strv dirs = { 0 };

	strv_split(&dirs, path ? path : "/usr/bin:/bin", ":");
	strv_add(&dirs, "/usr/sbin");
	strv_add(&dirs, "/sbin");
	for (size_t i = 0; i < dirs.n; i++) {
		_cleanup_free_ char *file = fs_join(dirs.v[i], name);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

void proc_result_free(struct proc_result *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}
