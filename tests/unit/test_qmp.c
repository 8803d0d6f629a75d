/* QMP and the agent's protocol against a peer that is a table of what it reads and what it says to
 * it. */
#include "data/json.h"
#include "lab/qga.h"
#include "lab/qmp.h"
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* Says `first`, then to each line that it reads the next of `lines`; NULL ends it. "%d" in a line
 * is the id it read. */
struct peer {
	int fd;
	const char *first;
	const char *const *lines;
	pthread_t thread;
};

static int id_of(const char *line)
{
	const char *id = strstr(line, "\"id\":");
	uint64_t value = 0;
	char digits[24] = { 0 };

	if (id)
		memcpy(digits, id + 5, MIN(strspn(id + 5, "0123456789"), sizeof(digits) - 1));
	value = strtoull(digits, NULL, 10);
	return (int)value;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void *peer_thread(void *arg)
{
	struct peer *p = arg;
	FILE *f = fdopen(p->fd, "r");
	char line[4096], answer[4096];

	if (p->first)
		say(p->fd, p->first);
	for (const char *const *l = p->lines; *l && fgets(line, sizeof(line), f); l++) {
		snprintf(answer, sizeof(answer), *l, id_of(line));
		say(p->fd, answer);
	}
	fclose(f);
	return NULL;
}

static int peer_start(struct peer *p)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	p->fd = fds[1];
	assert_int_equal(pthread_create(&p->thread, NULL, peer_thread, p), 0);
	return fds[0];
}

static const char greeting[] = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\n";

static void on_event(void *ctx, const char *name, const json_t *data)
{
	(void)data;
	if (streq(name, "STOP"))
		(*(atomic_int *)ctx)++;
}

static void commands(void **state)
{
	static const char *const lines[] = {
		"{\"return\": {}, \"id\": %d}\n",
		"{\"event\": \"STOP\"}\n{\"return\": {\"old\": 1}, \"id\": 0}\n{\"return\": "
		"{\"a\": 7}, \"id\": %d}\n",
		"{\"error\": {\"class\": \"GenericError\", \"desc\": \"No such device\"}, \"id\": "
		"%d}\n",
		"{\"return\": \"Error: no\\r\\nmore\", \"id\": %d}\n",
		"{\"return\": \"\", \"id\": %d}\n",
		NULL,
	};
	struct peer p = { .first = greeting, .lines = lines };
	atomic_int stops = 0;
	struct qmp *q = qmp_open(peer_start(&p), on_event, &stops);
	_cleanup_json_ json_t *answer = NULL;

	(void)state;
	assert_works(qmp_greet(q, 5000, &err));
	assert_works(qmp_command(q, "query", json_pack("{s:i}", "x", 1), 5000, &answer, &err));
	assert_int_equal(json_int(answer, "a", 0), 7);
	assert_int_equal(stops, 1);
	assert_fails(qmp_command(q, "set_link", NULL, 5000, NULL, &err), ERR_TASK,
		     "No such device");
	assert_fails(qmp_human(q, "savevm x", 5000, &err), ERR_TASK, "'savevm x': Error: no");
	assert_works(qmp_human(q, "savevm x", 5000, &err));
	/* The peer has said all it had and is gone. */
	assert_fails(qmp_command(q, "query", NULL, 5000, NULL, &err), ERR_UNREACHABLE, "QEMU");
	qmp_free(q);
	pthread_join(p.thread, NULL);
}

static void silent(void **state)
{
	int fds[2];
	atomic_int stops = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	struct qmp *q = qmp_open(fds[0], on_event, &stops);
	assert_fails(qmp_greet(q, 30, &err), ERR_TIMEOUT, "greeting");
	close(fds[1]);
	assert_fails(qmp_greet(q, 5000, &err), ERR_UNREACHABLE, "greeting");
	qmp_free(q);
}

static void agent(void **state)
{
	/* The late answer to an abandoned command comes first, then the delimiter. */
	static const char *const lines[] = {
		"{\"return\": {\"late\": 1}}\n\xff{\"return\": %d}\n",
		"{\"return\": {\"pid\": 12}}\n",
		"\xff{\"return\": 5}\n\xff{\"return\": %d}\n",
		"{\"error\": {\"desc\": \"PID ld does not exist\"}}\n",
		"\xff{\"return\": %d}\n",
		NULL,
	};
	struct peer p = { .lines = lines };
	const struct clock clock = clock_real(-1);
	_cleanup_close_ int fd = peer_start(&p);
	_cleanup_json_ json_t *answer = NULL, *none = NULL,
			      *command = json_pack("{s:s}", "execute", "guest-exec");

	(void)state;
	assert_works(qga_command(fd, command, 5000, &clock, &answer, &err));
	assert_int_equal(json_int(answer, "pid", 0), 12);
	assert_fails(qga_command(fd, command, 5000, &clock, &none, &err), ERR_TASK,
		     "Agent error: PID ld does not exist");
	assert_fails(qga_command(fd, command, 5000, &clock, &none, &err), ERR_UNREACHABLE, "gone");
	pthread_join(p.thread, NULL);
}

static void agent_absent(void **state)
{
	int fds[2];
	const struct clock clock = clock_real(-1);
	_cleanup_json_ json_t *none = NULL, *command = json_pack("{s:s}", "execute", "guest-ping");

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(fds[1]);
	assert_fails(qga_command(fds[0], command, 5000, &clock, &none, &err), ERR_UNREACHABLE,
		     "gone");
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silent),
		cmocka_unit_test(commands),
		cmocka_unit_test(agent_absent),
		cmocka_unit_test(agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
