#include "guest/push.h"
#include "guest/push_answer.h"
#include "guest/push_stream.h"

enum {
	CONFIRM_S = 120,
	REBOOT_MORE_S = 300 + 90,  /* the guest's, and the reboot itself */
	REVERT_MORE_S = 90,	   /* to see what came of it */
	PACKAGES_MS = 15 * 60000,
	VALIDATE_MS = 180000,
	CONFIRM_MS = 120000,	   /* services settle, etckeeper commits */
	LOOK_MS = 60000,
	CONNECT_EVERY_MS = 6000,   /* the router's own limit is 12 new connections in a minute, 12 at once: */
	CONNECT_AT_ONCE = 2,	   /* after the first of a push, that many need not wait */
	POLL_MS = 1000,
	OUTPUT_MAX = 8 << 20,
	REASON_LINES = 12,
};

/* Input is program, "#manifest", manifest: text only. Leaves nothing behind. */
static const char LOOK[] = "set -eu; umask 077; d=$(mktemp -d /run/pveprov.XXXXXX); trap 'rm -rf \"$d\"' EXIT; "
			   "cat >\"$d/all\"; sed '1,/^#manifest$/d' \"$d/all\" >\"$d/manifest\"; "
			   "sh \"$d/all\" check \"$d/manifest\"";

/* Input is the tar. The lock (descriptor 8) goes on to the program. $1: "yes" when it may reboot. */
static const char PUSH[] = "set -eu; umask 077; d=/var/lib/pveprov; mkdir -p \"$d\"; exec 8>\"$d/push.lock\"; "
			   "flock -n 8 || { echo 'another push is running' >&2; exit 75; }; "
			   "[ ! -e \"$d/revert\" ] || { echo 'an earlier push waits for confirmation' >&2; exit 75; }; "
			   "rm -rf \"$d/stage\"; mkdir \"$d/stage\"; tar -xmpf - -C \"$d/stage\"; "
			   "exec sh \"$d/stage/push.sh\" push \"$1\"";

/* Input is the program. $1 is the verb. */
static const char ASK[] = "exec /bin/sh -s -- \"$@\"";

enum { STATUS_BUSY = 75 };

struct push {
	const struct push_ops *ops;
	const struct push_options *options;
	const struct clock *clock;
	struct push_result *result;
	struct shell *shell; /* NULL: not connected */
	int64_t connected_ms; /* when we last tried */
	int connections;
	int64_t confirm_s;
	char id[DIGEST_SHA256_HEX];
	struct buf manifest;
	struct strv said;    /* by units that failed */
	struct err *last;    /* why the last connection failed */
};

static void say(const struct push *p, const char *text)
{
	if (p->ops->line)
		p->ops->line(p->ops->ctx, text);
}

/* Lines for people; facts are read when the program has ended. */
static void on_line(void *ctx, const char *text)
{
	if (text[0] != '@')
		say(ctx, text);
}

static int run(struct shell *s, const char *const *argv, const void *input, size_t len, int64_t timeout_ms,
	       struct push *p, struct push_answer *ret, struct err **err)
{
	_cleanup_shell_result_ struct shell_result r = { 0 };
	const struct shell_exec x = { .argv = argv,
				      .input = input,
				      .input_len = len,
				      .timeout_ms = timeout_ms,
				      .output_max = OUTPUT_MAX,
				      .line = p ? on_line : NULL,
				      .line_ctx = p };
	struct err *e = NULL;

	if (shell_check(s, &x, &r, &e) < 0) {
		if (e->code == STATUS_BUSY && e->kind == ERR_INTERNAL)
			e->kind = ERR_BUSY;
		return err_move(err, e);
	}
	return push_answer_parse(buf_text(&r.out), ret, err);
}

static int look(struct shell *s, const struct bundle *b, struct push_answer *ret, struct err **err)
{
	_cleanup_buf_ struct buf stream = { 0 };
	const char *argv[] = { "/bin/sh", "-c", LOOK, NULL };

	if (push_look_stream(b, &stream, err) < 0)
		return -1;
	return run(s, argv, stream.data, stream.len, LOOK_MS, NULL, ret, err);
}

