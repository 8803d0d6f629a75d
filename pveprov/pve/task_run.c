#include "base/text.h"
#include "pve/client_private.h"
#include "pve/task.h"

enum {
	TASK_MS = 600000, /* limit of a wait, where nobody says */
	BUSY_MS = 120000, /* how long a busy server is asked again, where nobody says */
	UNKNOWN_MS = 5000,	/* a new task may be unknown to the server for a moment */
	LOST_LOOK_MS = 20000,	/* how long a task whose answer was lost is looked for */
	STATUS_EVERY_MS = 2000, /* between looks at the status while the log is followed */
	TAIL_LINES = 5,
};

static const struct pace look_pace = { 25, 30, 500 }, find_pace = { 25, 250, 500 };

/* The last lines of a log, oldest first. */
struct tail {
	char *lines[TAIL_LINES];
	size_t n; /* lines seen in all */
};

/* One wait for one task. */
struct follow {
	struct pve_client *c;
	const struct pve_watch *w;
	const char *upid;
	struct pve_upid parts;
	struct deadline deadline;
	uint64_t next_line;
	bool ended_by_log; /* a line looked like the end: ask for the status now */
	int64_t status_ms; /* when it was last asked for */
	struct tail tail;
};

static const struct pve_watch silent;

static void keep_line(struct tail *t, const char *text)
{
	char **slot = &t->lines[t->n++ % TAIL_LINES];

	free(*slot);
	*slot = xstrdup(text);
}

static void tail_free(struct tail *t)
{
	for (size_t i = 0; i < TAIL_LINES; i++)
		free(t->lines[i]);
}

static void on_line(void *ctx, const char *text)
{
	struct follow *f = ctx;

	f->ended_by_log = starts_with(text, "TASK ");
	if (!starts_with(text, "TASK ") && *text)
		keep_line(&f->tail, text);
	if (f->w->line)
		f->w->line(f->w->ctx, text);
}

/* Puts the end of the log into the error: "clone VM 9000: no space left (log: ...; ...)". */
static void add_tail(struct follow *f, struct err **err)
{
	_cleanup_strv_ struct strv lines = { 0 };
	struct tail *t = &f->tail;

	for (size_t i = t->n > TAIL_LINES ? t->n - TAIL_LINES : 0; i < t->n; i++) {
		const char *line = t->lines[i % TAIL_LINES];
		if (!strstr((*err)->text, line))
			strv_addf(&lines, "%.*s", 300, line);
	}
	if (!lines.n)
		return;
	_cleanup_free_ char *joined = strv_join(&lines, " | ");
	char *text = xasprintf("%s (log: %s)", (*err)->text, joined);
	free((*err)->text);
	(*err)->text = text;
}

/* A poll that failed is not a failed task, but some failures will not go away. */
static bool poll_is_hopeless(struct follow *f, const struct err *e)
{
	if (e->kind == ERR_INTERRUPTED || e->kind == ERR_AUTH || e->kind == ERR_SECOND_FACTOR ||
	    e->kind == ERR_USAGE)
		return true;
	int64_t elapsed = clock_now_ms(f->c->clock) - f->deadline.start_ms;
	return e->kind == ERR_NOT_FOUND && elapsed >= UNKNOWN_MS;
}

/* The task has ended: result or error. */
static int conclude(struct follow *f, const char *exit_text, struct pve_task_result *result,
		    struct err **err)
{
	uint64_t n = 0;

	if (streq(exit_text, "OK"))
		return 0;
	if (starts_with(exit_text, "WARNINGS: ")) {
		text_to_u64(exit_text + strlen("WARNINGS: "), 0, UINT32_MAX, &n);
		result->warnings = (uint32_t)n;
		return 0;
	}
	_cleanup_free_ char *what = f->parts.id[0]
					    ? xasprintf("task %s of %s", f->parts.type, f->parts.id)
					    : xasprintf("task %s", f->parts.type);
	pve_fault_of_task(what, exit_text, err);
	if (err && *err) {
		add_tail(f, err);
		if (!(*err)->hint)
			err_hint(err, "the whole log: pveprov task log %s", f->upid);
	}
	return -1;
}

