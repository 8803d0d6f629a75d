#include "test.h"
#include "data/field.h"
#include "data/json.h"

struct part {
	const char *name;
	struct tree_pos pos;
	int64_t port;
};

struct thing {
	const char *title, *lines, *id;
	bool on, has_size;
	int64_t count, size_mib, timeout_ms;
	struct addr addr;
	struct addr_cidr cidr;
	struct addr_range range;
	struct addr_mac mac;
	int colour;
	struct field_texts words;
	struct part inner, *maybe, *list;
	size_t n_list;
	struct field_items dict;
	int custom;
};

static int parse_custom(struct field_ctx *c, const struct tree *t, void *member)
{
	const char *text = field_scalar(c, t, "the word custom");

	if (text && !streq(text, "custom"))
		return field_error(c, t->pos, "not custom");
	*(int *)member = 7;
	return text ? 0 : -1;
}

static json_t *schema_custom(void)
{
	return json_pack("{s:s}", "const", "custom");
}

static void part_init(void *p)
{
	((struct part *)p)->port = 53;
}

static const char *const colours[] = { "red", "green", NULL };

static const struct field part_fields[] = {
	{ "name", FIELD_KEY, offsetof(struct part, name), .max = 5 },
	{ "pos", FIELD_POS, offsetof(struct part, pos) },
	{ "port", FIELD_INT, offsetof(struct part, port), .min = 1, .max = 65535,
	  .help = "Its port." },
	{ 0 },
};

static const struct field inner_fields[] = {
	{ "name", FIELD_NAME, offsetof(struct part, name), .required = true, .max = 15 },
	{ "port", FIELD_INT, offsetof(struct part, port), .min = 1, .max = 65535 },
	{ 0 },
};

#define AT(m) offsetof(struct thing, m)
static const struct field thing_fields[] = {
	{ "title", FIELD_TEXT, AT(title), .min = 1, .max = 10 },
	{ "lines", FIELD_LINES, AT(lines) },
	{ "id", FIELD_NAME, AT(id), .max = 5 },
	{ "on", FIELD_BOOL, AT(on) },
	{ "count", FIELD_INT, AT(count), .min = -5, .max = 100 },
	{ "size", FIELD_SIZE_MIB, AT(size_mib), .min = 16, .max = 1 << 22,
	  .set_offset = AT(has_size) },
	{ "timeout", FIELD_DURATION, AT(timeout_ms) },
	{ "addr", FIELD_ADDR, AT(addr) },
	{ "cidr", FIELD_CIDR, AT(cidr) },
	{ "range", FIELD_RANGE, AT(range) },
	{ "mac", FIELD_MAC, AT(mac) },
	{ "colour", FIELD_ENUM, AT(colour), .names = colours },
	{ "words", FIELD_TEXTS, AT(words) },
	{ "inner", FIELD_MAP, AT(inner), .fields = inner_fields },
	{ "maybe", FIELD_MAP_PTR, AT(maybe), .fields = inner_fields, .size = sizeof(struct part),
	  .init = part_init },
	{ "list", FIELD_LIST, AT(list), .fields = inner_fields, .size = sizeof(struct part),
	  .init = part_init, .min = 0, .max = 3 },
	{ "dict", FIELD_DICT, AT(dict), .fields = part_fields, .size = sizeof(struct part),
	  .init = part_init },
	{ "custom", FIELD_CUSTOM, AT(custom), .parse = parse_custom, .schema = schema_custom },
	{ 0 },
};

static const char *substitute(void *ctx UNUSED, const char *name, const char **why)
{
	if (streq(name, "env:COUNT"))
		return "42";
	if (streq(name, "env:BAD"))
		return "s3cret";
	*why = "is not set";
	return NULL;
}

static int bind(struct arena *a, const char *text, struct thing *thing, struct err **err)
{
	struct field_ctx c = { .arena = a, .file = "f.yaml", .substitute = substitute };
	struct tree *t = NULL;

	if (tree_parse(a, c.file, text, strlen(text), &t, err) < 0)
		return -1;
	int r = field_bind(&c, thing_fields, t, thing);
	assert_int_equal(r, c.n_faults ? -1 : 0);
	return field_finish(&c, err);
}