int push_check(struct shell *s, const struct bundle *b, struct push_state *ret, struct err **err)
{
	struct push_answer a = { 0 };

	if (look(s, b, &a, err) < 0)
		return -1;
	*ret = a.state;
	a.state = (struct push_state){ 0 };
	push_answer_free(&a);
	return 0;
}

/* The program with a verb and words; it needs nothing on the guest but itself. */
static int ask(struct shell *s, const char *verb, const char *word, int64_t timeout_ms, struct push_answer *ret,
	       struct err **err)
{
	const char *argv[] = { "/bin/sh", "-c", ASK, "sh", verb, word, NULL };

	return run(s, argv, push_program, strlen(push_program), timeout_ms, NULL, ret, err);
}

static void disconnect(struct push *p)
{
	p->shell = shell_close(p->shell);
}

static bool may_connect(const struct push *p)
{
	return p->connections <= CONNECT_AT_ONCE || clock_now_ms(p->clock) - p->connected_ms >= CONNECT_EVERY_MS;
}

static int connect_now(struct push *p, struct err **err)
{
	disconnect(p);
	p->connected_ms = clock_now_ms(p->clock);
	p->connections++;
	return p->ops->connect(p->ops->ctx, &p->shell, err);
}

/* ---- what came of it ---- */

enum verdict { VERDICT_WAIT, VERDICT_CONNECT, VERDICT_CONFIRMED, VERDICT_FAILED };

static int undone(struct push *p, const char *why, struct err **err)
{
	_cleanup_free_ char *said = strv_join(&p->said, "\n");

	err_set(err, ERR_REVERTED, "the change was undone: %s%s%s%s%s", why, p->last ? "; the last try to connect: " : "",
		p->last ? p->last->text : "", *said ? "\n" : "", said);
	return err_hint(err, "the machine has its former configuration; packages that were installed stay");
}

/* From the state that the guest tells to what we do next; VERDICT_FAILED sets err. */
static enum verdict judge(struct push *p, const struct push_answer *a, struct err **err)
{
	const char *last = a->state.last ? a->state.last : "";
	const char *word = strchr(last, ' ');

	if (a->outcome == PUSH_OUTCOME_CONFIRMED)
		return VERDICT_CONFIRMED;
	if (a->failed) {
		strv_free(&p->said);
		for (size_t i = 0; i < a->said.n && i < REASON_LINES; i++)
			strv_add(&p->said, a->said.v[i]);
		return VERDICT_WAIT; /* for it to be undone */
	}
	if (a->state.pending && !streq(a->state.pending, p->id)) {
		err_set(err, ERR_CONFLICT, "another push was started on this machine meanwhile");
		return VERDICT_FAILED;
	}
	if (a->state.pending)
		return streq(a->phase, "switched") ? VERDICT_CONNECT : VERDICT_WAIT;
	if (word && starts_with(word + 1, p->id) && starts_with(last, "confirmed "))
		return VERDICT_CONFIRMED;
	if (word && starts_with(word + 1, p->id) && starts_with(last, "reverted "))
		undone(p, word + 1 + MIN(strlen(p->id) + 1, strlen(word + 1)), err);
	else
		err_set(err, ERR_CONFLICT, "the change is gone from the machine, neither confirmed nor undone");
	return VERDICT_FAILED;
}

/* The guest's own word, by the way that needs no network. No answer is no news: it may be rebooting. */
static enum verdict ask_side(struct push *p, struct err **err)
{
	_cleanup_push_answer_ struct push_answer a = { 0 };

	if (!p->ops->side)
		return VERDICT_CONNECT;
	if (ask(p->ops->side, "status", NULL, LOOK_MS, &a, NULL) < 0)
		return VERDICT_WAIT;
	return judge(p, &a, err);
}

/* One new connection, and over it the confirmation. */
static enum verdict try_confirm(struct push *p, struct err **err)
{
	_cleanup_push_answer_ struct push_answer a = { 0 };

	p->last = err_free(p->last);
	if (connect_now(p, &p->last) < 0)
		return VERDICT_WAIT;
	say(p, "connected again, confirming");
	if (ask(p->shell, "confirm", p->id, CONFIRM_MS, &a, &p->last) < 0)
		return VERDICT_WAIT;
	for (size_t i = 0; i < a.warnings.n; i++)
		strv_add(&p->result->warnings, a.warnings.v[i]);
	return judge(p, &a, err);
}

