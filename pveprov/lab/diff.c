#include "lab/diff.h"
#include "base/strv.h"

enum { CONTEXT = 3 };

struct edit {
	char mark; /* ' ', '-', '+' */
	const char *line;
	size_t from_at, to_at; /* lines before this one */
};

static void split_lines(struct strv *l, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		strv_take(l, xstrndup(text, n));
		text += n + (text[n] == '\n');
	}
}

/* Longest common subsequence: these files have tens of lines. */
static struct edit *edits(const struct strv *a, const struct strv *b, size_t *ret_n)
{
	size_t w = b->n + 1, n = 0, i = 0, k = 0;
	uint32_t *common = xcalloc((a->n + 1) * w, sizeof(*common));
	struct edit *list = xcalloc(a->n + b->n + 1, sizeof(*list));

	for (size_t x = a->n; x-- > 0;)
		for (size_t y = b->n; y-- > 0;)
			common[x * w + y] =
				streq(a->v[x], b->v[y])
					? common[(x + 1) * w + y + 1] + 1
					: MAX(common[(x + 1) * w + y], common[x * w + y + 1]);
	while (i < a->n || k < b->n) {
		struct edit e = { .from_at = i, .to_at = k };
		if (i < a->n && k < b->n && streq(a->v[i], b->v[k])) {
			e.mark = ' ';
			e.line = a->v[i++];
			k++;
		} else if (k >= b->n ||
			   (i < a->n && common[(i + 1) * w + k] >= common[i * w + k + 1])) {
			e.mark = '-';
			e.line = a->v[i++];
		} else {
			e.mark = '+';
			e.line = b->v[k++];
		}
		list[n++] = e;
	}
	free(common);
	*ret_n = n;
	return list;
}

static void add_range(struct buf *out, char sign, size_t at, size_t n)
{
	buf_addf(out, "%c%zu", sign, n ? at + 1 : at);
	if (n != 1)
		buf_addf(out, ",%zu", n);
}

static void add_hunk(struct buf *out, const struct edit *e, size_t n)
{
	size_t from = 0, to = 0;

	for (size_t i = 0; i < n; i++) {
		from += e[i].mark != '+';
		to += e[i].mark != '-';
	}
	buf_adds(out, "@@ ");
	add_range(out, '-', e[0].from_at, from);
	buf_addc(out, ' ');
	add_range(out, '+', e[0].to_at, to);
	buf_adds(out, " @@\n");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%c%s\n", e[i].mark, e[i].line);
}

void diff_unified(const char *from_name, const char *from, const char *to_name, const char *to,
		  struct buf *out)
{
	_cleanup_strv_ struct strv a = { 0 }, b = { 0 };
	_cleanup_free_ struct edit *e = NULL;
	size_t n, done = 0;
	bool any = false;

	split_lines(&a, from);
	split_lines(&b, to);
	e = edits(&a, &b, &n);
	for (size_t i = 0; i < n; i++) {
		size_t first, last;
		if (e[i].mark == ' ')
			continue;
		first = MAX(done, i > CONTEXT ? i - CONTEXT : 0);
		for (last = i; i < n && i <= last + 2 * CONTEXT; i++)
			if (e[i].mark != ' ')
				last = i;
		done = MIN(n, last + CONTEXT + 1);
		if (!any)
			buf_addf(out, "--- %s\n+++ %s\n", from_name, to_name);
		any = true;
		add_hunk(out, e + first, done - first);
		i = done - 1;
	}
}
