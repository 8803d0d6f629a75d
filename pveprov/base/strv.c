#include "base/strv.h"
#include "base/buf.h"

void strv_take(struct strv *l, char *s)
{
	l->v = xrealloc(l->v, l->n + 2, sizeof(*l->v));
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void strv_add(struct strv *l, const char *s)
{
	strv_take(l, xstrdup(s));
}

void strv_addf(struct strv *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_take(l, xvasprintf(fmt, ap));
	va_end(ap);
}

void strv_add_all(struct strv *l, const char *const *v)
{
	for (; v && *v; v++)
		strv_add(l, *v);
}

bool strv_contains(const struct strv *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i], s))
			return true;
	return false;
}

char *strv_join(const struct strv *l, const char *separator)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_adds(&b, separator);
		buf_adds(&b, l->v[i]);
	}
	return buf_take(&b);
}

void strv_split(struct strv *l, const char *text, const char *separators)
{
	while (*text) {
		size_t n = strcspn(text, separators);
		if (n)
			strv_take(l, xstrndup(text, n));
		text += n + (text[n] != '\0');
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

void strv_free(struct strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strv){ 0 };
}
