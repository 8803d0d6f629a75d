#include "pve_stub.h"

#define TICKET "PVE:root@pam:6B00DA9D::c2ln+/="
#define LOGGED_IN(n)                                                                               \
	"{\"data\":{\"ticket\":\"" TICKET n "\",\"CSRFPreventionToken\":\"csrf" n                  \
	"\",\"username\":\"root@pam\"}}"
#define LOGIN "POST /access/ticket"

static struct secret password = { (char *)"pa ss", 5 };
static const struct pve_login by_password = { .user = "root@pam", .password = &password };

static void wrong_options_are_refused_before_anything_is_sent(void **state UNUSED)
{
	static struct secret token = { (char *)"x", 1 }, multi = { (char *)"x\r\nEvil: 1", 10 };
	static const struct {
		const char *endpoint, *fingerprint;
		struct pve_login login;
		const char *part;
	} bad[] = {
		{ "http://pve:8006",
		  NULL,
		  { .user = "root@pam!ci", .token = &token },
		  "is not an HTTPS address" },
		{ "pve:0",
		  NULL,
		  { .user = "root@pam!ci", .token = &token },
		  "is not an HTTPS address" },
		{ "pve:8006/api2",
		  NULL,
		  { .user = "root@pam!ci", .token = &token },
		  "is not an HTTPS address" },
		{ "user@pve",
		  NULL,
		  { .user = "root@pam!ci", .token = &token },
		  "is not an HTTPS address" },
		{ "[::1",
		  NULL,
		  { .user = "root@pam!ci", .token = &token },
		  "is not an HTTPS address" },
		{ "pve", "AA:BB", { .user = "root@pam!ci", .token = &token }, "is not a SHA-256" },
		{ "pve", NULL, { .user = "root", .password = &password }, "has no realm" },
		{ "pve", NULL, { .user = "root@pam!ci" }, "its secret is missing" },
		{ "pve", NULL, { .user = "root@pam", .token = &token }, "has no id" },
		{ "pve",
		  NULL,
		  { .user = "root@pam!ci", .token = &multi },
		  "characters that cannot be" },
		{ "pve", NULL, { .user = "root@pam" }, "no password, ticket or token" },
	};
	int64_t now = 0;
	struct clock clock = clock_fake(&now);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pve_options o = {
			.endpoint = bad[i].endpoint,
			.fingerprint = bad[i].fingerprint,
			.login = bad[i].login,
			.clock = &clock,
		};
		struct pve_client *c = NULL;
		assert_fails(pve_client_new(&o, &c, &err), ERR_USAGE, bad[i].part);
		assert_null(c);
	}
}

static void an_endpoint_is_written_in_several_ways(void **state UNUSED)
{
	static const char *const good[][2] = {
		{ "https://pve.home:8006/", "pve.home:8006" },
		{ "pve", "pve:8006" },
		{ "10.0.0.2:443", "10.0.0.2:443" },
		{ "[fd00::1]", "[fd00::1]:8006" },
		{ "https://[::1]:9006", "[::1]:9006" },
	};
	static struct secret token = { (char *)"x", 1 };
	int64_t now = 0;
	struct clock clock = clock_fake(&now);

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct pve_options o = {
			.endpoint = good[i][0],
			.login = { .user = "root@pam!ci", .token = &token },
			.clock = &clock,
		};
		_cleanup_pve_client_ struct pve_client *c = NULL;
		assert_works(pve_client_new(&o, &c, &err));
		assert_string_equal(pve_client_endpoint(c), good[i][1]);
	}
}

static void a_token_is_one_header_and_has_no_login(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /version?a=1", .status = 200,
		  .answer = "{\"data\":{\"version\":\"9.2.11\"}}" },
		{ "PUT /x", "a=1", .status = 200, .answer = "{\"data\":null}" },
		{ "DELETE /x?a=1", .status = 200, .answer = "{\"data\":null}" },
		{ "POST /x", "", .status = 200, .answer = "{\"data\":null}" },
	};
	STUB(s, c, steps);
	_cleanup_json_ json_t *data = NULL;
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "a", "1");
	assert_works(pve_auth_login(c, &err));
	assert_works(pve_get(c, "/version", &p, &data, &err));
	assert_works(pve_put(c, "/x", &p, NULL, &err));
	assert_works(pve_delete(c, "/x", &p, NULL, &err));
	assert_works(pve_post(c, "/x", NULL, NULL, &err));
	assert_string_equal(json_text(data, "version"), "9.2.11");
	assert_int_equal(s.headers.n, 4);
	assert_string_equal(s.headers.v[3], "Authorization: PVEAPIToken=root@pam!ci=SECRET");
	assert_int_equal(pve_client_server_s(c), clock_wall_s(&s.clock) + 3600);
	assert_false(pve_auth_is_root(c));
	stub_close_all(&s, c);
}

