#include "cli/output.h"
#include "cli/wrap.h"
#include "cli/yaml.h"
#include "test.h"

#include <locale.h>

static const struct output_column columns[] = {
	{ .key = "id", .header = "ID", .right = true },
	{ .key = "name", .header = "NAME" },
	{ .key = "memory", .header = "MEMORY", .right = true, .text = output_bytes },
	{ .key = "hidden" },
	{ 0 },
};

static json_t *rows(void)
{
	return json_pack("[{s:i,s:s,s:I,s:s},{s:i,s:n,s:[s,s]}]", "id", 100, "name",
			 "router\033[2J", "memory", (json_int_t)2147483648, "hidden", "x", "id",
			 9000, "name", "tags", "a", "b");
}

/* What `print` writes in a format. malloc'd. */
static char *printed(enum output_format format, int width,
		     int (*print)(struct out *o, struct err **err))
{
	char *text = NULL;
	size_t len;
	struct out o = { .stream = open_memstream(&text, &len), .format = format, .width = width };

	assert_works(print(&o, &err));
	assert_works(out_finish(&o, &err));
	fclose(o.stream);
	return text;
}

static int print_list(struct out *o, struct err **err)
{
	_cleanup_json_ json_t *r = rows();

	return out_list(o, "vm.list", columns, r, err);
}

static int print_item(struct out *o, struct err **err)
{
	_cleanup_json_ json_t *r = rows();

	return out_item(o, "vm", columns, json_array_get(r, 0), err);
}

static int print_any(struct out *o, struct err **err)
{
	_cleanup_json_ json_t *r = rows();

	return out_json(o, r, err);
}

static void one_list_has_four_forms(void **state UNUSED)
{
	static const char *const expected[] = {
		[OUTPUT_TABLE] = "  ID NAME           MEMORY\n 100 router\\x1b[2J 2.0 GiB\n9000 -  "
				 "                 -\n",
		[OUTPUT_JSONL] = "{\"hidden\":\"x\",\"id\":100,\"memory\":2147483648,\"name\":"
				 "\"router\\u001B[2J\"}\n"
				 "{\"id\":9000,\"name\":null,\"tags\":[\"a\",\"b\"]}\n",
		[OUTPUT_YAML] = "items:\n  - hidden: x\n    id: 100\n    memory: 2147483648\n    "
				"name: \"router\\u001B[2J\"\n"
				"  - id: 9000\n    name: null\n    tags:\n      - a\n      - "
				"b\nkind: vm.list\nschema: 1\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		_cleanup_free_ char *text = printed((enum output_format)i, 0, print_list);
		if (expected[i])
			assert_string_equal(text, expected[i]);
	}
	_cleanup_free_ char *json = printed(OUTPUT_JSON, 0, print_list);
	_cleanup_json_ json_t *back = json_loads(json, 0, NULL), *r = rows();
	assert_int_equal(json_integer_value(json_object_get(back, "schema")), 1);
	assert_true(json_equal(json_object_get(back, "items"), r));
}

static void an_item_is_pairs(void **state UNUSED)
{
	_cleanup_free_ char *table = printed(OUTPUT_TABLE, 0, print_item);
	assert_string_equal(table, "ID     100\nNAME   router\\x1b[2J\nMEMORY 2.0 GiB\n");
	_cleanup_free_ char *yaml = printed(OUTPUT_YAML, 0, print_item);
	assert_non_null(strstr(yaml, "kind: vm\n"));
}

static void any_json_has_a_table(void **state UNUSED)
{
	_cleanup_free_ char *table = printed(OUTPUT_TABLE, 0, print_any);
	assert_non_null(strstr(table, "hidden"));
	assert_non_null(strstr(table, "a,b"));
}

static void a_full_disk_is_an_error(void **state UNUSED)
{
	struct out o = { .stream = fopen("/dev/full", "w") };

	out_text(&o, "result\n");
	assert_fails(out_finish(&o, &err), ERR_INTERNAL,
		     "cannot write to standard output: No space left");
	fclose(o.stream);
}

static void doubtful_words_are_quoted_in_yaml(void **state UNUSED)
{
	static const struct {
		const char *text, *yaml;
	} words[] = { { "pve", "pve\n" },	{ "yes", "\"yes\"\n" }, { "No", "\"No\"\n" },
		      { "100", "\"100\"\n" },	{ "", "\"\"\n" },	{ "a: b", "\"a: b\"\n" },
		      { "~", "\"~\"\n" },	{ "- a", "\"- a\"\n" }, { "null", "\"null\"\n" },
		      { "a\nb", "\"a\\nb\"\n" } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_json_ json_t *j = json_string(words[i].text);
		_cleanup_buf_ struct buf b = { 0 };
		yaml_write(&b, j);
		assert_string_equal(buf_text(&b), words[i].yaml);
	}
}

static void cells_are_for_people(void **state UNUSED)
{
	static const struct {
		char *(*text)(const json_t *value);
		int64_t value;
		const char *expected;
	} cells[] = {
		{ output_bytes, 0, "0 B" },
		{ output_bytes, 1536, "1.5 KiB" },
		{ output_bytes, INT64_C(4) << 30, "4.0 GiB" },
		{ output_seconds, 0, "-" },
		{ output_seconds, 59, "59 s" },
		{ output_seconds, 3725, "1 h 02 min" },
		{ output_seconds, 180000, "2 d 02 h" },
		{ output_yes, 1, "yes" },
		{ output_yes, 0, "no" },
		{ output_time, 86400, "1970-01-02T00:00:00Z" },
		{ output_time, 0, "-" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		_cleanup_json_ json_t *value = json_integer(cells[i].value);
		_cleanup_free_ char *text = cells[i].text(value);
		assert_string_equal(text, cells[i].expected);
	}
}

static void text_is_wrapped(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = { 0 };

	wrap_term(&b, "--yes", "answer yes to all", 10, 20);
	wrap_term(&b, "--a-long-option", "x", 10, 20);
	wrap_text(&b, "one two three\n\nfour", 0, 2, 9);
	assert_string_equal(
		buf_text(&b),
		"  --yes   answer yes\n          to all\n  --a-long-option\n          x\n"
		"  one two\n  three\n\n  four\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_list_has_four_forms),
		cmocka_unit_test(an_item_is_pairs),
		cmocka_unit_test(any_json_has_a_table),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(doubtful_words_are_quoted_in_yaml),
		cmocka_unit_test(cells_are_for_people),
		cmocka_unit_test(text_is_wrapped),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
