#include "pve/http.h"
#include "pve/fault.h"
#include "pve/http_tls.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sys/socket.h>

enum {
	IDLE_HANDLES = 4,   /* kept for the next exchange: as many as there are worker threads */
	IDLE_CONN_S = 4,    /* the server closes a connection that is silent for 5 s */
	REASON_MAX = 4096,  /* bytes */
};

/* One libcurl handle with connections of its own; used by one thread at a time. */
struct handle {
	struct handle *next;
	CURLM *multi;
	CURL *easy;
	struct http_tls tls;
	char why[CURL_ERROR_SIZE];
};

struct curl_http {
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
	struct handle *idle;
	size_t n_idle;
	struct http_counters counters;
};

/* What the callbacks of one exchange see. */
struct exchange {
	struct handle *handle;
	struct http_response *response;
	bool counted_session;
	bool resumed;
	bool head_ended; /* libcurl takes a head that was cut off for a whole one */
};

static void share_lock(CURL *easy UNUSED, curl_lock_data data, curl_lock_access access UNUSED, void *ctx)
{
	struct curl_http *h = ctx;

	pthread_mutex_lock(&h->share_locks[data]);
}

static void share_unlock(CURL *easy UNUSED, curl_lock_data data, void *ctx)
{
	struct curl_http *h = ctx;

	pthread_mutex_unlock(&h->share_locks[data]);
}

/* libcurl's own socket() lets descriptors into child processes. */
static curl_socket_t open_socket(void *ctx UNUSED, curlsocktype purpose UNUSED, struct curl_sockaddr *a)
{
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;

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
	struct exchange *x = ctx;
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
	struct handle *handle = ctx;

	http_tls_verify_with(&handle->tls, ssl_ctx);
	return CURLE_OK;
}

static void handle_free(struct handle *handle)
{
	if (handle->easy)
		curl_easy_cleanup(handle->easy);
	if (handle->multi)
		curl_multi_cleanup(handle->multi);
	free(handle);
}

/* Options that stay for the life of a handle. */
static struct handle *handle_new(struct curl_http *h)
{
	struct handle *handle = xcalloc(1, sizeof(*handle));
	CURL *e = handle->easy = curl_easy_init();

	handle->multi = curl_multi_init();
	if (!e || !handle->multi)
		abort(); /* out of memory */
	handle->tls.trust = &h->trust;
	curl_easy_setopt(e, CURLOPT_SHARE, h->share);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, handle->why);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_PROXY, ""); /* the node is meant, whatever the environment says */
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
	/* A pinned certificate is the right one whatever its name; then the CAs need not even be loaded. */
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, h->trust.pinned ? 0L : 2L);
	if (h->trust.pinned || h->ca_file)
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	if (h->trust.pinned)
		curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	else if (h->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file);
	return handle;
}

static struct handle *handle_take(struct curl_http *h)
{
	pthread_mutex_lock(&h->lock);
	struct handle *handle = h->idle;
	if (handle) {
		h->idle = handle->next;
		h->n_idle--;
	}
	pthread_mutex_unlock(&h->lock);
	return handle ? handle : handle_new(h);
}

static void handle_give(struct curl_http *h, struct handle *handle)
{
	pthread_mutex_lock(&h->lock);
	bool keep = h->n_idle < IDLE_HANDLES;
	if (keep) {
		handle->next = h->idle;
		h->idle = handle;
		h->n_idle++;
	}
	pthread_mutex_unlock(&h->lock);
	if (!keep)
		handle_free(handle);
}

static struct curl_slist *header_list(const struct http_request *q)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* the server waits a second for it */

	list = curl_slist_append(list, "User-Agent: pveprov/" PVEPROV_VERSION);
	for (const char *const *line = q->headers; line && *line; line++)
		list = curl_slist_append(list, *line);
	return list;
}

