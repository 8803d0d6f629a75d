#pragma once
/*
 * pve_stub.h: a stand-in for the wire under pve/client: a script of exchanges. Each call must be
 * the next of the script (method and target as given; a target may end in '*'), costs `ms` of the
 * fake clock, and gets the answer.
 */
#include "test.h"
#include "base/strv.h"
#include "pve/client.h"
#include "pve/task.h"

struct stub_step {
	const char *call;   /* "GET /version"; below /api2/json */
	const char *body;   /* the form that must be sent; NULL: any */
	int status;	    /* 0: no answer, see kind */
	const char *reason; /* NULL: "OK" */
	const char *answer; /* NULL: no body */
	enum err_kind kind; /* of a call without an answer; it was sent */
	int64_t ms;	    /* 0: 10 */
};

struct stub {
	struct http http;
	const struct stub_step *steps;
	size_t n, at;
	int64_t now_ms;
	struct clock clock;
	struct strv headers; /* every header line that was sent */
	struct strv logged;
	struct log log;
};

static void stub_matches(const char *call, const char *pattern)
{
	size_t n = strlen(pattern);
	bool prefix = n && pattern[n - 1] == '*';

	if (prefix ? strncmp(call, pattern, n - 1) != 0 : !streq(call, pattern))
		fail_msg("called '%s', expected '%s'", call, pattern);
}

static int stub_exchange(struct http *h, const struct http_request *q, struct http_response *ret,
			 struct err **err)
{
	struct stub *s = (struct stub *)h;
	_cleanup_free_ char *call = xasprintf("%s %s", q->method, q->target + strlen("/api2/json"));

	if (s->at == s->n)
		fail_msg("unexpected call '%s' after the script's end", call);
	const struct stub_step *step = &s->steps[s->at++];
	stub_matches(call, step->call);
	if (step->body && (!q->body || !streq(q->body, step->body)))
		fail_msg("%s: sent '%s', expected '%s'", call, q->body ? q->body : "nothing",
			 step->body);
	for (const char *const *line = q->headers; line && *line; line++)
		strv_add(&s->headers, *line);
	s->now_ms += step->ms ? step->ms : 10;
	if (!step->status) {
		err_set(err, step->kind, "connection to the stub ended");
		return err_code(err, PVE_LOST);
	}
	ret->status = step->status;
	ret->reason = xstrdup(step->reason ? step->reason : "OK");
	if (step->answer)
		buf_adds(&ret->body, step->answer);
	ret->date_s = 1700000000 + 3600 + s->now_ms / 1000; /* an hour ahead of ours */
	return 0;
}

static void stub_counters(struct http *h, struct http_counters *ret)
{
	*ret = (struct http_counters){ .requests = ((struct stub *)h)->at };
}

static void stub_close(struct http *h UNUSED)
{
}

static const struct http_ops stub_ops = { stub_exchange, stub_counters, stub_close };

static void stub_log(void *ctx, enum log_level level UNUSED, const char *text)
{
	strv_add(ctx, text);
}

/* A client over the script. `login` NULL: the token root@pam!ci. */
static UNUSED struct pve_client *stub_open(struct stub *s, const struct stub_step *steps, size_t n,
					   const struct pve_login *login)
{
	static struct secret token = { (char *)"SECRET", 6 };
	struct pve_client *c = NULL;

	*s = (struct stub){ .http.ops = &stub_ops, .steps = steps, .n = n };
	s->clock = clock_fake(&s->now_ms);
	s->log = (struct log){ stub_log, &s->logged };
	struct pve_options o = {
		.endpoint = "https://pve.test:8006",
		.clock = &s->clock,
		.log = &s->log,
		.http = &s->http,
		.seed = 7,
		.login = login ? *login
			       : (struct pve_login){ .user = "root@pam!ci", .token = &token },
	};
	assert_works(pve_client_new(&o, &c, &err));
	return c;
}

/* The whole script must have been used. */
static UNUSED void stub_close_all(struct stub *s, struct pve_client *c)
{
	size_t at = s->at, n = s->n;

	for (size_t i = 0; i < s->logged.n; i++)
		assert_null(strstr(s->logged.v[i], "SECRET"));
	pve_client_free(c);
	strv_free(&s->headers);
	strv_free(&s->logged);
	assert_int_equal(at, n);
}

#define STUB(s, c, steps)                                                                          \
	struct stub s;                                                                             \
	struct pve_client *c = stub_open(&s, steps, ARRAY_SIZE(steps), NULL)
