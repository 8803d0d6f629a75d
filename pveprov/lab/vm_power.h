#pragma once
/* vm_power.h: starting and stopping. */
#include "lab/vm.h"

/* Starts a task that starts the VM, for who; caller may be NULL (root@pam). */
struct task *vm_start_task(struct lab *l, const struct caller *who, int vmid);

/* At the start of the lab: at once, no task. */
void vm_power_on(struct vm *vm);

/* The start, a part of other jobs too: ends the job. */
void vm_start_job(struct job *j);

/* The VM of a job that has its lock: fails the job (and returns NULL) when it is gone or locked by
 * another task. */
struct vm *job_vm(struct job *j);
