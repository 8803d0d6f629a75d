#pragma once
/*
 * fw_issue.h: what is wrong or surprising in firewall files: place, severity, a stable code, a sentence, what to do.
 */
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

enum fw_severity {
	FW_ERROR,   /* the server skips the line or does not apply the rule */
	FW_WARNING, /* it is applied, but hardly as meant */
	FW_NOTE,    /* worth knowing */
};

struct fw_issue {
	char *file;
	unsigned line, column; /* 0: the whole file */
	enum fw_severity severity;
	const char *code; /* static: "unknown-macro" */
	char *text;
	char *hint; /* or NULL */
};

struct fw_issues {
	struct fw_issue *v;
	size_t n;
};

/* Adds one; a NULL list drops it. Returns it for fw_issue_hint(), or NULL. */
struct fw_issue *fw_issue_add(struct fw_issues *l, const char *file, unsigned line, unsigned column,
			      enum fw_severity severity, const char *code, const char *fmt, ...) PRINTF(7, 8);
void fw_issue_hint(struct fw_issue *i, const char *fmt, ...) PRINTF(2, 3);

/* By file, line, column; stable. */
void fw_issues_sort(struct fw_issues *l);
size_t fw_issues_count(const struct fw_issues *l, enum fw_severity severity);

/* "file:line:column: error: text [code]" lines, hints indented below. */
void fw_issues_text(const struct fw_issues *l, struct buf *out);
json_t *fw_issues_json(const struct fw_issues *l); /* new reference */
const char *fw_severity_name(enum fw_severity s);

void fw_issues_free(struct fw_issues *l);
#define _cleanup_fw_issues_ _cleanup_(fw_issues_free)
