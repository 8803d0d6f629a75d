#pragma once
/*
 * arena.h: memory that is released as a whole. A recipe and a plan own one each; everything they point to
 * lives in it. Memory is zeroed and aligned for any type.
 */
#include "base/base.h"

struct arena {
	struct arena_block *blocks;
};

void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
void arena_free(struct arena *a);
#define _cleanup_arena_ _cleanup_(arena_free)
