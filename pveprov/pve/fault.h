#pragma once
/*
 * fault.h: what a failed answer of the server means: one table from its words to a kind of error
 * and a hint.
 *
 * Proxmox VE says most things with status 500 and a sentence, so the sentence is looked at.
 * err->code is then one of enum pve_fault where the sentence is known, else the HTTP status. The
 * same table reads the exit text of a task.
 */
#include "base/err.h"

#include <jansson.h>

enum pve_fault {
	PVE_LOST = 1000, /* ERR_UNREACHABLE, ERR_TIMEOUT: sent, but no whole answer: it may have
			    been carried out */
	PVE_PROXY, /* ERR_UNREACHABLE: 595, 596, 599 between the server's own daemons: the same */
	PVE_NO_LOGIN,	  /* ERR_AUTH: ticket or token not accepted */
	PVE_NO_PRIVILEGE, /* ERR_AUTH: the text names path and privilege, the hint has the pveum
			     line */
	PVE_ROOT_ONLY,	  /* ERR_AUTH: only root@pam with a ticket may do it; no token can */
	PVE_LOCKED, /* ERR_BUSY: `lock` in the VM's configuration: backup, clone, snapshot ... */
	PVE_LOCK_TIMEOUT, /* ERR_BUSY: another call or task holds the VM's lock file */
	PVE_STORAGE_BUSY, /* ERR_BUSY: the storage's lock was not free in time */
	PVE_EXISTS,	  /* ERR_CONFLICT: id, name or interface is taken */
	PVE_CHANGED, /* ERR_CONFLICT: the digest did not match: changed by somebody else meanwhile
		      */
	PVE_IN_USE, /* ERR_CONFLICT: running, already running, a base of linked clones, not empty */
	PVE_NO_SUCH,	     /* ERR_NOT_FOUND: VM, snapshot, storage, interface, task, node ... */
	PVE_NO_BRIDGE,	     /* ERR_NOT_FOUND: found out by the start only */
	PVE_VM_STOPPED,	     /* ERR_CONFLICT: the call needs a running VM */
	PVE_AGENT_NOT_READY, /* ERR_BUSY: the VM runs, its agent does not answer (yet, paused, or
				not installed) */
	PVE_AGENT_OFF,	     /* ERR_CONFLICT: the option `agent` of the VM is off */
	PVE_AGENT_NO_PID,    /* ERR_NOT_FOUND: exec-status of an unknown or already reported pid */
	PVE_AGENT_ERROR,     /* ERR_INTERNAL: the agent itself refused: no such file ... */
	PVE_BAD_PARAMETER,   /* ERR_USAGE: parameter verification; the text has every parameter's
				fault */
	PVE_NO_METHOD,	     /* ERR_NOT_FOUND: this version of the server has no such call */
	PVE_TASK_ABORTED,    /* ERR_TASK: stopped by somebody */
	PVE_MAPPING_STALE,   /* ERR_CONFLICT: the PCI mapping does not fit the device any more */
};

/*
 * Makes the error of an answer with status >= 300: "<what>: <the server's words>". `account` is for
 * the hint. `message` is the body's (NULL before pve-http-server 5.2.0: then the reason phrase is
 * all there is), `errors` the object of parameters or NULL. Returns -1.
 */
int pve_fault_of_answer(const char *what, const char *account, int status, const char *reason,
			const char *message, const json_t *errors, struct err **err);

/* Makes the error of a task's exit text; what the table does not know is ERR_TASK. Returns -1. */
int pve_fault_of_task(const char *what, const char *exit_text, struct err **err);

/* The shell line that grants an account (user or token; NULL: a placeholder) one privilege on a
 * path. malloc'd. */
char *pve_grant_line(const char *account, const char *path, const char *privilege);

/* The request may have been carried out although it failed: look before it is repeated. */
bool pve_outcome_unknown(const struct err *err);

/* Whether the error is this one. NULL is none. */
bool pve_is(const struct err *err, enum pve_fault fault);
