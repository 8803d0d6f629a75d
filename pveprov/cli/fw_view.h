#pragma once
/*
 * fw_view.h: a firewall job for people and machines: its table, its JSON, and what the command line knows for it.
 */
#include "cli/app.h"
#include "firewall/fw_job.h"

/* fw_job_plan() with the app's client and context: who we are to a lab, where state is kept, lines to the progress. */
int fw_view_plan(struct app *app, const struct fw_job_options *o, struct fw_job *j, struct err **err);

/* The changes and the guard's view as JSON for output; new reference. */
json_t *fw_view_changes(const struct fw_job *j);
json_t *fw_view_guard(const struct fw_job *j);

/* The table of the changes. */
extern const struct output_column fw_view_columns[];
extern const struct operand fw_view_operands[]; /* the files that are planned or applied */
