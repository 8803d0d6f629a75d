#pragma once
/*
 * fw_job.h: the firewall that is wanted beside the one that is there: both read, the calls between them, the sites they
 * make, and what the guard says. What 'fw plan', 'fw apply', 'fw check' and a recipe's step have in common.
 */
#include "firewall/fw_apply.h"
#include "firewall/fw_guard.h"
#include "firewall/fw_scope.h"
#include "pve/client.h"

struct fw_job_options {
	const char *path;	      /* wanted files; NULL: `files` */
	const struct fw_files *files; /* the same, read already; NULL: the live ones stay */
	const char *const *objects;   /* "cluster", "node", NAME, "vm", ID ...: what to read beside; NULL: what is wanted */
	const char *node;	      /* whose a bare host.fw is; NULL: the only node's */
	const char *from;	      /* our address as the node sees it; NULL: our socket's */
	bool guests_may_come;	      /* a wanted guest that does not exist yet counts as one without a firewall */
	bool ssh;		      /* SSH to the node is in use too */
	const struct fw_guest_door *doors; /* guests whose SSH is in use too */
	size_t n_doors;
	bool keep_access;	      /* add our address to the IP set management where the guard asks for it */
	bool console;		      /* somebody can get at the node without its network */
	bool dead_man;		      /* arm the server's switch for edits, too */
	const char *revert_ssh;	      /* set a timer on this node (as ssh takes it) that switches the firewall off; NULL: no */
	const char *state_dir;	      /* where the former firewall is kept while the new one is not proved */
	int64_t scale;		      /* how many times faster than real the node's time runs (a lab); 0: 1 */
	void (*say)(void *ctx, const char *text); /* a line for people; may be NULL */
	void *say_ctx;
};

struct fw_job {
	struct arena arena;
	struct fw_job_options o;
	struct pve_client *client; /* borrowed */
	struct fw_files wanted, live;
	struct fw_files read_again, merged; /* of the way back */
	struct fw_issues issues; /* of the wanted files */
	struct fw_scope scope;
	struct fw_site now, then;
	struct fw_changes changes;
	size_t n_undo; /* calls that would bring back what decides about the node */
	struct fw_guard guard;
	struct fw_access access;
	char *host; /* of the endpoint */
	int port;
	const char *access_added; /* the member that keep_access added; NULL: it was not needed */
};

/* Reads everything and plans; nothing is sent. ERR_RECIPE: the wanted files have errors (they were said, one a line). */
int fw_job_plan(struct pve_client *client, const struct fw_job_options *o, struct fw_job *j, struct err **err);

/* The guard's word on what is planned; ERR_GUARD with the rule that would close, and what to do about it. */
int fw_job_judge(const struct fw_job *j, struct err **err);

/*
 * Reads the files again and plans the way back: the job's files as they were before, with what others have done since
 * (fw_merge). Lives with the job, until it is called again.
 */
int fw_job_way_back(struct fw_job *j, struct fw_changes *ret, struct err **err);

void fw_job_say(const struct fw_job *j, const char *fmt, ...) PRINTF(2, 3);

/* Says what the guard found, one line per way. */
void fw_job_say_guard(const struct fw_job *j);

void fw_job_free(struct fw_job *j);
#define _cleanup_fw_job_ _cleanup_(fw_job_free)
