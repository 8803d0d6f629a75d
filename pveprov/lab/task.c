#include "lab/task.h"
#include "lab/acl.h"
#include "lab/fault.h"
#include "lab/route.h"
#include "base/text.h"

enum { TASKS_KEPT = 5000, LOG_LIMIT = 50, LIST_LIMIT = 50 };

struct tasks {
	struct task *newest;
	size_t n;
	uint32_t next_pid;
};

struct tasks *tasks_new(struct lab *l UNUSED)
{
	struct tasks *s = xcalloc(1, sizeof(*s));

	s->next_pid = 1000;
	return s;
}

static void task_free(struct task *t)
{
	free(t->upid);
	free(t->type);
	free(t->id);
	caller_clear(&t->who);
	free(t->exit_text);
	free(t->fault);
	strv_free(&t->log);
	free(t);
}

struct tasks *tasks_free(struct tasks *s)
{
	while (s && s->newest) {
		struct task *t = s->newest;
		s->newest = t->next;
		task_free(t);
	}
	free(s);
	return NULL;
}

/* Forgets the oldest finished task once there are too many. */
static void tasks_trim(struct tasks *s)
{
	struct task **last = NULL;

	if (s->n <= TASKS_KEPT)
		return;
	for (struct task **p = &s->newest; *p; p = &(*p)->next)
		if ((*p)->exit_text)
			last = p;
	if (last) {
		struct task *t = *last;
		*last = t->next;
		task_free(t);
		s->n--;
	}
}

struct task *task_new(struct lab *l, const struct caller *who, const char *type, const char *id)
{
	struct task *t = xcalloc(1, sizeof(*t));

	t->lab = l;
	t->type = xstrdup(type);
	t->id = xstrdup(id);
	caller_copy(&t->who, who);
	t->pid = l->tasks->next_pid += 7;
	t->pstart = (uint64_t)lab_now_ms(l) / 10;
	t->start_s = lab_wall_s(l);
	t->upid = xasprintf("UPID:%s:%08X:%08" PRIX64 ":%08" PRIX64 ":%s:%s:%s:", l->node, t->pid,
			    t->pstart, (uint64_t)t->start_s, type, id, t->who.id);
	t->fault = faults_task(l, type, id);
	t->next = l->tasks->newest;
	l->tasks->newest = t;
	l->tasks->n++;
	tasks_trim(l->tasks);
	return t;
}

void task_log(struct task *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_take(&t->log, xvasprintf(fmt, ap));
	va_end(ap);
}

void task_end(struct task *t, const char *error)
{
	if (t->exit_text)
		return;
	t->exit_text = xstrdup(error ? error : "OK");
	t->end_s = lab_wall_s(t->lab);
	if (error)
		task_log(t, "TASK ERROR: %s", error);
	else
		task_log(t, "TASK OK");
}

void tasks_running(struct lab *l, const char *type, const char *id,
		   void (*fn)(void *ctx, struct task *t), void *ctx)
{
	for (struct task *t = l->tasks->newest; t; t = t->next)
		if (!t->exit_text && streq(t->type, type) && streq(t->id, id))
			fn(ctx, t);
}

static bool may_see(const struct request *q, const struct task *t)
{
	_cleanup_free_ char *path = xasprintf("/nodes/%s", q->lab->node);

	return streq(t->who.user, q->who.user) || acl_has(q->lab, &q->who, path, "Sys.Audit", true);
}

/* The task of the path; answers an error where there is none. */
static struct task *need_task(struct request *q)
{
	const char *upid = param_text(q, "upid");

	if (!starts_with(upid, "UPID:")) {
		reply_param_error(q, "upid", "unable to parse worker upid '%s'\n", upid);
		return NULL;
	}
	for (struct task *t = q->lab->tasks->newest; t; t = t->next) {
		if (!streq(t->upid, upid))
			continue;
		if (may_see(q, t))
			return t;
		reply_error(q, 403, "Permission check failed (/nodes/%s, Sys.Audit)", q->lab->node);
		return NULL;
	}
	reply_param_error(q, "upid", "no such task");
	return NULL;
}

static json_t *task_entry(const struct task *t)
{
	json_t *e =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s*}", "upid", t->upid, "node",
			  t->lab->node, "type", t->type, "id", t->id, "user", t->who.user, "pid",
			  (json_int_t)t->pid, "pstart", (json_int_t)t->pstart, "starttime",
			  (json_int_t)t->start_s, "tokenid", t->who.token);
	return e;
}

