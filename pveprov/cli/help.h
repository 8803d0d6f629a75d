#pragma once
/*
 * help.h: the texts of --help, made from the tables of commands.h. They teach: usage, what it does,
 * options, examples, exit codes.
 */
#include "base/buf.h"
#include "cli/command.h"

void help_top(struct buf *out, size_t width);
void help_group(struct buf *out, const struct command_group *g, size_t width);
void help_command(struct buf *out, const struct command *c, size_t width);

/* "pveprov vm exec [OPTION]... VM -- COMMAND...", without a newline. Also for man pages. */
void help_usage(struct buf *out, const struct command *c);

/* "-o, --output FORMAT"; without the letter where `command` has that letter itself (NULL: never).
 */
void help_option(struct buf *out, const struct option_spec *s, const struct command *command);

/* What an option's argument may be: "One of: a, b." or "From 1 to 5 s."; nothing for plain text. */
void help_option_values(struct buf *out, const struct option_spec *s);
