#include "pve/fault.h"
#include "pve/http_handle.h"

static void share_lock(CURL *easy UNUSED, curl_lock_data data, curl_lock_access access UNUSED,
		       void *ctx)
{
	struct http_curl *h = ctx;

	pthread_mutex_lock(&h->share_locks[data]);
}

static void share_unlock(CURL *easy UNUSED, curl_lock_data data, void *ctx)
{
	struct http_curl *h = ctx;

	pthread_mutex_unlock(&h->share_locks[data]);
}

/* Runs the transfer; *ret_cancelled: the clock was cancelled, the connection is closed. */
static CURLcode transfer(struct http_curl *h, struct http_handle *handle, bool *ret_cancelled)
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

static void count(struct http_curl *h, struct http_transfer *x, size_t body_len)
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

static int tls_failure(struct http_curl *h, struct http_handle *handle, struct err **err)
{
	char shown[HTTP_FINGERPRINT_TEXT];

	http_tls_fingerprint(&handle->tls, shown);
	if (h->trust.pinned) {
		err_set(err, ERR_UNREACHABLE,
			"certificate of '%s' is not the pinned one: it shows %s", h->peer, shown);
		return err_hint(err,
				"compare it with 'pvenode cert info' on the node's own console; "
				"only if it is the "
				"same, pin it: pveprov auth login --fingerprint %s",
				shown);
	}
	err_set(err, ERR_UNREACHABLE, "certificate of '%s' is not trusted: %s", h->peer,
		handle->why[0] ? handle->why : http_tls_reason(&handle->tls));
	return err_hint(
		err,
		"name its CA: pveprov auth login --ca FILE (on the node: "
		"/etc/pve/pve-root-ca.pem), or compare this with "
		"'pvenode cert info' on the node and pin it: pveprov auth login --fingerprint %s",
		shown);
}

static int timeout_failure(struct http_curl *h, const struct http_request *q, bool sent,
			   struct err **err)
{
	int64_t total = q->timeout_ms ? q->timeout_ms : HTTP_TOTAL_MS;

	if (!sent) {
		err_set(err, ERR_TIMEOUT, "no connection to '%s' within %.3g s", h->peer,
			(double)MIN(h->connect_ms, total) / 1000);
		return err_hint(err, "is the node up, and port and address right?");
	}
	err_set(err, ERR_TIMEOUT, "'%s' did not answer %s %s within %.3g s", h->peer, q->method,
		q->target, (double)MIN(total, h->silence_ms) / 1000);
	return err_code(err, PVE_LOST);
}

/* Makes the error of a transfer that gave no answer. */
static int failure(struct http_curl *h, struct http_handle *handle, const struct http_request *q,
		   CURLcode code, struct err **err)
{
	long sent = 0;

	curl_easy_getinfo(handle->easy, CURLINFO_REQUEST_SIZE, &sent);
	const char *why = handle->why[0] ? handle->why : curl_easy_strerror(code);
	if (handle->tls.refused || code == CURLE_PEER_FAILED_VERIFICATION)
		return tls_failure(h, handle, err);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return timeout_failure(h, q, sent > 0, err);
	if (code == CURLE_SSL_CACERT_BADFILE) {
		err_set(err, ERR_USAGE, "CA file '%s' cannot be used: %s",
			h->ca_file ? h->ca_file : "of the system", why);
		return -1;
	}
	if (sent > 0) {
		err_set(err, ERR_UNREACHABLE, "connection to '%s' ended during %s %.*s: %s",
			h->peer, q->method, (int)strcspn(q->target, "?"), q->target, why);
		return err_code(err, PVE_LOST);
	}
	err_set(err, ERR_UNREACHABLE, "cannot reach '%s': %s", h->peer, why);
	return err_hint(err, "is the node up, and port and address right?");
}

static int interrupted(struct http_handle *handle, struct err **err)
{
	long sent = 0;

	curl_easy_getinfo(handle->easy, CURLINFO_REQUEST_SIZE, &sent);
	err_set(err, ERR_INTERRUPTED, "interrupted");
	return sent > 0 ? err_code(err, PVE_LOST) : -1;
}

