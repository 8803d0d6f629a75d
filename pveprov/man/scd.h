#pragma once
/* scd.h: text for scdoc(5): everything that is not markup is escaped here. */
#include "base/buf.h"

/* "# HEADING" */
void scd_heading(struct buf *out, const char *text);

/* Text with every character that scdoc takes for markup escaped. */
void scd_text(struct buf *out, const char *text);

/* Paragraphs, separated by an empty line. */
void scd_paragraphs(struct buf *out, const char *text);

/* Term and explanation: term is markup already, text is not. */
void scd_item(struct buf *out, const char *term, const char *text);

/* The first line of a page. */
void scd_title(struct buf *out, const char *name, int section);
