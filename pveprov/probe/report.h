#pragma once
/*
 * report.h: probe results as text: a table for people, TAP 14, JUnit XML, JSON.
 */
#include "probe/probe.h"

#include <jansson.h>

enum probe_format { PROBE_TABLE, PROBE_TAP, PROBE_JUNIT, PROBE_JSON };
extern const char *const probe_format_names[]; /* "table", "tap", "junit", "json", NULL */

/* width: columns of the terminal, 0: nothing is cut. Only the table has colour. */
int probe_report_write(const struct probe_report *r, enum probe_format format, int width, bool color,
		       struct buf *out, struct err **err);

/* The rows: [{machine, probe, status: "passed"|"failed"|"skipped", expected, seen, ms}]; new reference. */
json_t *probe_report_json(const struct probe_report *r);

/* ERR_VERIFY with the names of the failed ones; 0 when none failed. */
int probe_report_verdict(const struct probe_report *r, struct err **err);
