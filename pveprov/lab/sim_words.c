#include "lab/sim_words.h"
#include "base/buf.h"
#include "base/text.h"

/* One word from *p on, which moves behind it. */
static void take_word(const char **p, struct buf *word)
{
	char quote = 0;

	for (; **p && (quote || !strchr(" \t\n", **p)); (*p)++) {
		char c = **p;
		if (quote && c == quote)
			quote = 0;
		else if (!quote && (c == '\'' || c == '"'))
			quote = c;
		else if (c == '\\' && quote != '\'' && (*p)[1])
			buf_addc(word, *++(*p));
		else
			buf_addc(word, c);
	}
}

void words_split(struct strv *out, const char *line)
{
	for (;;) {
		_cleanup_buf_ struct buf word = { 0 };
		line += strspn(line, " \t\n");
		if (!*line)
			return;
		take_word(&line, &word);
		strv_add(out, buf_text(&word));
	}
}

char *words_unescape(const char *text)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (; text && *text; text++) {
		char hex[3] = { 0 };
		uint64_t byte;
		if (*text == '%' && text[1] && text[2])
			memcpy(hex, text + 1, 2);
		if (*hex && text_to_hex(hex, 255, &byte)) {
			buf_addc(&b, (char)byte);
			text += 2;
		} else {
			buf_addc(&b, *text);
		}
	}
	if (!text)
		return NULL;
	buf_text(&b);
	return buf_take(&b);
}
