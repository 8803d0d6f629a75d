#include "base/fs.h"
#include "lab/child.h"
#include "lab/jobs.h"
#include "test.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>

static char *dir, *output;

static int set_up(void **state)
{
	(void)state;
	assert_works(fs_temp_dir(NULL, "child", &dir, &err));
	output = fs_join(dir, "output");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_works(fs_remove_tree(dir, &err));
	free(dir);
	free(output);
	return 0;
}

static void does_not_exist(void **state)
{
	const char *const argv[] = { "pveprov-no-such-program", NULL };
	const struct child_spec spec = { .argv = argv, .output = output, .netns = -1 };
	struct child *c = NULL;

	(void)state;
	assert_fails(child_start(&spec, &c, &err), ERR_NOT_FOUND, "'pveprov-no-such-program'");
	assert_null(c);
}

static void on_exit_status(void *ctx, int status)
{
	*(atomic_int *)ctx = status;
}

static void last_words(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo one; echo 'the reason' >&2; exit 3", NULL };
	atomic_int status = -1;
	const struct child_spec spec = { .argv = argv,
					 .output = output,
					 .netns = -1,
					 .exited = on_exit_status,
					 .ctx = &status };
	struct child *c = NULL;

	(void)state;
	assert_works(child_start(&spec, &c, &err));
	assert_true(child_wait(c, 10000));
	assert_false(child_alive(c));
	_cleanup_free_ char *words = child_last_words(c);
	assert_string_equal(words, "the reason");
	child_free(c);
	assert_int_equal(status, 3);
}

/* It gets its sockets as 3 and 4 in this order, whatever numbers they have here. */
static void passes_descriptors(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo three >&3; echo four >&4", NULL };
	int a[2], b[2];
	char text[16] = { 0 };
	struct child *c = NULL;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, b), 0);
	const int pass[] = { b[1], a[1] };
	const struct child_spec spec = {
		.argv = argv, .output = output, .netns = -1, .pass = pass, .n_pass = 2
	};
	assert_works(child_start(&spec, &c, &err));
	close(a[1]);
	close(b[1]);
	assert_int_equal(read(b[0], text, 6), 6);
	assert_memory_equal(text, "three\n", 6);
	assert_int_equal(read(a[0], text, 5), 5);
	assert_memory_equal(text, "four\n", 5);
	/* Nobody else holds the far ends: their death is the end. */
	assert_int_equal(read(a[0], text, 1), 0);
	child_free(c);
	close(a[0]);
	close(b[0]);
}

static void is_ended(void **state)
{
	const char *const argv[] = { "sleep", "1000", NULL };
	const struct child_spec spec = { .argv = argv, .output = output, .netns = -1 };
	struct child *c = NULL;

	(void)state;
	assert_works(child_start(&spec, &c, &err));
	assert_false(child_wait(c, 1));
	assert_true(child_alive(c));
	child_signal(c, SIGKILL);
	assert_true(child_wait(c, 10000));
	_cleanup_free_ char *words = child_last_words(c);
	assert_string_equal(words, "ended by signal 9");
	child_free(c);
}

/* A process that starts a child and is killed: the child's end of the pipe closes with it. */
static void dies_with_us(void **state)
{
	const char *const argv[] = { "sleep", "1000", NULL };
	int alive[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(alive), 0);
	pid_t pid = fork();
	if (pid == 0) {
		const struct child_spec spec = {
			.argv = argv, .output = output, .netns = -1, .pass = &alive[1], .n_pass = 1
		};
		struct child *c = NULL;

		if (child_start(&spec, &c, NULL) == 0 && write(alive[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(alive[1]);
	assert_int_equal(read(alive[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(alive[0], &byte, 1), 0);
	close(alive[0]);
}

struct count {
	struct event_base *base;
	struct jobs *jobs;
	pthread_t loop;
	int done;
	bool wrong_thread;
};

static void back(void *arg)
{
	struct count *c = arg;

	c->wrong_thread |= !pthread_equal(pthread_self(), c->loop);
	if (++c->done == 100)
		event_base_loopbreak(c->base);
}

static void away(void *arg)
{
	struct count *c = arg;

	c->wrong_thread |= pthread_equal(pthread_self(), c->loop);
	jobs_post(c->jobs, back, c);
}

static void jobs_come_back(void **state)
{
	struct count c = { .base = event_base_new(), .loop = pthread_self() };

	(void)state;
	assert_works(jobs_open(c.base, 4, &c.jobs, &err));
	for (int i = 0; i < 100; i++)
		jobs_submit(c.jobs, away, &c);
	event_base_dispatch(c.base);
	assert_int_equal(c.done, 100);
	assert_false(c.wrong_thread);
	/* What is still under way is finished, and told, by the end. */
	for (int i = 0; i < 10; i++)
		jobs_submit(c.jobs, away, &c);
	jobs_free(c.jobs);
	assert_int_equal(c.done, 110);
	event_base_free(c.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_not_exist),     cmocka_unit_test(last_words),
		cmocka_unit_test(passes_descriptors), cmocka_unit_test(is_ended),
		cmocka_unit_test(dies_with_us),	      cmocka_unit_test(jobs_come_back),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