static void get_status(struct request *q)
{
	const struct task *t = need_task(q);
	json_t *e;

	if (!t)
		return;
	e = task_entry(t);
	json_object_set_new(e, "status", json_string(t->exit_text ? "stopped" : "running"));
	if (t->exit_text)
		json_object_set_new(e, "exitstatus", json_string(t->exit_text));
	reply_data(q, e);
}

static void get_log(struct request *q)
{
	const struct task *t = need_task(q);
	size_t start = (size_t)param_int(q, "start", 0),
	       limit = (size_t)param_int(q, "limit", LOG_LIMIT);
	json_t *lines;

	if (!t)
		return;
	lines = json_array();
	if (limit == 0)
		limit = SIZE_MAX;
	for (size_t i = start; i < t->log.n && i - start < limit; i++)
		json_array_append_new(
			lines, json_pack("{s:I, s:s}", "n", (json_int_t)i + 1, "t", t->log.v[i]));
	if (t->log.n == 0)
		json_array_append_new(lines, json_pack("{s:i, s:s}", "n", 1, "t", "no content"));
	request_extra(q, "total", json_integer((json_int_t)MAX(t->log.n, (size_t)1)));
	reply_data(q, lines);
}

static void stop_answer(struct request *q)
{
	reply_null(q);
}

static void delete_task(struct request *q)
{
	struct task *t = need_task(q);

	if (!t)
		return;
	if (t->exit_text) {
		reply_null(q);
		return;
	}
	task_log(t, "received interrupt");
	t->exit_text = xstrdup("unexpected status");
	t->end_s = lab_wall_s(t->lab);
	if (t->abort)
		t->abort(t->abort_ctx);
	request_later(q, 5000, stop_answer);
}

static bool list_wants(const struct request *q, const struct task *t)
{
	const char *vmid = param_text(q, "vmid"), *type = param_text(q, "typefilter");
	const char *user = param_text(q, "userfilter"), *source = param_text(q, "source");

	if (source && streq(source, "active") ? t->exit_text != NULL
					      : !t->exit_text && !(source && streq(source, "all")))
		return false;
	return (!vmid || streq(t->id, vmid)) && (!type || streq(t->type, type)) &&
	       (!user || strstr(t->who.id, user)) && t->start_s >= param_int(q, "since", 0) &&
	       t->start_s <= param_int(q, "until", INT64_MAX) &&
	       !(param_flag(q, "errors", false) && (!t->exit_text || streq(t->exit_text, "OK")));
}

static json_t *list_entry(const struct task *t)
{
	json_t *e = task_entry(t);

	if (t->exit_text) {
		json_object_set_new(e, "status", json_string(t->exit_text));
		json_object_set_new(e, "endtime", json_integer(t->end_s));
	}
	return e;
}

static void get_tasks(struct request *q)
{
	int64_t start = param_int(q, "start", 0), limit = param_int(q, "limit", LIST_LIMIT), n = 0;
	json_t *list = json_array();

	for (const struct task *t = q->lab->tasks->newest; t; t = t->next) {
		if (!list_wants(q, t) || !may_see(q, t))
			continue;
		if (n >= start && n - start < limit)
			json_array_append_new(list, list_entry(t));
		n++;
	}
	request_extra(q, "total", json_integer(n));
	reply_data(q, list);
}

static void get_cluster_tasks(struct request *q)
{
	json_t *list = json_array();
	size_t n = 0;

	for (const struct task *t = q->lab->tasks->newest; t && n < 25; t = t->next) {
		if (!may_see(q, t))
			continue;
		json_t *e = list_entry(t);
		json_object_del(e, "pid");
		json_object_del(e, "pstart");
		if (t->exit_text)
			json_object_set_new(e, "saved", json_integer(1));
		json_array_append_new(list, e);
		n++;
	}
	reply_data(q, list);
}

const struct route task_routes[] = {
	{ "GET", "/cluster/tasks", get_cluster_tasks },
	{ "GET", "/nodes/{node}/tasks", get_tasks },
	{ "GET", "/nodes/{node}/tasks/{upid}/status", get_status },
	{ "GET", "/nodes/{node}/tasks/{upid}/log", get_log },
	{ "DELETE", "/nodes/{node}/tasks/{upid}", delete_task },
	{ NULL },
};
