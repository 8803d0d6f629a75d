#pragma once
/*
 * mark.h: what says that a machine is ours: one line of its description,
 *
 *     pveprov: recipe=home-router id=100 role=router
 *
 * sent in the clone call itself. A clone of a marked machine inherits the description, so the mark
 * counts only where its id is the machine's own. A bridge's mark is its comment, "pveprov:
 * recipe=home-router". Pure.
 */
#include "base/base.h"

struct mark {
	char *recipe;
	char *role; /* NULL: none (a bridge) */
	int64_t id; /* 0: none */
};

/* malloc'd line without a line end. id 0 and role NULL are left out. */
char *mark_text(const char *recipe, int64_t id, const char *role);

/* Finds the first mark in a description (any of its lines). False: there is none, or it is broken.
 */
bool mark_find(const char *description, struct mark *ret);

/* The machine `id` with that description belongs to `recipe`. */
bool mark_is_ours(const char *description, const char *recipe, int64_t id);

void mark_free(struct mark *m);
#define _cleanup_mark_ _cleanup_(mark_free)