/* Authorization and Cookie are among them. */
static void header_list_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static void prepare(struct curl_http *h, struct exchange *x, const struct http_request *q, struct curl_slist *headers,
		    const char *url)
{
	CURL *e = x->handle->easy;
	bool reads = streq(q->method, "GET");

	x->handle->why[0] = '\0';
	x->handle->tls.seen = false;
	x->handle->tls.refused = false;
	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(q->timeout_ms ? q->timeout_ms : HTTP_TOTAL_MS));
	/*
	 * On a connection that was idle libcurl silently sends a request again when the server closes without an
	 * answer. A write must never be sent twice, so it gets a new connection (with a resumed session).
	 */
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, reads ? 0L : 1L);
	if (q->body) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body);
	} else {
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
	(void)h;
}

/* Runs the transfer; *ret_cancelled: the clock was cancelled, the connection is closed. */
static CURLcode transfer(struct curl_http *h, struct handle *handle, bool *ret_cancelled)
{
	struct curl_waitfd cancel = { .fd = h->clock->cancel_fd, .events = CURL_WAIT_POLLIN };
	unsigned n_cancel = cancel.fd >= 0 ? 1 : 0;
	CURLcode result = CURLE_FAILED_INIT;
	int running = 1, left;

	*ret_cancelled = false;
	if (curl_multi_add_handle(handle->multi, handle->easy) != CURLM_OK)
		return CURLE_FAILED_INIT;
	while (curl_multi_perform(handle->multi, &running) == CURLM_OK && running) {
		curl_multi_poll(handle->multi, &cancel, n_cancel, 1000, NULL);
		if (n_cancel && clock_check(h->clock, NULL) < 0) {
			*ret_cancelled = true;
			break;
		}
	}
	for (CURLMsg *m; (m = curl_multi_info_read(handle->multi, &left));)
		if (m->msg == CURLMSG_DONE)
			result = m->data.result;
	curl_multi_remove_handle(handle->multi, handle->easy);
	return result;
}

static void count(struct curl_http *h, struct exchange *x, size_t body_len)
{
	CURL *e = x->handle->easy;
	long connects = 0, sent = 0, headers = 0;
	curl_off_t us = 0, received = 0;

	curl_easy_getinfo(e, CURLINFO_NUM_CONNECTS, &connects);
	curl_easy_getinfo(e, CURLINFO_REQUEST_SIZE, &sent);
	curl_easy_getinfo(e, CURLINFO_HEADER_SIZE, &headers);
	curl_easy_getinfo(e, CURLINFO_SIZE_DOWNLOAD_T, &received);
	curl_easy_getinfo(e, CURLINFO_TOTAL_TIME_T, &us);
	pthread_mutex_lock(&h->lock);
	h->counters.requests++;
	h->counters.connections += (uint64_t)connects;
	h->counters.resumed += connects && x->resumed ? 1 : 0;
	h->counters.sent_bytes += (uint64_t)sent + body_len;
	h->counters.received_bytes += (uint64_t)headers + (uint64_t)received;
	h->counters.busy_us += us;
	pthread_mutex_unlock(&h->lock);
}

static int tls_failure(struct curl_http *h, struct handle *handle, struct err **err)
{
	char shown[HTTP_FINGERPRINT_TEXT];

	http_tls_fingerprint(&handle->tls, shown);
	if (h->trust.pinned) {
		err_set(err, ERR_UNREACHABLE, "certificate of '%s' is not the pinned one: it shows %s", h->peer, shown);
		return err_hint(err, "compare it with 'pvenode cert info' on the node's own console; only if it is the "
				     "same, pin it: --fingerprint %s", shown);
	}
	err_set(err, ERR_UNREACHABLE, "certificate of '%s' is not trusted: %s", h->peer,
		handle->why[0] ? handle->why : http_tls_reason(&handle->tls));
	return err_hint(err, "give the CA with --ca-file (on the node: /etc/pve/pve-root-ca.pem), or compare this with "
			     "'pvenode cert info' on the node and pin it: --fingerprint %s", shown);
}

