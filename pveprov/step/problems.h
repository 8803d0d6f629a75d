#pragma once
/*
 * problems.h: what stands in the way of a plan, collected so that one run names everything.
 */
#include "base/err.h"
#include "base/strv.h"

struct problems {
	enum err_kind kind; /* of the first */
	struct strv texts;
	struct strv hints; /* none twice */
};

/* Adds one; hint may be NULL. */
void problem_add(struct problems *p, enum err_kind kind, const char *hint, const char *fmt, ...)
	PRINTF(4, 5);

/* An error of one look becomes a problem and the looking goes on; interruptions and lost
 * connections do not. */
int problem_take(struct problems *p, struct err *from, struct err **err);

/* All of them as one error, or 0. */
int problems_finish(const struct problems *p, struct err **err);
void problems_free(struct problems *p);
#define _cleanup_problems_ _cleanup_(problems_free)
