#include "lab/qmp.h"
#include "base/buf.h"
#include "data/json.h"

#include <pthread.h>
#include <sys/socket.h>

enum { LINE_MAX_BYTES = 4 << 20 };

struct qmp {
	int fd;
	qmp_event *event;
	void *ctx;
	pthread_t reader;
	pthread_mutex_t turn;  /* one command at a time */
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	bool greeted, gone;
	int64_t id;	/* of the last command sent */
	json_t *answer; /* to it */
};

static void take(struct qmp *q, json_t *message)
{
	const char *event = json_text(message, "event");

	if (event) {
		q->event(q->ctx, event, json_object_get(message, "data"));
		return;
	}
	pthread_mutex_lock(&q->mutex);
	if (json_object_get(message, "QMP"))
		q->greeted = true;
	else if (json_int(message, "id", -1) == q->id && !q->answer)
		q->answer = json_incref(message);
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->mutex);
}

static void *reader(void *arg)
{
	struct qmp *q = arg;
	_cleanup_buf_ struct buf b = { .ceiling = LINE_MAX_BYTES };
	char chunk[16384];
	ssize_t n;

	while ((n = read(q->fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
		char *end;

		if (n > 0 && buf_add(&b, chunk, (size_t)n) < 0)
			break;
		while (b.len && (end = memchr(b.data, '\n', b.len))) {
			_cleanup_json_ json_t *message =
				json_loadb(b.data, (size_t)(end - b.data), 0, NULL);

			if (message)
				take(q, message);
			buf_consume(&b, (size_t)(end - b.data) + 1);
		}
	}
	pthread_mutex_lock(&q->mutex);
	q->gone = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->mutex);
	return NULL;
}

struct qmp *qmp_open(int fd, qmp_event *event, void *ctx)
{
	struct qmp *q = xcalloc(1, sizeof(*q));
	pthread_condattr_t monotonic;

	q->fd = fd;
	q->event = event;
	q->ctx = ctx;
	pthread_mutex_init(&q->turn, NULL);
	pthread_mutex_init(&q->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&q->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&q->reader, NULL, reader, q) != 0)
		abort(); /* no memory for a thread is no memory */
	return q;
}

static struct timespec in_ms(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms % 1000 * 1000000;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* Waits, mutex held, until *what is set. */
static int wait_for(struct qmp *q, const void *const *answer, const bool *flag,
		    const struct timespec *end, const char *what, struct err **err)
{
	for (;;) {
		if ((answer && *answer) || (flag && *flag))
			return 0;
		if (q->gone)
			return err_set(err, ERR_UNREACHABLE, "QEMU is gone while waiting for '%s'",
				       what);
		if (pthread_cond_timedwait(&q->changed, &q->mutex, end) == ETIMEDOUT)
			return err_set(err, ERR_TIMEOUT, "QEMU did not answer '%s' in time", what);
	}
}

static int send_line(struct qmp *q, const json_t *message, struct err **err)
{
	_cleanup_free_ char *text = json_dumps(message, JSON_COMPACT);
	size_t len = strlen(text), sent = 0;

	text[len++] = '\n'; /* in place of the NUL: length counts from here on */
	while (sent < len) {
		ssize_t n = send(q->fd, text + sent, len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return err_set_errno(err, ERR_UNREACHABLE, "cannot write to QEMU");
		sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int execute_locked(struct qmp *q, const char *execute, json_t *arguments, int64_t timeout_ms,
			  json_t **ret, struct err **err)
{
	struct timespec end = in_ms(timeout_ms);

	pthread_mutex_lock(&q->mutex);
	json_decref(q->answer);
	q->answer = NULL;
	int64_t id = ++q->id;
	pthread_mutex_unlock(&q->mutex);

	_cleanup_json_ json_t *message =
		json_pack("{s:s, s:I}", "execute", execute, "id", (json_int_t)id);
	if (arguments)
		json_object_set(message, "arguments", arguments);
	if (send_line(q, message, err) < 0)
		return -1;
	pthread_mutex_lock(&q->mutex);
	int r = wait_for(q, (const void *const *)&q->answer, NULL, &end, execute, err);
	_cleanup_json_ json_t *answer = json_incref(q->answer);
	pthread_mutex_unlock(&q->mutex);
	if (r < 0)
		return -1;
	const json_t *error = json_object_get(answer, "error");
	if (error) {
		const char *text = json_text(error, "desc");
		return err_set(err, ERR_TASK, "%s",
			       text ? text : "QEMU reports an error without a text");
	}
	if (ret)
		*ret = json_incref(json_object_get(answer, "return"));
	return 0;
}

int qmp_command(struct qmp *q, const char *execute, json_t *arguments, int64_t timeout_ms,
		json_t **ret, struct err **err)
{
	pthread_mutex_lock(&q->turn);
	int r = execute_locked(q, execute, arguments, timeout_ms, ret, err);
	pthread_mutex_unlock(&q->turn);
	json_decref(arguments);
	return r;
}

int qmp_greet(struct qmp *q, int64_t timeout_ms, struct err **err)
{
	struct timespec end = in_ms(timeout_ms);

	pthread_mutex_lock(&q->mutex);
	int r = wait_for(q, NULL, &q->greeted, &end, "greeting", err);
	pthread_mutex_unlock(&q->mutex);
	return r < 0 ? -1 : qmp_command(q, "qmp_capabilities", NULL, timeout_ms, NULL, err);
}

int qmp_human(struct qmp *q, const char *line, int64_t timeout_ms, struct err **err)
{
	_cleanup_json_ json_t *answer = NULL;

	if (qmp_command(q, "human-monitor-command", json_pack("{s:s}", "command-line", line),
			timeout_ms, &answer, err) < 0)
		return -1;
	const char *text = json_string_value(answer);
	if (text && *text)
		return err_set(err, ERR_TASK, "'%s': %.*s", line, (int)strcspn(text, "\r\n"), text);
	return 0;
}

struct qmp *qmp_free(struct qmp *q)
{
	if (!q)
		return NULL;
	shutdown(q->fd, SHUT_RDWR);
	pthread_join(q->reader, NULL);
	close(q->fd);
	json_decref(q->answer);
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->mutex);
	pthread_mutex_destroy(&q->turn);
	free(q);
	return NULL;
}
