#pragma once
/*
 * fw_job.h: what 'fw plan', 'fw apply' and 'fw check' have in common: the files that are wanted, the live ones, the
 * sites they make, the calls between them and what the guard says.
 */
#include "cli/app.h"
#include "firewall/fw_apply.h"
#include "firewall/fw_guard.h"
#include "pve/client.h"

struct fw_job_options {
	const char *path;	 /* wanted files; NULL: the live ones stay */
	const char *const *objects; /* "cluster", "node", NAME, "vm", ID ...: what to read beside; NULL: what path says */
	const char *from;	 /* our address as the node sees it; NULL: our socket's */
	bool ssh;		 /* SSH to the node is in use too */
	bool keep_access;	 /* add our address to the IP set management where the guard asks for it */
};

struct fw_job {
	struct arena arena;
	struct pve_client *client; /* borrowed */
	struct fw_files wanted, live;
	struct fw_issues issues; /* of the wanted files */
	struct fw_scope scope;
	struct fw_site now, then;
	struct fw_changes changes;
	struct fw_guard guard;
	struct fw_access access;
	char *host; /* of the endpoint */
	int port;
	const char *access_added; /* the member that keep_access added; NULL: it was not needed */
};

/* Reads everything and plans. ERR_RECIPE: the wanted files have errors (they are printed as progress lines). */
int fw_job_plan(struct app *app, const struct fw_job_options *o, struct fw_job *j, struct err **err);

/* Reads the live files again and plans the way back to what they were when the job began. */
int fw_job_revert(struct fw_job *j, size_t *ret_sent, struct err **err);

/* The changes and the guard's view as JSON for output; new reference. */
json_t *fw_job_changes_json(const struct fw_job *j);
json_t *fw_job_guard_json(const struct fw_job *j);

/* The table of the changes. */
extern const struct output_column fw_job_columns[];
extern const struct operand fw_job_operands[]; /* the files that are planned or applied */

/* Says what the guard found, one line per way. */
void fw_job_say_guard(struct app *app, const struct fw_job *j);

void fw_job_free(struct fw_job *j);
#define _cleanup_fw_job_ _cleanup_(fw_job_free)
