#include "cli/wrap.h"

static void pad(struct buf *out, size_t n)
{
	buf_addf(out, "%*s", (int)n, "");
}

/* Columns of UTF-8 text: bytes that do not continue a character. */
static size_t columns(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

void wrap_text(struct buf *out, const char *text, size_t column, size_t indent, size_t width)
{
	bool first = true; /* word of a line */

	if (column < indent) {
		pad(out, indent - column);
		column = indent;
	}
	while (*text) {
		size_t len = strcspn(text, " \n"), n = columns(text, len);
		if (!first && column + 1 + n > width) {
			buf_addc(out, '\n');
			pad(out, column = indent);
			first = true;
		}
		if (!first)
			buf_addc(out, ' ');
		buf_add(out, text, len);
		column += n + !first;
		first = false;
		text += len;
		if (starts_with(text, "\n\n")) {
			buf_adds(out, "\n\n");
			pad(out, column = indent);
			first = true;
		}
		text += strspn(text, " \n");
	}
	buf_addc(out, '\n');
}

void wrap_term(struct buf *out, const char *term, const char *text, size_t indent, size_t width)
{
	size_t column = 2 + columns(term, strlen(term));

	buf_addf(out, "  %s", term);
	if (column + 2 > indent) {
		buf_addc(out, '\n');
		column = 0;
	}
	wrap_text(out, text, column, indent, width);
}
