#pragma once
/*
 * watch.h: a task of the server as an item of the progress: its log lines are the notes.
 */
#include "cli/app.h"
#include "pve/task.h"

struct watch {
	struct app *app;
	unsigned item;
	struct pve_task_result result;
	struct pve_watch pve; /* hand this to a verb of pve/ */
};

/* Begins an item and fills *w, which must stay where it is. The time-out is --timeout. */
void watch_begin(struct watch *w, struct app *app, const char *fmt, ...) PRINTF(3, 4);

/* Ends it: r is what the verb returned. Returns r. */
int watch_end(struct watch *w, int r);

/* An item that was as wanted already: one line. */
void watch_same(struct app *app, const char *fmt, ...) PRINTF(2, 3);
