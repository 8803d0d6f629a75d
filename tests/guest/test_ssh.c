#include "../unit/test.h"
#include "sshd.h"
#include "base/fs.h"
#include "base/strv.h"
#include "data/digest.h"
#include "base/proc.h"
#include "guest/ssh.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static struct sshd server;
static struct clock real = { .cancel_fd = -1 };
static const char *host_keys[2];

static struct ssh_target target(void)
{
	host_keys[0] = server.host_key;
	return (struct ssh_target){ .address = "127.0.0.1", .port = server.port, .user = "root",
				    .host_keys = host_keys, .key_file = server.key };
}

static struct shell *open_shell(void)
{
	struct ssh_target t = target();
	struct shell *s = NULL;

	assert_works(ssh_open(&t, &real, &s, &err));
	return s;
}

static void a_wrong_host_key_is_refused(void **state UNUSED)
{
	struct ssh_target t = target();
	struct shell *s = NULL;
	const char *wrong[] = { server.wrong_host_key, "no key at all", NULL };
	const char *none[] = { NULL };

	t.host_keys = wrong;
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_GUARD, "shows the host key SHA256:");
	t.host_keys = none;
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_GUARD, "no host key of root@127.0.0.1 is known");
}

static void one_known_host_key_of_several_is_enough(void **state UNUSED)
{
	struct ssh_target t = target();
	_cleanup_shell_ struct shell *s = NULL;
	const char *several[] = { server.wrong_host_key, server.host_key, NULL };

	t.host_keys = several;
	assert_works(ssh_open(&t, &real, &s, &err));
}

static void a_key_that_is_not_accepted_is_named(void **state UNUSED)
{
	struct ssh_target t = target();
	struct shell *s = NULL;

	t.key_file = server.other_key;
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_AUTH, "accepts no key of the key file");
	t.key_file = server.locked_key;
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_AUTH, "has a passphrase");
	t.key_file = "/nonexistent/key";
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_NOT_FOUND, "/nonexistent/key");
	t.key_file = NULL;
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_AUTH, "no SSH agent");
}

/* A listener that accepts (in the kernel) and never says a word. */
static int silent_listener(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 4), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	*port = ntohs(a.sin_port);
	return fd;
}

static void a_server_that_is_silent_or_absent_does_not_hang_us(void **state UNUSED)
{
	struct ssh_target t = target();
	struct shell *s = NULL;
	int fd = silent_listener(&t.port);

	t.connect_timeout_ms = 100;
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_TIMEOUT, "root@127.0.0.1: 'ssh' took longer than 0.1 s");
	close(fd);
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_UNREACHABLE, "cannot connect to 127.0.0.1: Connection refused");
	t.address = "router";
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_INTERNAL, "'router' is not an address");
}

static void a_cancelled_run_ends_at_once(void **state UNUSED)
{
	struct ssh_target t = target();
	struct shell *s = NULL;
	int p[2];
	int fd = silent_listener(&t.port);

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(write(p[1], "", 1), 1);
	struct clock cancelled = clock_real(p[0]);
	assert_fails(ssh_open(&t, &cancelled, &s, &err), ERR_INTERRUPTED, "");
	close(p[0]);
	close(p[1]);
	close(fd);
}

static void programs_tell_status_and_both_outputs(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	const char *script[] = { "/bin/sh", "-c", "echo out; echo oops >&2; exit 3", NULL };
	const char *killed[] = { "/bin/sh", "-c", "kill -9 $$", NULL };

	for (int i = 0; i < 3; i++) { /* one session, many programs */
		_cleanup_shell_result_ struct shell_result r = { 0 };
		assert_works(shell_exec(s, &(struct shell_exec){ .argv = script }, &r, &err));
		assert_int_equal(r.status, 3);
		assert_string_equal(buf_text(&r.out), "out\n");
		assert_string_equal(buf_text(&r.err), "oops\n");
	}
	assert_fails(shell_check(s, &(struct shell_exec){ .argv = script }, NULL, &err), ERR_INTERNAL, "status 3: oops");
	_cleanup_shell_result_ struct shell_result r = { 0 };
	assert_works(shell_exec(s, &(struct shell_exec){ .argv = killed }, &r, &err));
	assert_int_equal(r.status, 137);
}

static void words_arrive_as_they_were(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	static const char *const words[] = { "", "a b", "it's", "$HOME `id` \"x\" \\", "*", "line\nbreak", "-n", "\xc3\xa4" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_shell_result_ struct shell_result r = { 0 };
		const char *argv[] = { "printf", "%s", words[i], NULL };
		assert_works(shell_exec(s, &(struct shell_exec){ .argv = argv }, &r, &err));
		assert_string_equal(buf_text(&r.out), words[i]);
	}
}

static void a_script_gets_its_arguments(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_shell_result_ struct shell_result r = { 0 };
	const char *args[] = { "-a", "b; c", NULL };

	assert_works(shell_script(s, "printf '%s|' \"$@\"\n", args, 0, &r, &err));
	assert_string_equal(buf_text(&r.out), "-a|b; c|");
}