static int timeout_failure(struct curl_http *h, const struct http_request *q, bool sent, struct err **err)
{
	int64_t total = q->timeout_ms ? q->timeout_ms : HTTP_TOTAL_MS;

	if (!sent) {
		err_set(err, ERR_TIMEOUT, "no connection to '%s' within %.3g s", h->peer,
			(double)MIN(h->connect_ms, total) / 1000);
		return err_hint(err, "is the node up, and port and address right?");
	}
	err_set(err, ERR_TIMEOUT, "'%s' did not answer %s %s within %.3g s", h->peer, q->method, q->target,
		(double)MIN(total, h->silence_ms) / 1000);
	return err_code(err, PVE_LOST);
}

/* Makes the error of a transfer that gave no answer. */
static int failure(struct curl_http *h, struct handle *handle, const struct http_request *q, CURLcode code,
		   struct err **err)
{
	long sent = 0;

	curl_easy_getinfo(handle->easy, CURLINFO_REQUEST_SIZE, &sent);
	const char *why = handle->why[0] ? handle->why : curl_easy_strerror(code);
	if (handle->tls.refused || code == CURLE_PEER_FAILED_VERIFICATION)
		return tls_failure(h, handle, err);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return timeout_failure(h, q, sent > 0, err);
	if (code == CURLE_SSL_CACERT_BADFILE) {
		err_set(err, ERR_USAGE, "CA file '%s' cannot be used: %s", h->ca_file ? h->ca_file : "of the system", why);
		return -1;
	}
	if (sent > 0) {
		err_set(err, ERR_UNREACHABLE, "connection to '%s' ended during %s %.*s: %s", h->peer, q->method,
			(int)strcspn(q->target, "?"), q->target, why);
		return err_code(err, PVE_LOST);
	}
	err_set(err, ERR_UNREACHABLE, "cannot reach '%s': %s", h->peer, why);
	return err_hint(err, "is the node up, and port and address right?");
}

static int interrupted(struct handle *handle, struct err **err)
{
	long sent = 0;

	curl_easy_getinfo(handle->easy, CURLINFO_REQUEST_SIZE, &sent);
	err_set(err, ERR_INTERRUPTED, "interrupted");
	return sent > 0 ? err_code(err, PVE_LOST) : -1;
}

