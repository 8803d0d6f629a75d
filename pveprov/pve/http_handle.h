#pragma once
/*
 * http_handle.h: the idle libcurl handles of an http, and what is set on one for an exchange. For
 * http_curl.c only.
 */
#include "pve/http.h"
#include "pve/http_tls.h"

#include <curl/curl.h>
#include <pthread.h>

/* One libcurl handle with connections of its own; used by one thread at a time. */
struct http_handle {
	struct http_handle *next;
	bool once; /* not kept after this exchange */
	CURLM *multi;
	CURL *easy;
	struct http_tls tls;
	char why[CURL_ERROR_SIZE];
};

struct http_curl {
	struct http base;
	char *host;
	char *origin; /* "https://host:8006" */
	char *peer;   /* "host:8006", for people */
	char *ca_file;
	struct http_tls_trust trust;
	int64_t connect_ms;
	int64_t silence_ms;
	const struct clock *clock;
	const struct log *log;
	CURLSH *share;
	pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
	pthread_mutex_t lock; /* of what follows */
	struct http_handle *idle;
	size_t n_idle;
	size_t hold, n_held; /* see http_hold(); n_held: opened so far */
	bool spend;
	struct http_counters counters;
};

/* What the callbacks of one exchange see. */
struct http_transfer {
	struct http_handle *handle;
	struct http_response *response;
	bool reuse; /* a connection that was idle may carry it */
	bool counted_session;
	bool resumed;
	bool head_ended; /* libcurl takes a head that was cut off for a whole one */
};

/* An idle handle, or a new one (always so for a fresh connection); given back, or freed when there are enough. */
struct http_handle *http_handle_take(struct http_curl *h, const struct http_request *q);
void http_handle_give(struct http_curl *h, struct http_handle *handle);
void http_handle_free(struct http_handle *handle);

/* The header lines of a request; wiped when they are freed. */
struct curl_slist *http_headers(const struct http_request *q);
void http_headers_free(struct curl_slist *list);

/* Sets one exchange on a handle. */
void http_handle_prepare(struct http_transfer *x, const struct http_request *q,
			 struct curl_slist *headers, const char *url);