static void a_password_makes_a_ticket_that_is_renewed_in_time(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ LOGIN, "username=root%40pam&password=pa%20ss&new-format=1", 200,
		  .answer = LOGGED_IN("1") },
		{ "GET /a", .status = 200, .answer = "{\"data\":1}" },
		{ "POST /b", "", .status = 200, .answer = "{\"data\":1}" },
		{ LOGIN,
		  "username=root%40pam&password=PVE%3Aroot%40pam%3A6B00DA9D%3A%3Ac2ln%2B%2F%3D1&"
		  "new-format=1",
		  200, .answer = LOGGED_IN("2") },
		{ "POST /b", "", .status = 200, .answer = "{\"data\":1}" },
	};
	struct stub s;
	struct pve_client *c = stub_open(&s, steps, ARRAY_SIZE(steps), &by_password);

	assert_true(pve_auth_is_root(c));
	assert_works(pve_get(c, "/a", NULL, NULL, &err));
	assert_works(pve_post(c, "/b", NULL, NULL, &err));
	s.now_ms += 3600 * 1000;
	assert_works(pve_post(c, "/b", NULL, NULL, &err));
	assert_int_equal(s.headers.n, 5);
	assert_string_equal(
		s.headers.v[0],
		"Cookie: PVEAuthCookie=PVE%3Aroot%40pam%3A6B00DA9D%3A%3Ac2ln%2B%2F%3D1");
	assert_string_equal(s.headers.v[2], "CSRFPreventionToken: csrf1");
	assert_string_equal(s.headers.v[4], "CSRFPreventionToken: csrf2");
	_cleanup_secret_ struct secret ticket = { 0 }, csrf = { 0 };
	assert_works(pve_auth_ticket(c, &ticket, &csrf, &err));
	assert_string_equal(ticket.text, TICKET "2");
	stub_close_all(&s, c);
}

static void a_ticket_that_ran_out_costs_one_more_login(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ LOGIN, .status = 200, .answer = LOGGED_IN("1") },
		{ "PUT /a", .status = 401, .reason = "Permission denied - invalid csrf token",
		  .ms = 3000 },
		{ LOGIN, "username=root%40pam&password=pa%20ss&new-format=1", 200,
		  .answer = LOGGED_IN("2") },
		{ "PUT /a", .status = 200, .answer = "{\"data\":null}" },
		{ "PUT /a", .status = 401, .reason = "Authentication failed!", .ms = 3000 },
		{ LOGIN, .status = 401, .reason = "authentication failure",
		  .answer = "{\"data\":null,\"message\":\"authentication failure\\n\"}" },
	};
	struct stub s;
	struct pve_client *c = stub_open(&s, steps, ARRAY_SIZE(steps), &by_password);

	assert_works(pve_put(c, "/a", NULL, NULL, &err));
	assert_fails(pve_put(c, "/a", NULL, NULL, &err), ERR_AUTH,
		     "log in as 'root@pam': POST /access/ticket: "
		     "authentication failure");
	stub_close_all(&s, c);
}

static void a_refused_token_is_not_tried_again(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /a", .status = 401, .reason = "Authentication failed!", .ms = 3000 }
	};
	STUB(s, c, steps);

	assert_fails(pve_get(c, "/a", NULL, NULL, &err), ERR_AUTH,
		     "GET /a: Authentication failed!");
	stub_close_all(&s, c);
}

#define CHALLENGE "PVE:!tfa!%7B%22totp%22%3Atrue%7D:6B00DA9D::c2ln"
static const char challenged[] =
	"{\"data\":{\"NeedTFA\":1,\"ticket\":\"" CHALLENGE "\",\"CSRFPreventionToken\":null}}";

static void without_a_code_a_second_factor_ends_it(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ LOGIN, .status = 200, .answer = challenged },
		{ LOGIN, .status = 200,
		  .answer = "{\"data\":{\"NeedTFA\":1,\"ticket\":\"PVE:!tfa!%7B%22webauthn%22%3A%"
			    "7B%7D%7D:6B00DA9D::c2ln\"}}" },
	};
	struct stub s;
	struct pve_client *c = stub_open(&s, steps, ARRAY_SIZE(steps), &by_password);

	assert_fails(pve_auth_login(c, &err), ERR_SECOND_FACTOR,
		     "'root@pam' wants a second factor");
	assert_fails(pve_auth_login(c, &err), ERR_SECOND_FACTOR, "wants a second factor");
	stub_close_all(&s, c);
}

