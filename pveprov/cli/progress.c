#include "cli/progress.h"
#include "cli/screen.h"
#include "base/text.h"

#include <pthread.h>

enum { TICK_MS = 200, LIVE_MAX = 8, QUEUE_MAX = 4096 };

enum event_kind { EVENT_START, EVENT_NOTE, EVENT_END, EVENT_LINE, EVENT_FLUSH, EVENT_QUIT };

struct event {
	struct event *next;
	enum event_kind kind;
	unsigned item;
	enum progress_result result;
	enum progress_level level;
	bool warning;
	int64_t at_ms;
	char *text; /* may be NULL */
};

struct item {
	struct item *next;
	unsigned id;
	int64_t start_ms;
	char *name;
	char *note;
};

struct progress {
	struct progress_style style;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* an event came, or a flush was done */
	bool running;		/* the thread was started */
	struct event *first, **last;
	size_t n_queued;
	unsigned last_item, flushes_wanted, flushes_done;
	/* The printing thread's own: */
	struct screen screen;
	struct item *items;
	bool hidden; /* flushed: nothing live until the next event */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void event_free(struct event *e)
{
	free(e->text);
	free(e);
}

static struct item **find_item(struct progress *p, unsigned id)
{
	struct item **i = &p->items;

	while (*i && (*i)->id != id)
		i = &(*i)->next;
	return i;
}

static void item_free(struct item *i)
{
	free(i->name);
	free(i->note);
	free(i);
}

/* A line that stays: with the time where it is not a terminal. */
static void print_line(struct progress *p, const char *sgr, const char *text)
{
	if (p->style.live) {
		screen_line(&p->screen, sgr, text);
		return;
	}
	char at[16];
	struct tm tm;
	time_t t = time(NULL);
	strftime(at, sizeof(at), "%H:%M:%S", localtime_r(&t, &tm));
	_cleanup_free_ char *line = xasprintf("%s %s", at, text);
	screen_line(&p->screen, sgr, line);
}

static void on_start(struct progress *p, struct event *e)
{
	struct item *i = xcalloc(1, sizeof(*i)), **end = &p->items;

	while (*end)
		end = &(*end)->next;
	*i = (struct item){ .id = e->item, .start_ms = e->at_ms, .name = TAKE_PTR(e->text) };
	*end = i;
	if (!p->style.live && p->style.level >= PROGRESS_NORMAL) {
		_cleanup_free_ char *line = xasprintf("%s ...", i->name);
		print_line(p, NULL, line);
	}
}

static void on_note(struct progress *p, struct event *e)
{
	struct item *i = *find_item(p, e->item);

	if (!i)
		return;
	if (p->style.level >= PROGRESS_VERBOSE) {
		_cleanup_free_ char *line = xasprintf("%s: %s", i->name, e->text);
		print_line(p, "2", line);
	}
	free(i->note);
	i->note = TAKE_PTR(e->text);
}

static void on_end(struct progress *p, struct event *e)
{
	static const struct {
		const char *word, *sgr;
	} results[] = {
		[PROGRESS_DONE] = { "done", "32" },
		[PROGRESS_SAME] = { "no change", NULL },
		[PROGRESS_SKIPPED] = { "skipped", "33" },
		[PROGRESS_FAILED] = { "failed", "31" },
	};
	struct item **at = find_item(p, e->item), *i = *at;

	if (!i)
		return;
	*at = i->next;
	if (p->style.level >= PROGRESS_NORMAL) {
		_cleanup_free_ char *took = text_duration(e->at_ms - i->start_ms);
		_cleanup_free_ char *line =
			xasprintf("%s: %s (%s)%s%s", i->name, results[e->result].word, took,
				  e->text ? ": " : "", e->text ? e->text : "");
		print_line(p, results[e->result].sgr, line);
	}
	item_free(i);
}

static void draw_live(struct progress *p)
{
	size_t n = 0, more = 0;

	if (!p->style.live || p->hidden || p->style.level < PROGRESS_NORMAL)
		return;
	for (struct item *i = p->items; i; i = i->next) {
		if (n++ >= LIVE_MAX) {
			more++;
			continue;
		}
		_cleanup_free_ char *took = text_duration((now_ms() - i->start_ms) / 1000 * 1000);
		_cleanup_free_ char *line = xasprintf("  %s  %s%s%s", i->name, took,
						      i->note ? "  " : "", i->note ? i->note : "");
		screen_live(&p->screen, line);
	}
	if (more) {
		_cleanup_free_ char *line = xasprintf("  and %zu more", more);
		screen_live(&p->screen, line);
	}
}

/* Returns false at the end. */
static bool handle(struct progress *p, struct event *e)
{
	if (e->text)
		screen_clean(e->text);
	p->hidden = e->kind == EVENT_FLUSH || e->kind == EVENT_QUIT;
	switch (e->kind) {
	case EVENT_START:
		on_start(p, e);
		break;
	case EVENT_NOTE:
		on_note(p, e);
		break;
	case EVENT_END:
		on_end(p, e);
		break;
	case EVENT_LINE:
		if (e->level <= p->style.level)
			print_line(p, e->warning ? "33" : NULL, e->text);
		break;
	case EVENT_FLUSH:
	case EVENT_QUIT:
		break;
	}
	return e->kind != EVENT_QUIT;
}

/* Takes all events; waits for one, or a tick where something live is shown. Called with the mutex
 * held. */
static struct event *take_events(struct progress *p)
{
	struct timespec until;
	int64_t ms = now_ms() + TICK_MS;

