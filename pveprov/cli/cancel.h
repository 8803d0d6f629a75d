#pragma once
/*
 * cancel.h: Ctrl-C and SIGTERM as a readable descriptor. The first one makes it readable for good;
 * the second ends the program at once with status 130. The only state of the program that is not
 * passed: a signal handler has no argument.
 */
#include "base/err.h"

/* *ret_fd belongs to the program until its end. SIGPIPE is ignored: a closed pipe is a failed
 * write. */
int cancel_install(int *ret_fd, struct err **err);
