#pragma once
/*
 * watch.h: a server's task as a step follows it: its log lines are the step's progress, its UPID
 * goes to the journal.
 */
#include "plan/journal.h"
#include "plan/step.h"
#include "pve/task.h"

struct step_watch {
	struct step_run *run;
	char *upid;
	struct pve_watch watch; /* to hand to a verb */
};

void step_watch_start(struct step_watch *w, struct step_run *run, int64_t timeout_ms);

/*
 * After the verb has returned r: notes the end of the task, unless it may still run (interrupted,
 * time-out, lost connection). Returns r.
 */
int step_watch_end(struct step_watch *w, int r, struct err **err);
