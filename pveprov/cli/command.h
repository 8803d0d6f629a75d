#pragma once
/*
 * command.h: one command = one file `cmd_NAME.c` that defines `const struct command cmd_NAME`.
 *
 * The table is all there is: parsing, --help, the man pages and the completions are made from it,
 * so a command whose option has no help does not pass scripts/checks/help. A new command is a file,
 * a line in meson.build and a line in commands.h.
 *
 * An option is bound to a member of the command's own options struct, which starts as a copy of
 * `defaults` (zeroed without). Text is borrowed from argv; lists live in the arena of struct args.
 */
#include "base/arena.h"
#include "base/err.h"

struct app;

enum option_type {
	OPT_FLAG = 1, /* bool: true when given */
	OPT_TEXT,     /* const char *, NULL when not given */
	OPT_LIST,     /* struct option_list: may be given several times */
	OPT_INT,      /* int64_t within [min, max] */
	OPT_DURATION, /* int64_t ms within [min, max]: 90s, 10m, 1h30m; a bare number is seconds */
	OPT_ENUM,     /* int: index into `names` */
};

/* What completes an argument. */
enum complete { COMPLETE_NONE, COMPLETE_FILE, COMPLETE_DIRECTORY, COMPLETE_COMMAND };

struct option_list {
	const char **v;
	size_t n;
};

struct option_spec {
	enum option_type type;
	size_t offset;		  /* of the member: written by the OPTION_ macros below */
	const char *name;	  /* without the dashes; the table ends where it is NULL */
	char letter;		  /* 0: none */
	const char *arg;	  /* name of the argument, "FILE"; NULL for flags */
	const char *help;	  /* a sentence without a full stop */
	int64_t min, max;	  /* OPT_INT, OPT_DURATION; both 0: 0 to INT64_MAX */
	const char *const *names; /* OPT_ENUM: NULL-terminated */
	enum complete complete;
};

/* The offset of a member, and a compile error when it has another type than the option needs. */
#define OPTION_OFFSET(s, m, type)                                                                  \
	(offsetof(s, m) +                                                                          \
	 (sizeof(char[__builtin_types_compatible_p(__typeof__(((s *)0)->m), type) ? 1 : -1]) - 1))
#define OPTION_FLAG(s, m)     .type = OPT_FLAG, .offset = OPTION_OFFSET(s, m, bool)
#define OPTION_TEXT(s, m)     .type = OPT_TEXT, .offset = OPTION_OFFSET(s, m, const char *)
#define OPTION_LIST(s, m)     .type = OPT_LIST, .offset = OPTION_OFFSET(s, m, struct option_list)
#define OPTION_INT(s, m)      .type = OPT_INT, .offset = OPTION_OFFSET(s, m, int64_t)
#define OPTION_DURATION(s, m) .type = OPT_DURATION, .offset = OPTION_OFFSET(s, m, int64_t)
#define OPTION_ENUM(s, m)     .type = OPT_ENUM, .offset = OPTION_OFFSET(s, m, int)

/* A positional argument. Only the last may be repeated; after an optional one all are optional. */
struct operand {
	const char *name; /* "RECIPE"; the table ends where it is NULL */
	const char *help;
	bool optional;
	bool repeated;
	enum complete complete;
	const char *const *names; /* the allowed words, NULL-terminated; NULL: anything */
};

struct example {
	const char *line; /* what to type after "pveprov "; the table ends where it is NULL */
	const char *what; /* what it does, lower case, no full stop */
};

/* Which exit codes beside 0, 1, 64 and 130 a command has: its help and man page list them. */
enum exits {
	EXITS_CHANGES = 1 << 0,	  /* 2 */
	EXITS_SERVER = 1 << 1,	  /* 3, 4, 7: speaks to a server */
	EXITS_OBJECT = 1 << 2,	  /* 5, 6: names a thing there */
	EXITS_TASK = 1 << 3,	  /* 8 */
	EXITS_VERIFY = 1 << 4,	  /* 9 */
	EXITS_REVERTED = 1 << 5,  /* 10 */
	EXITS_GUARD = 1 << 6,	  /* 11 */
	EXITS_INPUT = 1 << 7,	  /* 65: reads a recipe or another input file */
	EXITS_PROGRAM = 1 << 8,	  /* passes on the status of a program it ran */
	EXITS_NOT_FOUND = 1 << 9, /* 5 alone */
	EXITS_UNREACHABLE = 1 << 10, /* 3 alone */
};

/* What the user typed, checked against the command's tables. */
struct args {
	const char *const *v; /* operands, NULL-terminated */
	size_t n;
	const void *options; /* the command's options struct */
	struct arena arena;
};

struct command {
	const char *group;   /* "vm"; NULL: the command stands at the top level */
	const char *name;    /* "list" */
	const char *summary; /* imperative, lower case, no full stop, at most 60 characters */
	const char
		*about; /* paragraphs, separated by an empty line; wrapped by whoever prints them */
	const struct operand *operands;	   /* NULL: none */
	const struct option_spec *options; /* NULL: none but the global ones */
	size_t options_size;		   /* of the options struct */
	const void *defaults;		   /* an options struct, or NULL */
	const struct example *examples;	   /* at least one */
	unsigned exits;			   /* enum exits */
	/*
	 * Returns the exit status (0 or more), or -1 with *err set: the caller prints it with its
	 * hint and exits with err_exit_code(). Results go to app->out, everything else to
	 * app->progress.
	 */
	int (*run)(struct app *app, const struct args *args, struct err **err);
};

/* A noun whose commands are typed "pveprov NOUN VERB". */
struct command_group {
	const char *name;
	const char *summary;
	const char *about;
};
