#pragma once
/*
 * secret.h: a password, token or key that is wiped when it is freed. It never goes into argv, logs, errors,
 * journals or files that stay.
 */
#include "base/base.h"

struct secret {
	char *text; /* NUL-terminated, or NULL when empty */
	size_t len;
};

/* Copies len bytes; the old content is wiped. */
void secret_set(struct secret *s, const char *text, size_t len);
void secret_free(struct secret *s);
bool secret_is_set(const struct secret *s);
#define _cleanup_secret_ _cleanup_(secret_free)
