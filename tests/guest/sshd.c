#include "sshd.h"
#include "base/fs.h"
#include "base/proc.h"

#include <arpa/inet.h>
#include <err.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void must(int r, const struct err *e, const char *what)
{
	if (r < 0)
		errx(99, "%s: %s", what, e->text);
}

static char *make_key(const struct sshd *s, const char *name, const char *passphrase)
{
	struct clock c = clock_real(-1);
	struct err *e = NULL;
	char *file = fs_join(s->dir, name);
	const char *argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", file, NULL };

	must(proc_check(&(struct proc_spec){ .argv = argv }, &c, &e), e, "ssh-keygen");
	return file;
}

static char *read_public(const char *key)
{
	struct buf b = { 0 };
	struct err *e = NULL;
	_cleanup_free_ char *file = xasprintf("%s.pub", key);

	must(fs_read(file, 4096, &b, &e), e, "public key");
	return buf_take(&b);
}

static void write_config(struct sshd *s, const char *host_key)
{
	struct err *e = NULL;
	_cleanup_free_ char *allowed = fs_join(s->dir, "authorized_keys");
	_cleanup_free_ char *log = fs_join(s->dir, "log");
	_cleanup_free_ char *key = read_public(s->key);
	_cleanup_free_ char *text =
		xasprintf("HostKey %s\nAuthorizedKeysFile %s\nPermitRootLogin yes\nStrictModes no\nUsePAM no\n"
			  "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\nPrintMotd no\n",
			  host_key, allowed);

	s->config = fs_join(s->dir, "sshd_config");
	must(fs_write(allowed, key, strlen(key), 0600, &e), e, allowed);
	must(fs_write(s->config, text, strlen(text), 0600, &e), e, s->config);
}

/* The port's server: one sshd for each connection, until it is killed. */
static _Noreturn void serve(int listener, const struct sshd *s)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd >= 0 && fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			dup2(fd, 0);
			dup2(fd, 1);
			execl("/usr/sbin/sshd", "sshd", "-i", "-f", s->config, (char *)NULL);
			_exit(127);
		}
		close(fd);
	}
}

void sshd_start(struct sshd *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	struct err *e = NULL;

	*s = (struct sshd){ 0 };
	must(fs_temp_dir(NULL, "pveprov-sshd", &s->dir, &e), e, "directory");
	s->made_run_dir = mkdir("/run/sshd", 0755) == 0; /* where sshd confines its unprivileged half */
	_cleanup_free_ char *host = make_key(s, "host", "");
	_cleanup_free_ char *wrong = make_key(s, "wrong_host", "");
	s->key = make_key(s, "user", "");
	s->other_key = make_key(s, "other", "");
	s->locked_key = make_key(s, "locked", "secret");
	s->host_key = read_public(host);
	s->wrong_host_key = read_public(wrong);
	write_config(s, host);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(listener, 16) < 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) < 0)
		err(99, "listen");
	s->port = ntohs(a.sin_port);
	s->pid = fork();
	if (s->pid == 0)
		serve(listener, s);
	close(listener);
}

void sshd_stop(struct sshd *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	if (s->made_run_dir)
		rmdir("/run/sshd");
	fs_remove_tree(s->dir, NULL);
	char *texts[] = { s->dir, s->config, s->key, s->other_key, s->locked_key, s->host_key, s->wrong_host_key };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
}
