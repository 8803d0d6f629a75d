#include "test.h"
#include "data/json.h"

static json_t *parse(const char *text)
{
	json_t *j = NULL;

	assert_works(json_parse("answer", text, strlen(text), &j, &err));
	return j;
}

static void bad_json_says_where(void **state UNUSED)
{
	json_t *j = NULL;

	assert_fails(json_parse("GET /version", "{\n \"a\": }", 9, &j, &err), ERR_INTERNAL,
		     "GET /version: not JSON at line 2, column 7");
	assert_fails(json_parse("x", "{\"a\":1,\"a\":2}", 13, &j, &err), ERR_INTERNAL, "duplicate");
	assert_fails(json_parse("x", "", 0, &j, &err), ERR_INTERNAL, "not JSON");
	assert_fails(json_parse("x", "{} {}", 5, &j, &err), ERR_INTERNAL, "end of file");
	assert_null(j);
}

static void deep_nesting_is_refused(void **state UNUSED)
{
	char text[202];
	json_t *j = NULL;

	memset(text, '[', 100);
	memset(text + 100, ']', 100);
	assert_fails(json_parse("x", text, 200, &j, &err), ERR_INTERNAL, "deeper than 64");
	/* brackets inside text do not count */
	memset(text, '[', sizeof(text));
	memcpy(text, "[\"\\\"", 4);
	memcpy(text + 200, "\"]", 2);
	assert_works(json_parse("x", text, 202, &j, &err));
	json_decref(j);
}

static void numbers_come_as_numbers_or_text(void **state UNUSED)
{
	_cleanup_json_ json_t *j =
		parse("{\"a\":5,\"b\":\"-7\",\"c\":\"5x\",\"d\":null,\"e\":1.5,\"f\":[1]}");

	assert_int_equal(json_int(j, "a", 1), 5);
	assert_int_equal(json_int(j, "b", 1), -7);
	for (const char *key = "cdefg"; *key; key++)
		assert_int_equal(json_int(j, (const char[]){ *key, '\0' }, 1), 1);
	assert_int_equal(json_int(NULL, "a", 3), 3);
}

static void flags_come_in_three_forms(void **state UNUSED)
{
	_cleanup_json_ json_t *j =
		parse("{\"a\":1,\"b\":\"1\",\"c\":true,\"d\":0,\"e\":\"0\",\"f\":false,\"g\":2}");

	for (const char *key = "abc"; *key; key++)
		assert_true(json_flag(j, (const char[]){ *key, '\0' }, false));
	for (const char *key = "def"; *key; key++)
		assert_false(json_flag(j, (const char[]){ *key, '\0' }, true));
	assert_true(json_flag(j, "g", true));
	assert_false(json_flag(j, "h", false));
}

static void other_types_are_absent(void **state UNUSED)
{
	_cleanup_json_ json_t *j = parse("{\"a\":\"x\",\"l\":[1],\"m\":{\"k\":1},\"n\":null}");
	const char *text = NULL;

	assert_string_equal(json_text(j, "a"), "x");
	assert_null(json_text(j, "l"));
	assert_null(json_text(j, "n"));
	assert_null(json_list(j, "m"));
	assert_null(json_map(j, "l"));
	assert_non_null(json_list(j, "l"));
	assert_non_null(json_map(j, "m"));
	assert_fails(json_need_text(j, "l", &text, &err), ERR_INTERNAL, "'l' is missing");
	assert_works(json_need_text(j, "a", &text, &err));
	assert_string_equal(text, "x");
}

static void dumps_have_sorted_keys(void **state UNUSED)
{
	_cleanup_json_ json_t *j = parse("{\"b\": 1, \"a\": [true, null]}");
	_cleanup_free_ char *text = json_dump_text(j);

	assert_string_equal(text, "{\"a\":[true,null],\"b\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_json_says_where),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(numbers_come_as_numbers_or_text),
		cmocka_unit_test(flags_come_in_three_forms),
		cmocka_unit_test(other_types_are_absent),
		cmocka_unit_test(dumps_have_sorted_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
