#include "lab/dispatch.h"
#include "lab/acl.h"
#include "lab/auth.h"
#include "lab/body.h"
#include "lab/fault.h"
#include "lab/httpd.h"
#include "lab/params.h"
#include "lab/route.h"
#include "lab/tap.h"

#include <event2/buffer.h>
#include <event2/http.h>

enum {
	BODY_LIMIT = 512 << 10,		/* answered */
	BODY_CLOSE = BODY_LIMIT + 8192, /* not answered any more */
	AUTH_DELAY_MS = 3000,
};

static const struct {
	enum evhttp_cmd_type type;
	const char *name;
	bool served;
} methods[] = {
	{ EVHTTP_REQ_GET, "GET", true },      { EVHTTP_REQ_POST, "POST", true },
	{ EVHTTP_REQ_PUT, "PUT", true },      { EVHTTP_REQ_DELETE, "DELETE", true },
	{ EVHTTP_REQ_HEAD, "HEAD", false },   { EVHTTP_REQ_OPTIONS, "OPTIONS", false },
	{ EVHTTP_REQ_TRACE, "TRACE", false }, { EVHTTP_REQ_CONNECT, "CONNECT", false },
	{ EVHTTP_REQ_PATCH, "PATCH", false },
};

static const char *header(const struct request *q, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(q->http), name);
}

static void login_refused(struct request *q)
{
	/* The reason waits in `path`, which nothing else needs any more. */
	reply_bare(q, 401, q->path);
}

static void refuse_login(struct request *q, const char *reason)
{
	free(q->path);
	q->path = xstrdup(reason);
	request_later(q, AUTH_DELAY_MS - (lab_now_ms(q->lab) - q->arrived_ms), login_refused);
}

/* Some calls need no login. */
static bool is_public(const struct request *q)
{
	return (streq(q->path, "/access/domains") && streq(q->method, "GET")) ||
	       (streq(q->path, "/access/ticket") &&
		(streq(q->method, "GET") || streq(q->method, "POST")));
}

/* The body's type and size; false: answered. */
static bool read_body(struct request *q)
{
	struct evbuffer *b = evhttp_request_get_input_buffer(q->http);
	const char *type = header(q, "Content-Type");
	size_t len = evbuffer_get_length(b), offset = 0;
	const char *text = (const char *)evbuffer_pullup(b, -1);

	if (header(q, "Transfer-Encoding")) {
		reply_plain(q, 501, "chunked transfer encoding not supported",
			    "chunked transfer encoding not supported");
		return false;
	}
	if (len == 0)
		return true;
	if (streq(q->method, "GET") || streq(q->method, "DELETE")) {
		char *why = xasprintf("Unexpected content for method '%s'", q->method);
		reply_plain(q, 501, why, why);
		free(why);
		return false;
	}
	if (len > BODY_CLOSE) {
		httpd_drop(q);
		return false;
	}
	if (len > BODY_LIMIT) {
		reply_plain(q, 501, "for data too large", "for data too large");
		return false;
	}
	if (!type || starts_with(type, "application/x-www-form-urlencoded")) {
		body_form(q->param, text, len);
	} else if (!starts_with(type, "application/json")) {
		char *why = xasprintf("upload 'Content-Type '%s' not implemented", type);
		reply_plain(q, 506, why, why);
		free(why);
		return false;
	} else if (!body_json(q->param, text, len, &offset)) {
		char *rest = offset < len ? xstrndup(text + offset, MIN(len - offset, (size_t)40))
					  : xstrdup("(end of string)");
		char *why = xasprintf(
			"malformed JSON string, neither tag, array, object, number, string or "
			"atom, at character offset %zu (before \"%s\") at "
			"/usr/share/perl5/PVE/APIServer/AnyEvent.pm line 934.",
			offset, rest);
		char *body = xasprintf("%s\n", why);
		reply_plain(q, 500, why, body);
		free(body);
		free(why);
		free(rest);
		return false;
	}
	return true;
}

