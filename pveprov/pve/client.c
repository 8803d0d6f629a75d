#include "pve/client.h"
#include "base/text.h"
#include "pve/client_private.h"

enum {
	PORT = 8006,
	GET_TRIES = 3,
	GET_PAUSE_MS = 250,
	RETRY_FIRST_MS = 250,
	RETRY_MOST_MS = 5000,
};

/* "https://host:8006/", "host", "[::1]:8006" -> host and port. */
bool pve_endpoint_split(const char *text, char **ret_host, uint16_t *ret_port)
{
	const char *s = starts_with(text, "https://") ? text + strlen("https://") : text;
	bool bracket = *s == '[';
	size_t n = bracket ? strcspn(++s, "]") : strcspn(s, ":/");
	const char *after = s + n + bracket;
	uint64_t port = PORT;

	if (!n || strstr(text, "http://") == text || (bracket && s[n] != ']'))
		return false;
	_cleanup_free_ char *host = xstrndup(s, n);
	if (!text_consists_of(
		    host,
		    bracket ? "0123456789abcdefABCDEF:."
			    : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"))
		return false;
	if (*after == ':') {
		size_t digits = strcspn(++after, "/");
		_cleanup_free_ char *number = xstrndup(after, digits);
		if (!text_to_u64(number, 1, UINT16_MAX, &port))
			return false;
		after += digits;
	}
	if (*after && !streq(after, "/"))
		return false;
	*ret_host = TAKE_PTR(host);
	*ret_port = (uint16_t)port;
	return true;
}

static int check_login(const struct pve_login *l, struct err **err)
{
	bool token = l->token && secret_is_set(l->token);
	const char *at = l->user ? strchr(l->user, '@') : NULL;

	if (!at || at == l->user || !at[1]) {
		err_set(err, ERR_USAGE, "account '%s' has no realm", l->user ? l->user : "");
		return err_hint(err, "write it as user@realm, for example root@pam");
	}
	if (token != (strchr(at, '!') != NULL))
		return err_set(err, ERR_USAGE,
			       token ? "token of '%s' has no id (user@realm!id)"
				     : "account '%s' is a token, but its secret is missing",
			       l->user);
	if (strpbrk(l->user, " \t\r\n=;") ||
	    (token && l->token->text[strcspn(l->token->text, " \t\r\n")]))
		return err_set(err, ERR_USAGE, "account or token has characters that cannot be");
	if (!token && !(l->password && secret_is_set(l->password)) &&
	    !(l->ticket && secret_is_set(l->ticket)))
		return err_set(err, ERR_USAGE, "no password, ticket or token for '%s'", l->user);
	return 0;
}

int pve_client_new(const struct pve_options *o, struct pve_client **ret, struct err **err)
{
	_cleanup_free_ char *host = NULL;
	struct http *http = o->http;
	uint16_t port;

	if (!pve_endpoint_split(o->endpoint, &host, &port)) {
		err_set(err, ERR_USAGE, "endpoint '%s' is not an HTTPS address", o->endpoint);
		return err_hint(err, "write it as https://host:8006");
	}
	if (check_login(&o->login, err) < 0)
		return -1;
	struct http_options ho = {
		.host = host,
		.port = port,
		.fingerprint = o->fingerprint,
		.ca_file = o->ca_file,
		.clock = o->clock,
		.log = o->log,
	};
	if (!http && http_curl_new(&ho, &http, err) < 0)
		return -1;
	struct pve_client *c = xcalloc(1, sizeof(*c));
	c->http = http;
	c->endpoint = xasprintf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	c->clock = o->clock;
	c->log = o->log;
	c->random = o->seed ? o->seed
			    : (uint64_t)clock_now_ms(o->clock) * 2654435761u +
				      (uint64_t)clock_wall_s(o->clock);
	pthread_mutex_init(&c->lock, NULL);
	pve_auth_init(&c->auth, &o->login);
	*ret = c;
	return 0;
}

struct pve_client *pve_client_free(struct pve_client *c)
{
	if (!c)
		return NULL;
	http_close(c->http);
	pve_auth_free(&c->auth);
	for (struct pve_gate *next; c->gates; c->gates = next) {
		next = c->gates->next;
		pthread_cond_destroy(&c->gates->moved);
		free(c->gates->node);
		free(c->gates);
	}
	for (size_t i = 0; i < SEEN_UPIDS; i++)
		free(c->seen[i]);
	pthread_mutex_destroy(&c->lock);
	free(c->endpoint);
	free(c);
	return NULL;
}

static void note_date(struct pve_client *c, int64_t date_s)
{
	if (!date_s)
		return;
	pthread_mutex_lock(&c->lock);
	c->server_ahead_s = date_s - clock_wall_s(c->clock);
	c->server_time_known = true;
	pthread_mutex_unlock(&c->lock);
}

int64_t pve_client_server_s(struct pve_client *c)
{
	pthread_mutex_lock(&c->lock);
	int64_t ahead = c->server_time_known ? c->server_ahead_s : 0;
	pthread_mutex_unlock(&c->lock);
	return clock_wall_s(c->clock) + ahead;
}

/* One exchange with its login; *ret_generation is that of the ticket used. */
static int send_once(struct pve_client *c, const struct pve_exchange *x, struct http_response *ret,
		     uint64_t *ret_generation, struct err **err)
{
	bool reads = streq(x->method, "GET");
	bool in_query = reads || streq(x->method, "DELETE"); /* a body with these is refused */
	bool some = x->params && !pve_params_empty(x->params);
	struct pve_headers headers = { 0 };

	if (x->params && x->params->encoded.overflow)
		return err_set(err, ERR_USAGE, "parameters of %s %s are too large", x->method,
			       x->path);
	if (!x->bare && pve_auth_headers(c, !reads, &headers, ret_generation, err) < 0)
		return -1;
	const char *encoded = some ? x->params->encoded.data : "";
	_cleanup_free_ char *target = xasprintf(
		"/api2/json%s%s%s", x->path, some && in_query ? "?" : "", in_query ? encoded : "");
	struct http_request q = {
		.method = x->method,
		.target = target,
		.headers = headers.v,
		.body = in_query ? NULL : encoded,
		.body_len = in_query ? 0 : strlen(encoded),
		.timeout_ms = x->timeout_ms,
		.body_max = x->body_max,
		.fresh = x->fresh,
	};
	int r = http_exchange(c->http, &q, ret, err);
	pve_headers_free(&headers);
	if (r == 0)
		note_date(c, ret->date_s);
	return r;
}

/* The answer as JSON, or its error. */
static int read_answer(struct pve_client *c, const struct pve_exchange *x, struct http_response *r,
		       json_t **ret, struct err **err)
{
	_cleanup_free_ char *what = xasprintf("%s %s", x->method, x->path);
	_cleanup_json_ json_t *answer = NULL;
	bool good = r->status >= 200 && r->status < 300;
	/* A failure may have no body (401), a text (501), or JSON. */
	bool is_json = r->body.len && json_parse(what, buf_text(&r->body), r->body.len, &answer,
						 good ? err : NULL) == 0;

	if (!good) {
		const char *text = is_json ? json_text(answer, "message") : NULL;
		return pve_fault_of_answer(what, c->auth.user, r->status, r->reason, text,
					   is_json ? json_map(answer, "errors") : NULL, err);
	}
	if (!is_json || !json_is_object(answer)) {
		if (!is_json && r->body.len)
			err_wrap(err, "answer of '%s'", c->endpoint);
		else
			err_set(err, ERR_INTERNAL, "%s: answer of '%s' is not an object", what,
				c->endpoint);
		return err_hint(err, "is this a Proxmox VE API?");
	}
	*ret = TAKE_PTR(answer);
	return 0;
}

/* Sends, with one more login where the ticket has run out. */
static int send_logged_in(struct pve_client *c, const struct pve_exchange *x, json_t **ret_answer,
			  struct err **err)
{
	for (bool again = true;; again = false) {
		_cleanup_http_response_ struct http_response r = { 0 };
		uint64_t generation = 0;

		if (send_once(c, x, &r, &generation, err) < 0)
			return -1;
		if (r.status == 401 && again && !x->bare && pve_auth_again(c, generation))
			continue;
		return read_answer(c, x, &r, ret_answer, err);
	}
}

int pve_exchange(struct pve_client *c, const struct pve_exchange *x, json_t **ret_answer,
		 struct err **err)
{
	int tries = streq(x->method, "GET") && !x->once ? GET_TRIES : 1;

	for (int i = 1;; i++) {
		_cleanup_err_ struct err *failed = NULL;

		if (send_logged_in(c, x, ret_answer, &failed) == 0)
			return 0;
		/* One that ran into a limit has waited long enough already. */
		if (i == tries || failed->kind != ERR_UNREACHABLE || !pve_outcome_unknown(failed))
			return err_move(err, TAKE_PTR(failed));
		log_info(c->log, "%s; trying again", failed->text);
		if (clock_sleep(c->clock, GET_PAUSE_MS * i, err) < 0)
			return -1;
	}
}

int pve_exchange_data(struct pve_client *c, const struct pve_exchange *x, json_t **ret,
		      struct err **err)
{
	_cleanup_json_ json_t *answer = NULL;

	if (pve_exchange(c, x, &answer, err) < 0)
		return -1;
	if (ret) {
		json_t *data = json_object_get(answer, "data");
		*ret = data ? json_incref(data) : json_null();
	}
	return 0;
}

int pve_call(struct pve_client *c, const char *method, const char *path,
	     const struct pve_params *params, int64_t timeout_ms, json_t **ret_answer,
	     struct err **err)
{
	struct pve_exchange x = {
		.method = method, .path = path, .params = params, .timeout_ms = timeout_ms
	};

	return pve_exchange(c, &x, ret_answer, err);
}

#define DEFINE_METHOD(name, word)                                                                  \
	int pve_##name(struct pve_client *c, const char *path, const struct pve_params *params,    \
		       json_t **ret_data, struct err **err)                                        \
	{                                                                                          \
		struct pve_exchange x = { .method = word, .path = path, .params = params };        \
		return pve_exchange_data(c, &x, ret_data, err);                                    \
	}

DEFINE_METHOD(get, "GET")
DEFINE_METHOD(post, "POST")
DEFINE_METHOD(put, "PUT")
DEFINE_METHOD(delete, "DELETE")

void pve_client_counters(struct pve_client *c, struct pve_counters *ret)
{
	struct pve_counters r = { 0 };

	c->http->ops->counters(c->http, &r.http);
	pthread_mutex_lock(&c->lock);
	r.tasks = c->tasks;
	r.task_ms = c->task_ms;
	pthread_mutex_unlock(&c->lock);
	*ret = r;
}

const struct clock *pve_client_clock(const struct pve_client *c)
{
	return c->clock;
}

const struct log *pve_client_log(const struct pve_client *c)
{
	return c->log;
}

const char *pve_client_endpoint(const struct pve_client *c)
{
	return c->endpoint;
}

/* xorshift64*: only to keep two clients apart. */
uint64_t pve_random(struct pve_client *c, uint64_t n)
{
	pthread_mutex_lock(&c->lock);
	c->random |= !c->random;
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	uint64_t r = (c->random * 2685821657736338717u >> 33) % n;
	pthread_mutex_unlock(&c->lock);
	return r;
}

int pve_retry(struct pve_client *c, int64_t limit_ms, int (*attempt)(void *ctx, struct err **err),
	      void *ctx, struct err **err)
{
	struct deadline d = deadline_in(c->clock, MAX(limit_ms, (int64_t)0));

	for (int64_t wait_ms = RETRY_FIRST_MS;;
	     wait_ms = MIN(wait_ms * 2, (int64_t)RETRY_MOST_MS)) {
		_cleanup_err_ struct err *failed = NULL;

		if (attempt(ctx, &failed) == 0)
			return 0;
		if (failed->kind != ERR_BUSY || deadline_passed(&d))
			return err_move(err, TAKE_PTR(failed));
		int64_t ms = wait_ms / 2 + (int64_t)pve_random(c, (uint64_t)wait_ms / 2);
		log_info(c->log, "%s; waiting", failed->text);
		if (deadline_sleep(&d, ms, err) < 0)
			return -1;
	}
}

int pve_client_knock(struct pve_client *c, int64_t timeout_ms, struct err **err)
{
	const struct pve_exchange x = {
		.method = "GET", .path = "/version", .once = true, .fresh = true, .timeout_ms = timeout_ms
	};

	return pve_exchange_data(c, &x, NULL, err) < 0 ? err_wrap(err, "over a new connection") : 0;
}

int pve_client_keep(struct pve_client *c, size_t n, struct err **err)
{
	for (size_t i = 0; i < n; i++)
		if (pve_get(c, "/version", NULL, NULL, err) < 0)
			return -1;
	return 0;
}

int pve_client_hold(struct pve_client *c, size_t n, struct err **err)
{
	http_hold(c->http, n, false);
	return pve_client_keep(c, n, err);
}

void pve_client_spend(struct pve_client *c)
{
	http_hold(c->http, 1, true);
}
