#pragma once
/*
 * privileges.h: what the account must be allowed to do, and the pveum lines that would allow it.
 *
 * A need is text "PRIVILEGE on PATH"; "A|B" is met by either (VM.Monitor of PVE 8 became
 * VM.GuestAgent.* in 9).
 */
#include "step/problems.h"
#include "step/session.h"

/* Adds what the plan's changes need ("A on /x; B on /y" each), none twice. */
void privileges_of_plan(const struct plan *p, struct strv *needs);

/* Adds what it takes to look into the recipe's machines (agent, probes). */
void privileges_of_guests(const struct session *s, struct strv *needs);

/* Adds what the whole job needs on this node, whatever is there already: for `doctor`. */
void privileges_of_job(const struct session *s, struct strv *needs);

/* The same for a node on which no recipe is known yet. */
void privileges_of_node(const struct session *s, struct strv *needs);

/* Each need that is not met becomes a problem; the lines that grant all of them are its hint. */
int privileges_check(struct session *s, const struct strv *needs, struct problems *p,
		     struct err **err);

/* Splits "A|B on /path"; both malloc'd. */
bool privileges_split(const char *need, char **ret_privilege, char **ret_path);
