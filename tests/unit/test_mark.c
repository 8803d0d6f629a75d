/* The mark that says what is ours. */
#include "step/mark.h"
#include "test.h"

static void test_text(void **state)
{
	(void)state;
	_cleanup_free_ char *vm = mark_text("home-router", 100, "router");
	_cleanup_free_ char *bridge = mark_text("home-router", 0, NULL);

	assert_string_equal(vm, "pveprov: recipe=home-router id=100 role=router");
	assert_string_equal(bridge, "pveprov: recipe=home-router");
}

static void test_what_is_ours(void **state)
{
	(void)state;
	static const struct {
		const char *description;
		bool ours;
	} cases[] = {
		{ NULL, false },
		{ "", false },
		{ "pveprov", false },
		{ "pveprov: id=100", false },
		{ "pveprov: recipe=other id=100 role=router", false },
		{ "pveprov: recipe=home id=9000 role=router", false }, /* inherited by a clone */
		{ "pveprov: recipe=home id=1e2 role=router", false },
		{ "pveprov: recipe=home-two id=100", false },
		{ "see pveprov: recipe=home id=100", false },
		{ "pveprov: recipe=home id=100 role=router", true },
		{ "pveprov: recipe=home id=100 role=router\n", true },
		{ "Do not touch.\r\n\r\n  pveprov: id=100 recipe=home later=x\r\nBye", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (mark_is_ours(cases[i].description, "home", 100) != cases[i].ours)
			fail_msg("'%s'", cases[i].description);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_what_is_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
