#pragma once
/* wrap.h: text laid out in lines of a given width, for help texts. */
#include "base/buf.h"

/*
 * Adds paragraphs (separated by an empty line) with every line but the first indented; the first
 * starts at column `column`, where the cursor is. Ends with a newline.
 */
void wrap_text(struct buf *out, const char *text, size_t column, size_t indent, size_t width);

/* A term at column 2 and its explanation at column `indent`, on the next line where the term is too
 * long. */
void wrap_term(struct buf *out, const char *term, const char *text, size_t indent, size_t width);