	until = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	while (!p->first) {
		bool live = p->style.live && p->items && !p->hidden;
		if (!live)
			pthread_cond_wait(&p->changed, &p->mutex);
		else if (pthread_cond_timedwait(&p->changed, &p->mutex, &until) != 0)
			break;
	}
	struct event *e = p->first;
	p->first = NULL;
	p->last = &p->first;
	p->n_queued = 0;
	pthread_cond_broadcast(&p->changed); /* a full queue has room again */
	return e;
}

static void *printer(void *ctx)
{
	struct progress *p = ctx;

	for (bool more = true; more;) {
		unsigned flushes = 0;
		pthread_mutex_lock(&p->mutex);
		struct event *e = take_events(p);
		pthread_mutex_unlock(&p->mutex);
		screen_clear(&p->screen);
		while (e) {
			struct event *next = e->next;
			flushes += e->kind == EVENT_FLUSH;
			more = handle(p, e) && more;
			event_free(e);
			e = next;
		}
		draw_live(p);
		fflush(p->style.stream);
		if (flushes) {
			pthread_mutex_lock(&p->mutex);
			p->flushes_done += flushes;
			pthread_cond_broadcast(&p->changed);
			pthread_mutex_unlock(&p->mutex);
		}
	}
	return NULL;
}

/* Queues a copy of e; text is taken. Returns the number of the flush it is. Starts the thread where
 * there is none. */
static unsigned post(struct progress *p, struct event from, char *text)
{
	struct event *e = xcalloc(1, sizeof(*e));
	unsigned number = 0;

	*e = from;
	e->text = text;
	e->at_ms = now_ms();
	pthread_mutex_lock(&p->mutex);
	if (!p->running && pthread_create(&p->thread, NULL, printer, p) == 0)
		p->running = true;
	while (p->running && p->n_queued >= QUEUE_MAX)
		pthread_cond_wait(&p->changed, &p->mutex);
	if (e->kind == EVENT_FLUSH)
		number = ++p->flushes_wanted;
	*p->last = e;
	p->last = &e->next;
	p->n_queued++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->mutex);
	return number;
}

struct progress *progress_new(const struct progress_style *style)
{
	struct progress *p = xcalloc(1, sizeof(*p));
	pthread_condattr_t attr;

	p->style = *style;
	p->last = &p->first;
	p->screen = (struct screen){ .stream = style->stream,
				     .width = style->width,
				     .color = style->color };
	pthread_mutex_init(&p->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->changed, &attr);
	pthread_condattr_destroy(&attr);
	return p;
}

unsigned progress_start(struct progress *p, const char *name)
{
	unsigned id;

	pthread_mutex_lock(&p->mutex);
	id = ++p->last_item;
	pthread_mutex_unlock(&p->mutex);
	post(p, (struct event){ .kind = EVENT_START, .item = id }, xstrdup(name));
	return id;
}

void progress_note(struct progress *p, unsigned item, const char *text)
{
	post(p, (struct event){ .kind = EVENT_NOTE, .item = item }, xstrdup(text));
}

void progress_end(struct progress *p, unsigned item, enum progress_result result, const char *text)
{
	post(p, (struct event){ .kind = EVENT_END, .item = item, .result = result },
	     xstrdup_null(text));
}

void progress_line(struct progress *p, enum progress_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > p->style.level)
		return;
	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	post(p, (struct event){ .kind = EVENT_LINE, .level = level }, text);
}

void progress_flush(struct progress *p)
{
	pthread_mutex_lock(&p->mutex);
	bool idle = !p->running;
	pthread_mutex_unlock(&p->mutex);
	if (idle) /* nothing was ever said */
		return;
	unsigned number = post(p, (struct event){ .kind = EVENT_FLUSH }, NULL);
	pthread_mutex_lock(&p->mutex);
	while (p->flushes_done < number)
		pthread_cond_wait(&p->changed, &p->mutex);
	pthread_mutex_unlock(&p->mutex);
}

static void log_to_progress(void *ctx, enum log_level level, const char *text)
{
	static const enum progress_level levels[] = { [LOG_DEBUG] = PROGRESS_DEBUG,
						      [LOG_INFO] = PROGRESS_NORMAL,
						      [LOG_WARNING] = PROGRESS_QUIET };
	struct progress *p = ctx;

	if (levels[level] > p->style.level)
		return;
	char *line = level == LOG_WARNING ? xasprintf("warning: %s", text) : xstrdup(text);
	post(p,
	     (struct event){
		     .kind = EVENT_LINE, .level = levels[level], .warning = level == LOG_WARNING },
	     line);
}

struct log progress_log(struct progress *p)
{
	return (struct log){ .line = log_to_progress, .ctx = p };
}

struct progress *progress_free(struct progress *p)
{
	if (!p)
		return NULL;
	if (p->running) {
		post(p, (struct event){ .kind = EVENT_QUIT }, NULL);
		pthread_join(p->thread, NULL);
	}
	while (p->items) {
		struct item *next = p->items->next;
		item_free(p->items);
		p->items = next;
	}
	while (p->first) {
		struct event *next = p->first->next;
		event_free(p->first);
		p->first = next;
	}
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->mutex);
	free(p);
	return NULL;
}