static void a_slow_program_meets_its_deadline(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	const char *slow[] = { "cat", "/dev/fd/9", NULL };
	const char *fifo[] = { "/bin/sh", "-c", "mkfifo \"$1\" && cat \"$1\"", "sh", NULL, NULL };
	_cleanup_free_ char *path = fs_join(server.dir, "fifo");

	fifo[4] = path;
	assert_fails(shell_check(s, &(struct shell_exec){ .argv = fifo, .timeout_ms = 200 }, NULL, &err), ERR_TIMEOUT,
		     "took longer than 0.2 s");
	assert_fails(shell_check(s, &(struct shell_exec){ .argv = slow }, NULL, &err), ERR_UNREACHABLE, "not usable any more");
	struct deadline d = deadline_in(&real, 10000);
	while (!fs_exists(path)) /* a busy machine may not have come so far */
		assert_works(deadline_check(&d, &err, "the fifo") < 0 ? -1 : deadline_sleep(&d, 5, &err));
	/* whoever reads the fifo waits for this, and ends */
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
}

static void endless_output_meets_its_ceiling(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	const char *argv[] = { "cat", "/dev/zero", NULL };

	assert_fails(shell_check(s, &(struct shell_exec){ .argv = argv, .output_max = 100000 }, NULL, &err), ERR_INTERNAL,
		     "'cat' printed more than 100000 bytes");
}

static void a_stream_of_five_mebibytes_arrives_whole(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_shell_result_ struct shell_result r = { 0 };
	const char *sum[] = { "sha256sum", NULL };
	const char *deaf[] = { "true", NULL };
	char hex[DIGEST_SHA256_HEX];
	size_t len = 5 << 20;
	_cleanup_free_ unsigned char *data = xmalloc(len);

	for (size_t i = 0; i < len; i++)
		data[i] = (unsigned char)(i * 2654435761u >> 13);
	assert_works(shell_check(s, &(struct shell_exec){ .argv = sum, .input = data, .input_len = len }, &r, &err));
	assert_memory_equal(buf_text(&r.out), digest_sha256(data, len, hex), 64);
	assert_works(shell_check(s, &(struct shell_exec){ .argv = deaf, .input = data, .input_len = len }, NULL, &err));
}

static void much_output_arrives_whole(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_shell_result_ struct shell_result r = { 0 };
	const char *argv[] = { "head", "-c", "6000000", "/dev/zero", NULL };

	assert_works(shell_check(s, &(struct shell_exec){ .argv = argv, .output_max = 8 << 20 }, &r, &err));
	assert_int_equal(r.out.len, 6000000);
}

static void a_cut_connection_is_noticed(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	const char *argv[] = { "/bin/sh", "-c", "kill -9 $PPID; cat /dev/zero", NULL };

	assert_fails(shell_check(s, &(struct shell_exec){ .argv = argv, .output_max = 1 << 30 }, NULL, &err),
		     ERR_UNREACHABLE, "was cut while '/bin/sh' ran");
}

static void add_line(void *ctx, const char *text)
{
	strv_add(ctx, text);
}

static void lines_are_passed_on(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_strv_ struct strv lines = { 0 };
	const char *argv[] = { "printf", "one\\ntwo\\r\\n\\nlast", NULL };

	assert_works(shell_check(s, &(struct shell_exec){ .argv = argv, .line = add_line, .line_ctx = &lines }, NULL, &err));
	_cleanup_free_ char *all = strv_join(&lines, "|");
	assert_string_equal(all, "one|two||last");
}

