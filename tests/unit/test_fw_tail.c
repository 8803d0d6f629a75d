/* The end of a log that grows, is rotated, cut or out of reach, against a script of the server's answers. */
#include "firewall/fw_tail.h"
#include "pve_stub.h"

#define LOG	  "/nodes/pve/firewall/log"
#define ROW(n, s, text) "{\"n\":" #n ",\"t\":\"0 6 x 14/Mar/2014:12:47:" s " +0000 " text "\"}"
#define PAGE(total, rows) "{\"total\":" #total ",\"data\":[" rows "]}"
#define OK(start, limit, total, rows) \
	{ .call = "GET " LOG "?start=" #start "&limit=" #limit, .status = 200, .answer = PAGE(total, rows) }
#define SINCE(s, start, total, rows) \
	{ .call = "GET " LOG "?start=" #start "&limit=500&since=" s, .status = 200, .answer = PAGE(total, rows) }
#define AT_07 "1394801227"
#define AT_08 "1394801228"
#define EMPTY "{\"n\":1,\"t\":\"no content\"}"

/* The last word of each line, and what was added is forgotten. */
static void assert_lines(struct strv *lines, const char *expected)
{
	_cleanup_strv_ struct strv words = { 0 };

	for (size_t i = 0; i < lines->n; i++)
		strv_add(&words, strrchr(lines->v[i], ' ') + 1);
	_cleanup_free_ char *all = strv_join(&words, " ");
	assert_string_equal(words.n ? all : "", expected);
	strv_free(lines);
	*lines = (struct strv){ 0 };
}

#define assert_more(t, expected)                              \
	do {                                                  \
		_cleanup_strv_ struct strv lines_ = { 0 };    \
		assert_works(fw_tail_more(t, &lines_, &err)); \
		assert_lines(&lines_, expected);              \
	} while (0)

#define assert_last(t, count, expected)                              \
	do {                                                         \
		_cleanup_strv_ struct strv lines_ = { 0 };           \
		assert_works(fw_tail_last(t, count, &lines_, &err)); \
		assert_lines(&lines_, expected);                     \
	} while (0)

#define TAIL(t, steps)                                                    \
	STUB(stub, client, steps);                                        \
	_cleanup_fw_tail_ struct fw_tail t = { .client = client, .path = LOG }

static void the_last_lines_come_first(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 2, 5, ROW(1, "07", "a") "," ROW(2, "07", "b")), /* the API's pages begin with the oldest */
		OK(3, 502, 6, ROW(4, "07", "d") "," ROW(5, "07", "e") "," ROW(6, "07", "f")),
		OK(5, 500, 6, ROW(6, "07", "f")),
		OK(5, 500, 8, ROW(6, "07", "f") "," ROW(7, "08", "f") "," ROW(8, "08", "g")),
		OK(7, 500, 8, ROW(8, "08", "g")),
	};
	TAIL(t, steps);

	assert_last(&t, 2, "d e f");
	assert_more(&t, "");
	assert_more(&t, "f g");
	assert_more(&t, "");
	assert_false(t.lost);
	stub_close_all(&stub, client);
}

static void an_empty_log_fills(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 1, EMPTY),
		OK(0, 500, 1, EMPTY),
		OK(0, 500, 1, ROW(1, "07", "a")),
		OK(0, 500, 1, ROW(1, "07", "a")),
	};
	TAIL(t, steps);

	assert_last(&t, 50, "");
	assert_more(&t, "");
	assert_more(&t, "a");
	assert_more(&t, "");
	stub_close_all(&stub, client);
}

static void a_missing_log_is_told(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 1, "{\"n\":1,\"t\":\"unable to open file - No such file or directory\"}"),
	};
	TAIL(t, steps);
	_cleanup_strv_ struct strv lines = { 0 };

	assert_fails(fw_tail_last(&t, 50, &lines, &err), ERR_NOT_FOUND, "unable to open file - No such file");
	assert_int_equal(lines.n, 0);
	stub_close_all(&stub, client);
}