static int curl_exchange(struct http *base, const struct http_request *q, struct http_response *ret, struct err **err)
{
	struct curl_http *h = (struct curl_http *)base;
	_cleanup_http_response_ struct http_response r = {
		.body.ceiling = q->body_max ? q->body_max : HTTP_BODY_MAX,
	};
	struct exchange x = { .handle = handle_take(h), .response = &r };
	_cleanup_free_ char *url = xasprintf("%s%s", h->origin, q->target);
	struct curl_slist *headers = header_list(q);
	bool cancelled;
	long status = 0;

	prepare(h, &x, q, headers, url);
	CURLcode code = transfer(h, x.handle, &cancelled);
	curl_easy_getinfo(x.handle->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && !x.head_ended)
		code = CURLE_RECV_ERROR;
	count(h, &x, q->body_len);
	log_debug(h->log, "%s %.*s: %ld %s", q->method, (int)strcspn(q->target, "?"), q->target, status,
		  code == CURLE_OK ? r.reason : curl_easy_strerror(code));
	int result = 0;
	if (cancelled)
		result = interrupted(x.handle, err);
	else if (r.body.overflow)
		result = err_set(err, ERR_INTERNAL, "answer of '%s' to %s %.*s is larger than %zu bytes", h->peer,
				 q->method, (int)strcspn(q->target, "?"), q->target, r.body.ceiling);
	else if (code != CURLE_OK)
		result = failure(h, x.handle, q, code, err);
	curl_easy_setopt(x.handle->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(x.handle->easy, CURLOPT_POSTFIELDS, NULL);
	header_list_free(headers);
	handle_give(h, x.handle);
	if (result == 0) {
		r.status = (int)status;
		*ret = r;
		r = (struct http_response){ 0 };
	}
	return result;
}

static void curl_counters(struct http *base, struct http_counters *ret)
{
	struct curl_http *h = (struct curl_http *)base;

	pthread_mutex_lock(&h->lock);
	*ret = h->counters;
	pthread_mutex_unlock(&h->lock);
}

static void curl_close(struct http *base)
{
	struct curl_http *h = (struct curl_http *)base;

	for (struct handle *next; h->idle; h->idle = next) {
		next = h->idle->next;
		handle_free(h->idle);
	}
	curl_share_cleanup(h->share);
	for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_destroy(&h->share_locks[i]);
	pthread_mutex_destroy(&h->lock);
	free(h->host);
	free(h->origin);
	free(h->peer);
	free(h->ca_file);
	free(h);
}

static const struct http_ops curl_ops = { curl_exchange, curl_counters, curl_close };

static void init_once(void)
{
	curl_global_init(CURL_GLOBAL_ALL);
}

static struct curl_http *allocate(const struct http_options *o)
{
	struct curl_http *h = xcalloc(1, sizeof(*h));
	bool v6 = strchr(o->host, ':');

	h->base.ops = &curl_ops;
	h->peer = xasprintf(v6 ? "[%s]:%u" : "%s:%u", o->host, o->port);
	h->origin = xasprintf("https://%s", h->peer);
	h->host = xstrdup(o->host);
	h->ca_file = xstrdup_null(o->ca_file);
	h->connect_ms = o->connect_ms ? o->connect_ms : HTTP_CONNECT_MS;
	h->silence_ms = o->silence_ms ? o->silence_ms : HTTP_SILENCE_MS;
	h->clock = o->clock;
	h->log = o->log;
	pthread_mutex_init(&h->lock, NULL);
	for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&h->share_locks[i], NULL);
	h->share = curl_share_init();
	if (!h->share)
		abort(); /* out of memory */
	curl_share_setopt(h->share, CURLSHOPT_LOCKFUNC, share_lock);
	curl_share_setopt(h->share, CURLSHOPT_UNLOCKFUNC, share_unlock);
	curl_share_setopt(h->share, CURLSHOPT_USERDATA, h);
	curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	return h;
}

int http_curl_new(const struct http_options *o, struct http **ret, struct err **err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_tls_trust trust = { .pinned = o->fingerprint != NULL };

	if (o->fingerprint && !http_fingerprint_parse(o->fingerprint, trust.pin)) {
		err_set(err, ERR_USAGE, "fingerprint '%s' is not a SHA-256 of a certificate", o->fingerprint);
		return err_hint(err, "'pvenode cert info' on the node prints it: 32 pairs, AA:BB:...");
	}
	pthread_once(&once, init_once);
	struct curl_http *h = allocate(o);
	h->trust = trust;
	*ret = &h->base;
	return 0;
}

int http_fingerprint_seen(const struct http_options *o, char ret[static HTTP_FINGERPRINT_TEXT], struct err **err)
{
	/* No certificate has this one: the handshake ends before anything is sent. */
	static const char none[] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct http_options look = *o;
	_cleanup_http_ struct http *http = NULL;
	_cleanup_http_response_ struct http_response r = { 0 };
	_cleanup_err_ struct err *refused = NULL;

	look.fingerprint = none;
	if (http_curl_new(&look, &http, err) < 0)
		return -1;
	struct http_request q = { .method = "GET", .target = "/" };
	if (http_exchange(http, &q, &r, &refused) == 0)
		return err_set(err, ERR_INTERNAL, "certificate of '%s' has no fingerprint", o->host);
	struct curl_http *h = (struct curl_http *)http;
	if (!h->idle || !h->idle->tls.seen)
		return err_move(err, TAKE_PTR(refused));
	http_tls_fingerprint(&h->idle->tls, ret);
	return 0;
}