static void files_are_written_and_read(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_free_ char *path = fs_join(server.dir, "a file");
	_cleanup_buf_ struct buf b = { 0 };
	struct stat st;

	assert_works(shell_write_file(s, path, 0640, "a\0b\n", 4, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_works(shell_read_file(s, path, 4, &b, &err));
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b\n", 4);
	assert_fails(shell_read_file(s, "/nonexistent", 10, &b, &err), ERR_NOT_FOUND, "'/nonexistent' does not exist");
	assert_fails(shell_write_file(s, "/nonexistent/f", 0644, "", 0, &err), ERR_INTERNAL, "cannot write '/nonexistent/f'");
}

static void too_large_a_file_is_refused(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_buf_ struct buf b = { 0 };

	assert_fails(shell_read_file(s, server.config, 10, &b, &err), ERR_INTERNAL, "more than 10 bytes");
}

static void a_proxy_command_carries_the_connection(void **state UNUSED)
{
	struct ssh_target t = target();
	_cleanup_shell_ struct shell *s = NULL;
	_cleanup_free_ char *command = xasprintf("/usr/sbin/sshd -i  -f '%s'", server.config);
	const char *argv[] = { "echo", "hello", NULL };
	_cleanup_shell_result_ struct shell_result r = { 0 };

	t.proxy_command = command;
	assert_works(ssh_open(&t, &real, &s, &err));
	assert_works(shell_check(s, &(struct shell_exec){ .argv = argv }, &r, &err));
	assert_string_equal(buf_text(&r.out), "hello\n");
}

static void a_bad_proxy_command_says_why(void **state UNUSED)
{
	struct ssh_target t = target();
	struct shell *s = NULL;

	t.proxy_command = "/nonexistent/proxy %h";
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_UNREACHABLE, "cannot run '/nonexistent/proxy'");
	t.proxy_command = "sh -c 'echo no way to %h %p as %r 100%% >&2; exit 1'";
	_cleanup_free_ char *said = xasprintf("proxy command: no way to 127.0.0.1 %u as root 100%%", server.port);
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_UNREACHABLE, said);
	t.proxy_command = "proxy %x";
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_USAGE, "only %h, %p, %r and %% are known");
	t.proxy_command = "proxy 'x";
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_USAGE, "a quote is not closed");
	t.proxy_command = "cat"; /* echoes our own banner */
	t.connect_timeout_ms = 500;
	struct err *e = NULL;
	assert_int_equal(ssh_open(&t, &real, &s, &e), -1);
	assert_true(e->kind == ERR_UNREACHABLE || e->kind == ERR_TIMEOUT);
	err_free(e);
}

static void an_ssh_agent_that_waits_for_somebody_does_not_hang_us(void **state UNUSED)
{
	struct ssh_target t = target();
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct shell *s = NULL;
	_cleanup_free_ char *path = fs_join(server.dir, "silent-agent");

	t.key_file = NULL;
	t.agent_socket = path;
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_AUTH, "cannot reach the SSH agent at '");
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(a.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	t.connect_timeout_ms = 1500;
	assert_fails(ssh_open(&t, &real, &s, &err), ERR_TIMEOUT, "the log-in with the SSH agent took longer than 1.5 s");
}

static void the_ssh_agent_logs_in(void **state UNUSED)
{
	struct ssh_target t = target();
	_cleanup_shell_ struct shell *s = NULL;
	_cleanup_free_ char *socket_path = fs_join(server.dir, "agent");
	_cleanup_free_ char *env = xasprintf("SSH_AUTH_SOCK=%s", socket_path);
	const char *environment[] = { env, NULL };
	const char *add[] = { "ssh-add", "-q", server.key, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(1);
		execlp("ssh-agent", "ssh-agent", "-D", "-a", socket_path, (char *)NULL);
		_exit(127);
	}
	struct deadline d = deadline_in(&real, 10000);
	while (!fs_exists(socket_path)) /* a bounded wait for the agent's socket */
		assert_works(deadline_check(&d, &err, "ssh-agent") < 0 ? -1 : deadline_sleep(&d, 5, &err));
	t.key_file = NULL;
	t.agent_socket = socket_path;
	struct shell *none = NULL;
	assert_fails(ssh_open(&t, &real, &none, &err), ERR_AUTH, "accepts no key of the SSH agent");
	assert_works(proc_check(&(struct proc_spec){ .argv = add, .env = environment }, &real, &err));
	assert_works(ssh_open(&t, &real, &s, &err));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int start(void **state UNUSED)
{
	signal(SIGPIPE, SIG_IGN);
	real = clock_real(-1);
	sshd_start(&server);
	return 0;
}

static int stop(void **state UNUSED)
{
	sshd_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_host_key_is_refused),
		cmocka_unit_test(one_known_host_key_of_several_is_enough),
		cmocka_unit_test(a_key_that_is_not_accepted_is_named),
		cmocka_unit_test(a_server_that_is_silent_or_absent_does_not_hang_us),
		cmocka_unit_test(a_cancelled_run_ends_at_once),
		cmocka_unit_test(programs_tell_status_and_both_outputs),
		cmocka_unit_test(words_arrive_as_they_were),
		cmocka_unit_test(a_script_gets_its_arguments),
		cmocka_unit_test(a_slow_program_meets_its_deadline),
		cmocka_unit_test(endless_output_meets_its_ceiling),
		cmocka_unit_test(a_stream_of_five_mebibytes_arrives_whole),
		cmocka_unit_test(much_output_arrives_whole),
		cmocka_unit_test(a_cut_connection_is_noticed),
		cmocka_unit_test(lines_are_passed_on),
		cmocka_unit_test(files_are_written_and_read),
		cmocka_unit_test(too_large_a_file_is_refused),
		cmocka_unit_test(a_proxy_command_carries_the_connection),
		cmocka_unit_test(a_bad_proxy_command_says_why),
		cmocka_unit_test(an_ssh_agent_that_waits_for_somebody_does_not_hang_us),
		cmocka_unit_test(the_ssh_agent_logs_in),
	};
	if (geteuid() != 0 || access("/usr/sbin/sshd", X_OK) != 0) {
		puts("skipped: needs root and sshd (package openssh-server)");
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