/* More than a page at once: it goes on without a pause. */
static void a_burst_needs_several_pages(void **state UNUSED)
{
	_cleanup_buf_ struct buf page = { 0 };

	buf_adds(&page, "{\"total\":502,\"data\":[");
	for (int i = 1; i <= 500; i++)
		buf_addf(&page, "%s{\"n\":%d,\"t\":\"line %d\"}", i > 1 ? "," : "", i, i);
	buf_adds(&page, "]}");
	const struct stub_step steps[] = {
		OK(0, 50, 1, EMPTY),
		{ .call = "GET " LOG "?start=0&limit=500", .status = 200, .answer = buf_text(&page) },
		OK(499, 500, 502, "{\"n\":500,\"t\":\"line 500\"}" "," "{\"n\":501,\"t\":\"line 501\"}" "," "{\"n\":502,\"t\":\"line 502\"}"),
	};
	TAIL(t, steps);
	_cleanup_strv_ struct strv lines = { 0 };

	assert_last(&t, 50, "");
	assert_works(fw_tail_more(&t, &lines, &err));
	assert_int_equal(lines.n, 502);
	for (size_t i = 0; i < lines.n; i++) {
		_cleanup_free_ char *line = xasprintf("line %zu", i + 1);
		assert_string_equal(lines.v[i], line);
	}
	stub_close_all(&stub, client);
}

/* The new file may be as long as the old one was: only the text of its lines tells. */
static void a_rotated_log_goes_on(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 2, ROW(1, "06", "a") "," ROW(2, "07", "b")),
		OK(1, 500, 3, ROW(2, "09", "f") "," ROW(3, "09", "g")),
		OK(0, 500, 3, ROW(1, "09", "e") "," ROW(2, "09", "f") "," ROW(3, "09", "g")),
		SINCE(AT_07, 0, 7, ROW(1, "07", "x") "," ROW(2, "07", "b") "," ROW(3, "08", "c") "," ROW(4, "08", "d") "," ROW(5, "09", "e") ","
		      ROW(6, "09", "f") "," ROW(7, "09", "g")),
		OK(2, 500, 4, ROW(3, "09", "g") "," ROW(4, "10", "h")),
	};
	TAIL(t, steps);

	assert_last(&t, 50, "a b");
	assert_more(&t, "c d e f g");
	assert_more(&t, "h");
	assert_false(t.lost);
	stub_close_all(&stub, client);
}

/* logrotate has made the new file, the logger still writes to the old one. */
static void the_old_log_is_read_on_while_the_new_one_is_empty(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 1, ROW(1, "07", "a")),
		OK(0, 500, 1, EMPTY),
		OK(0, 500, 1, EMPTY),
		SINCE(AT_07, 0, 1, ROW(1, "07", "a") "," ROW(2, "08", "b")),
		OK(0, 500, 1, EMPTY),
		SINCE(AT_08, 0, 1, ROW(1, "08", "b") "," ROW(2, "08", "c")),
		OK(0, 500, 1, ROW(1, "09", "e")),
		SINCE(AT_08, 0, 1, ROW(1, "08", "b") "," ROW(2, "08", "c") "," ROW(3, "08", "d") "," ROW(4, "09", "e")),
		OK(0, 500, 1, ROW(1, "09", "e")),
	};
	TAIL(t, steps);

	assert_last(&t, 50, "a");
	assert_more(&t, "b");
	assert_more(&t, "c");
	assert_more(&t, "d e");
	assert_more(&t, "");
	assert_false(t.lost);
	stub_close_all(&stub, client);
}

/* A guest's new log may stay empty for long: the old one is not asked for ever. */
static void an_old_log_is_left_in_the_end(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 1, ROW(1, "07", "a")),
		OK(0, 500, 1, EMPTY),
		OK(0, 500, 1, EMPTY),
		SINCE(AT_07, 0, 1, ROW(1, "07", "a")),
		OK(0, 500, 1, EMPTY),
		SINCE(AT_07, 0, 1, ROW(1, "07", "a")),
		OK(0, 500, 1, EMPTY),
		SINCE(AT_07, 0, 1, ROW(1, "07", "a")),
		OK(0, 500, 1, EMPTY),
		OK(0, 500, 1, ROW(1, "09", "b")),
	};
	TAIL(t, steps);

	assert_last(&t, 50, "a");
	for (int i = 0; i < 4; i++)
		assert_more(&t, "");
	assert_more(&t, "b");
	assert_false(t.lost);
	stub_close_all(&stub, client);
}

