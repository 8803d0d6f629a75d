#pragma once
/*
 * strv.h: a list of owned strings, always NULL-terminated, so that `v` serves as an argv.
 * A zeroed struct is an empty list whose v is NULL.
 */
#include "base/base.h"

struct strv {
	char **v;
	size_t n;
};

void strv_add(struct strv *l, const char *s);		 /* copies */
void strv_take(struct strv *l, char *s);		 /* takes a malloc'd string */
void strv_addf(struct strv *l, const char *fmt, ...) PRINTF(2, 3);
void strv_add_all(struct strv *l, const char *const *v); /* a NULL-terminated array */
bool strv_contains(const struct strv *l, const char *s);
char *strv_join(const struct strv *l, const char *separator); /* malloc'd */

/* Splits text at any byte of `separators`; empty pieces are dropped. */
void strv_split(struct strv *l, const char *text, const char *separators);

void strv_sort(struct strv *l);
void strv_free(struct strv *l);
#define _cleanup_strv_ _cleanup_(strv_free)
