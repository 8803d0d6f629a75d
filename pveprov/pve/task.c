#include "pve/task.h"
#include "base/text.h"
#include "pve/client_private.h"

/* Lines of a log in one answer; what is more comes with the next. */
enum { LOG_CHUNK = 500 };

static int parse_upid(const char *text, struct pve_upid *ret, struct err **err)
{
	if (!pve_upid_parse(text, ret)) {
		err_set(err, ERR_USAGE, "'%s' is not the UPID of a task", text);
		return err_hint(err, "pveprov task list prints them");
	}
	return 0;
}

/* An entry of a list has the exit text as `status` and `endtime`; a single status has `exitstatus`.
 */
static struct pve_task read_task(const json_t *j, struct arena *a)
{
	const char *user = json_text(j, "user"), *token = json_text(j, "tokenid");
	const char *status = json_text(j, "status"), *exit_text = json_text(j, "exitstatus");
	struct pve_task t = {
		.upid = arena_strdup(a, json_text(j, "upid")),
		.node = arena_strdup(a, json_text(j, "node")),
		.type = arena_strdup(a, json_text(j, "type")),
		.id = arena_strdup(a, json_text(j, "id")),
		.user = !user	? NULL
			: token ? arena_printf(a, "%s!%s", user, token)
				: arena_strdup(a, user),
		.start_s = json_int(j, "starttime", 0),
		.end_s = json_int(j, "endtime", 0),
	};

	if (exit_text)
		t.status = arena_strdup(a, exit_text);
	else if (status && streq(status, "stopped"))
		t.status = "no exit status"; /* ended without one: the worker was killed */
	else if (status && !streq(status, "running") && !streq(status, "RUNNING"))
		t.status = arena_strdup(a, status);
	return t;
}

int pve_task_list(struct pve_client *c, const char *node, const struct pve_task_filter *f,
		  struct arena *a, struct pve_task **ret, size_t *ret_n, struct err **err)
{
	static const struct pve_task_filter none;
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_free_ char *path = pve_path("/nodes/%s/tasks", node);
	_cleanup_json_ json_t *data = NULL;

	f = f ? f : &none;
	pve_params_add_int(&p, "limit", f->limit ? f->limit : 50);
	pve_params_add(&p, "source", f->active ? "active" : "all");
	pve_params_add(&p, "typefilter", f->type);
	if (f->vm)
		pve_params_add_int(&p, "vmid", f->vm);
	if (f->since_s)
		pve_params_add_int(&p, "since", f->since_s);
	if (f->errors)
		pve_params_add_bool(&p, "errors", true);
	if (pve_get(c, path, &p, &data, err) < 0)
		return -1;
	struct pve_task *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	size_t n = 0, i;
	json_t *j;
	json_array_foreach(data, i, j) {
		struct pve_task t = read_task(j, a);
		if (t.upid)
			list[n++] = t;
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

int pve_task_status(struct pve_client *c, const char *upid, struct arena *a, struct pve_task *ret,
		    struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	struct pve_upid u;

	if (parse_upid(upid, &u, err) < 0)
		return -1;
	_cleanup_free_ char *path = pve_path("/nodes/%s/tasks/%s/status", u.node, upid);
	if (pve_get(c, path, NULL, &data, err) < 0)
		return -1;
	struct pve_task t = read_task(data, a);
	t.upid = t.upid ? t.upid : arena_strdup(a, upid);
	*ret = t;
	return 0;
}

int pve_task_log(struct pve_client *c, const char *upid, uint64_t start,
		 void (*line)(void *ctx, const char *text), void *ctx, uint64_t *ret_next,
		 struct err **err)
{
	struct pve_upid u;

	if (parse_upid(upid, &u, err) < 0)
		return -1;
	_cleanup_free_ char *path = pve_path("/nodes/%s/tasks/%s/log", u.node, upid);
	for (uint64_t next = start;;) {
		_cleanup_pve_params_ struct pve_params p = { 0 };
		_cleanup_json_ json_t *data = NULL;
		size_t i;
		json_t *j;

		pve_params_addf(&p, "start", "%" PRIu64, next);
		pve_params_add_int(&p, "limit", LOG_CHUNK);
		if (pve_get(c, path, &p, &data, err) < 0)
			return -1;
		size_t n = json_array_size(data);
		/* What the server says of an empty log; a line that comes later takes its number.
		 */
		const char *only = n == 1 ? json_text(json_array_get(data, 0), "t") : NULL;
		if (only && streq(only, "no content"))
			n = 0;
		for (i = 0; i < n && (j = json_array_get(data, i)); i++) {
			const char *text = json_text(j, "t");
			line(ctx, text ? text : "");
		}
		next += n;
		*ret_next = next;
		if (n < LOG_CHUNK)
			return 0;
	}
}

int pve_task_stop(struct pve_client *c, const char *upid, struct err **err)
{
	struct pve_upid u;

	if (parse_upid(upid, &u, err) < 0)
		return -1;
	_cleanup_free_ char *path = pve_path("/nodes/%s/tasks/%s", u.node, upid);
	return pve_delete(c, path, NULL, NULL, err);
}