/* Emptied in place: there is no old file, and what was in it is gone. */
static void a_log_that_was_emptied_is_told(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 2, ROW(1, "07", "a") "," ROW(2, "07", "b")),
		OK(1, 500, 1, ""),
		OK(0, 500, 1, ROW(1, "08", "c")),
		SINCE(AT_07, 0, 1, ROW(1, "08", "c")),
		OK(0, 500, 1, ROW(1, "08", "c")),
	};
	TAIL(t, steps);

	assert_last(&t, 50, "a b");
	assert_more(&t, "c");
	assert_true(t.lost);
	assert_more(&t, "");
	stub_close_all(&stub, client);
}

static void an_older_server_does_not_know_since(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 2, ROW(1, "07", "a") "," ROW(2, "07", "b")),
		OK(1, 500, 1, ""),
		OK(0, 500, 1, ROW(1, "08", "c")),
		{ .call = "GET " LOG "?start=0&limit=500&since=" AT_07, .status = 400, .reason = "Parameter verification failed.",
		  .answer = "{\"data\":null,\"errors\":{\"since\":\"property is not defined in schema\"}}" },
		OK(0, 500, 2, ROW(1, "08", "c") "," ROW(2, "08", "d")),
	};
	TAIL(t, steps);

	assert_last(&t, 50, "a b");
	assert_more(&t, "c");
	assert_true(t.lost);
	assert_more(&t, "d");
	stub_close_all(&stub, client);
}

/* The server goes away in the middle of a rotation: the next look does what is left, nothing twice. */
static void a_failure_loses_and_repeats_nothing(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 2, ROW(1, "07", "a") "," ROW(2, "07", "b")),
		OK(1, 500, 1, ""),
		OK(0, 500, 1, ROW(1, "09", "d")),
		{ .call = "GET " LOG "?start=0&limit=500&since=" AT_07, .status = 403, .reason = "Permission check failed" },
		OK(0, 500, 1, ROW(1, "09", "d")),
		SINCE(AT_07, 0, 4, ROW(1, "07", "a") "," ROW(2, "07", "b") "," ROW(3, "08", "c") "," ROW(4, "09", "d")),
		OK(0, 500, 1, ROW(1, "09", "d")),
	};
	TAIL(t, steps);
	_cleanup_strv_ struct strv lines = { 0 };

	assert_last(&t, 50, "a b");
	assert_fails(fw_tail_more(&t, &lines, &err), ERR_AUTH, "Permission check failed");
	assert_int_equal(lines.n, 0);
	assert_more(&t, "c d");
	assert_more(&t, "");
	assert_false(t.lost);
	stub_close_all(&stub, client);
}

/* A line that was being written when it was first seen is no sign of a new file; neither are lines without a time. */
static void odd_lines_are_no_rotation(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		OK(0, 50, 2, ROW(1, "07", "a") "," "{\"n\":2,\"t\":\"[NEW] tcp\"}"),
		OK(1, 500, 3, "{\"n\":2,\"t\":\"[NEW] tcp 6 src\"}" "," "{\"n\":3,\"t\":\"- ?\"}"),
		OK(2, 500, 3, ROW(3, "09", "c")),
		OK(0, 500, 3, "{\"n\":1,\"t\":\"[NEW] udp\"}" "," ROW(2, "09", "b") "," ROW(3, "09", "c")),
		SINCE(AT_07, 0, 4, ROW(1, "07", "a") "," ROW(2, "08", "o") "," ROW(3, "09", "b") "," ROW(4, "09", "c")),
	};
	TAIL(t, steps);

	assert_last(&t, 50, "a tcp");
	assert_more(&t, "?");
	assert_more(&t, "o udp b c");
	assert_false(t.lost);
	stub_close_all(&stub, client);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_lines_come_first),
		cmocka_unit_test(an_empty_log_fills),
		cmocka_unit_test(a_missing_log_is_told),
		cmocka_unit_test(a_burst_needs_several_pages),
		cmocka_unit_test(a_rotated_log_goes_on),
		cmocka_unit_test(the_old_log_is_read_on_while_the_new_one_is_empty),
		cmocka_unit_test(an_old_log_is_left_in_the_end),
		cmocka_unit_test(a_log_that_was_emptied_is_told),
		cmocka_unit_test(an_older_server_does_not_know_since),
		cmocka_unit_test(a_failure_loses_and_repeats_nothing),
		cmocka_unit_test(odd_lines_are_no_rotation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
