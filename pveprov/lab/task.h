#pragma once
/*
 * task.h: tasks (UPIDs): what runs in the background, its log and how it ended. Finished tasks are
 * kept, the newest few thousand.
 */
#include "lab/request.h"
#include "base/strv.h"

struct task {
	struct lab *lab;
	char *upid, *type, *id;
	struct caller who;
	uint32_t pid;
	uint64_t pstart; /* hundredths of a second since the node's start */
	int64_t start_s, end_s;
	char *exit_text; /* NULL while it runs; "OK" or the error */
	struct strv log;
	char *fault;		  /* the text it has to fail with, instead of doing its work */
	void (*abort)(void *ctx); /* the work behind it is to end */
	void *abort_ctx;
	struct task *next; /* older */
};

struct tasks *tasks_new(struct lab *l);
struct tasks *tasks_free(struct tasks *s);

struct task *task_new(struct lab *l, const struct caller *who, const char *type, const char *id);
void task_log(struct task *t, const char *fmt, ...) PRINTF(2, 3);

/* error NULL: OK. Writes the log's last line. */
void task_end(struct task *t, const char *error);

/* Running tasks of a type and id: calls fn for each. */
void tasks_running(struct lab *l, const char *type, const char *id,
		   void (*fn)(void *ctx, struct task *t), void *ctx);