static void bad_values_say_what_was_expected(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{ "[1]", "f.yaml:1:1: expected a map, found a list" },
		{ "colur: red", "f.yaml:1:1: unknown key 'colur'; did you mean 'colour'?" },
		{ "xyzzy: 1", "f.yaml:1:1: unknown key 'xyzzy'; known here: title, lines, id," },
		{ "title: ''", "'title': expected text from 1 to 10 bytes, found ''" },
		{ "title: 12345678901", "'title': expected text from 1 to 10 bytes" },
		{ "title: [a]",
		  "f.yaml:1:8: 'title': expected text from 1 to 10 bytes, found a list" },
		{ "title: \"a\\nb\"", "control characters and line ends are not allowed here" },
		{ "lines: \"a\\e\"", "control characters are not allowed here" },
		{ "title:", "f.yaml:1:1: 'title': no value: expected text" },
		{ "id: 1a", "'id': expected a name (letters, digits, '-', '_', a letter first, at "
			    "most 5), found '1a'" },
		{ "id: abcdef", "found 'abcdef'" },
		{ "id: a.b", "found 'a.b'" },
		{ "on: yes", "'on': expected true or false, found 'yes'" },
		{ "count: 0x10", "'count': expected a whole number from -5 to 100, found '0x10'" },
		{ "count: 101", "found '101'" },
		{ "count: 1.0", "found '1.0'" },
		{ "size: 8", "'size': expected a size like 2048, 2048Mi or 2Gi from 16 to 4194304 "
			     "MiB, found '8'" },
		{ "size: 2G", "found '2G'" },
		{ "size: 2Gi1", "found '2Gi1'" },
		{ "size: 9223372036854775807Ti", "found '9223372036854775807Ti'" },
		{ "timeout: 90",
		  "'timeout': expected a duration like 90s, 10m or 1h30m, found '90'" },
		{ "timeout: 1m1h", "found '1m1h'" },
		{ "timeout: 1s1s", "found '1s1s'" },
		{ "timeout: ''", "found ''" },
		{ "addr: 192.168.1.1/24", "'addr': expected an address like 192.168.1.1, found" },
		{ "cidr: 192.168.1.1",
		  "'cidr': expected an address with its prefix like 192.168.1.1/24, found" },
		{ "range: 192.168.1.9-192.168.1.1", "'range': expected an address range" },
		{ "mac: 1", "'mac': expected a MAC address" },
		{ "colour: gren",
		  "'colour': expected one of red, green, found 'gren'; did you mean 'green'?" },
		{ "words: { a: 1 }", "'words': expected a list, found a map" },
		{ "words: [ [a] ]", "f.yaml:1:10: expected text, found a list" },
		{ "inner: {}", "f.yaml:1:1: 'name' is missing" },
		{ "list: [ { name: a }, { port: 1 } ]", "f.yaml:1:22: 'name' is missing" },
		{ "list: [ {name: a}, {name: b}, {name: c}, {name: d} ]",
		  "'list': expected 0 to 3 elements, found 4" },
		{ "dict: { toolong: {} }", "f.yaml:1:9: 'name': expected a name" },
		{ "dict: { a: 1 }", "f.yaml:1:12: 'a': expected a map, found a value" },
		{ "custom: x", "f.yaml:1:9: not custom" },
		{ "count: ${env:NONE}", "f.yaml:1:8: ${env:NONE}: is not set" },
		{ "title: a${b", "'${' without '}'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct thing thing = { 0 };
		assert_fails(bind(&a, rows[i][0], &thing, &err), ERR_RECIPE, rows[i][1]);
	}
}

static void all_errors_come_at_once_and_sorted(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_err_ struct err *err = NULL;
	struct thing thing = { 0 };

	assert_int_equal(bind(&a, "inner:\n  prt: 1\ncount: x\n", &thing, &err), -1);
	assert_string_equal(
		err->text,
		"f.yaml:1:1: 'name' is missing\n"
		"f.yaml:2:3: unknown key 'prt'; did you mean 'port'?\n"
		"f.yaml:3:8: 'count': expected a whole number from -5 to 100, found 'x'");
}

static void more_than_twenty_are_counted(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf many = { 0 };
	struct thing thing = { 0 };

	for (int i = 0; i < 25; i++)
		buf_addf(&many, "x%d: 1\n", i);
	assert_fails(bind(&a, buf_text(&many), &thing, &err), ERR_RECIPE, "\nand 5 more");
}

