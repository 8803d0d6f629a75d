#include "pve/http_handle.h"

#include <sys/socket.h>

enum {
	IDLE_HANDLES = 4,  /* kept for the next exchange: as many as there are worker threads */
	IDLE_CONN_S = 4,   /* the server closes a connection that is silent for 5 s */
	REASON_MAX = 4096, /* bytes */
};

/* libcurl's own socket() lets descriptors into child processes. */
static curl_socket_t open_socket(void *ctx UNUSED, curlsocktype purpose UNUSED,
				 struct curl_sockaddr *a)
{
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http_transfer *x = ctx;

	return buf_add(&x->response->body, data, size * n) == 0 ? size * n : 0;
}

/* "HTTP/1.1 500 VM is locked (backup)\r\n": everything after the code. */
static void take_reason(struct http_response *r, const char *line, size_t len)
{
	const char *at = memchr(line, ' ', len);

	at = at ? memchr(at + 1, ' ', len - (size_t)(at + 1 - line)) : NULL;
	size_t n = at ? len - (size_t)(at + 1 - line) : 0;
	free(r->reason);
	r->reason = xstrndup(at ? at + 1 : "", MIN(n, (size_t)REASON_MAX));
	r->reason[strcspn(r->reason, "\r\n")] = '\0';
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct http_transfer *x = ctx;
	size_t len = size * n;

	if (!x->counted_session) {
		struct curl_tlssessioninfo *session = NULL;
		x->counted_session = true;
		if (curl_easy_getinfo(x->handle->easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK)
			x->resumed = http_tls_resumed(session->internals);
	}
	if (len > 5 && memcmp(data, "HTTP/", 5) == 0) {
		take_reason(x->response, data, len);
		buf_reset(&x->response->body);
		x->head_ended = false;
	} else if (len == 2 && memcmp(data, "\r\n", 2) == 0) {
		x->head_ended = true;
	} else if (len > 5 && strncasecmp(data, "Date:", 5) == 0) {
		_cleanup_free_ char *date = xstrndup(data + 5, len - 5);
		time_t t = curl_getdate(date, NULL);
		x->response->date_s = t > 0 ? t : 0;
	}
	return len;
}

static CURLcode on_ssl_ctx(CURL *easy UNUSED, void *ssl_ctx, void *ctx)
{
	struct http_handle *handle = ctx;

	http_tls_verify_with(&handle->tls, ssl_ctx);
	return CURLE_OK;
}

void http_handle_free(struct http_handle *handle)
{
	if (handle->easy)
		curl_easy_cleanup(handle->easy);
	if (handle->multi)
		curl_multi_cleanup(handle->multi);
	free(handle);
}

/* Options that stay for the life of a handle. */
static struct http_handle *handle_new(struct http_curl *h)
{
	struct http_handle *handle = xcalloc(1, sizeof(*handle));
	CURL *e = handle->easy = curl_easy_init();

	handle->multi = curl_multi_init();
	if (!e || !handle->multi)
		abort(); /* out of memory */
	handle->tls.trust = &h->trust;
	curl_easy_setopt(e, CURLOPT_SHARE, h->share);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, handle->why);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_PROXY,
			 ""); /* the node is meant, whatever the environment says */
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)IDLE_CONN_S);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)h->connect_ms);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)MAX(h->silence_ms / 1000, (int64_t)1));
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, handle);
	/* A pinned certificate is the right one whatever its name; then the CAs need not even be
	 * loaded. */
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, h->trust.pinned ? 0L : 2L);
	if (h->trust.pinned || h->ca_file)
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	if (h->trust.pinned)
		curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	else if (h->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file);
	return handle;
}

struct http_handle *http_handle_take(struct http_curl *h, const struct http_request *q)
{
	bool reads = streq(q->method, "GET");

	if (q->fresh) {
		struct http_handle *own = handle_new(h);
		own->once = true;
		return own;
	}
	pthread_mutex_lock(&h->lock);
	bool fresh = h->hold && !h->spend && (!reads || h->n_held < h->hold), once = h->hold && !reads;
	struct http_handle *handle = fresh ? NULL : h->idle;
	if (handle) {
		h->idle = handle->next;
		h->n_idle--;
	} else if (h->hold && reads) {
		h->n_held++;
	}
	pthread_mutex_unlock(&h->lock);
	if (!handle)
		handle = handle_new(h);
	handle->once = once;
	return handle;
}

void http_handle_give(struct http_curl *h, struct http_handle *handle)
{
	pthread_mutex_lock(&h->lock);
	bool keep = !handle->once && h->n_idle < MAX(h->hold, (size_t)IDLE_HANDLES);
	if (keep) {
		struct http_handle **at = &h->idle;
		while (h->hold && *at) /* in turn */
			at = &(*at)->next;
		handle->next = *at;
		*at = handle;
		h->n_idle++;
	}
	pthread_mutex_unlock(&h->lock);
	if (!keep)
		http_handle_free(handle);
}

struct curl_slist *http_headers(const struct http_request *q)
{
	struct curl_slist *list =
		curl_slist_append(NULL, "Expect:"); /* the server waits a second for it */

	list = curl_slist_append(list, "User-Agent: pveprov/" PVEPROV_VERSION);
	for (const char *const *line = q->headers; line && *line; line++)
		list = curl_slist_append(list, *line);
	return list;
}

/* Authorization and Cookie are among them. */
void http_headers_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

void http_handle_prepare(struct http_transfer *x, const struct http_request *q,
			 struct curl_slist *headers, const char *url)
{
	CURL *e = x->handle->easy;
	x->handle->why[0] = '\0';
	x->handle->tls.seen = false;
	x->handle->tls.refused = false;
	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS,
			 (long)(q->timeout_ms ? q->timeout_ms : HTTP_TOTAL_MS));
	/*
	 * On a connection that was idle libcurl silently sends a request again when the server
	 * closes without an answer. A write must never be sent twice, so it gets a new connection
	 * (with a resumed session), unless no new one can be had.
	 */
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, x->reuse ? 0L : 1L);
	if (q->body) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body);
	} else {
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
}
