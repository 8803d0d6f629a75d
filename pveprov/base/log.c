#include "base/log.h"

static void log_line(const struct log *l, enum log_level level, const char *fmt, va_list ap)
{
	if (!l || !l->line)
		return;
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	l->line(l->ctx, level, text);
}

#define DEFINE_LOG(name, level)                                      \
	void log_##name(const struct log *l, const char *fmt, ...)   \
	{                                                            \
		va_list ap;                                          \
		va_start(ap, fmt);                                   \
		log_line(l, level, fmt, ap);                         \
		va_end(ap);                                          \
	}

DEFINE_LOG(debug, LOG_DEBUG)
DEFINE_LOG(info, LOG_INFO)
DEFINE_LOG(warning, LOG_WARNING)
