#include "tls_server.h"
#include "base/fs.h"
#include "pve/fault.h"
#include "pve/http.h"

#include <openssl/pem.h>
#include <signal.h>

#define OK   "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Type: application/json\r\n"
#define BODY "\r\n{\"data\":[]}"
#define DATE "Date: Sat, 21 Nov 2026 01:17:08 GMT\r\n"

static const struct tls_row rows[] = {
	{ "/keep", OK "Connection: Keep-Alive\r\n" DATE BODY, THEN_KEEP },
	/* A call that the node's proxy handed on: both headers, and the connection stays open. */
	{ "/protected", OK "Connection: close\r\nConnection: Keep-Alive\r\n" BODY, THEN_KEEP },
	{ "/401", "HTTP/1.1 401 No ticket\r\nConnection: close\r\n" DATE "\r\n", THEN_CLOSE },
	{ "/401-cut",
	  "HTTP/1.1 401 Permission denied - invalid csrf token\r\nConnection: close\r\n\r\n",
	  THEN_CUT },
	{ "/cut-head", "HTTP/1.1 200 OK\r\nContent-Le", THEN_CUT },
	{ "/cut-body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":", THEN_CUT },
	{ "/drop", "", THEN_CUT },
	{ "/hang", "", THEN_HANG },
	{ "/hang-body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":", THEN_HANG },
	{ "/cancel", "", THEN_CANCEL },
	{ "/many", "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n0123456789", THEN_HANG },
	{ "/reason",
	  "HTTP/1.1 500 VM is locked (backup)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
	  THEN_CLOSE },
};

static struct tls_server server;
static struct clock real;

static int set_up(void **state UNUSED)
{
	signal(SIGPIPE, SIG_IGN);
	real = clock_real(-1);
	tls_server_start(&server, rows, ARRAY_SIZE(rows));
	return 0;
}

static int tear_down(void **state UNUSED)
{
	tls_server_stop(&server);
	return 0;
}

static struct http *open_with(const char *fingerprint, const char *ca_file,
			      const struct clock *clock)
{
	struct http_options o = {
		.host = "127.0.0.1",
		.port = server.port,
		.fingerprint = fingerprint,
		.ca_file = ca_file,
		.clock = clock,
	};
	struct http *h = NULL;

	assert_works(http_curl_new(&o, &h, &err));
	return h;
}

static int ask(struct http *h, const char *method, const char *target, int64_t timeout_ms,
	       struct http_response *r, struct err **err)
{
	struct http_request q = {
		.method = method, .target = target, .timeout_ms = timeout_ms, .body_max = 65536
	};

	if (!streq(method, "GET")) {
		q.body = "a=1";
		q.body_len = 3;
	}
	http_response_free(r);
	return http_exchange(h, &q, r, err);
}

static struct http_counters counters(struct http *h)
{
	struct http_counters n;

	h->ops->counters(h, &n);
	return n;
}

/* The other fingerprint differs in one digit; nothing but the handshake may happen. */
static void a_wrong_certificate_gets_no_request(void **state UNUSED)
{
	_cleanup_http_response_ struct http_response r = { 0 };
	char other[96];
	_cleanup_err_ struct err *err = NULL;

	snprintf(other, sizeof(other), "%s", server.fingerprint);
	other[94] = other[94] == '0' ? '1' : '0';
	_cleanup_http_ struct http *h = open_with(other, NULL, &real);
	assert_int_equal(ask(h, "GET", "/keep", 0, &r, &err), -1);
	assert_int_equal(err->kind, ERR_UNREACHABLE);
	assert_false(pve_outcome_unknown(err));
	assert_non_null(strstr(err->text, "is not the pinned one: it shows"));
	assert_non_null(strstr(err->text, server.fingerprint));
	assert_non_null(strstr(err->hint, server.fingerprint));
	assert_int_equal(server.requests, 0);
}

static void an_unknown_ca_is_refused_and_the_fingerprint_shown(void **state UNUSED)
{
	_cleanup_http_response_ struct http_response r = { 0 };
	_cleanup_err_ struct err *err = NULL;
	_cleanup_http_ struct http *h = open_with(NULL, NULL, &real);

	assert_int_equal(ask(h, "GET", "/keep", 0, &r, &err), -1);
	assert_int_equal(err->kind, ERR_UNREACHABLE);
	assert_non_null(strstr(err->text, "is not trusted: "));
	assert_non_null(strstr(err->hint, server.fingerprint));
	assert_int_equal(server.requests, 0);
}

static void a_given_ca_is_believed_for_its_name_only(void **state UNUSED)
{
	_cleanup_http_response_ struct http_response r = { 0 };
	_cleanup_free_ char *dir = NULL;

	assert_works(fs_temp_dir(NULL, "pveprov-test", &dir, &err));
	_cleanup_free_ char *file = fs_join(dir, "ca.pem");
	FILE *f = fopen(file, "w");
	PEM_write_X509(f, server.cert);
	fclose(f);
	_cleanup_http_ struct http *h = open_with(NULL, file, &real);
	assert_works(ask(h, "GET", "/keep", 0, &r, &err));
	struct http_options o = {
		.host = "localhost", .port = server.port, .ca_file = file, .clock = &real
	};
	_cleanup_http_ struct http *other = NULL;
	assert_works(http_curl_new(&o, &other, &err));
	unsigned before = server.requests;
	assert_fails(ask(other, "GET", "/keep", 0, &r, &err), ERR_UNREACHABLE, "is not trusted: ");
	assert_int_equal(server.requests, before);
	assert_works(fs_remove_tree(dir, &err));
	_cleanup_http_ struct http *none = open_with(NULL, "/nonexistent/ca.pem", &real);
	assert_fails(ask(none, "GET", "/keep", 0, &r, &err), ERR_USAGE,
		     "CA file '/nonexistent/ca.pem' cannot be used");
}

static void the_fingerprint_can_be_looked_at_first(void **state UNUSED)
{
	struct http_options o = { .host = "127.0.0.1", .port = server.port, .clock = &real };
	char seen[HTTP_FINGERPRINT_TEXT];
	unsigned before = server.requests;

	assert_works(http_fingerprint_seen(&o, seen, &err));
	assert_string_equal(seen, server.fingerprint);
	assert_int_equal(server.requests, before);
	o.port = 1; /* nobody listens there */
	assert_fails(http_fingerprint_seen(&o, seen, &err), ERR_UNREACHABLE,
		     "cannot reach '127.0.0.1:1'");
}

static void a_connection_is_kept_and_a_session_resumed(void **state UNUSED)
{
	_cleanup_http_ struct http *h = open_with(server.fingerprint, NULL, &real);
	_cleanup_http_response_ struct http_response r = { 0 };

	assert_works(ask(h, "GET", "/keep", 0, &r, &err));
	assert_int_equal(r.status, 200);
	assert_string_equal(r.reason, "OK");
	assert_string_equal(buf_text(&r.body), "{\"data\":[]}");
	assert_int_equal(r.date_s, 1795223828);
	assert_works(ask(h, "GET", "/keep?x=1", 0, &r, &err));
	assert_int_equal(counters(h).connections, 1);
	assert_works(ask(h, "GET", "/protected", 0, &r, &err));
	assert_string_equal(buf_text(&r.body), "{\"data\":[]}");
	assert_works(ask(h, "GET", "/protected", 0, &r, &err));
	assert_works(ask(h, "GET", "/keep", 0, &r, &err));
	struct http_counters n = counters(h);
	assert_int_equal(n.requests, 5);
	assert_int_equal(n.connections, 3);
	assert_int_equal(n.resumed, 2);
	assert_true(n.sent_bytes > 400 && n.received_bytes > 400 && n.busy_us > 0);
}

static void an_answer_without_a_body_is_an_answer(void **state UNUSED)
{
	_cleanup_http_ struct http *h = open_with(server.fingerprint, NULL, &real);
	_cleanup_http_response_ struct http_response r = { 0 };

	assert_works(ask(h, "GET", "/401", 0, &r, &err));
	assert_int_equal(r.status, 401);
	assert_string_equal(r.reason, "No ticket");
	assert_int_equal(r.body.len, 0);
	assert_works(ask(h, "POST", "/401-cut", 0, &r, &err));
	assert_string_equal(r.reason, "Permission denied - invalid csrf token");
	assert_works(ask(h, "PUT", "/reason", 0, &r, &err));
	assert_int_equal(r.status, 500);
	assert_string_equal(r.reason, "VM is locked (backup)");
}

static void a_dropped_connection_says_that_the_request_was_sent(void **state UNUSED)
{
	static const char *const targets[] = { "/cut-head", "/cut-body", "/drop" };
	_cleanup_http_ struct http *h = open_with(server.fingerprint, NULL, &real);
	_cleanup_http_response_ struct http_response r = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		_cleanup_err_ struct err *err = NULL;
		if (ask(h, "GET", targets[i], 0, &r, &err) == 0)
			fail_msg("%s was taken: %d '%s'", targets[i], r.status, buf_text(&r.body));
		assert_int_equal(err->kind, ERR_UNREACHABLE);
		assert_true(pve_is(err, PVE_LOST));
	}
}

/* libcurl repeats on a kept connection by itself what got no answer: that must not happen to a
 * write. */
static void a_write_is_sent_once(void **state UNUSED)
{
	_cleanup_http_ struct http *h = open_with(server.fingerprint, NULL, &real);
	_cleanup_http_response_ struct http_response r = { 0 };

	assert_works(ask(h, "GET", "/keep", 0, &r, &err));
	unsigned before = server.requests;
	assert_fails(ask(h, "POST", "/drop", 0, &r, &err), ERR_UNREACHABLE,
		     "ended during POST /drop");
	assert_int_equal(server.requests - before, 1);
	assert_works(ask(h, "DELETE", "/keep", 0, &r, &err));
}

static void a_slow_server_meets_the_limit(void **state UNUSED)
{
	static const char *const targets[] = { "/hang", "/hang-body" };
	_cleanup_http_ struct http *h = open_with(server.fingerprint, NULL, &real);
	_cleanup_http_response_ struct http_response r = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		_cleanup_http_response_ struct http_response kept = { 0 };
		/* The handshake is not what is limited. */
		assert_works(ask(h, "GET", "/keep", 0, &kept, &err));
		_cleanup_err_ struct err *err = NULL;
		assert_int_equal(ask(h, "GET", targets[i], 500, &r, &err), -1);
		assert_int_equal(err->kind, ERR_TIMEOUT);
		assert_true(pve_is(err, PVE_LOST));
		assert_non_null(strstr(err->text, "within 0.5 s"));
	}
}

