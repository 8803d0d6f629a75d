#include "lab/lock.h"

struct lock {
	struct lab *lab;
	char *name;
	bool shared, held;
	lock_fn *fn;
	void *ctx;
	struct timer *timeout;
	struct lock *next; /* in the order of arrival */
};

struct locks {
	struct lock *first;
};

struct locks *locks_new(struct lab *l UNUSED)
{
	return xcalloc(1, sizeof(struct locks));
}

static void lock_free(struct lock *k)
{
	timer_cancel(k->timeout);
	free(k->name);
	free(k);
}

struct locks *locks_free(struct locks *s)
{
	while (s && s->first) {
		struct lock *k = s->first;
		s->first = k->next;
		lock_free(k);
	}
	free(s);
	return NULL;
}

/* Nobody who came before stands in the way. */
static bool may_hold(const struct locks *s, const struct lock *k, const char *name, bool shared)
{
	for (const struct lock *other = s->first; other && other != k; other = other->next)
		if (streq(other->name, name) && !(shared && other->shared))
			return false;
	return true;
}

static void unlink_lock(struct locks *s, const struct lock *k)
{
	struct lock **p = &s->first;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
}

static void timed_out(void *ctx)
{
	struct lock *k = ctx;

	k->timeout = NULL; /* it frees itself */
	unlink_lock(k->lab->locks, k);
	k->fn(k->ctx, NULL);
	lock_free(k);
}

static void grant(struct lock *k)
{
	timer_cancel(k->timeout);
	k->timeout = NULL;
	k->held = true;
	k->fn(k->ctx, k);
}

void lock_take(struct lab *l, const char *name, bool shared, int64_t timeout_ms, lock_fn *fn,
	       void *ctx)
{
	struct lock *k = xcalloc(1, sizeof(*k)), **p = &l->locks->first;

	*k = (struct lock){
		.lab = l, .name = xstrdup(name), .shared = shared, .fn = fn, .ctx = ctx
	};
	while (*p)
		p = &(*p)->next;
	*p = k;
	if (may_hold(l->locks, k, name, shared))
		grant(k);
	else
		k->timeout = lab_after(l, timeout_ms, timed_out, k);
}

void lock_release(struct lock *held)
{
	struct locks *s = held->lab->locks;
	bool again = true;

	unlink_lock(s, held);
	lock_free(held);
	/* A grant may release or take others: start over after each. */
	while (again) {
		again = false;
		for (struct lock *k = s->first; k && !again; k = k->next)
			if (!k->held && may_hold(s, k, k->name, k->shared)) {
				grant(k);
				again = true;
			}
	}
}

bool lock_is_busy(const struct lab *l, const char *name, bool shared)
{
	return !may_hold(l->locks, NULL, name, shared);
}

char *lock_timeout_text(const char *name)
{
	if (starts_with(name, "storage-"))
		return xasprintf("can't lock file '/var/lock/pve-manager/pve-%s' - got timeout",
				 name);
	return xasprintf("can't lock file '/var/lock/qemu-server/lock-%s.conf' - got timeout",
			 name + strlen("vm-"));
}
