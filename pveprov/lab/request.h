#pragma once
/*
 * request.h: one API call on its way through the lab, and the only ways to answer it.
 *
 * A handler gets a request whose caller is known, whose parameters are checked and whose endpoint's
 * privilege check has passed. It answers exactly once, at once or later from a timer or a
 * hypervisor's callback. An answered request is freed when control is back in the event loop.
 */
#include "lab/lab.h"

#include <jansson.h>

struct evhttp_request;
struct api_endpoint;

struct caller {
	char *user;	   /* root@pam; NULL: nobody; owned */
	const char *token; /* the part of id after '!'; NULL: logged in with a ticket */
	char *id;	   /* root@pam or root@pam!ci: whom privileges and tasks name; owned */
	bool privsep;
};

struct request {
	struct lab *lab;
	struct evhttp_request *http;
	const struct api_endpoint *endpoint;
	const char *method;
	char *path; /* below /api2/json, decoded */
	char *raw;  /* the same as it was sent */
	bool extjs; /* always 200, success in the body */
	struct caller who;
	json_t *param; /* name -> text, or array of texts; path variables included */
	json_t *extra; /* members of the answer beside `data`: total, changes */
	json_t *state; /* of a handler that needs several steps */
	bool cut;      /* a fault: close the connection instead of answering */
	int64_t arrived_ms;
};

typedef void route_fn(struct request *q);

/* data is stolen; NULL is null. */
void reply_data(struct request *q, json_t *data);
void reply_text(struct request *q, const char *text); /* data is a string */
void reply_null(struct request *q);

/* The error's text is the reason phrase (its first line) and, with a line end, the body's message.
 */
void reply_error(struct request *q, int status, const char *fmt, ...) PRINTF(3, 4);

/* 400 "Parameter verification failed." with one entry of errors{}. */
void reply_param_error(struct request *q, const char *param, const char *fmt, ...) PRINTF(3, 4);
void reply_param_errors(struct request *q, json_t *errors); /* stolen */

/* The reason phrase alone, or with a plain text body, as the HTTP layer of Proxmox itself does it.
 */
void reply_bare(struct request *q, int status, const char *reason);
void reply_plain(struct request *q, int status, const char *reason, const char *body);

/* Adds a member beside `data`; value is stolen. */
void request_extra(struct request *q, const char *key, json_t *value);

void caller_copy(struct caller *to, const struct caller *from);
void caller_clear(struct caller *who);

void request_free(struct request *q);

/* Readers of checked parameters. */
const char *param_text(const struct request *q, const char *name); /* NULL: not given */
int64_t param_int(const struct request *q, const char *name, int64_t otherwise);
bool param_flag(const struct request *q, const char *name, bool otherwise);
bool param_given(const struct request *q, const char *name);

/* Calls fn(q) after ms of the node's time. */
void request_later(struct request *q, int64_t ms, route_fn *fn);

bool caller_is_root(const struct caller *who); /* the user root@pam itself, not a token of it */
