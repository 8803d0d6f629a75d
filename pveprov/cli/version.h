#pragma once
/* version.h: the output of --version: ours, then the libraries' that matter when something goes
 * wrong. */
#include "cli/output.h"

void version_print(struct out *out);