static int six_digits(void *ctx, struct secret *ret, struct err **err UNUSED)
{
	secret_set(ret, ctx, strlen(ctx));
	return 0;
}

static void a_code_answers_the_challenge(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ LOGIN, .status = 200, .answer = challenged },
		{ LOGIN,
		  "username=root%40pam&password=totp%3A123456&tfa-challenge=PVE%3A%21tfa%21%257B%"
		  "2522totp%2522%253Atrue%257D"
		  "%3A6B00DA9D%3A%3Ac2ln&new-format=1",
		  200, .answer = LOGGED_IN("1") },
		{ "GET /a", .status = 200, .answer = "{\"data\":1}" },
	};
	struct pve_login l = by_password;
	struct stub s;

	l.second_factor = six_digits;
	l.second_factor_ctx = (void *)"123456";
	struct pve_client *c = stub_open(&s, steps, ARRAY_SIZE(steps), &l);
	assert_works(pve_get(c, "/a", NULL, NULL, &err));
	stub_close_all(&s, c);
}

static void a_given_ticket_is_renewed_before_it_is_used(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ LOGIN, "username=root%40pam&password=old&new-format=1", 200,
		  .answer = LOGGED_IN("1") },
		{ "GET /a", .status = 200, .answer = "{\"data\":1}" },
	};
	static struct secret ticket = { (char *)"old", 3 }, csrf = { (char *)"old", 3 };
	static const struct pve_login l = { .user = "root@pam", .ticket = &ticket, .csrf = &csrf };
	static const struct stub_step refused[] = { { LOGIN, .status = 401,
						      .reason = "authentication failure" } };
	struct stub s;
	struct pve_client *c = stub_open(&s, steps, ARRAY_SIZE(steps), &l);

	assert_works(pve_get(c, "/a", NULL, NULL, &err));
	stub_close_all(&s, c);
	c = stub_open(&s, refused, ARRAY_SIZE(refused), &l);
	assert_fails(pve_get(c, "/a", NULL, NULL, &err), ERR_AUTH,
		     "has run out and there is no password");
	stub_close_all(&s, c);
}

/* The fake clock starts at 1700000000 = 6553F100. */
static void a_given_ticket_tells_its_age(void **state UNUSED)
{
	static const struct stub_step fresh[] = {
		{ "PUT /a", .status = 200, .answer = "{\"data\":1}" },
		{ "PUT /a", .status = 401, .reason = "Authentication failed!" },
	};
	static const struct stub_step old[] = {
		{ LOGIN, .status = 200, .answer = LOGGED_IN("1") },
		{ "PUT /a", .status = 200, .answer = "{\"data\":1}" },
	};
	static struct secret young = { (char *)"PVE:root@pam:6553F100::c2ln", 26 },
			     csrf = { (char *)"mine", 4 };
	static struct secret aged = { (char *)"PVE:root@pam:6553E2F0::c2ln", 26 };
	static const struct pve_login l = { .user = "root@pam", .ticket = &young, .csrf = &csrf };
	static const struct pve_login m = { .user = "root@pam", .ticket = &aged, .csrf = &csrf };
	struct stub s;
	struct pve_client *c = stub_open(&s, fresh, ARRAY_SIZE(fresh), &l);

	assert_works(pve_put(c, "/a", NULL, NULL, &err));
	assert_string_equal(s.headers.v[1], "CSRFPreventionToken: mine");
	assert_fails(pve_put(c, "/a", NULL, NULL, &err), ERR_AUTH, "Authentication failed!");
	stub_close_all(&s, c);
	c = stub_open(&s, old, ARRAY_SIZE(old), &m);
	assert_works(pve_put(c, "/a", NULL, NULL, &err));
	stub_close_all(&s, c);
}

static void a_lost_read_is_repeated_and_a_lost_write_is_not(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /a", .kind = ERR_UNREACHABLE },
		{ "GET /a", .status = 596, .reason = "Broken pipe" },
		{ "GET /a", .status = 200, .answer = "{\"data\":1}" },
		{ "GET /a", .kind = ERR_TIMEOUT },
		{ "POST /a", .kind = ERR_UNREACHABLE },
		{ "PUT /a", .status = 596, .reason = "Broken pipe" },
	};
	STUB(s, c, steps);

	assert_works(pve_get(c, "/a", NULL, NULL, &err));
	assert_fails(pve_get(c, "/a", NULL, NULL, &err), ERR_TIMEOUT, "ended");
	assert_fails(pve_post(c, "/a", NULL, NULL, &err), ERR_UNREACHABLE, "ended");
	assert_fails(pve_put(c, "/a", NULL, NULL, &err), ERR_UNREACHABLE, "Broken pipe");
	stub_close_all(&s, c);
}