static int interrupted(struct err **err)
{
	return err_hint(err, "run again to confirm the change; else the machine undoes it by itself");
}

/* Confirms over a new connection; -1 also when the guest has undone the change. */
static int settle(struct push *p, bool reboots, struct err **err)
{
	int64_t limit_s = p->confirm_s + (reboots ? REBOOT_MORE_S : 0) + REVERT_MORE_S;
	struct deadline d = deadline_in(p->clock, limit_s * 1000);

	disconnect(p);
	say(p, reboots ? "waiting for the reboot" : "waiting for the switch");
	for (;;) {
		enum verdict v = ask_side(p, err);
		if (v == VERDICT_CONNECT && may_connect(p))
			v = try_confirm(p, err);
		if (v == VERDICT_CONFIRMED)
			return 0;
		if (v == VERDICT_FAILED)
			return -1;
		if (deadline_passed(&d))
			break;
		if (deadline_sleep(&d, POLL_MS, err) < 0)
			return interrupted(err);
	}
	err_set(err, ERR_UNREACHABLE, "the machine does not answer since the switch, for %" PRId64 " s%s%s", limit_s,
		p->last ? ": " : "", p->last ? p->last->text : "");
	return err_hint(err, "it undoes the change by itself; look at its console");
}

/* ---- before the switch ---- */

static int refuse(const struct push_answer *a, struct err **err)
{
	_cleanup_free_ char *tools = strv_join(&a->refused, "; ");
	_cleanup_free_ char *said = strv_join(&a->said, "\n");

	err_set(err, ERR_GUARD, "%s\n%s", tools, said);
	return err_hint(err, "nothing was changed but packages");
}

static int refuse_reboot(struct err **err)
{
	err_set(err, ERR_GUARD, "names of interfaces change, which needs a reboot");
	return err_hint(err, "allow it with --allow-restart");
}

/* A reboot of its own, for a kernel whose modules are gone. */
static int reboot(struct push *p, const char *old_boot, struct err **err)
{
	static const char *const argv[] = { "systemctl", "--no-block", "reboot", NULL };
	struct deadline d = deadline_in(p->clock, REBOOT_MORE_S * INT64_C(1000));

	say(p, "rebooting: the running kernel was replaced");
	if (shell_check(p->shell, &(struct shell_exec){ .argv = argv }, NULL, NULL) == 0)
		p->result->rebooted = true;
	disconnect(p);
	for (;;) {
		_cleanup_push_answer_ struct push_answer a = { 0 };
		if (deadline_check(&d, err, "the reboot") < 0 || deadline_sleep(&d, POLL_MS, err) < 0)
			return -1;
		if (!may_connect(p) || connect_now(p, NULL) < 0)
			continue;
		if (ask(p->shell, "status", NULL, LOOK_MS, &a, NULL) == 0 && !streq(a.state.boot_id, old_boot))
			return 0;
	}
}

static int send(struct push *p, const struct bundle *b, struct push_answer *ret, struct err **err)
{
	_cleanup_buf_ struct buf tar = { 0 };
	const char *may_reboot = p->options->allow_reboot ? "yes" : "no";
	const char *argv[] = { "/bin/sh", "-c", PUSH, "sh", may_reboot, NULL };
	int64_t packages_ms = p->options->packages_timeout_ms ? p->options->packages_timeout_ms : PACKAGES_MS;

	if (push_tar_stream(b, &p->manifest, &tar, err) < 0)
		return -1;
	return run(p->shell, argv, tar.data, tar.len, packages_ms + VALIDATE_MS, p, ret, err);
}

/* The stream was cut off: has the guest switched all the same? */
static int cut(struct push *p, bool reboots, struct err *why, struct err **err)
{
	_cleanup_push_answer_ struct push_answer a = { 0 };
	int r = -1;

	if (p->ops->side)
		r = ask(p->ops->side, "status", NULL, LOOK_MS, &a, NULL);
	if (r < 0 && clock_sleep(p->clock, CONNECT_EVERY_MS, NULL) == 0 && connect_now(p, NULL) == 0)
		r = ask(p->shell, "status", NULL, LOOK_MS, &a, NULL);
	if (r == 0 && a.state.pending && streq(a.state.pending, p->id)) {
		err_free(why);
		return settle(p, reboots, err);
	}
	err_move(err, why);
	return err_hint(err, "nothing was switched: run again");
}

