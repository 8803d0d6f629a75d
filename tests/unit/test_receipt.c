/* Time is shared out without gaps or overlaps, whatever runs side by side. */
#include "plan/receipt.h"
#include "test.h"

static void test_parts_add_up(void **state)
{
	(void)state;
	int64_t now = 1000, ms[RECEIPT_PARTS];
	struct clock clock = clock_fake(&now);
	struct receipt r;

	receipt_start(&r, &clock);
	now += 5; /* own */
	receipt_enter(&r, RECEIPT_GUEST);
	now += 100; /* guest */
	receipt_enter(&r, RECEIPT_SERVER);
	now += 10; /* both wait: the server's */
	receipt_enter(&r, RECEIPT_SERVER);
	receipt_leave(&r, RECEIPT_SERVER);
	now += 1; /* nested: still the server's */
	receipt_leave(&r, RECEIPT_SERVER);
	now += 200; /* guest again */
	receipt_leave(&r, RECEIPT_GUEST);
	now += 7; /* own */
	assert_int_equal(receipt_sum(&r, ms), 323);
	assert_int_equal(ms[RECEIPT_SERVER], 11);
	assert_int_equal(ms[RECEIPT_GUEST], 300);
	assert_int_equal(ms[RECEIPT_OWN], 12);
	_cleanup_free_ char *text = receipt_text(&r, 1, 2);
	assert_non_null(strstr(text, ", 1 request, 2 connections"));
}

static void test_none(void **state)
{
	(void)state;
	receipt_enter(NULL, RECEIPT_SERVER);
	receipt_leave(NULL, RECEIPT_SERVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_add_up),
		cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
