#include "test.h"
#include "base/buf.h"
#include "data/tree.h"

static int parse(struct arena *a, const char *text, struct tree **ret, struct err **err)
{
	return tree_parse(a, "f.yaml", text, strlen(text), ret, err);
}

static void what_hides_meaning_is_refused(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{ "", "f.yaml: the file is empty" },
		{ "# nothing\n", "f.yaml: the file is empty" },
		{ "a: &x 1\nb: *x\n", "f.yaml:1:4: anchors (&name) are not allowed" },
		{ "a: &x [1]\n", "f.yaml:1:4: anchors" },
		{ "a: &x { b: 1 }\n", "f.yaml:1:4: anchors" },
		{ "a: 1\nb: *x\n", "f.yaml:2:4: aliases (*name) are not allowed" },
		{ "a: !!int 1\n", "f.yaml:1:4: tags (!name) are not allowed" },
		{ "!x a: 1\n", "f.yaml:1:1: tags" },
		{ "a: !x [1]\n", "f.yaml:1:4: tags" },
		{ "a: !x { b: 1 }\n", "f.yaml:1:4: tags" },
		{ "a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document is not allowed" },
		{ "a: 1\nb: 2\na: 3\n", "f.yaml:3:1: key 'a' was given at line 1 already" },
		{ "? [1]\n: 2\n", "f.yaml:1:3: a key must be a word" },
		{ "a: \"x\\0y\"\n", "f.yaml:1:4: a NUL character is not allowed" },
		{ "a: [1\nb: 2\n", "f.yaml:2:" },
		{ "a:\n\t- 1\n", "f.yaml:2:1: found character that cannot start any token" },
		{ "a: \xff\n", "f.yaml: byte 3: invalid leading UTF-8 octet" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct tree *t = NULL;
		assert_fails(parse(&a, rows[i][0], &t, &err), ERR_RECIPE, rows[i][1]);
		assert_null(t);
	}
}

static void limits_hold(void **state UNUSED)
{
	_cleanup_buf_ struct buf deep = { 0 }, many = { 0 }, keys = { 0 }, large = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	struct tree *t = NULL;

	for (int i = 0; i <= TREE_DEPTH_MAX; i++)
		buf_addc(&deep, '[');
	assert_fails(parse(&a, buf_text(&deep), &t, &err), ERR_RECIPE,
		     "f.yaml:1:33: nested deeper than 32 levels");
	for (int i = 0; i < TREE_NODES_MAX; i++)
		buf_adds(&many, "- 1\n");
	assert_fails(parse(&a, buf_text(&many), &t, &err), ERR_RECIPE,
		     "f.yaml:50000:3: more than 50000 values");
	for (int i = 0; i <= TREE_KEYS_MAX; i++)
		buf_addf(&keys, "k%d: 1\n", i);
	assert_fails(parse(&a, buf_text(&keys), &t, &err), ERR_RECIPE, "more than 2048 keys");
	memset(buf_reserve(&large, TREE_BYTES_MAX + 1), '#', TREE_BYTES_MAX + 1);
	assert_fails(tree_parse(&a, "f.yaml", large.data, TREE_BYTES_MAX + 1, &t, &err), ERR_RECIPE,
		     "larger than 1048576 bytes");
}

static void places_are_remembered(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct tree *t = NULL;

	assert_works(
		parse(&a, "name: x\nvms:\n  r: { id: 1,\n       nics: [ a, \"b\" ] }\n", &t, &err));
	assert_int_equal(t->kind, TREE_MAP);
	assert_int_equal(t->n, 2);
	const struct tree *r = tree_get(tree_get(t, "vms"), "r");
	assert_int_equal(r->key_pos.line, 3);
	assert_int_equal(r->key_pos.column, 3);
	assert_int_equal(tree_place(r).column, 3);
	const struct tree *nics = tree_get(r, "nics");
	assert_int_equal(nics->kind, TREE_LIST);
	assert_string_equal(nics->first->text, "a");
	assert_false(nics->first->quoted);
	assert_true(nics->first->next->quoted);
	assert_int_equal(nics->first->next->pos.line, 4);
	assert_int_equal(nics->first->next->pos.column, 19);
	assert_null(nics->first->next->next);
	assert_null(tree_get(t, "absent"));
	assert_null(tree_get(nics, "a"));
	assert_null(tree_get(NULL, "a"));
}

static void nothing_is_null_but_plain_words(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct tree *t = NULL;

	assert_works(parse(&a, "[ ~, null, NULL, \"\", 'null', nil, {} ]", &t, &err));
	const char *expected = "yyynnnn";
	for (const struct tree *e = t->first; e; e = e->next, expected++)
		assert_int_equal(tree_is_null(e), *expected == 'y');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_hides_meaning_is_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(places_are_remembered),
		cmocka_unit_test(nothing_is_null_but_plain_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
