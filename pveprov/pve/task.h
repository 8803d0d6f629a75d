#pragma once
/*
 * task.h: work the server does in the background, named by a UPID, and waiting for it.
 *
 * Every verb that starts a task (pve_vm_start() ...) takes a pve_watch and returns when the task
 * has ended: it starts the task, again while the server is busy, finds it again when the answer was
 * lost, follows its log and fails with the log's tail. A poll that fails is not a failed task.
 * "WARNINGS: n" is success.
 */
#include "pve/client.h"
#include "pve/upid.h"

struct pve_task_result {
	uint32_t warnings;
	int64_t elapsed_ms; /* of the wait */
};

/* How a task is followed. NULL or zeroed: wait up to 10 minutes, silently. */
struct pve_watch {
	void (*started)(void *ctx, const char *upid); /* as soon as it is known, for the journal */
	void (*line)(void *ctx, const char *text); /* each line of the task's log as it appears */
	void *ctx;
	int64_t timeout_ms; /* of the task; 0: 10 min */
	int64_t busy_ms; /* how long a busy answer (locked ...) is tried again; 0: 2 min, negative:
			    not at all */
	bool detach;	 /* return once it has started */
	struct pve_task_result *ret_result; /* may be NULL */
};

/* A call that starts a task. */
struct pve_job {
	const char *method;
	const char *path;
	const struct pve_params *params;
	const char *node; /* where to look for the task when the answer was lost */
	const char *type; /* "qmclone" */
	const char *id;	  /* as in the UPID */
	const char *what; /* for errors: "clone VM 9000 to 100" */
	int64_t call_ms;  /* limit of the call itself, 0: default (before 8.0.2 a resize is
			     synchronous) */
};

/*
 * Starts the job and follows it. An answer without a UPID is done work. Errors: of the call by
 * fault.h; ERR_TASK, ERR_BUSY, ERR_CONFLICT ... of a failed task by its exit text; ERR_TIMEOUT: it
 * still runs, the text names its UPID.
 */
int pve_run(struct pve_client *c, const struct pve_job *job, const struct pve_watch *w,
	    struct err **err);

/* Follows a task that runs (or has ended) already, after an interruption for one. Errors as
 * pve_run(). */
int pve_task_wait(struct pve_client *c, const char *upid, const struct pve_watch *w,
		  struct err **err);

struct pve_task {
	const char *upid;
	const char *node;
	const char *type;
	const char *id;
	const char *user; /* with "!token" where it was one */
	int64_t start_s;
	int64_t end_s;	    /* 0: runs */
	const char *status; /* exit text; NULL: runs */
};

struct pve_task_filter {
	uint32_t vm;	  /* 0: any */
	const char *type; /* NULL: any */
	int64_t since_s;  /* 0: any */
	bool errors;	  /* failed ones only */
	bool active;	  /* running ones only */
	uint32_t limit;	  /* 0: 50 */
};

int pve_task_list(struct pve_client *c, const char *node, const struct pve_task_filter *f,
		  struct arena *a, struct pve_task **ret, size_t *ret_n, struct err **err);

/* One look at a task. */
int pve_task_status(struct pve_client *c, const char *upid, struct arena *a, struct pve_task *ret,
		    struct err **err);

/* Calls `line` with each log line from line `start` on (counted from 0); *ret_next is where to go
 * on. */
int pve_task_log(struct pve_client *c, const char *upid, uint64_t start,
		 void (*line)(void *ctx, const char *text), void *ctx, uint64_t *ret_next,
		 struct err **err);

/* Ends a running task. */
int pve_task_stop(struct pve_client *c, const char *upid, struct err **err);