static void a_cancelled_clock_ends_it(void **state UNUSED)
{
	struct clock cancelled = clock_real(server.cancel[0]);
	_cleanup_http_ struct http *h = open_with(server.fingerprint, NULL, &cancelled);
	_cleanup_http_response_ struct http_response r = { 0 };
	char drained;

	assert_fails(ask(h, "POST", "/cancel", 0, &r, &err), ERR_INTERRUPTED, "interrupted");
	assert_int_equal(read(server.cancel[0], &drained, 1), 1);
}

static void an_endless_answer_is_cut_at_its_ceiling(void **state UNUSED)
{
	_cleanup_http_ struct http *h = open_with(server.fingerprint, NULL, &real);
	_cleanup_http_response_ struct http_response r = { 0 };
	struct http_request q = { .method = "GET", .target = "/many", .body_max = 8 };

	assert_fails(http_exchange(h, &q, &r, &err), ERR_INTERNAL, "is larger than 8 bytes");
}

static void *ask_often(void *arg)
{
	for (int i = 0; i < 8; i++) {
		_cleanup_http_response_ struct http_response r = { 0 };
		if (ask(arg, "GET", i % 2 ? "/protected" : "/keep", 0, &r, NULL) < 0 ||
		    r.status != 200)
			return arg;
	}
	return NULL;
}

