#pragma once
/*
 * job.h: the work behind a task, as a chain of functions: take locks, ask the hypervisor, go on. A
 * job ends exactly once, with job_done() or job_fail(); both release its locks, end the task and
 * free it. Once its task was aborted, the chain stops at the next link.
 */
#include "lab/lock.h"
#include "lab/task.h"

struct job;
typedef void job_fn(struct job *j);

struct job {
	struct lab *lab;
	struct task *task;
	int vmid;      /* 0: none */
	json_t *param; /* the request's parameters */
	struct lock *locks[3];
	size_t n_locks;
	char *error;	/* what the hypervisor said went wrong; NULL: nothing */
	json_t *result; /* what it answered */
	json_t *data;	/* of the kind of job */
	job_fn *next;	/* the link to come */
	job_fn *broken; /* undoes what was done when a lock cannot be had; NULL: nothing to undo */
	char *waiting_for;
	bool aborted;
};

/* Starts a task and answers the request with its UPID; the chain begins after the answer. */
struct job *job_start(struct request *q, const char *type, const char *id, job_fn *run);

/* The same for a caller without a request: the start after a rollback, machines that run from the
 * beginning. */
struct job *job_spawn(struct lab *l, const struct caller *who, const char *type, const char *id,
		      json_t *param, job_fn *run);

/* Goes on with `next` when the lock is held; else the job fails with Proxmox's text. */
void job_lock(struct job *j, const char *name, bool shared, int64_t timeout_ms, job_fn *next);

/* Goes on with `next` once the hypervisor is done; j->error, j->result tell how. */
void job_hypervisor(struct job *j, const struct hv_request *r, job_fn *next);

/* Goes on after ms of the node's time. */
void job_after(struct job *j, int64_t ms, job_fn *next);

void job_done(struct job *j);
void job_fail(struct job *j, const char *fmt, ...) PRINTF(2, 3);

const char *job_text(const struct job *j, const char *param);
