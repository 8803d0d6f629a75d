#pragma once
/* completion.h: completion scripts for shells, made from the tables of commands.h. */
#include "base/buf.h"

struct completion_shell {
	const char *name;
	void (*write)(struct buf *out);
};

extern const struct completion_shell completion_shells[]; /* ended by a NULL name */
extern const char *const completion_shell_names[];	  /* NULL-terminated, the same order */
