#include "plan/step.h"

static struct step_change *add(struct step_changes *c)
{
	c->v = xrealloc(c->v, c->n + 1, sizeof(*c->v));
	c->v[c->n] = (struct step_change){ 0 };
	return &c->v[c->n++];
}

void step_changed(struct step_changes *c, enum step_mark mark, enum step_effect effect,
		  const char *privileges, const char *fmt, ...)
{
	struct step_change *change = add(c);
	va_list ap;

	change->mark = mark;
	change->effect = effect;
	change->privileges = xstrdup_null(privileges);
	va_start(ap, fmt);
	change->text = xvasprintf(fmt, ap);
	va_end(ap);
}

void step_note(struct step_changes *c, const char *fmt, ...)
{
	struct step_change *change = add(c);
	va_list ap;

	change->mark = STEP_NOTE;
	va_start(ap, fmt);
	change->text = xvasprintf(fmt, ap);
	va_end(ap);
}

size_t step_changes_count(const struct step_changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].mark != STEP_NOTE;
	return n;
}

void step_changes_free(struct step_changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].text);
		free(c->v[i].privileges);
	}
	free(c->v);
	*c = (struct step_changes){ 0 };
}

const char *step_mark_text(enum step_mark mark)
{
	static const char *const text[] = {
		[STEP_CREATE] = "+",	[STEP_CHANGE] = "~", [STEP_RESTART] = "!",
		[STEP_REPLACE] = "-/+", [STEP_DELETE] = "-", [STEP_NOTE] = "#",
	};
	return text[mark];
}

const char *step_effect_text(enum step_effect effect)
{
	static const char *const text[] = {
		[STEP_LIVE] = "live",
		[STEP_COLD_START] = "next cold start",
		[STEP_RESTARTS] = "restart",
		[STEP_DESTROYS] = "destroys data",
	};
	return text[effect];
}

void step_line(struct step_run *run, const char *fmt, ...)
{
	if (!run->line)
		return;
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	run->line(run, text);
}
