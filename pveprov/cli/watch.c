#include "cli/watch.h"

static void on_line(void *ctx, const char *text)
{
	struct watch *w = ctx;

	progress_note(w->app->progress, w->item, text);
}

void watch_begin(struct watch *w, struct app *app, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *name = xvasprintf(fmt, ap);
	va_end(ap);
	*w = (struct watch){ .app = app, .item = progress_start(app->progress, name) };
	w->pve = (struct pve_watch){ .line = on_line,
				     .ctx = w,
				     .timeout_ms = app->globals.timeout_ms,
				     .ret_result = &w->result };
}

int watch_end(struct watch *w, int r)
{
	_cleanup_free_ char *text =
		w->result.warnings ? xasprintf("%u warnings", w->result.warnings) : NULL;

	progress_end(w->app->progress, w->item, r < 0 ? PROGRESS_FAILED : PROGRESS_DONE, text);
	return r;
}

void watch_same(struct app *app, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	progress_line(app->progress, PROGRESS_NORMAL, "%s: no changes", text);
}
