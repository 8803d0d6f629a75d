#include "lab/qga.h"
#include "base/buf.h"
#include "data/json.h"

#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

/* 16 MiB of a file in base64 is the largest answer there is. */
enum { ANSWER_MAX = 24 << 20, DELIMITER = 0xff };

#define GONE "the machine of the guest agent is gone"

static int wait_fd(int fd, short events, const struct deadline *d, struct err **err)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		if (deadline_check(d, err, "the guest agent's answer") < 0)
			return -1;
		if (poll(&p, 1, (int)MIN(deadline_left_ms(d), (int64_t)1000)) > 0)
			return 0;
	}
}

static int send_all(int fd, const char *data, size_t len, const struct deadline *d,
		    struct err **err)
{
	while (len) {
		if (wait_fd(fd, POLLOUT, d, err) < 0)
			return -1;
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return err_set(err, ERR_UNREACHABLE, GONE);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return err_set_errno(err, ERR_UNREACHABLE,
					     "cannot write to the guest agent");
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Reads one line; what comes before the last delimiter byte belongs to the past. */
static int read_line(int fd, struct buf *line, const struct deadline *d, struct err **err)
{
	char chunk[16384];

	for (;;) {
		char *mark = line->len ? memrchr(line->data, DELIMITER, line->len) : NULL;

		if (mark)
			buf_consume(line, (size_t)(mark - line->data) + 1);
		if (line->len && memchr(line->data, '\n', line->len))
			return 0;
		if (wait_fd(fd, POLLIN, d, err) < 0)
			return -1;
		ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return err_set(err, ERR_UNREACHABLE, GONE);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return err_set_errno(err, ERR_UNREACHABLE,
					     "cannot read from the guest agent");
		if (n > 0 && buf_add(line, chunk, (size_t)n) < 0)
			return err_set(err, ERR_TASK,
				       "Agent error: its answer is larger than %d bytes",
				       ANSWER_MAX);
	}
}

/* Takes the next line that is JSON out of the buffer. */
static int read_answer(int fd, struct buf *b, const struct deadline *d, json_t **ret,
		       struct err **err)
{
	for (;;) {
		if (read_line(fd, b, d, err) < 0)
			return -1;
		size_t len = (size_t)((char *)memchr(b->data, '\n', b->len) - b->data);
		json_t *answer = json_loadb(b->data, len, 0, NULL);
		buf_consume(b, len + 1);
		if (json_is_object(answer)) {
			*ret = answer;
			return 0;
		}
		json_decref(answer);
	}
}

static int send_command(int fd, const json_t *command, const struct deadline *d, struct err **err)
{
	_cleanup_free_ char *text = json_dumps(command, JSON_COMPACT);

	return send_all(fd, text, strlen(text), d, err) < 0 ? -1 : send_all(fd, "\n", 1, d, err);
}

static int synchronise(int fd, struct buf *b, const struct clock *clock, struct err **err)
{
	struct deadline d = deadline_in(clock, QGA_PING_MS);
	const char reset = (char)DELIMITER;
	uint32_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return err_set_errno(err, ERR_INTERNAL, "no random number");
	_cleanup_json_ json_t *sync = json_pack("{s:s, s:{s:I}}", "execute", "guest-sync-delimited",
						"arguments", "id", (json_int_t)(id & INT32_MAX));
	if (send_all(fd, &reset, 1, &d, err) < 0 || send_command(fd, sync, &d, err) < 0)
		return -1;
	for (;;) {
		_cleanup_json_ json_t *answer = NULL;

		if (read_answer(fd, b, &d, &answer, err) < 0)
			return -1;
		if (json_int(answer, "return", -1) == (int64_t)(id & INT32_MAX))
			return 0;
	}
}

int qga_command(int fd, const json_t *command, int64_t timeout_ms, const struct clock *clock,
		json_t **ret, struct err **err)
{
	_cleanup_buf_ struct buf b = { .ceiling = ANSWER_MAX };
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_err_ struct err *e = NULL;

	if (synchronise(fd, &b, clock, &e) < 0) {
		if (e->kind == ERR_TIMEOUT)
			return err_set(err, ERR_UNREACHABLE, "QEMU guest agent is not running");
		return err_move(err, TAKE_PTR(e));
	}
	struct deadline d = deadline_in(clock, timeout_ms);
	if (send_command(fd, command, &d, err) < 0 || read_answer(fd, &b, &d, &answer, err) < 0)
		return -1;
	const json_t *error = json_object_get(answer, "error");
	if (error) {
		const char *text = json_text(error, "desc");
		return err_set(err, ERR_TASK, "Agent error: %s", text ? text : "unknown");
	}
	*ret = json_incref(json_object_get(answer, "return"));
	return 0;
}
