#pragma once
/*
 * log.h: where a library tells what it does. It never prints: the caller's sink decides.
 * Secrets never reach a log line. A NULL or zeroed log drops everything. Sinks are called from several threads.
 */
#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING };

struct log {
	void (*line)(void *ctx, enum log_level level, const char *text);
	void *ctx;
};

void log_debug(const struct log *l, const char *fmt, ...) PRINTF(2, 3);
void log_info(const struct log *l, const char *fmt, ...) PRINTF(2, 3);
void log_warning(const struct log *l, const char *fmt, ...) PRINTF(2, 3);
