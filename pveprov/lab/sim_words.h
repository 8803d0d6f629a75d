#pragma once
/* sim_words.h: a command line as SSH carries it, split into words; percent-encoded text. */
#include "base/strv.h"

/* Words separated by blanks; 'single' and "double" quotes and backslashes as in a shell, nothing is
 * expanded. */
void words_split(struct strv *out, const char *line);

/* malloc'd; NULL gives NULL. */
char *words_unescape(const char *text);