/* One look. *ret_exit (in the arena) is the exit text once it has ended, else NULL. */
static int look(struct follow *f, struct arena *a, const char **ret_exit, struct err **err)
{
	struct pve_task t;

	if (f->w->line) {
		if (pve_task_log(f->c, f->upid, f->next_line, on_line, f, &f->next_line, err) < 0)
			return -1;
		if (!f->ended_by_log && clock_now_ms(f->c->clock) - f->status_ms < STATUS_EVERY_MS)
			return 0;
	}
	f->status_ms = clock_now_ms(f->c->clock);
	if (pve_task_status(f->c, f->upid, a, &t, err) < 0)
		return -1;
	bool good = t.status && (streq(t.status, "OK") || starts_with(t.status, "WARNINGS"));
	if (t.status && !f->ended_by_log && (f->w->line || !good))
		/* What came between; without it the exit text has to do. */
		pve_task_log(f->c, f->upid, f->next_line, on_line, f, &f->next_line, NULL);
	*ret_exit = t.status;
	return 0;
}

static int still_running(struct follow *f, struct err **err)
{
	if (deadline_check(&f->deadline, err, "task %s of '%s'", f->parts.type, f->parts.id) == 0)
		return 0;
	return err_hint(err, "it may still run: pveprov task wait %s", f->upid);
}

static int follow(struct follow *f, struct pve_task_result *result, struct err **err)
{
	const struct clock *clock = f->c->clock;
	int64_t wait_ms = look_pace.least_ms;

	for (;;) {
		_cleanup_arena_ struct arena a = { 0 };
		_cleanup_err_ struct err *failed = NULL;
		const char *exit_text = NULL;

		if (deadline_sleep(&f->deadline, wait_ms, err) < 0)
			return -1;
		int64_t asked_ms = clock_now_ms(clock);
		int r = look(f, &a, &exit_text, &failed);
		if (r == 0 && exit_text)
			return conclude(f, exit_text, result, err);
		if (r < 0 && poll_is_hopeless(f, failed)) {
			err_move(err, TAKE_PTR(failed));
			return err_wrap(err, "task %s of '%s'", f->parts.type, f->parts.id);
		}
		if (r < 0)
			log_info(f->c->log, "%s; the task goes on", failed->text);
		if (still_running(f, err) < 0)
			return -1;
		/* Asking costs the server about as much as a look took: at most half of the time.
		 */
		int64_t now = clock_now_ms(clock);
		wait_ms = MIN(MAX(pace_ms(&look_pace, now - f->deadline.start_ms), now - asked_ms), look_pace.most_ms);
	}
}

static void remember(struct pve_client *c, const char *upid)
{
	pthread_mutex_lock(&c->lock);
	char **slot = &c->seen[c->n_seen++ % SEEN_UPIDS];
	free(*slot);
	*slot = xstrdup(upid);
	pthread_mutex_unlock(&c->lock);
}

static bool is_known(struct pve_client *c, const char *upid)
{
	bool known = false;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < SEEN_UPIDS && !known; i++)
		known = c->seen[i] && streq(c->seen[i], upid);
	pthread_mutex_unlock(&c->lock);
	return known;
}

int pve_task_wait(struct pve_client *c, const char *upid, const struct pve_watch *w,
		  struct err **err)
{
	w = w ? w : &silent;
	struct follow f = {
		.c = c,
		.w = w,
		.upid = upid,
		.deadline = deadline_in(c->clock, w->timeout_ms ? w->timeout_ms : (int64_t)TASK_MS),
	};
	struct pve_task_result result = { 0 };

	if (!pve_upid_parse(upid, &f.parts)) {
		err_set(err, ERR_USAGE, "'%s' is not the UPID of a task", upid);
		return err_hint(err, "pveprov task list prints them");
	}
	f.status_ms = f.deadline.start_ms;
	remember(c, upid);
	int r = follow(&f, &result, err);
	tail_free(&f.tail);
	result.elapsed_ms = clock_now_ms(c->clock) - f.deadline.start_ms;
	pthread_mutex_lock(&c->lock);
	c->tasks++;
	c->task_ms += result.elapsed_ms;
	pthread_mutex_unlock(&c->lock);
	if (w->ret_result)
		*w->ret_result = result;
	return r;
}

/* The newest task of ours that fits the job, started since `since_s`. *ret stays NULL when there is
 * none. */