static void a_substituted_value_is_not_shown(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_err_ struct err *err = NULL;
	struct thing thing = { 0 };

	assert_int_equal(bind(&a, "count: ${env:BAD}", &thing, &err), -1);
	assert_null(strstr(err->text, "s3cret"));
	assert_non_null(strstr(err->text, "found '${env:BAD}'"));
}

static void values_arrive(void **state UNUSED)
{
	static const char text[] =
		"title: x${env:COUNT}-${env:COUNT}\nlines: |\n  a\n  b\non: true\ncount: "
		"${env:COUNT}\nsize: 2Gi\ntimeout: 1h30m\n"
		"addr: 10.0.0.1\ncidr: 10.0.0.1/8\nrange: 10.0.0.1-10.0.0.9\nmac: "
		"bc:24:11:00:00:01\ncolour: green\nwords: one\n"
		"inner: { name: a }\nmaybe: { name: b }\nlist: [ { name: c }, { name: d, port: 1 } "
		"]\ndict: { k1: {}, k2: { port: 2 } }\ncustom: custom\n";
	_cleanup_arena_ struct arena a = { 0 };
	struct thing t = { .id = "kept" };

	assert_works(bind(&a, text, &t, &err));
	assert_string_equal(t.title, "x42-42");
	assert_string_equal(t.lines, "a\nb\n");
	assert_string_equal(t.id, "kept");
	assert_true(t.on && t.has_size);
	assert_int_equal(t.count, 42);
	assert_int_equal(t.size_mib, 2048);
	assert_int_equal(t.timeout_ms, 5400000);
	assert_int_equal(t.cidr.prefix, 8);
	assert_int_equal(t.range.last.bytes[3], 9);
	assert_int_equal(t.colour, 1);
	assert_int_equal(t.words.n, 1);
	assert_string_equal(t.words.v[0], "one");
	assert_string_equal(t.maybe->name, "b");
	assert_int_equal(t.maybe->port, 53);
	assert_int_equal(t.n_list, 2);
	assert_int_equal(t.list[0].port, 53);
	assert_int_equal(t.list[1].port, 1);
	const struct part *dict = t.dict.v;
	assert_int_equal(t.dict.n, 2);
	assert_string_equal(dict[1].name, "k2");
	assert_int_equal(dict[1].pos.line, 18);
	assert_int_equal(dict[1].port, 2);
	assert_int_equal(t.custom, 7);
}

static void nothing_given_is_an_empty_list(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct thing t = { 0 };

	assert_works(bind(&a, "list:\ndict: ~\nwords: []\ntitle: $${x}\n", &t, &err));
	assert_int_equal(t.n_list + t.dict.n + t.words.n, 0);
	assert_null(t.maybe);
	assert_string_equal(t.title, "${x}");
}

static void the_table_prints_a_schema(void **state UNUSED)
{
	_cleanup_json_ json_t *schema = field_schema(part_fields);
	_cleanup_free_ char *text = json_dump_text(schema);

	assert_string_equal(text,
			    "{\"additionalProperties\":false,\"properties\":{\"port\":{\"anyOf\":[{"
			    "\"maximum\":65535,\"minimum\":1,\"type\":\"integer\"},"
			    "{\"pattern\":\"^\\\\$\\\\{[^}]+\\\\}$\",\"type\":\"string\"}],"
			    "\"description\":\"Its port.\"}},\"type\":\"object\"}");
	_cleanup_json_ json_t *all = field_schema(thing_fields);
	assert_string_equal(json_text(json_map(json_map(json_map(all, "properties"), "dict"),
					       "additionalProperties"),
				      "type"),
			    "object");
	assert_string_equal(json_text(json_map(json_map(all, "properties"), "custom"), "const"),
			    "custom");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_values_say_what_was_expected),
		cmocka_unit_test(all_errors_come_at_once_and_sorted),
		cmocka_unit_test(more_than_twenty_are_counted),
		cmocka_unit_test(a_substituted_value_is_not_shown),
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(nothing_given_is_an_empty_list),
		cmocka_unit_test(the_table_prints_a_schema),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
