#pragma once
/*
 * program.h: other programs that share our terminal: pveprov-lab, ssh.
 */
#include "base/err.h"

/* Where a program of ours lies beside this one, or in libexec. malloc'd; its bare name where it is
 * not there. */
char *program_path(const char *name);

/* Replaces this process. Returns only when that fails (-1, ERR_NOT_FOUND: no such program). Flush
 * before. */
int program_exec(const char *const *argv, struct err **err);

/* Runs it with our terminal, its standard output on our standard error. Its status goes to
 * *ret_status. */
int program_run(const char *const *argv, int *ret_status, struct err **err);
