#pragma once
/*
 * args.h: reads a command line against the tables of command.h. All errors are ERR_USAGE and carry
 * the nearest name.
 *
 * "--name value", "--name=value", "-n value", "-nvalue", "-qv" and "--" are understood; options and
 * operands may be mixed; names are never abbreviated, so that a new option cannot break a script.
 * Where a command has an option of the same name or letter as a global one, the command's counts.
 */
#include "cli/command.h"

struct globals;

struct args_parsed {
	const struct command *command; /* NULL: only a group, or nothing, was named */
	const struct command_group
		*group; /* with command NULL: the group that was named, or NULL */
	struct args args;
};

/*
 * argv as main() has it. Global options go to *globals. With --help or --version the rest may be
 * incomplete. *ret is to be freed with args_parsed_free(), whatever is returned.
 */
int args_parse(const char *const *argv, struct globals *globals, struct args_parsed *ret,
	       struct err **err);

void args_parsed_free(struct args_parsed *p);
#define _cleanup_args_ _cleanup_(args_parsed_free)

/* "1h30m", "90s", "250ms" or a bare number of seconds as milliseconds; false for anything else. */
bool args_duration(const char *text, int64_t *ret_ms);
