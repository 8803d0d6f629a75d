#pragma once
/*
 * field.h: tables that bind a tree to a struct.
 *
 * A struct's keys are one `static const struct field[]`, ended by { 0 }. field_bind() reads a map into the struct:
 * it refuses unknown keys with the nearest name, missing required ones and values of the wrong form, and goes on
 * after an error, so that one run reports them all. The same tables print the JSON schema.
 *
 * Members that a key does not set keep what the caller put there before (the defaults).
 */
#include "data/addr.h"
#include "data/tree.h"
#include "base/buf.h"

#include <jansson.h>

struct field;

/* Collects errors of one file: at most 20, then "and N more". */
struct field_ctx {
	struct arena *arena;
	const char *file;
	const char *(*substitute)(void *ctx, const char *name, const char **why); /* "${env:NAME}": value or NULL + why */
	void *substitute_ctx;
	struct buf *errors; /* one line each: "file:line:column: text" */
	size_t n_errors;
};

/* Adds an error line. Returns -1. */
int field_error(struct field_ctx *c, struct tree_pos pos, const char *fmt, ...) PRINTF(3, 4);

/* Turns collected errors into *err (ERR_RECIPE) and returns -1; 0 when there were none. */
int field_finish(const struct field_ctx *c, struct err **err);

enum field_type {
	FIELD_TEXT = 1,	 /* const char * */
	FIELD_NAME,	 /* const char *: [A-Za-z][A-Za-z0-9_-]*, at most `max` bytes */
	FIELD_BOOL,	 /* bool: true, false */
	FIELD_INT,	 /* int64_t within [min, max] */
	FIELD_SIZE_MIB,	 /* int64_t MiB: 2048, 2048Mi, 2Gi */
	FIELD_DURATION,	 /* int64_t ms: 90s, 10m, 1h30m */
	FIELD_ADDR,	 /* struct addr */
	FIELD_CIDR,	 /* struct addr_cidr */
	FIELD_RANGE,	 /* struct addr_range */
	FIELD_MAC,	 /* struct addr_mac */
	FIELD_ENUM,	 /* int: index into `names` */
	FIELD_TEXTS,	 /* struct field_texts: list of text (one scalar is a list of one) */
	FIELD_MAP,	 /* the member itself is a struct: `fields` */
	FIELD_MAP_PTR,	 /* pointer to a struct, NULL where absent: `fields`, `size`, `init` */
	FIELD_LIST,	 /* struct field_items: list of maps, elements of `size` bytes */
	FIELD_DICT,	 /* struct field_items: map of maps; the key goes to the FIELD_KEY member */
	FIELD_KEY,	 /* const char *: receives the dict's key; not a key itself */
	FIELD_POS,	 /* struct tree_pos: receives the place of the map; not a key itself */
	FIELD_CUSTOM,	 /* `parse` does it */
};

struct field_texts {
	const char **v;
	size_t n;
};

struct field_items {
	void *v;
	size_t n;
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset;
	bool required;
	int64_t min, max;
	const char *const *names;   /* FIELD_ENUM */
	const struct field *fields; /* FIELD_MAP, FIELD_LIST ... */
	size_t size;		    /* of the element or pointed-to struct */
	void (*init)(void *element);
	/* FIELD_CUSTOM: reads t into member; errors by field_error(). */
	int (*parse)(struct field_ctx *c, const struct tree *t, void *member);
	/* FIELD_CUSTOM: the schema of the value (new reference). */
	json_t *(*schema)(void);
	size_t set_offset; /* offset of a bool that becomes true when the key is there; 0: none */
	const char *help;  /* one sentence for the schema and the man page */
};

/* Reads map `t` into `object`. -1 when errors were added to c. */
int field_bind(struct field_ctx *c, const struct field *fields, const struct tree *t, void *object);

/* JSON schema (draft 2020-12) of a table; new reference. */
json_t *field_schema(const struct field *fields);

/* Writes the table as lines for a man page or --help: key, type, default range, help. */
void field_help(const struct field *fields, struct buf *out);
