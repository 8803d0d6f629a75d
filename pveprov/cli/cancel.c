#include "cli/cancel.h"

#include <fcntl.h>
#include <signal.h>

static int write_fd = -1;
static volatile sig_atomic_t seen;

static void on_signal(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	if (seen)
		_exit(130);
	seen = 1;
	ssize_t ignored UNUSED = write(write_fd, "c", 1);
	errno = saved;
}

int cancel_install(int *ret_fd, struct err **err)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot make a pipe");
	write_fd = fds[1];
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	*ret_fd = fds[0];
	return 0;
}
