#pragma once
/* diff.h: the difference of two texts in unified form, as diff -u prints it. */
#include "base/buf.h"

/* Appends "--- a", "+++ b" (given with their dates) and the hunks; nothing where the texts are
 * equal. */
void diff_unified(const char *from_name, const char *from, const char *to_name, const char *to,
		  struct buf *out);
