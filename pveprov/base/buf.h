#pragma once
/*
 * buf.h: a growing byte buffer with a ceiling.
 *
 * data is always NUL-terminated (one byte beyond len) once something was added, and is never NULL after
 * buf_text(). A write beyond the ceiling adds nothing, sets `overflow` and returns -1; the flag sticks, so a
 * writer of text may ignore return values and test buf->overflow once at the end.
 */
#include "base/base.h"

#define BUF_CEILING_DEFAULT (16u << 20) /* bytes */

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t ceiling; /* bytes; 0 means BUF_CEILING_DEFAULT */
	bool overflow;
};

int buf_add(struct buf *b, const void *data, size_t len);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
int buf_vaddf(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);

/* Makes room for n more bytes and returns where they go (len is not moved); NULL beyond the ceiling. */
void *buf_reserve(struct buf *b, size_t n);

/* The content as a string owned by the buffer ("" when empty). */
const char *buf_text(struct buf *b);

/* Hands the content over as a malloc'd, NUL-terminated string; the buffer is empty afterwards. */
char *buf_take(struct buf *b);

void buf_reset(struct buf *b);		    /* len = 0, memory kept */
void buf_consume(struct buf *b, size_t n);  /* drops the first n bytes */
void buf_free(struct buf *b);		    /* releases the memory; the struct may be used again */
#define _cleanup_buf_ _cleanup_(buf_free)