static int curl_exchange(struct http *base, const struct http_request *q, struct http_response *ret,
			 struct err **err)
{
	struct http_curl *h = (struct http_curl *)base;
	_cleanup_http_response_ struct http_response r = {
		.body.ceiling = q->body_max ? q->body_max : HTTP_BODY_MAX,
	};
	bool reads = streq(q->method, "GET");
	struct http_transfer x = { .handle = http_handle_take(h, q), .response = &r, .reuse = reads || h->spend };
	_cleanup_free_ char *url = xasprintf("%s%s", h->origin, q->target);
	struct curl_slist *headers = http_headers(q);
	bool cancelled;
	long status = 0;

	http_handle_prepare(&x, q, headers, url);
	CURLcode code = transfer(h, x.handle, &cancelled);
	curl_easy_getinfo(x.handle->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && !x.head_ended)
		code = CURLE_RECV_ERROR;
	count(h, &x, q->body_len);
	log_debug(h->log, "%s %.*s: %ld %s", q->method, (int)strcspn(q->target, "?"), q->target,
		  status, code == CURLE_OK ? r.reason : curl_easy_strerror(code));
	int result = 0;
	if (cancelled)
		result = interrupted(x.handle, err);
	else if (r.body.overflow)
		result =
			err_set(err, ERR_INTERNAL,
				"answer of '%s' to %s %.*s is larger than %zu bytes", h->peer,
				q->method, (int)strcspn(q->target, "?"), q->target, r.body.ceiling);
	else if (code != CURLE_OK)
		result = failure(h, x.handle, q, code, err);
	curl_easy_setopt(x.handle->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(x.handle->easy, CURLOPT_POSTFIELDS, NULL);
	http_headers_free(headers);
	if (h->hold && result < 0)
		x.handle->once = true; /* its connection is gone */
	http_handle_give(h, x.handle);
	if (result == 0) {
		r.status = (int)status;
		*ret = r;
		r = (struct http_response){ 0 };
	}
	return result;
}

static void curl_counters(struct http *base, struct http_counters *ret)
{
	struct http_curl *h = (struct http_curl *)base;

	pthread_mutex_lock(&h->lock);
	*ret = h->counters;
	pthread_mutex_unlock(&h->lock);
}

static void drop_idle(struct http_curl *h)
{
	for (struct http_handle *next; h->idle; h->idle = next) {
		next = h->idle->next;
		http_handle_free(h->idle);
	}
	h->n_idle = 0;
}

static void curl_hold(struct http *base, size_t n, bool spend)
{
	struct http_curl *h = (struct http_curl *)base;

	pthread_mutex_lock(&h->lock);
	if (!spend) {
		drop_idle(h);
		h->hold = n;
		h->n_held = 0;
	}
	h->spend = spend;
	pthread_mutex_unlock(&h->lock);
}

static void curl_close(struct http *base)
{
	struct http_curl *h = (struct http_curl *)base;

	drop_idle(h);
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

static const struct http_ops curl_ops = { curl_exchange, curl_counters, curl_close, curl_hold };

static void init_once(void)
{
	curl_global_init(CURL_GLOBAL_ALL);
}

static struct http_curl *allocate(const struct http_options *o)
{
	struct http_curl *h = xcalloc(1, sizeof(*h));
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
		err_set(err, ERR_USAGE, "fingerprint '%s' is not a SHA-256 of a certificate",
			o->fingerprint);
		return err_hint(err,
				"'pvenode cert info' on the node prints it: 32 pairs, AA:BB:...");
	}
	pthread_once(&once, init_once);
	struct http_curl *h = allocate(o);
	h->trust = trust;
	*ret = &h->base;
	return 0;
}

int http_fingerprint_seen(const struct http_options *o, char ret[static HTTP_FINGERPRINT_TEXT],
			  struct err **err)
{
	/* No certificate has this one: the handshake ends before anything is sent. */
	static const char none[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	struct http_options look = *o;
	_cleanup_http_ struct http *http = NULL;
	_cleanup_http_response_ struct http_response r = { 0 };
	_cleanup_err_ struct err *refused = NULL;

	look.fingerprint = none;
	if (http_curl_new(&look, &http, err) < 0)
		return -1;
	struct http_request q = { .method = "GET", .target = "/" };
	if (http_exchange(http, &q, &r, &refused) == 0)
		return err_set(err, ERR_INTERNAL, "certificate of '%s' has no fingerprint",
			       o->host);
	struct http_curl *h = (struct http_curl *)http;
	if (!h->idle || !h->idle->tls.seen)
		return err_move(err, TAKE_PTR(refused));
	http_tls_fingerprint(&h->idle->tls, ret);
	return 0;
}
