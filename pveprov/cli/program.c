#include "cli/program.h"
#include "base/fs.h"
#include "base/proc.h"

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

char *program_path(const char *name)
{
	/* Beside us, in the build directory, installed. */
	static const char *const places[] = { "", "../lab", "../libexec/pveprov" };
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return xstrdup(name);
	exe[n] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *dir = *places[i] ? fs_join(exe, places[i]) : xstrdup(exe);
		_cleanup_free_ char *path = fs_join(dir, name);
		char real[PATH_MAX];
		if (access(path, X_OK) == 0 && realpath(path, real))
			return xstrdup(real);
	}
	return xstrdup(name);
}

static int no_program(const char *name, int why, struct err **err)
{
	errno = why;
	err_set_errno(err, why == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL, "cannot run '%s'", name);
	if (strstr(name, "pveprov-lab"))
		return err_hint(err, "the lab is a program of its own: install it beside pveprov, "
				     "or in libexec/pveprov");
	return -1;
}

int program_exec(const char *const *argv, struct err **err)
{
	fflush(NULL);
	signal(SIGPIPE, SIG_DFL); /* ignoring it would be inherited */
	execvp(argv[0], (char *const *)argv);
	return no_program(argv[0], errno, err);
}

int program_run(const char *const *argv, int *ret_status, struct err **err)
{
	int status;

	if (strchr(argv[0], '/') ? access(argv[0], X_OK) < 0 : !proc_find(argv[0]))
		return no_program(argv[0], ENOENT, err);
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot start '%s'", argv[0]);
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		dup2(2, 1);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set_errno(err, ERR_INTERNAL, "cannot wait for '%s'", argv[0]);
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}
