#pragma once
/*
 * table.h: which steps a command consists of, and what each of them needs. The plan then is planned
 * and run by plan/run.
 */
#include "step/session.h"

enum table_kind {
	TABLE_APPLY,	   /* build everything, push, verify */
	TABLE_REPROVISION, /* as apply, after a rollback of the machines that have a snapshot and
			      are routers */
	TABLE_DRIFT,	   /* as apply without the probes */
	TABLE_VERIFY,	   /* looks only: the probes and what they need */
	TABLE_DESTROY,	   /* what carries our mark */
};

void table_build(enum table_kind kind, struct session *s, struct plan *ret);

/*
 * The table of `kind`, planned: preflight, checks, privileges. Everything that stands in the way is
 * in one error; the plan (as far as it came) is in *ret nevertheless.
 */
int table_plan(enum table_kind kind, struct session *s, const struct plan_options *o,
	       struct plan *ret, struct err **err);

/* Waits for the tasks that an interrupted run left behind. Their outcome does not matter: the world
 * is read afterwards. */
int table_resume(struct pve_client *client, struct journal *journal, const struct log *log,
		 struct err **err);
