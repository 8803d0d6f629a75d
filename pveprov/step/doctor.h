#pragma once
/*
 * doctor.h: can this account do the job on this node? Looks only.
 */
#include "step/problems.h"
#include "step/session.h"

/*
 * Adds rows {check, status: "ok" | "missing" | "unknown", text} to `rows`; what is missing becomes
 * problems too, with what to do about it. A session without machines (no recipe) gets the general
 * questions only.
 */
int doctor_look(struct session *s, json_t *rows, struct problems *p, struct err **err);
