#pragma once
/*
 * screen.h: lines on a terminal of which the last few are live: drawn again in place.
 * The cursor always stands at the start of the line below them, so there is nothing to restore but
 * to clear.
 */
#include "base/base.h"

struct screen {
	FILE *stream;
	int width; /* columns; 0: lines are not cut */
	bool color;
	size_t n_live; /* live lines on the terminal now */
};

void screen_clear(struct screen *s);		      /* takes the live lines away */
void screen_live(struct screen *s, const char *text); /* adds a live line, cut to the width */
void screen_line(struct screen *s, const char *sgr,
		 const char *text); /* a line that stays; sgr: colour or NULL */

/* Replaces control characters (an escape sequence in a server's text must not reach the terminal).
 * In place. */
void screen_clean(char *text);
