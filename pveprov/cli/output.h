#pragma once
/*
 * output.h: results, on standard output, in the format that the user asked for.
 *
 * A command hands over JSON once; the table is one view of it: a column shows the member `key` of
 * each row. The JSON form is {"schema": 1, "kind": KIND, "items": [...]} or {..., "item": {...}}
 * and only ever grows. A write that fails (full disk, closed pipe) is remembered and out_finish()
 * reports it: no result is lost with exit status 0.
 */
#include "base/err.h"

#include "data/json.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_YAML };
extern const char *const output_format_names[]; /* NULL-terminated */

struct out {
	FILE *stream; /* stdout, or a test's */
	enum output_format format;
	bool color;
	int width; /* columns of the terminal; 0: not a terminal, nothing is cut */
	int error; /* errno of the first failed write */
};

struct output_column {
	const char *key;    /* of the row; the table of columns ends where it is NULL */
	const char *header; /* upper case; NULL: only in JSON */
	bool right;	    /* numbers */
	bool wide;	    /* may be cut where the terminal is narrow */
	/* malloc'd text of the cell; NULL: the value as it is ("-" where absent). */
	char *(*text)(const json_t *value);
};

/* A list of rows (array of objects; not consumed). jsonl: one row a line. */
int out_list(struct out *o, const char *kind, const struct output_column *columns,
	     const json_t *rows, struct err **err);

/* One object, as a table of two columns. Columns may be NULL: all keys, sorted. */
int out_item(struct out *o, const char *kind, const struct output_column *columns,
	     const json_t *item, struct err **err);

/* Any JSON value without the envelope (what `api get` returned); as a table where it has the form
 * of one. */
int out_json(struct out *o, const json_t *value, struct err **err);

/* Text as it is: a program's output, a rendered file. Formats do not matter. */
void out_text(struct out *o, const char *text);
void out_bytes(struct out *o, const void *data, size_t len);
void out_printf(struct out *o, const char *fmt, ...) PRINTF(2, 3);

/* Flushes; -1 (ERR_INTERNAL) when anything could not be written. */
int out_finish(struct out *o, struct err **err);

/* Cell texts for common members: bytes as "4.0 GiB", seconds as "2 d 03 h", 1/0 as "yes"/"no", UTC
 * time. */
char *output_bytes(const json_t *value);
char *output_seconds(const json_t *value);
char *output_yes(const json_t *value);
char *output_time(const json_t *value);
