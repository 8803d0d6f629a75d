#include "man/scd.h"

void scd_heading(struct buf *out, const char *text)
{
	buf_addf(out, "\n# %s\n\n", text);
}

void scd_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\*_#[]|`~.", *text) && *text != '.')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
}

/* A line may not begin with what starts a list, a table or a heading. */
void scd_paragraphs(struct buf *out, const char *text)
{
	scd_text(out, text);
	buf_adds(out, "\n\n");
}

void scd_item(struct buf *out, const char *term, const char *text)
{
	buf_addf(out, "%s\n\t", term);
	scd_text(out, text);
	buf_adds(out, "\n\n");
}

void scd_title(struct buf *out, const char *name, int section)
{
	buf_addf(out, "%s(%d) \"pveprov %s\" \"pveprov\"\n", name, section, PVEPROV_VERSION);
}
