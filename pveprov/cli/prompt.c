/* What is asked on the terminal: app_confirm() and app_prompt(). */
#include "cli/app.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>

enum { ANSWER_MAX = 4096 };

/* Reads a line from the terminal; a cancelled run ends it. The bytes are wiped by whoever owns
 * `line`. */
static int read_line(struct app *app, int fd, struct secret *ret, struct err **err)
{
	char line[ANSWER_MAX];
	size_t n = 0;
	int r = 0;

	for (bool more = true; more && r == 0;) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
					{ .fd = app->clock->cancel_fd, .events = POLLIN } };
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			r = err_set_errno(err, ERR_INTERNAL, "cannot read from the terminal");
		else if ((r = clock_check(app->clock, err)) == 0 && fds[0].revents) {
			more = n + 1 < sizeof(line) && read(fd, line + n, 1) == 1 &&
			       line[n] != '\n';
			n += more;
		}
	}
	if (r == 0)
		secret_set(ret, line, n);
	explicit_bzero(line, sizeof(line));
	return r;
}

/* Echo is off before the question is seen: nobody types faster. */
static int ask(struct app *app, int fd, const char *question, bool echo, struct secret *ret,
	       struct err **err)
{
	struct termios old, silent;
	int r = 0;

	if (tcgetattr(fd, &old) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot ask the terminal");
	silent = old;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (!echo)
		tcsetattr(fd, TCSAFLUSH, &silent);
	if (write(fd, question, strlen(question)) < 0)
		r = err_set_errno(err, ERR_INTERNAL, "cannot write to the terminal");
	else
		r = read_line(app, fd, ret, err);
	if (!echo) {
		tcsetattr(fd, TCSAFLUSH, &old);
		ssize_t ignored UNUSED = write(fd, "\n", 1);
	}
	return r;
}

int app_prompt(struct app *app, const char *prompt, bool echo, enum err_kind kind,
	       struct secret *ret, struct err **err)
{
	_cleanup_close_ int fd =
		app->interactive ? open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;

	if (fd < 0) {
		err_set(err, kind,
			"'%s' is wanted and nobody can be asked: this is not a terminal", prompt);
		return err_hint(err, "run it on a terminal, or use an API token");
	}
	progress_flush(app->progress);
	_cleanup_free_ char *question = xasprintf("%s: ", prompt);
	return ask(app, fd, question, echo, ret, err);
}

int app_confirm(struct app *app, struct err **err, const char *question, ...)
{
	_cleanup_secret_ struct secret answer = { 0 };
	va_list ap;

	if (app->globals.yes)
		return 0;
	va_start(ap, question);
	_cleanup_free_ char *text = xvasprintf(question, ap);
	va_end(ap);
	if (!app->interactive) {
		err_set(err, ERR_GUARD,
			"'%s' must be answered and nobody can be asked: this is not a terminal",
			text);
		return err_hint(err, "say --yes");
	}
	_cleanup_free_ char *prompt = xasprintf("%s [y/N]", text);
	if (app_prompt(app, prompt, true, ERR_GUARD, &answer, err) < 0)
		return -1;
	if (answer.text && (!strcasecmp(answer.text, "y") || !strcasecmp(answer.text, "yes")))
		return 0;
	err_set(err, ERR_GUARD, "not confirmed, nothing was changed");
	return err_hint(err, "--yes answers yes to every question");
}
