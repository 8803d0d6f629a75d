#pragma once
/*
 * commands.h: the list of all commands, in the order in which help shows them. To add one: its cmd_NAME.c, a line
 * here, a line in meson.build.
 */
#include "cli/command.h"

#define COMMANDS(X)  \
	X(explain)     \
	X(completion)

#define COMMANDS_DECLARE(name) extern const struct command cmd_##name;
COMMANDS(COMMANDS_DECLARE)

extern const struct command *const commands[]; /* NULL-terminated */
extern const struct command_group command_groups[]; /* ended by a NULL name */
extern const struct option_spec global_options[]; /* bound to struct globals (app.h) */

/* The command "group name"; group NULL: of the top level. NULL: none. */
const struct command *command_find(const char *group, const char *name);

/* A group that has commands. */
const struct command_group *command_group_find(const char *name);
