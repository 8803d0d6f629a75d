#pragma once
/*
 * field.h: tables that bind a tree to a struct.
 *
 * A struct's keys are one `static const struct field[]`, ended by { 0 }. field_bind() reads a map
 * into the struct: it refuses unknown keys with the nearest name, missing required ones and values
 * of the wrong form, and goes on after an error, so that one run reports them all. The same tables
 * print the JSON schema, from which the manual page is written.
 *
 * Members that a key does not set keep what the caller put there before (the defaults). In every
 * scalar "${name}" is replaced by what the substitute hook says; "$${" is a plain "${".
 */
#include "base/arena.h"
#include "base/buf.h"
#include "data/addr.h"
#include "data/tree.h"

#include <jansson.h>

struct field;
struct field_fault;

enum { FIELD_FAULTS_MAX = 20, FIELD_TEXT_MAX = 4096 };

/* Reads one file. The caller sets the first four members; the rest collects errors. */
struct field_ctx {
	struct arena *arena;
	const char *file;
	/* "env:NAME" in "${env:NAME}": its value (it lives as long as the arena), or NULL and *why.
	 * NULL hook: refused. */
	const char *(*substitute)(void *ctx, const char *name, const char **why);
	void *substitute_ctx;
	struct field_fault *faults;
	size_t n_faults; /* all that were added; the first FIELD_FAULTS_MAX are kept */
};

/* Adds an error. Returns -1. */
int field_error(struct field_ctx *c, struct tree_pos pos, const char *fmt, ...) PRINTF(3, 4);

/*
 * Turns the collected errors into *err (ERR_RECIPE) and returns -1; 0 when there were none. The
 * text has one line "file:line:column: text" each, sorted by place, and "and N more" where there
 * were too many.
 */
int field_finish(const struct field_ctx *c, struct err **err);

/* The i-th error that was kept, in the order of adding, and its place; NULL behind the last. */
const char *field_fault(const struct field_ctx *c, size_t i, struct tree_pos *ret_pos);

enum field_type {
	FIELD_TEXT = 1, /* const char *: one line; `min` and `max` bytes (max 0: FIELD_TEXT_MAX) */
	FIELD_LINES,	/* const char *: any number of lines */
	FIELD_NAME,	/* const char *: [A-Za-z][A-Za-z0-9_-]*, `min` to `max` bytes */
	FIELD_BOOL,	/* bool: true, false */
	FIELD_INT,	/* int64_t within [min, max] */
	FIELD_SIZE_MIB, /* int64_t MiB within [min, max]: 2048, 2048Mi, 2Gi */
	FIELD_DURATION, /* int64_t ms within [min, max] (max 0: none): 90s, 10m, 1h30m */
	FIELD_ADDR,	/* struct addr */
	FIELD_CIDR,	/* struct addr_cidr */
	FIELD_RANGE,	/* struct addr_range */
	FIELD_MAC,	/* struct addr_mac */
	FIELD_ENUM,	/* int: index into `names` */
	FIELD_TEXTS, /* struct field_texts: list of one-line texts (one scalar is a list of one) */
	FIELD_MAP,   /* the member itself is a struct: `fields` (offset 0: keys that belong to the
			object itself) */
	FIELD_MAP_PTR, /* pointer to a struct, NULL where absent: `fields`, `size`, `init` */
	FIELD_LIST, /* struct field_items: list; elements of `size` bytes, by `fields` and `init`,
		       or by `parse` */
	FIELD_DICT, /* struct field_items: map of maps; the key goes to the FIELD_KEY member */
	FIELD_KEY,  /* const char *: receives the dict's key (a name of at most `max` bytes); not a
		       key itself */
	FIELD_POS,  /* struct tree_pos: receives the place of the map; not a key itself */
	FIELD_CUSTOM, /* `parse` does it */
};

struct field_texts {
	const char **v;
	size_t n;
};

/* Any `struct x *v; size_t n;` pair in this order serves as a member of FIELD_LIST and FIELD_DICT.
 */
struct field_items {
	void *v;
	size_t n;
};

struct field {
	const char *key; /* FIELD_KEY, FIELD_POS: anything but NULL, not shown */
	enum field_type type;
	size_t offset;
	bool required;
	int64_t min, max; /* also the number of elements of a list or dict, where max is not 0 */
	const char *const *names;   /* FIELD_ENUM: NULL-terminated */
	const struct field *fields; /* FIELD_MAP, FIELD_LIST ... */
	size_t size;		    /* of the element or pointed-to struct */
	void (*init)(void *element);
	/* FIELD_CUSTOM: reads t into member; FIELD_LIST: reads one element. Errors by
	 * field_error(). */
	int (*parse)(struct field_ctx *c, const struct tree *t, void *member);
	/* For `parse`: the schema of the value (new reference). */
	json_t *(*schema)(void);
	size_t set_offset; /* offset of a bool that becomes true when the key is there and good; 0:
			      none */
	const char *help;  /* one sentence for the schema and with it the man page */
};

/* Reads map `t` into `object`. -1 when errors were added to c. */
int field_bind(struct field_ctx *c, const struct field *fields, const struct tree *t, void *object);

/* Reads one value as field_bind() would: for FIELD_CUSTOM parsers. -1 when errors were added to c.
 */
int field_value(struct field_ctx *c, const struct field *f, const struct tree *t, void *member);

/*
 * The one-line text of a scalar, substituted, never with control characters: for FIELD_CUSTOM
 * parsers. `expected` stands in the error when t is something else ("an address"). NULL when errors
 * were added to c.
 */
const char *field_scalar(struct field_ctx *c, const struct tree *t, const char *expected);

/* JSON schema (draft 2020-12) of a table's map, or of one value; new reference. */
json_t *field_schema(const struct field *fields);
json_t *field_value_schema(const struct field *f);