static void an_answer_that_is_no_answer_is_refused(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /a", .status = 200, .answer = "<html>" },
		{ "GET /a", .status = 200, .answer = "[1]" },
		{ "GET /a", .status = 200 },
		{ "GET /a", .status = 500, .answer = "<html>", .reason = "Oops" },
		{ "GET /a", .status = 301, .answer = "Moved", .reason = "Moved Permanently" },
	};
	STUB(s, c, steps);

	assert_fails(pve_get(c, "/a", NULL, NULL, &err), ERR_INTERNAL, "not JSON");
	assert_fails(pve_get(c, "/a", NULL, NULL, &err), ERR_INTERNAL, "is not an object");
	assert_fails(pve_get(c, "/a", NULL, NULL, &err), ERR_INTERNAL, "is not an object");
	assert_fails(pve_get(c, "/a", NULL, NULL, &err), ERR_INTERNAL, "GET /a: Oops (status 500)");
	assert_fails(pve_get(c, "/a", NULL, NULL, &err), ERR_UNREACHABLE, "Moved Permanently");
	stub_close_all(&s, c);
}

struct busy {
	int left;
	int calls;
	enum err_kind kind;
};

static int busy_for_a_while(void *ctx, struct err **err)
{
	struct busy *b = ctx;

	b->calls++;
	return b->left-- > 0 ? err_set(err, b->kind, "VM is locked") : 0;
}

static void busy_is_tried_again_with_growing_pauses(void **state UNUSED)
{
	struct stub s;
	struct pve_client *c = stub_open(&s, NULL, 0, NULL);
	struct busy b = { .left = 8, .kind = ERR_BUSY };

	assert_works(pve_retry(c, 60000, busy_for_a_while, &b, &err));
	assert_int_equal(b.calls, 9);
	assert_true(s.now_ms > 250 && s.now_ms < 8 * 5000);
	assert_string_equal(s.logged.v[0], "VM is locked; waiting");
	b = (struct busy){ .left = 1000, .kind = ERR_BUSY };
	int64_t before = s.now_ms;
	assert_fails(pve_retry(c, 10000, busy_for_a_while, &b, &err), ERR_BUSY, "VM is locked");
	assert_int_equal(s.now_ms - before, 10000);
	b = (struct busy){ .left = 1000, .kind = ERR_CONFLICT };
	assert_fails(pve_retry(c, 10000, busy_for_a_while, &b, &err), ERR_CONFLICT, "VM is locked");
	assert_int_equal(b.calls, 1);
	stub_close_all(&s, c);
}

static void a_token_in_one_string_is_split(void **state UNUSED)
{
	static const char *const bad[] = {
		"",	     "root@pam",    "root@pam!ci", "root@pam!ci=", "root@pam!=x",
		"root!ci=x", "root@pam=x!y"
	};
	_cleanup_free_ char *user = NULL;
	_cleanup_secret_ struct secret token = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fails(pve_token_split(bad[i], &user, &token, &err), ERR_USAGE,
			     "is not of the form");
	assert_works(pve_token_split("root@pam!ci=9eedc564-f4af", &user, &token, &err));
	assert_string_equal(user, "root@pam!ci");
	assert_string_equal(token.text, "9eedc564-f4af");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_options_are_refused_before_anything_is_sent),
		cmocka_unit_test(an_endpoint_is_written_in_several_ways),
		cmocka_unit_test(a_token_is_one_header_and_has_no_login),
		cmocka_unit_test(a_password_makes_a_ticket_that_is_renewed_in_time),
		cmocka_unit_test(a_ticket_that_ran_out_costs_one_more_login),
		cmocka_unit_test(a_refused_token_is_not_tried_again),
		cmocka_unit_test(without_a_code_a_second_factor_ends_it),
		cmocka_unit_test(a_code_answers_the_challenge),
		cmocka_unit_test(a_given_ticket_is_renewed_before_it_is_used),
		cmocka_unit_test(a_given_ticket_tells_its_age),
		cmocka_unit_test(a_lost_read_is_repeated_and_a_lost_write_is_not),
		cmocka_unit_test(an_answer_that_is_no_answer_is_refused),
		cmocka_unit_test(busy_is_tried_again_with_growing_pauses),
		cmocka_unit_test(a_token_in_one_string_is_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
