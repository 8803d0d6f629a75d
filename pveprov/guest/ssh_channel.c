#include "guest/ssh_channel.h"

#include <libssh/callbacks.h>

enum { CHUNK_BYTES = 32768 };

/* One program: how far its streams are, and how it ended. */
struct run {
	struct ssh_shell *shell;
	const struct shell_exec *x;
	struct shell_result *result;
	struct deadline deadline;
	ssh_channel channel;
	size_t sent;
	size_t seen[2]; /* bytes of each output whose lines were passed on */
	bool eof_sent;
	bool ended;
};

/* RFC 4254, 6.10 */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "ABRT", 6 }, { "ALRM", 14 }, { "FPE", 8 },   { "HUP", 1 },   { "ILL", 4 },   { "INT", 2 },
	{ "KILL", 9 }, { "PIPE", 13 }, { "QUIT", 3 },  { "SEGV", 11 }, { "TERM", 15 }, { "USR1", 10 },
	{ "USR2", 12 },
};

static void on_status(ssh_session session UNUSED, ssh_channel channel UNUSED, int status, void *ctx)
{
	struct run *r = ctx;

	r->result->status = status;
	r->ended = true;
}

static void on_signal(ssh_session session UNUSED, ssh_channel channel UNUSED, const char *name, int core UNUSED,
		      const char *text UNUSED, const char *language UNUSED, void *ctx)
{
	struct run *r = ctx;

	r->result->status = 255;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (streq(signals[i].name, name))
			r->result->status = 128 + signals[i].number;
	r->ended = true;
}

static int cut(struct run *r, struct err **err)
{
	const char *why = ssh_get_error(r->shell->session);

	err_set(err, ERR_UNREACHABLE, "connection to %s was cut while '%s' ran%s%s", r->shell->peer, r->x->argv[0],
		why && *why ? ": " : "", why ? why : "");
	return wire_blame(&r->shell->wire, err);
}

static int wait_for(struct run *r, struct err **err)
{
	return ssh_shell_wait(r->shell, &r->deadline, r->x->argv[0], err);
}

/* The login shell of the other side reads a command line: each word is quoted for it. */
static char *command_line(const char *const *argv)
{
	struct buf line = { 0 };

	for (size_t i = 0; argv[i]; i++) {
		if (i)
			buf_addc(&line, ' ');
		shell_quote(&line, argv[i]);
	}
	return buf_take(&line);
}

static int start(struct run *r, struct err **err)
{
	_cleanup_free_ char *line = command_line(r->x->argv);
	int rc;

	while ((rc = ssh_channel_open_session(r->channel)) == SSH_AGAIN)
		if (wait_for(r, err) < 0)
			return -1;
	if (rc != SSH_OK)
		return cut(r, err);
	while ((rc = ssh_channel_request_exec(r->channel, line)) == SSH_AGAIN)
		if (wait_for(r, err) < 0)
			return -1;
	return rc == SSH_OK ? 0 : cut(r, err);
}

/* Takes what has arrived of one output; *moved when there was something. */
static int receive(struct run *r, int is_stderr, bool *moved, struct err **err)
{
	struct buf *b = is_stderr ? &r->result->err : &r->result->out;
	char chunk[CHUNK_BYTES];

	for (;;) {
		int n = ssh_channel_read_nonblocking(r->channel, chunk, sizeof(chunk), is_stderr);
		if (n == 0 || n == SSH_EOF || n == SSH_AGAIN)
			return 0;
		if (n < 0)
			return cut(r, err);
		*moved = true;
		if (buf_add(b, chunk, (size_t)n) < 0)
			return err_set(err, ERR_INTERNAL, "%s: '%s' printed more than %zu bytes", r->shell->peer,
				       r->x->argv[0], b->ceiling);
		shell_pass_lines(r->x, b, &r->seen[is_stderr], false);
	}
}

/* Sends as much input as the other side's window and our socket take now. */
static int send_some(struct run *r, bool *moved, struct err **err)
{
	size_t left = r->x->input_len - r->sent;

	if (r->eof_sent || ssh_channel_is_closed(r->channel) ||
	    (ssh_get_poll_flags(r->shell->session) & SSH_WRITE_PENDING))
		return 0;
	if (left) {
		size_t n = MIN(MIN(left, (size_t)ssh_channel_window_size(r->channel)), (size_t)CHUNK_BYTES);
		if (n == 0)
			return 0;
		int sent = ssh_channel_write(r->channel, (const char *)r->x->input + r->sent, (uint32_t)n);
		if (sent < 0)
			/* a program may end without reading all: its status tells */
			return ssh_channel_is_closed(r->channel) ? 0 : cut(r, err);
		r->sent += (size_t)sent;
		*moved = sent > 0;
		return 0;
	}
	if (ssh_channel_send_eof(r->channel) == SSH_ERROR && !ssh_channel_is_closed(r->channel))
		return cut(r, err);
	r->eof_sent = true;
	*moved = true;
	return 0;
}

static int pump(struct run *r, struct err **err)
{
	for (;;) {
		bool moved = false;
		if (receive(r, 0, &moved, err) < 0 || receive(r, 1, &moved, err) < 0 ||
		    send_some(r, &moved, err) < 0)
			return -1;
		bool eof = ssh_channel_is_eof(r->channel);
		if (eof && !r->ended)
			ssh_channel_get_exit_status(r->channel); /* reads packets, which reading data no longer does */
		if (!moved && ((eof && r->ended) || ssh_channel_is_closed(r->channel)))
			return 0;
		if (!ssh_is_connected(r->shell->session))
			return cut(r, err);
		if (deadline_left_ms(&r->deadline) == 0 || !moved) /* also output without end meets the deadline */
			if (wait_for(r, err) < 0)
				return -1;
	}
}

static int run(struct run *r, struct err **err)
{
	struct ssh_channel_callbacks_struct callbacks = { .userdata = r,
							   .channel_exit_status_function = on_status,
							   .channel_exit_signal_function = on_signal };

	ssh_callbacks_init(&callbacks);
	r->channel = ssh_channel_new(r->shell->session);
	if (!r->channel)
		return cut(r, err);
	ssh_set_channel_callbacks(r->channel, &callbacks);
	int rc = start(r, err);
	if (rc == 0)
		rc = pump(r, err);
	if (rc == 0 && !r->ended)
		rc = cut(r, err);
	ssh_remove_channel_callbacks(r->channel, &callbacks);
	ssh_channel_free(r->channel);
	return rc;
}

int ssh_channel_run(struct shell *shell, const struct shell_exec *x, struct shell_result *ret, struct err **err)
{
	struct ssh_shell *s = (struct ssh_shell *)shell;
	struct run r = { .shell = s, .x = x, .result = ret, .deadline = deadline_in(&s->clock, x->timeout_ms) };

	if (s->broken)
		return err_set(err, ERR_UNREACHABLE, "the connection to %s is not usable any more", s->peer);
	if (run(&r, err) < 0) {
		s->broken = true;
		return -1;
	}
	shell_pass_lines(x, &ret->out, &r.seen[0], true);
	shell_pass_lines(x, &ret->err, &r.seen[1], true);
	return 0;
}
