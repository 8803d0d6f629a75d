#pragma once
/* test.h: what every cmocka program needs, and helpers for errors. */
#include "base/err.h"

#include <setjmp.h>
#include <cmocka.h>

/* The call must fail with this kind and a text that contains `part`. */
#define assert_fails(call, expected_kind, part)                                     \
	do {                                                                        \
		_cleanup_err_ struct err *err = NULL;                               \
		assert_int_equal(call, -1);                                         \
		assert_non_null(err);                                               \
		if (!strstr(err->text, part))                                       \
			fail_msg("'%s' does not contain '%s'", err->text, part);    \
		assert_int_equal(err->kind, expected_kind);                         \
	} while (0)

/* The call must succeed. */
#define assert_works(call)                                                          \
	do {                                                                        \
		_cleanup_err_ struct err *err = NULL;                               \
		if ((call) != 0)                                                    \
			fail_msg("%s", err ? err->text : "-1 without an error");    \
	} while (0)
