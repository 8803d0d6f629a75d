#pragma once
/*
 * progress.h: what is going on, on standard error.
 *
 * Events may come from any thread: they go through one guarded queue to one printing thread. On a
 * terminal each running item has a live line (name, elapsed time, last note) that is redrawn by
 * events and by a timer; a finished one becomes a plain line. Elsewhere each event that matters is
 * a line with the time, without control codes. Texts that come from a server are printed without
 * their control characters.
 */
#include "base/log.h"

struct progress;

enum progress_level { PROGRESS_QUIET, PROGRESS_NORMAL, PROGRESS_VERBOSE, PROGRESS_DEBUG };

struct progress_style {
	FILE *stream;
	bool live; /* a terminal */
	bool color;
	enum progress_level level;
	int width; /* columns; used when live */
};

enum progress_result { PROGRESS_DONE, PROGRESS_SAME, PROGRESS_SKIPPED, PROGRESS_FAILED };

/* Starts the printing thread at the first event. */
struct progress *progress_new(const struct progress_style *style);

/* An item begins: `name` says what ("clone router"). Returns its number, never 0. */
unsigned progress_start(struct progress *p, const char *name);

/* The last thing heard of it: a task's log line. */
void progress_note(struct progress *p, unsigned item, const char *text);

/* It ended; `text` (may be NULL) is what came of it. */
void progress_end(struct progress *p, unsigned item, enum progress_result result, const char *text);

/* A line of its own, kept: level NORMAL lines are dropped by -q, VERBOSE ones need -v. */
void progress_line(struct progress *p, enum progress_level level, const char *fmt, ...)
	PRINTF(3, 4);

/* Takes the live lines away until the next event, everything queued is printed: call before stdout
 * or a prompt. */
void progress_flush(struct progress *p);

/* A log whose lines come here: warnings always, info with NORMAL, debug with DEBUG. */
struct log progress_log(struct progress *p);

/* Prints what is queued, clears the live lines, ends the thread. */
struct progress *progress_free(struct progress *p);
DEFINE_CLEANUP(struct progress *, progress_free)
