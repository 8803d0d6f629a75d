#include "lab/run.h"
#include "data/json.h"
#include "lab/child.h"
#include "lab/qga.h"
#include "lab/qmp.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum { EARLY_MS = 60000, GREETING_MS = 20000, COMMAND_MS = 20000, AGENT_POLL_MS = 100 };

struct run {
	atomic_int refs;
	struct child *child;
	struct qmp *qmp;
	int agent_fd;
	pthread_mutex_t agent_turn; /* one agent command at a time */
	const struct clock *clock;
	run_ended *ended;
	void *ctx;
	atomic_bool agent_open; /* the guest has the agent's port open */
	atomic_bool paused;
	atomic_llong reset_ms; /* when it was powered on, or reset last */
};

static void on_event(void *ctx, const char *name, const json_t *data)
{
	struct run *r = ctx;

	if (streq(name, "VSERPORT_CHANGE"))
		r->agent_open = json_flag(data, "open", false);
	else if (streq(name, "STOP"))
		r->paused = true;
	else if (streq(name, "RESET"))
		r->reset_ms = clock_now_ms(r->clock);
	else if (streq(name, "RESUME"))
		r->paused = false;
}

static void on_child_end(void *ctx, int status)
{
	struct run *r = ctx;

	(void)status;
	if (r->ended)
		r->ended(r->ctx, r);
}

static int start_qemu(struct run *r, const struct run_spec *spec, int ours[2], struct err **err)
{
	int qmp[2] = { -1, -1 }, qga[2] = { -1, -1 };
	_cleanup_strv_ struct strv argv = { 0 };

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qga) < 0) {
		closep(&qmp[0]);
		closep(&qmp[1]);
		return err_set_errno(err, ERR_INTERNAL, "cannot make a pair of sockets");
	}
	machine_argv(spec->machine, spec->host, &argv);
	const int theirs[] = { qmp[1], qga[1] };
	const struct child_spec child = { .argv = (const char *const *)argv.v,
					  .output = spec->output,
					  .netns = spec->netns,
					  .pass = theirs,
					  .n_pass = ARRAY_SIZE(theirs),
					  .exited = on_child_end,
					  .ctx = r };
	int result = child_start(&child, &r->child, err);
	/* Only QEMU holds its ends now, so that its death is the end of both conversations. */
	close(qmp[1]);
	close(qga[1]);
	ours[0] = qmp[0];
	ours[1] = qga[0];
	return result;
}

int run_start(const struct run_spec *spec, struct run **ret, struct err **err)
{
	_cleanup_run_ struct run *r = xcalloc(1, sizeof(*r));
	_cleanup_err_ struct err *e = NULL;
	int ours[2] = { -1, -1 };

	r->refs = 1;
	r->clock = spec->clock;
	r->reset_ms = clock_now_ms(spec->clock);
	r->ctx = spec->ctx;
	r->agent_fd = -1;
	pthread_mutex_init(&r->agent_turn, NULL);
	int started = start_qemu(r, spec, ours, err);
	if (ours[0] >= 0)
		r->qmp = qmp_open(ours[0], on_event, r);
	r->agent_fd = ours[1];
	if (started < 0)
		return -1;
	r->ended = spec->ended;
	if (qmp_greet(r->qmp, GREETING_MS, &e) == 0) {
		*ret = TAKE_PTR(r);
		return 0;
	}
	r->ended = NULL;
	run_kill(r);
	child_wait(r->child, GREETING_MS);
	_cleanup_free_ char *words = run_last_words(r);
	return err_set(err, ERR_TASK, "start failed: QEMU exited: %s", words);
}

struct run *run_ref(struct run *r)
{
	r->refs++;
	return r;
}

struct run *run_unref(struct run *r)
{
	if (!r || --r->refs > 0)
		return NULL;
	if (r->child)
		child_signal(r->child, SIGKILL);
	child_free(r->child);
	qmp_free(r->qmp);
	closep(&r->agent_fd);
	pthread_mutex_destroy(&r->agent_turn);
	free(r);
	return NULL;
}

int run_command(struct run *r, const char *execute, struct err **err)
{
	return qmp_command(r->qmp, execute, NULL, COMMAND_MS, NULL, err);
}

int run_disk_snapshot(struct run *r, const char *execute, const char *name, struct err **err)
{
	return qmp_command(r->qmp, execute, json_pack("{s:s, s:s}", "device", "disk", "name", name),
			   COMMAND_MS, NULL, err);
}

int run_resize_disk(struct run *r, int64_t size_bytes, struct err **err)
{
	json_t *arguments =
		json_pack("{s:s, s:I}", "node-name", "disk", "size", (json_int_t)size_bytes);

	return qmp_command(r->qmp, "block_resize", arguments, COMMAND_MS, NULL, err);
}

int run_set_link(struct run *r, const char *nic, bool up, struct err **err)
{
	return qmp_command(r->qmp, "set_link", json_pack("{s:s, s:b}", "name", nic, "up", up),
			   COMMAND_MS, NULL, err);
}

int run_human(struct run *r, const char *line, int64_t timeout_ms, struct err **err)
{
	return qmp_human(r->qmp, line, timeout_ms, err);
}

static int agent_locked(struct run *r, const json_t *command, int64_t timeout_ms, json_t **ret,
			struct err **err)
{
	struct deadline d = deadline_in(r->clock, QGA_PING_MS);

	while (!r->agent_open) {
		if (deadline_passed(&d) || !child_alive(r->child))
			return err_set(err, ERR_UNREACHABLE, "QEMU guest agent is not running");
		if (deadline_sleep(&d, AGENT_POLL_MS, err) < 0)
			return -1;
	}
	return qga_command(r->agent_fd, command, timeout_ms, r->clock, ret, err);
}

int run_agent(struct run *r, const json_t *command, int64_t timeout_ms, json_t **ret,
	      struct err **err)
{
	pthread_mutex_lock(&r->agent_turn);
	int result = agent_locked(r, command, timeout_ms, ret, err);
	pthread_mutex_unlock(&r->agent_turn);
	return result;
}

bool run_paused(struct run *r)
{
	return r->paused;
}

char *run_last_words(struct run *r)
{
	return child_last_words(r->child);
}

bool run_failed_early(struct run *r)
{
	return child_status(r->child) == 128 + SIGABRT &&
	       clock_now_ms(r->clock) - r->reset_ms < EARLY_MS;
}

pid_t run_pid(struct run *r)
{
	return child_pid(r->child);
}

void run_kill(struct run *r)
{
	child_signal(r->child, SIGKILL);
}

bool run_wait(struct run *r, int64_t timeout_ms)
{
	return child_wait(r->child, timeout_ms);
}