static void count(struct push *p, const struct push_state *s)
{
	size_t packages = 0;

	for (size_t i = 0; i < s->n; i++)
		packages += s->changes[i].kind == PUSH_PACKAGE;
	p->result->n_changes = s->n;
	_cleanup_free_ char *text = xasprintf("%zu differences, %zu of them packages to install%s", s->n, packages,
					      s->reboots ? ", with a reboot" : "");
	say(p, text);
}

static int send_and_settle(struct push *p, const struct bundle *b, bool reboots, struct push_answer *a,
			   struct err **err)
{
	struct err *e = NULL;

	if (send(p, b, a, &e) < 0) {
		if (e->kind == ERR_UNREACHABLE || e->kind == ERR_TIMEOUT)
			return cut(p, reboots, e, err);
		bool by_user = e->kind == ERR_INTERRUPTED;
		err_move(err, e);
		return by_user ? interrupted(err) : -1;
	}
	for (size_t i = 0; i < a->warnings.n; i++)
		strv_add(&p->result->warnings, a->warnings.v[i]);
	if (a->refused.n)
		return refuse(a, err);
	switch (a->outcome) {
	case PUSH_OUTCOME_NEEDS_REBOOT:
		return refuse_reboot(err);
	case PUSH_OUTCOME_SAME: /* packages were all */
	case PUSH_OUTCOME_AGAIN:
		return 0;
	case PUSH_OUTCOME_SWITCHING:
		p->result->rebooted |= reboots;
		return settle(p, reboots, err);
	default:
		return err_set(err, ERR_INTERNAL, "the push ended without saying how");
	}
}

/* One round; *ret_again when it ended with a reboot before the switch. */
static int round_trip(struct push *p, const struct bundle *b, bool *ret_again, struct err **err)
{
	_cleanup_push_answer_ struct push_answer now = { 0 };
	_cleanup_push_answer_ struct push_answer sent = { 0 };

	*ret_again = false;
	if (look(p->shell, b, &now, err) < 0)
		return -1;
	if (now.state.pending && !streq(now.state.pending, p->id)) {
		err_set(err, ERR_BUSY, "an earlier push waits for its confirmation");
		return err_hint(err, "it undoes itself within minutes: run again then");
	}
	p->result->changed |= now.state.pending || now.state.n > 0;
	if (now.state.pending) /* ours, of a run that was interrupted */
		return settle(p, streq(now.phase, "rebooting"), err);
	if (now.state.n == 0)
		return 0;
	count(p, &now.state);
	if (now.state.reboots && !p->options->allow_reboot)
		return refuse_reboot(err);
	if (send_and_settle(p, b, now.state.reboots, &sent, err) < 0)
		return -1;
	*ret_again = sent.outcome == PUSH_OUTCOME_AGAIN;
	return *ret_again ? reboot(p, now.state.boot_id, err) : 0;
}

static int apply(struct push *p, const struct bundle *b, struct err **err)
{
	bool again = false;

	if (push_manifest(b, p->confirm_s, p->id, &p->manifest, err) < 0 || connect_now(p, err) < 0 ||
	    round_trip(p, b, &again, err) < 0)
		return -1;
	if (again && round_trip(p, b, &again, err) < 0)
		return -1;
	return again ? err_set(err, ERR_INTERNAL, "the modules of the running kernel are missing after a reboot, too") : 0;
}

int push_apply(const struct push_ops *ops, const struct bundle *b, const struct push_options *options,
	       const struct clock *clock, struct push_result *ret, struct err **err)
{
	struct push_result result = { 0 };
	struct push p = { .ops = ops,
			  .options = options,
			  .clock = clock,
			  .result = &result,
			  .confirm_s = options->confirm_s ? options->confirm_s : CONFIRM_S };
	int r = apply(&p, b, err);

	disconnect(&p);
	buf_free(&p.manifest);
	strv_free(&p.said);
	err_free(p.last);
	if (r < 0)
		push_result_free(&result);
	else
		*ret = result;
	return r;
}

void push_result_free(struct push_result *r)
{
	strv_free(&r->warnings);
	*r = (struct push_result){ 0 };
}
