#pragma once
/*
 * lock.h: lock files as processes of the node take them (flock): exclusive or shared, first come
 * first served, with a time-out. Names: "vm-100", "storage-local".
 */
#include "lab/lab.h"

struct locks;
struct lock; /* one holder, or one that waits */

/* held is NULL when the time ran out; else it is released with lock_release(). Called once, perhaps
 * at once. */
typedef void lock_fn(void *ctx, struct lock *held);

struct locks *locks_new(struct lab *l);
struct locks *locks_free(struct locks *s);

void lock_take(struct lab *l, const char *name, bool shared, int64_t timeout_ms, lock_fn *fn,
	       void *ctx);
void lock_release(struct lock *held);

/* Whether lock_take() would have to wait. */
bool lock_is_busy(const struct lab *l, const char *name, bool shared);

/* What Proxmox says when the time ran out, by the name; malloc'd. */
char *lock_timeout_text(const char *name);
