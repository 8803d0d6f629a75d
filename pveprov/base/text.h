#pragma once
/*
 * text.h: small pure functions over strings: the one checked number parser, nearest names, trimming.
 */
#include "base/base.h"

/*
 * Parses a whole decimal number (no sign, no blanks, no leading zeros but "0" itself) within [min, max].
 * Returns false and leaves *ret alone otherwise.
 */
bool text_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);

/* As text_to_u64() with an optional '-'. */
bool text_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret);

/* Hexadecimal digits only, at most 16. */
bool text_to_hex(const char *s, uint64_t max, uint64_t *ret);

/*
 * The candidate (NULL-terminated array) that a human probably meant by `name`: edit distance at most a third of
 * the length, or three and more letters that it starts with; letter case ignored. NULL when none is near.
 */
const char *text_nearest(const char *name, const char *const *candidates);

/* Removes blanks, tabs and line ends at both ends, in place; returns the new start. */
char *text_trim(char *s);

/* True when s consists only of bytes of `set` and is not empty. */
bool text_consists_of(const char *s, const char *set);

/* "1.5 s", "2 min 05 s": for people. */
char *text_duration(int64_t ms);