static int find_task(struct pve_client *c, const struct pve_job *job, int64_t since_s, char **ret,
		     struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_task *tasks;
	size_t n;
	/* Filtered here, not there: id and type are few, and 7.x knows fewer filters. */
	struct pve_task_filter filter = { .since_s = since_s, .limit = 200 };
	const struct pve_task *best = NULL;

	if (pve_task_list(c, job->node, &filter, &a, &tasks, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct pve_task *t = &tasks[i];
		if (streq_null(t->type, job->type) && streq_null(t->id, job->id) &&
		    t->start_s >= since_s && streq_null(t->user, c->auth.user) &&
		    !is_known(c, t->upid) && (!best || t->start_s > best->start_s))
			best = t;
	}
	if (best)
		*ret = xstrdup(best->upid);
	return 0;
}

/* The answer to a job was lost: was it started? Looks for its task; `lost` is returned when there
 * is none. */
static int find_lost(struct pve_client *c, const struct pve_job *job, int64_t since_s,
		     struct err *lost, char **ret_upid, struct err **err)
{
	struct deadline d = deadline_in(c->clock, LOST_LOOK_MS);

	log_info(c->log, "%s; looking for its task", lost->text);
	for (;;) {
		_cleanup_err_ struct err *failed = NULL;

		if (find_task(c, job, since_s, ret_upid, &failed) == 0 && *ret_upid) {
			err_free(lost);
			return 0;
		}
		if (failed && poll_is_hopeless(&(struct follow){ .c = c, .deadline = d }, failed)) {
			err_free(lost);
			return err_move(err, TAKE_PTR(failed));
		}
		if (deadline_passed(&d))
			break;
		if (deadline_pace(&d, &find_pace, err) < 0) {
			err_free(lost);
			return -1;
		}
	}
	err_move(err, lost);
	return err_hint(
		err,
		"no task '%s' of '%s' was found: look whether it was done before it is repeated",
		job->type, job->id);
}

/* Makes the call. *ret_upid: NULL when the server did it at once. */
static int start(struct pve_client *c, const struct pve_job *job, char **ret_upid, struct err **err)
{
	struct pve_exchange x = {
		.method = job->method,
		.path = job->path,
		.params = job->params,
		.timeout_ms = job->call_ms,
	};
	int64_t since_s = pve_client_server_s(c) - 2; /* its Date has whole seconds */
	_cleanup_json_ json_t *data = NULL;
	_cleanup_err_ struct err *failed = NULL;

	if (pve_exchange_data(c, &x, &data, &failed) == 0) {
		const char *upid = json_string_value(data);
		struct pve_upid u;
		if (upid && !pve_upid_parse(upid, &u))
			return err_set(err, ERR_INTERNAL, "'%s' is not the UPID of a task", upid);
		*ret_upid = xstrdup_null(upid);
		return 0;
	}
	if (pve_outcome_unknown(failed) && failed->kind != ERR_INTERRUPTED)
		return find_lost(c, job, since_s, TAKE_PTR(failed), ret_upid, err);
	return err_move(err, TAKE_PTR(failed));
}

struct attempt {
	struct pve_client *c;
	const struct pve_job *job;
	const struct pve_watch *w;
};

static int attempt(void *ctx, struct err **err)
{
	struct attempt *t = ctx;
	_cleanup_free_ char *upid = NULL;

	if (start(t->c, t->job, &upid, err) < 0)
		return -1;
	if (!upid)
		return 0;
	remember(t->c, upid);
	if (t->w->started)
		t->w->started(t->w->ctx, upid);
	return t->w->detach ? 0 : pve_task_wait(t->c, upid, t->w, err);
}

int pve_run(struct pve_client *c, const struct pve_job *job, const struct pve_watch *w,
	    struct err **err)
{
	struct attempt t = { .c = c, .job = job, .w = w ? w : &silent };
	int64_t busy_ms = t.w->busy_ms < 0 ? 0 : t.w->busy_ms ? t.w->busy_ms : (int64_t)BUSY_MS;

	if (pve_retry(c, busy_ms, attempt, &t, err) == 0)
		return 0;
	return job->what ? err_wrap(err, "%s", job->what) : -1;
}
