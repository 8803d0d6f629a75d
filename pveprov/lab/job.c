#include "lab/job.h"
#include "data/json.h"

static void free_job(void *thing)
{
	struct job *j = thing;

	free(j->waiting_for);
	free(j->error);
	json_decref(j->result);
	json_decref(j->param);
	json_decref(j->data);
	free(j);
}

/* Locks are let go at once. */
static void job_release(struct job *j)
{
	for (size_t i = j->n_locks; i-- > 0;)
		lock_release(j->locks[i]);
	j->n_locks = 0;
	lab_discard(j->lab, free_job, j);
}

static void job_aborted(void *ctx)
{
	struct job *j = ctx;

	j->aborted = true;
}

/* The next link, unless the task was aborted meanwhile. */
static void job_go(void *ctx)
{
	struct job *j = ctx;
	job_fn *next = j->next;

	if (j->aborted && j->broken)
		j->broken(j);
	if (j->aborted)
		job_release(j);
	else
		next(j);
}

static void job_begin(struct job *j)
{
	if (j->task->fault)
		job_fail(j, "%s", j->task->fault);
	else
		j->next(j);
}

static void job_first(void *ctx)
{
	job_begin(ctx);
}

struct job *job_spawn(struct lab *l, const struct caller *who, const char *type, const char *id,
		      json_t *param, job_fn *run)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->lab = l;
	j->param = param ? param : json_object();
	j->vmid = (int)json_int(j->param, "vmid", 0);
	j->next = run;
	j->task = task_new(l, who, type, id);
	j->task->abort = job_aborted;
	j->task->abort_ctx = j;
	lab_after(l, 0, job_first, j);
	return j;
}

struct job *job_start(struct request *q, const char *type, const char *id, job_fn *run)
{
	struct job *j = job_spawn(q->lab, &q->who, type, id, json_copy(q->param), run);

	reply_text(q, j->task->upid);
	return j;
}

const char *job_text(const struct job *j, const char *param)
{
	return json_text(j->param, param);
}

static void lock_answer(void *ctx, struct lock *held)
{
	struct job *j = ctx;
	_cleanup_free_ char *why = NULL;

	if (held) {
		j->locks[j->n_locks++] = held;
		job_go(j);
		return;
	}
	if (j->broken)
		j->broken(j);
	why = lock_timeout_text(j->waiting_for);
	job_fail(j, "%s", why);
}

void job_lock(struct job *j, const char *name, bool shared, int64_t timeout_ms, job_fn *next)
{
	free(j->waiting_for);
	j->waiting_for = xstrdup(name);
	j->next = next;
	if (lock_is_busy(j->lab, name, shared))
		task_log(j->task, "trying to acquire lock...");
	lock_take(j->lab, name, shared, timeout_ms, lock_answer, j);
}

static void hv_answer(void *ctx, const char *error, const json_t *result)
{
	struct job *j = ctx;

	j->error = xstrdup_null(error);
	j->result = json_deep_copy(result);
	job_go(j);
}

static void hv_says(void *ctx, const char *text)
{
	struct job *j = ctx;

	if (!j->aborted)
		task_log(j->task, "%s", text);
}

void job_hypervisor(struct job *j, const struct hv_request *r, job_fn *next)
{
	j->next = next;
	free(j->error);
	j->error = NULL;
	json_decref(j->result);
	j->result = NULL;
	j->lab->hypervisor->ops->begin(j->lab->hypervisor, r, hv_says, hv_answer, j);
}

void job_after(struct job *j, int64_t ms, job_fn *next)
{
	j->next = next;
	lab_after(j->lab, ms, job_go, j);
}

/* Locks are let go before the task is seen to have ended. */
static void job_end(struct job *j, const char *error)
{
	struct task *t = j->task;

	t->abort = NULL;
	job_release(j);
	task_end(t, error);
}

void job_done(struct job *j)
{
	job_end(j, NULL);
}

void job_fail(struct job *j, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	job_end(j, text);
}
