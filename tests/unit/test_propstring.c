#include "test.h"
#include "data/propstring.h"

static struct propstring parse(const char *text, const char *default_key)
{
	struct propstring p = { 0 };

	assert_works(propstring_parse(text, default_key, &p, &err));
	return p;
}

static void strange_text_is_refused(void **state UNUSED)
{
	static const struct {
		const char *text, *default_key, *why;
	} rows[] = {
		{ "a=1,a=2", NULL, "a key given twice at offset 4" },
		{ "=1", NULL, "an empty key" },
		{ "01:00", NULL, "a value without a key" },
		{ "a,b", "host", "a key given twice" },
		{ "a=1\n", NULL, "control character 0x0a" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct propstring p = { 0 };
		assert_fails(propstring_parse(rows[i].text, rows[i].default_key, &p, &err),
			     ERR_INTERNAL, rows[i].why);
		assert_null(p.items);
	}
}

static void what_is_read_is_written(void **state UNUSED)
{
	static const char *const rows[] = { "virtio=BC:24:11:AA:BB:01,bridge=vmbr1,firewall=1",
					    "01:00,pcie=1", "local-lvm:vm-100-disk-0,size=4G", "",
					    "a=b=c,d=" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_propstring_ struct propstring p = parse(rows[i], "host");
		_cleanup_free_ char *text = propstring_text(&p);
		assert_string_equal(text, rows[i]);
	}
	_cleanup_propstring_ struct propstring gaps = parse(",a=1,, b=2,", NULL);
	assert_int_equal(gaps.n, 2);
}

static void items_are_set_and_removed(void **state UNUSED)
{
	_cleanup_propstring_ struct propstring p = parse("01:00,pcie=1,x-vga=on", "host");

	assert_string_equal(propstring_get(&p, "host"), "01:00");
	assert_true(propstring_flag(&p, "x-vga", false));
	assert_true(propstring_flag(&p, "absent", true));
	propstring_set(&p, "host", "02:00");
	propstring_set(&p, "pcie", NULL);
	propstring_set(&p, "gone", NULL);
	propstring_set(&p, "rombar", "0");
	_cleanup_free_ char *text = propstring_text(&p);
	assert_string_equal(text, "02:00,x-vga=on,rombar=0");
}

static void equality_is_by_meaning(void **state UNUSED)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "virtio=BC:24:11:AA:BB:01,bridge=vmbr1", "bridge=vmbr1,virtio=bc:24:11:aa:bb:01",
		  true },
		{ "01:00,pcie=1", "host=01:00,pcie=on", true },
		{ "01:00,pcie=1", "01:00", false },
		{ "bridge=vmbr1", "bridge=VMBR1", false },
		{ "firewall=1", "firewall=0", false },
		{ "a=1,b=2", "a=1,c=2", false },
		{ "", "", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_propstring_ struct propstring a = parse(rows[i].a, "host");
		_cleanup_propstring_ struct propstring b = parse(rows[i].b, "host");
		assert_int_equal(propstring_equal(&a, &b), rows[i].same);
		assert_int_equal(propstring_equal(&b, &a), rows[i].same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strange_text_is_refused),
		cmocka_unit_test(what_is_read_is_written),
		cmocka_unit_test(items_are_set_and_removed),
		cmocka_unit_test(equality_is_by_meaning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