static void four_threads_share_sessions(void **state UNUSED)
{
	_cleanup_http_ struct http *h = open_with(server.fingerprint, NULL, &real);
	_cleanup_http_response_ struct http_response r = { 0 };
	pthread_t threads[4];

	assert_works(ask(h, "GET", "/keep", 0, &r, &err));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, h), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	struct http_counters n = counters(h);
	assert_int_equal(n.requests, 33);
	assert_true(n.connections <= 1 + 4 * 5);
	assert_true(n.resumed * 2 >= n.connections);
}

static void a_fingerprint_is_read_in_both_forms(void **state UNUSED)
{
	static const char *const bad[] = { "", "AA", "AA:BB", "sha256:00" };
	uint8_t bytes[32];
	char bare[65], broken[96];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(http_fingerprint_parse(bad[i], bytes));
	snprintf(broken, sizeof(broken), "%s", server.fingerprint);
	broken[2] = '-';
	assert_false(http_fingerprint_parse(broken, bytes));
	for (const char *s = server.fingerprint; *s; s++)
		if (*s != ':')
			bare[n++] = *s;
	bare[n] = '\0';
	assert_true(http_fingerprint_parse(server.fingerprint, bytes));
	uint8_t again[32] = { 0 };
	assert_true(http_fingerprint_parse(bare, again));
	assert_memory_equal(bytes, again, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_certificate_gets_no_request),
		cmocka_unit_test(an_unknown_ca_is_refused_and_the_fingerprint_shown),
		cmocka_unit_test(a_given_ca_is_believed_for_its_name_only),
		cmocka_unit_test(the_fingerprint_can_be_looked_at_first),
		cmocka_unit_test(a_dropped_connection_says_that_the_request_was_sent),
		cmocka_unit_test(a_write_is_sent_once),
		cmocka_unit_test(a_slow_server_meets_the_limit),
		cmocka_unit_test(a_cancelled_clock_ends_it),
		cmocka_unit_test(an_endless_answer_is_cut_at_its_ceiling),
		cmocka_unit_test(a_connection_is_kept_and_a_session_resumed),
		cmocka_unit_test(an_answer_without_a_body_is_an_answer),
		cmocka_unit_test(four_threads_share_sessions),
		cmocka_unit_test(a_fingerprint_is_read_in_both_forms),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
