#include "step/watch.h"

static void started(void *ctx, const char *upid)
{
	struct step_watch *w = ctx;
	_cleanup_err_ struct err *lost = NULL;

	if (w->upid) /* a busy answer was tried again: the first task is over */
		journal_task_ended(w->run->journal, w->upid, NULL);
	free(w->upid);
	w->upid = xstrdup(upid);
	/* a journal that cannot be written costs the re-attachment only: the world is read again
	 * anyway */
	if (journal_task_started(w->run->journal, w->run->step->id, upid, &lost) < 0)
		step_line(w->run, "%s", lost->text);
}

static void line(void *ctx, const char *text)
{
	struct step_watch *w = ctx;

	step_line(w->run, "%s", text);
}

void step_watch_start(struct step_watch *w, struct step_run *run, int64_t timeout_ms)
{
	*w = (struct step_watch){ .run = run };
	w->watch = (struct pve_watch){
		.started = started, .line = line, .ctx = w, .timeout_ms = timeout_ms
	};
}

int step_watch_end(struct step_watch *w, int r, struct err **err)
{
	_cleanup_free_ char *upid = TAKE_PTR(w->upid);
	enum err_kind kind = r < 0 && err && *err ? (*err)->kind : ERR_INTERNAL;
	bool may_run = r < 0 &&
		       (kind == ERR_INTERRUPTED || kind == ERR_TIMEOUT || kind == ERR_UNREACHABLE);

	if (upid && !may_run)
		journal_task_ended(w->run->journal, upid, NULL);
	return r;
}
