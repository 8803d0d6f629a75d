#include "lab/request.h"
#include "lab/fault.h"
#include "lab/httpd.h"
#include "base/text.h"
#include "data/json.h"

bool caller_is_root(const struct caller *who)
{
	return who->user && !who->token && streq(who->user, "root@pam");
}

void caller_copy(struct caller *to, const struct caller *from)
{
	const char *bang;

	*to = (struct caller){ .user = xstrdup_null(from->user),
			       .id = xstrdup_null(from->id),
			       .privsep = from->privsep };
	bang = to->id ? strchr(to->id, '!') : NULL;
	to->token = bang ? bang + 1 : NULL;
}

void caller_clear(struct caller *who)
{
	free(who->user);
	free(who->id);
	*who = (struct caller){ 0 };
}

static void free_request(void *thing)
{
	struct request *q = thing;

	caller_clear(&q->who);
	free(q->path);
	free(q->raw);
	json_decref(q->param);
	json_decref(q->extra);
	json_decref(q->state);
	free(q);
}

void request_free(struct request *q)
{
	lab_discard(q->lab, free_request, q);
}

static void send_json(struct request *q, int status, const char *reason, json_t *root)
{
	json_t *value;
	const char *key;
	char *text;

	json_object_foreach(q->extra, key, value)
		json_object_set(root, key, value);
	if (q->extjs) {
		json_object_set_new(root, "success", json_integer(status < 400));
		if (status >= 400)
			json_object_set_new(root, "status", json_integer(status));
		status = 200;
		reason = "OK";
	}
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	httpd_send(q, status, reason, HTTPD_JSON, text, strlen(text));
	free(text);
}

void reply_data(struct request *q, json_t *data)
{
	send_json(q, 200, "OK", json_pack("{s:o}", "data", data ? data : json_null()));
}

void reply_text(struct request *q, const char *text)
{
	reply_data(q, json_string(text));
}

void reply_null(struct request *q)
{
	reply_data(q, NULL);
}

void reply_error(struct request *q, int status, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	send_json(q, status, text,
		  json_pack("{s:n, s:o}", "data", "message", json_sprintf("%s\n", text)));
	free(text);
}

void reply_param_errors(struct request *q, json_t *errors)
{
	send_json(q, 400, "Parameter verification failed.",
		  json_pack("{s:n, s:s, s:o}", "data", "message",
			    "Parameter verification failed.\n", "errors", errors));
}

void reply_param_error(struct request *q, const char *param, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	reply_param_errors(q, json_pack("{s:s}", param, text));
	free(text);
}

void reply_bare(struct request *q, int status, const char *reason)
{
	httpd_send(q, status, reason, HTTPD_NO_BODY, NULL, 0);
}

void reply_plain(struct request *q, int status, const char *reason, const char *body)
{
	httpd_send(q, status, reason, HTTPD_PLAIN, body, strlen(body));
}

void request_extra(struct request *q, const char *key, json_t *value)
{
	if (!q->extra)
		q->extra = json_object();
	json_object_set_new(q->extra, key, value);
}

struct later {
	struct request *q;
	route_fn *fn;
};

static void later_fire(void *ctx)
{
	struct later l = *(struct later *)ctx;

	free(ctx);
	l.fn(l.q);
}

void request_later(struct request *q, int64_t ms, route_fn *fn)
{
	struct later *l = xcalloc(1, sizeof(*l));

	l->q = q;
	l->fn = fn;
	lab_after(q->lab, ms, later_fire, l);
}

const char *param_text(const struct request *q, const char *name)
{
	return json_text(q->param, name);
}

int64_t param_int(const struct request *q, const char *name, int64_t otherwise)
{
	return json_int(q->param, name, otherwise);
}

bool param_flag(const struct request *q, const char *name, bool otherwise)
{
	return json_flag(q->param, name, otherwise);
}

bool param_given(const struct request *q, const char *name)
{
	return json_object_get(q->param, name) != NULL;
}
