#pragma once
/*
 * recipe_run.h: what the commands about a recipe (plan, apply, verify, reprovision, drift, destroy)
 * have in common: the recipe, the server, the session, the journal, the plan, how they are shown,
 * and the receipt at the end.
 */
#include "cli/app.h"
#include "data/digest.h"
#include "plan/journal.h"
#include "plan/run.h"
#include "probe/report.h"
#include "step/table.h"

struct recipe_run {
	struct app *app;
	struct recipe *recipe;
	struct session *session;
	struct journal *journal;
	struct pve_client *client;
	struct plan plan;
	struct plan_options options;
	struct plan_events events;
	struct receipt receipt;
	unsigned *items; /* progress items of the plan's steps */
	char *state_dir;
};

enum {
	RECIPE_RUN_JOURNAL = 1 << 0, /* changes something: resumes, and keeps others away */
	RECIPE_RUN_GUESTS = 1 << 1,  /* the node's own configuration does not matter */
};

/* Reads the recipe, opens the client, reads the world. `r` is to be closed whatever is returned. */
int recipe_run_open(struct recipe_run *r, struct app *app, const char *path, unsigned flags,
		    struct err **err);

/* Plans. The plan can be shown even where this fails. */
int recipe_run_plan(struct recipe_run *r, enum table_kind kind, struct err **err);

/* Shows the plan: as a result on standard output, or (said) as progress. */
int recipe_run_show(struct recipe_run *r, bool as_result, struct err **err);

/* Runs it with live progress. A journal goes when it ended well. */
int recipe_run_do(struct recipe_run *r, struct err **err);

/* The probes' results on standard output, in `format`, or as the global format wants. */
int recipe_run_report(struct recipe_run *r, enum probe_format format, struct err **err);

/* The line that says where the time went. */
void recipe_run_receipt(struct recipe_run *r);

extern const struct operand recipe_run_operands[]; /* RECIPE */

void recipe_run_close(struct recipe_run *r);
#define _cleanup_recipe_run_ _cleanup_(recipe_run_close)
