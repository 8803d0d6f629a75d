#pragma once
/*
 * facts.h: tables whose every row is a cmocka test of its own, named after the fact that it shows. A row's first member
 * is that name (const char *); the test function gets the row as its state.
 */
#include "test.h"

struct facts {
	struct CMUnitTest *v;
	size_t n;
};

static inline void facts_add(struct facts *f, const void *rows, size_t n, size_t size, CMUnitTestFunction test)
{
	f->v = xrealloc(f->v, f->n + n, sizeof(*f->v));
	for (size_t i = 0; i < n; i++) {
		const void *row = (const char *)rows + i * size;
		f->v[f->n++] = (struct CMUnitTest){ .name = *(const char *const *)row,
						    .test_func = test,
						    .initial_state = (void *)row };
	}
}

#define FACTS(f, rows, test) facts_add(f, rows, ARRAY_SIZE(rows), sizeof(*(rows)), test)

/* Runs and frees them; the result of main(). */
static inline int facts_run(struct facts *f, const char *what)
{
	int failed = _cmocka_run_group_tests(what, f->v, f->n, NULL, NULL);

	free(f->v);
	return failed;
}