static void unknown_node(struct request *q)
{
	const char *node = param_text(q, "node");

	reply_error(q, 500,
		    "hostname lookup '%s' failed - failed to get address info for: %s: Temporary "
		    "failure in name "
		    "resolution",
		    node, node);
}

static void not_implemented(struct request *q)
{
	char *why = xasprintf("Method '%s %s' not implemented", q->method, q->path);
	json_t *root = json_pack("{s:n, s:s}", "data", "message", why);
	char *body = json_dumps(root, JSON_COMPACT);

	httpd_send(q, 501, why, HTTPD_JSON, body, strlen(body));
	free(body);
	json_decref(root);
	free(why);
}

/* Endpoint, privileges, parameters, handler. */
static void serve(struct request *q)
{
	struct route_match match;
	json_t *errors;

	if (!route_find(q->method, q->raw, &match, q->param)) {
		not_implemented(q);
		return;
	}
	q->endpoint = match.endpoint;
	if (param_given(q, "node") && strstr(q->endpoint->path, "{node}") &&
	    !streq(param_text(q, "node"), q->lab->node)) {
		request_later(q, 6000, unknown_node);
		return;
	}
	if (q->endpoint->no_token && q->who.token) {
		reply_error(q, 403, "Permission check failed");
		return;
	}
	if (!acl_check(q, q->endpoint->check))
		return;
	errors = json_object();
	params_check(q->endpoint, q->param, errors);
	if (json_object_size(errors)) {
		reply_param_errors(q, errors);
		return;
	}
	json_decref(errors);
	match.fn(q);
}

static void serve_or_fail(struct request *q)
{
	faults_request(q, serve);
}

/* Splits the URI into format and path, and takes the query's parameters; false: answered. */
static bool read_uri(struct request *q)
{
	const char *uri = evhttp_request_get_uri(q->http);
	size_t n = strcspn(uri, "?"), len;
	_cleanup_free_ char *raw = xstrndup(uri, n), *path = evhttp_uridecode(raw, 0, NULL);
	const char *below = NULL;

	if (uri[n] == '?')
		body_form(q->param, uri + n + 1, strlen(uri + n + 1));
	q->extjs = starts_with(path, "/api2/extjs/");
	if (q->extjs || starts_with(path, "/api2/json/"))
		below = path + strlen(q->extjs ? "/api2/extjs" : "/api2/json");
	if (below && !strstr(path, "/../")) {
		for (len = strlen(below); len > 1 && below[len - 1] == '/';)
			len--;
		q->path = xstrndup(below, len);
		q->raw = xstrdup(raw + (below - path)); /* the prefix is never escaped */
		for (len = strlen(q->raw); len > 1 && q->raw[len - 1] == '/';)
			q->raw[--len] = '\0';
		return true;
	}
	_cleanup_free_ char *why =
		xasprintf("no such file '%s'", below ? strrchr(path, '/') : path);
	_cleanup_free_ char *body = xasprintf("%s\n", why);
	reply_plain(q, 500, why, body);
	return false;
}

void dispatch(struct request *q)
{
	enum evhttp_cmd_type type = evhttp_request_get_command(q->http);
	const char *refusal = NULL;

	q->method = "";
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (methods[i].type == type) {
			q->method = methods[i].name;
			if (methods[i].served)
				continue;
			char *why = xasprintf("method '%s' not available", q->method);
			reply_bare(q, 501, why);
			free(why);
			return;
		}
	if (!evhttp_request_get_uri(q->http)) {
		reply_bare(q, 400, "bad request");
		return;
	}
	if (!read_uri(q))
		return;
	if (!is_public(q))
		refusal = auth_check(q, header(q, "Authorization"), header(q, "Cookie"),
				     header(q, "CSRFPreventionToken"));
	if (refusal) {
		refuse_login(q, refusal);
		return;
	}
	if (!read_body(q))
		return;
	tap_request(q, serve_or_fail);
}
