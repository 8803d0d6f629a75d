#include "lab/fault.h"
#include "lab/httpd.h"
#include "lab/lock.h"
#include "base/text.h"
#include "data/json.h"

#include <fnmatch.h>

struct rule {
	struct world_fault what;
	int64_t seen; /* matching calls so far */
	struct arena arena;
	struct rule *next;
};

struct faults {
	struct rule *first;
};

static void append(struct faults *f, struct rule *r)
{
	struct rule **p = &f->first;

	while (*p)
		p = &(*p)->next;
	*p = r;
}

struct faults *faults_new(struct lab *l)
{
	struct faults *f = xcalloc(1, sizeof(*f));
	const struct world_fault *w = l->world->faults.v;

	for (size_t i = 0; i < l->world->faults.n; i++) {
		struct rule *r = xcalloc(1, sizeof(*r));
		r->what = w[i];
		append(f, r);
	}
	return f;
}

struct faults *faults_free(struct faults *f)
{
	while (f && f->first) {
		struct rule *r = f->first;
		f->first = r->next;
		arena_free(&r->arena);
		free(r);
	}
	free(f);
	return NULL;
}

int faults_add(struct lab *l, const json_t *rule, struct err **err)
{
	static const char *const effects[] = { "status", "delay", "drop", "cut",
					       "task",	 "agent", "lock" };
	const char *effect = json_text(rule, "effect");
	struct rule *r = xcalloc(1, sizeof(*r));

	r->what.effect = -1;
	for (size_t i = 0; effect && i < ARRAY_SIZE(effects); i++)
		if (streq(effects[i], effect))
			r->what.effect = (int)i;
	if (r->what.effect < 0) {
		free(r);
		return err_set(err, ERR_USAGE, "fault has no effect '%s'", effect ? effect : "");
	}
	r->what.method = arena_strdup(&r->arena, json_text(rule, "method"));
	r->what.path = arena_strdup(&r->arena, json_text(rule, "path"));
	r->what.task = arena_strdup(&r->arena, json_text(rule, "task"));
	r->what.text = arena_strdup(&r->arena, json_text(rule, "text"));
	r->what.vmid = json_int(rule, "vmid", 0);
	r->what.nth = json_int(rule, "nth", 1);
	r->what.times = json_int(rule, "times", 1);
	r->what.status = json_int(rule, "status", 500);
	r->what.ms = json_int(rule, "ms", 0);
	append(l->faults, r);
	return 0;
}

/* Counts a match and says whether the rule strikes this time. */
static bool strikes(struct rule *r)
{
	int64_t n = ++r->seen, nth = MAX(r->what.nth, (int64_t)1);

	return n >= nth && (r->what.times == 0 || n < nth + r->what.times);
}

static int64_t vmid_of_path(const char *path)
{
	const char *at = strstr(path, "/qemu/");
	uint64_t n;
	_cleanup_free_ char *id = at ? xstrndup(at + 6, strcspn(at + 6, "/")) : NULL;

	return id && text_to_u64(id, 1, INT32_MAX, &n) ? (int64_t)n : 0;
}

static bool matches_request(const struct rule *r, const struct request *q)
{
	const struct world_fault *w = &r->what;

	if (w->effect == WORLD_EFFECT_TASK || w->effect == WORLD_EFFECT_AGENT)
		return false;
	return (!w->method || streq(w->method, q->method)) &&
	       (!w->path || fnmatch(w->path, q->path, 0) == 0) &&
	       (w->vmid == 0 || w->vmid == vmid_of_path(q->path));
}

static void unlock(void *ctx)
{
	lock_release(ctx);
}

struct hold {
	struct lab *lab;
	int64_t ms;
};

static void lock_held(void *ctx, struct lock *held)
{
	struct hold h = *(struct hold *)ctx;

	free(ctx);
	if (held)
		lab_after(h.lab, h.ms, unlock, held);
}

static void hold_lock(struct request *q, int64_t ms)
{
	struct hold *h = xcalloc(1, sizeof(*h));
	_cleanup_free_ char *name = xasprintf("vm-%" PRId64, vmid_of_path(q->path));

	*h = (struct hold){ q->lab, ms };
	lock_take(q->lab, name, false, 0, lock_held, h);
}

static void strike(struct request *q, const struct world_fault *w, route_fn *serve)
{
	switch ((enum world_effect)w->effect) {
	case WORLD_EFFECT_STATUS:
		if (w->status >= 595)
			reply_bare(q, (int)w->status, w->text ? w->text : "Broken pipe");
		else
			reply_error(q, (int)w->status, "%s", w->text ? w->text : "internal error");
		return;
	case WORLD_EFFECT_DELAY:
		request_later(q, w->ms, serve);
		return;
	case WORLD_EFFECT_DROP:
		httpd_drop(q);
		return;
	case WORLD_EFFECT_CUT:
		q->cut = true;
		break;
	case WORLD_EFFECT_LOCK:
		hold_lock(q, w->ms);
		break;
	case WORLD_EFFECT_TASK:
	case WORLD_EFFECT_AGENT:
		break;
	}
	serve(q);
}

void faults_request(struct request *q, route_fn *serve)
{
	for (struct rule *r = q->lab->faults->first; r; r = r->next)
		if (matches_request(r, q) && strikes(r)) {
			strike(q, &r->what, serve);
			return;
		}
	serve(q);
}

char *faults_task(struct lab *l, const char *type, const char *id)
{
	uint64_t vmid = 0;

	text_to_u64(id, 1, INT32_MAX, &vmid);
	for (struct rule *r = l->faults->first; r; r = r->next)
		if (r->what.effect == WORLD_EFFECT_TASK &&
		    (!r->what.task || streq(r->what.task, type)) &&
		    (r->what.vmid == 0 || r->what.vmid == (int64_t)vmid) && strikes(r))
			return xstrdup(r->what.text ? r->what.text : "it was told to fail");
	return NULL;
}

int64_t faults_agent_delay(struct lab *l, int vmid)
{
	for (struct rule *r = l->faults->first; r; r = r->next)
		if (r->what.effect == WORLD_EFFECT_AGENT &&
		    (r->what.vmid == 0 || r->what.vmid == vmid) && strikes(r))
			return r->what.ms;
	return 0;
}
