#include "lab/child.h"
#include "base/fs.h"
#include "base/strv.h"
#include "base/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { PASS_MAX = 8, FIRST_PASSED = 3, HIGH_FD = 200, TERM_GRACE_MS = 3000, LAST_WORDS_MAX = 300 };

struct child {
	struct strv argv;
	char *output;
	int netns;
	int pass[PASS_MAX];
	size_t n_pass;
	void (*exited)(void *ctx, int status);
	void *ctx;

	pthread_t thread;
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	pid_t pid; /* 0: not started yet, or gone */
	bool started, done;
	int start_errno;
	int status;
};

/* Descriptors first go out of the way, so that none is overwritten before its turn. */
static int pass_on(const struct child *c)
{
	int high[PASS_MAX];

	for (size_t i = 0; i < c->n_pass; i++)
		if ((high[i] = fcntl(c->pass[i], F_DUPFD_CLOEXEC, HIGH_FD)) < 0)
			return -1;
	for (size_t i = 0; i < c->n_pass; i++)
		if (dup2(high[i], FIRST_PASSED + (int)i) < 0)
			return -1;
	return 0;
}

static _Noreturn void run(const struct child *c, int out, pid_t parent, int report)
{
	sigset_t none;
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The report goes up before the passed ones come down: it must not be one of 3, 4, ... */
	report = fcntl(report, F_DUPFD_CLOEXEC, HIGH_FD);
	if (getppid() == parent && (c->netns < 0 || setns(c->netns, CLONE_NEWNET) == 0) &&
	    dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0 && pass_on(c) == 0)
		execvp(c->argv.v[0], c->argv.v);
	int e = errno;
	ssize_t ignored UNUSED = write(report, &e, sizeof(e));
	_exit(127);
}

/* Forks; returns 0 and the pid once exec has succeeded, else errno. */
static int launch(const struct child *c, pid_t *ret_pid)
{
	_cleanup_close_ int out = open(c->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int report[2], e = 0;
	pid_t parent = getpid();

	if (out < 0 || pipe2(report, O_CLOEXEC) < 0)
		return errno;
	pid_t pid = fork();
	if (pid == 0)
		run(c, out, parent, report[1]);
	if (pid < 0)
		e = errno;
	close(report[1]);
	if (pid > 0 && read(report[0], &e, sizeof(e)) == sizeof(e))
		waitpid(pid, NULL, 0);
	else if (pid > 0)
		*ret_pid = pid;
	close(report[0]);
	return e;
}

static void *child_thread(void *arg)
{
	struct child *c = arg;
	pid_t pid = 0;
	int status = 0;
	int e = launch(c, &pid);

	pthread_mutex_lock(&c->mutex);
	c->started = true;
	c->start_errno = e;
	c->pid = pid;
	c->done = pid == 0;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->mutex);
	if (pid == 0)
		return NULL;

	/* WNOWAIT first: the pid stays ours until child_signal() can no longer use it. */
	siginfo_t info;
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&c->mutex);
	waitpid(pid, &status, 0);
	c->pid = 0;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	c->done = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->mutex);
	if (c->exited)
		c->exited(c->ctx, c->status);
	return NULL;
}

int child_start(const struct child_spec *spec, struct child **ret, struct err **err)
{
	struct child *c = xcalloc(1, sizeof(*c));
	pthread_condattr_t monotonic;

	strv_add_all(&c->argv, spec->argv);
	c->output = xstrdup(spec->output);
	c->netns = spec->netns;
	c->n_pass = MIN(spec->n_pass, (size_t)PASS_MAX);
	for (size_t i = 0; i < c->n_pass; i++)
		c->pass[i] = spec->pass[i];
	c->exited = spec->exited;
	c->ctx = spec->ctx;
	pthread_mutex_init(&c->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	errno = pthread_create(&c->thread, NULL, child_thread, c);
	if (errno != 0)
		abort(); /* no memory for a thread is no memory */

	pthread_mutex_lock(&c->mutex);
	while (!c->started)
		pthread_cond_wait(&c->changed, &c->mutex);
	pthread_mutex_unlock(&c->mutex);
	if (c->start_errno) {
		errno = c->start_errno;
		err_set_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL,
			      "cannot run '%s'", spec->argv[0]);
		child_free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

bool child_alive(struct child *c)
{
	pthread_mutex_lock(&c->mutex);
	bool alive = !c->done;
	pthread_mutex_unlock(&c->mutex);
	return alive;
}

pid_t child_pid(struct child *c)
{
	pthread_mutex_lock(&c->mutex);
	pid_t pid = c->pid;
	pthread_mutex_unlock(&c->mutex);
	return pid;
}

int child_status(struct child *c)
{
	pthread_mutex_lock(&c->mutex);
	int status = c->done ? c->status : -1;
	pthread_mutex_unlock(&c->mutex);
	return status;
}

void child_signal(struct child *c, int sig)
{
	pthread_mutex_lock(&c->mutex);
	if (c->pid > 0)
		kill(c->pid, sig);
	pthread_mutex_unlock(&c->mutex);
}

bool child_wait(struct child *c, int64_t timeout_ms)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout_ms / 1000;
	end.tv_nsec += timeout_ms % 1000 * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&c->mutex);
	while (!c->done && pthread_cond_timedwait(&c->changed, &c->mutex, &end) == 0)
		;
	bool done = c->done;
	pthread_mutex_unlock(&c->mutex);
	return done;
}

char *child_last_words(struct child *c)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_strv_ struct strv lines = { 0 };

	if (fs_read(c->output, 1 << 20, &text, NULL) == 0)
		strv_split(&lines, buf_text(&text), "\r\n");
	if (lines.n)
		return xasprintf("%.*s", LAST_WORDS_MAX, text_trim(lines.v[lines.n - 1]));
	return c->status > 128 ? xasprintf("ended by signal %d", c->status - 128)
			       : xasprintf("ended with status %d", c->status);
}

struct child *child_free(struct child *c)
{
	if (!c)
		return NULL;
	child_signal(c, SIGTERM);
	if (!child_wait(c, TERM_GRACE_MS))
		child_signal(c, SIGKILL);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->mutex);
	strv_free(&c->argv);
	free(c->output);
	free(c);
	return NULL;
}
