#pragma once
/*
 * journal.h: what an interrupted run needs to find its running tasks again: their UPIDs. Nothing
 * else is remembered; the truth is the node.
 *
 * JSON lines in one file (0600) for each recipe and endpoint, locked while a run uses it, so two
 * runs of one recipe do not work against each other. A run that ends well removes it.
 */
#include "base/clock.h"

struct journal;

struct journal_task {
	char *step; /* id of the step that started it */
	char *upid;
};

/*
 * Opens (or makes) DIR/NAME.jsonl; `digest` is the recipe's. ERR_BUSY while another process has it.
 * Lines that cannot be read (cut off by a crash) are ignored.
 */
int journal_open(const char *dir, const char *name, const char *digest, const struct clock *clock,
		 struct journal **ret, struct err **err);

/* Tasks started and not seen to end, by runs before this one; borrowed. */
size_t journal_left(const struct journal *j, const struct journal_task **ret);

/* True when those runs had another recipe (digest). */
bool journal_recipe_changed(const struct journal *j);

/* A task was started, or seen to end. Any thread. Written and synced before the call returns. NULL
 * j: nothing. */
int journal_task_started(struct journal *j, const char *step, const char *upid, struct err **err);
int journal_task_ended(struct journal *j, const char *upid, struct err **err);

/* The run ended well: the file is removed. */
int journal_finish(struct journal *j, struct err **err);

struct journal *journal_close(struct journal *j);
DEFINE_CLEANUP(struct journal *, journal_close)
#define _cleanup_journal_ _cleanup_(journal_closep)
