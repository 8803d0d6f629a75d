#include "cli/screen.h"

void screen_clean(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		bool c1 = c[0] == 0xc2 && c[1] >= 0x80 &&
			  c[1] < 0xa0; /* U+0080 to U+009F, as UTF-8 */
		if (c1)
			c[1] = '?';
		if (c1 || *c < 0x20 || *c == 0x7f)
			*c = *c == '\t' ? ' ' : '?';
	}
}

void screen_clear(struct screen *s)
{
	if (s->n_live)
		fprintf(s->stream, "\033[%zuA\033[J", s->n_live);
	s->n_live = 0;
}

/* Bytes of text that fill at most `width` columns. */
static size_t cut(const char *text, int width)
{
	size_t i = 0;

	for (int n = 0; text[i]; i++) {
		if (((unsigned char)text[i] & 0xc0) == 0x80)
			continue;
		if (n++ == width)
			break;
	}
	return i;
}

void screen_live(struct screen *s, const char *text)
{
	size_t len = s->width > 0 ? cut(text, s->width - 1) : strlen(text);

	fprintf(s->stream, "%.*s\n", (int)len, text);
	s->n_live++;
}

void screen_line(struct screen *s, const char *sgr, const char *text)
{
	bool color = sgr && s->color;

	fprintf(s->stream, "%s%s%s%s%s\n", color ? "\033[" : "", color ? sgr : "", color ? "m" : "",
		text, color ? "\033[0m" : "");
}
