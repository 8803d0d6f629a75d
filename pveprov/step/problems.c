#include "step/problems.h"

void problem_add(struct problems *p, enum err_kind kind, const char *hint, const char *fmt, ...)
{
	va_list ap;

	if (p->texts.n == 0)
		p->kind = kind;
	va_start(ap, fmt);
	strv_take(&p->texts, xvasprintf(fmt, ap));
	va_end(ap);
	if (hint && !strv_contains(&p->hints, hint))
		strv_add(&p->hints, hint);
}

int problem_take(struct problems *p, struct err *from, struct err **err)
{
	_cleanup_err_ struct err *owned = from;

	if (owned->kind == ERR_INTERRUPTED || owned->kind == ERR_UNREACHABLE ||
	    owned->kind == ERR_TIMEOUT)
		return err_move(err, TAKE_PTR(owned));
	problem_add(p, owned->kind, owned->hint, "%s", owned->text);
	return 0;
}

int problems_finish(const struct problems *p, struct err **err)
{
	if (p->texts.n == 0)
		return 0;
	_cleanup_free_ char *texts = strv_join(&p->texts, "\n  - ");
	_cleanup_free_ char *hints = strv_join(&p->hints, "\n");
	if (p->texts.n == 1)
		err_set(err, p->kind, "%s", texts);
	else
		err_set(err, p->kind, "%zu things stand in the way (nothing was changed):\n  - %s",
			p->texts.n, texts);
	return p->hints.n ? err_hint(err, "%s", hints) : -1;
}

void problems_free(struct problems *p)
{
	strv_free(&p->texts);
	strv_free(&p->hints);
}
