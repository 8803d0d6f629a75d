#pragma once
/*
 * exits.h: the exit codes: what each means and what to do. Help, pveprov(1) and 'pveprov explain'
 * print this table.
 */
#include "cli/command.h"

struct exit_info {
	int code;
	unsigned mask; /* of enum exits: listed by commands that have it; 0: by every command */
	const char *summary; /* one line */
	const char *cause;
	const char *action;
};

extern const struct exit_info exit_infos[]; /* ended by summary NULL */

/* Whether a command's help lists it. */
static inline bool exit_applies(const struct exit_info *e, const struct command *c)
{
	return !e->mask || (e->mask & c->exits);
}
