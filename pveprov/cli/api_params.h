#pragma once
/* api_params.h: "key=value" words of the command line as parameters of a call. */
#include "cli/command.h"
#include "pve/params.h"

/*
 * Adds each "key=value"; "key=@FILE" takes the file's content ("@-": standard input), so that a
 * secret need not stand in a command line. ERR_USAGE: no '=' or an empty key.
 */
int api_params_add(struct pve_params *p, const char *const *words, size_t n, struct err **err);
