#pragma once
/*
 * err.h: the error object, made in one line where the facts are.
 *
 * A function that can fail takes `struct err **err` last and returns 0 or -1; -1 means *err is set,
 * 0 means it is untouched. The kind alone decides about retry and exit code. Text: lower case, no full
 * stop, what failed first, names in 'single quotes'. The hint says what the user can do. The error is
 * printed once, in cli/. A NULL `err` drops the error.
 */
#include "base/base.h"

enum err_kind {
	ERR_INTERNAL,	   /* a fault of ours or of the local machine         exit 1 */
	ERR_UNREACHABLE,   /* no connection, TLS refused                       exit 3 */
	ERR_TIMEOUT,	   /* a limit ran out; the error names it              exit 3 */
	ERR_AUTH,	   /* not logged in, or a privilege is missing         exit 4 */
	ERR_NOT_FOUND,	   /* the named thing does not exist                   exit 5 */
	ERR_CONFLICT,	   /* exists already, changed by somebody else         exit 6 */
	ERR_BUSY,	   /* locked; waiting and trying again may help        exit 6 */
	ERR_SECOND_FACTOR, /* the account wants a second factor                exit 7 */
	ERR_TASK,	   /* a task failed on the server                      exit 8 */
	ERR_VERIFY,	   /* a probe failed                                   exit 9 */
	ERR_REVERTED,	   /* the change undid itself                          exit 10 */
	ERR_GUARD,	   /* refused by a guard before anything was sent      exit 11 */
	ERR_USAGE,	   /* wrong command line                               exit 64 */
	ERR_RECIPE,	   /* bad recipe or other input file                   exit 65 */
	ERR_INTERRUPTED,   /* Ctrl-C; run again to resume                      exit 130 */
	ERR_KINDS
};

struct err {
	enum err_kind kind;
	int code;   /* HTTP status, exit status ... of the peer; 0 where there is none */
	char *text; /* never NULL */
	char *hint; /* what to do next, or NULL */
};

/* Sets *err (which must be NULL or point at NULL) and returns -1. */
int err_set(struct err **err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);

/* As err_set(), with ": <strerror(errno)>" appended. */
int err_set_errno(struct err **err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);

/* Puts "<fmt>: " before the text of *err. Returns -1. */
int err_wrap(struct err **err, const char *fmt, ...) PRINTF(2, 3);

/* Sets the hint of *err, replacing an older one. Returns -1. */
int err_hint(struct err **err, const char *fmt, ...) PRINTF(2, 3);

/* Sets the peer's code. Returns -1. */
int err_code(struct err **err, int code);

/* Moves an error on to the caller's err (or frees it when that is NULL). Returns -1. */
int err_move(struct err **err, struct err *from);

/* The exit code of a kind: the documented table of pveprov(1). */
int err_exit_code(enum err_kind kind);

/* The kind's short name for JSON output: "timeout", "conflict" ... */
const char *err_kind_name(enum err_kind kind);

struct err *err_free(struct err *err);
DEFINE_CLEANUP(struct err *, err_free)
#define _cleanup_err_ _cleanup_(err_freep)
