#include "firewall/fw_issue.h"

static const char *const severities[] = { "error", "warning", "note" };

const char *fw_severity_name(enum fw_severity s)
{
	return severities[s];
}

struct fw_issue *fw_issue_add(struct fw_issues *l, const char *file, unsigned line, unsigned column,
			      enum fw_severity severity, const char *code, const char *fmt, ...)
{
	va_list ap;

	if (!l)
		return NULL;
	l->v = xrealloc(l->v, l->n + 1, sizeof(*l->v));
	struct fw_issue *i = &l->v[l->n++];
	va_start(ap, fmt);
	*i = (struct fw_issue){ .file = xstrdup(file),
				.line = line,
				.column = column,
				.severity = severity,
				.code = code,
				.text = xvasprintf(fmt, ap) };
	va_end(ap);
	return i;
}

void fw_issue_hint(struct fw_issue *i, const char *fmt, ...)
{
	va_list ap;

	if (!i)
		return;
	va_start(ap, fmt);
	free(i->hint);
	i->hint = xvasprintf(fmt, ap);
	va_end(ap);
}

static int compare(const void *x, const void *y)
{
	const struct fw_issue *a = x, *b = y;
	int c = strcmp(a->file, b->file);

	if (c)
		return c;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return strcmp(a->code, b->code);
}

void fw_issues_sort(struct fw_issues *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

size_t fw_issues_count(const struct fw_issues *l, enum fw_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->v[i].severity == severity;
	return n;
}

void fw_issues_text(const struct fw_issues *l, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct fw_issue *x = &l->v[i];
		buf_adds(out, x->file);
		if (x->line)
			buf_addf(out, ":%u:%u", x->line, MAX(x->column, 1u));
		buf_addf(out, ": %s: %s [%s]\n", fw_severity_name(x->severity), x->text, x->code);
		if (x->hint)
			buf_addf(out, "    hint: %s\n", x->hint);
	}
}

json_t *fw_issues_json(const struct fw_issues *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct fw_issue *x = &l->v[i];
		json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "file", x->file, "severity",
				      fw_severity_name(x->severity), "code", x->code, "text", x->text);
		if (x->line) {
			json_object_set_new(o, "line", json_integer(x->line));
			json_object_set_new(o, "column", json_integer(MAX(x->column, 1u)));
		}
		if (x->hint)
			json_object_set_new(o, "hint", json_string(x->hint));
		json_array_append_new(list, o);
	}
	return list;
}

void fw_issues_free(struct fw_issues *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].file);
		free(l->v[i].text);
		free(l->v[i].hint);
	}
	free(l->v);
	*l = (struct fw_issues){ 0 };
}
