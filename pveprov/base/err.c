#include "base/err.h"

static const struct {
	const char *name;
	int exit_code;
} kinds[ERR_KINDS] = {
	[ERR_INTERNAL] = { "internal", 1 },
	[ERR_UNREACHABLE] = { "unreachable", 3 },
	[ERR_TIMEOUT] = { "timeout", 3 },
	[ERR_AUTH] = { "auth", 4 },
	[ERR_NOT_FOUND] = { "not-found", 5 },
	[ERR_CONFLICT] = { "conflict", 6 },
	[ERR_BUSY] = { "busy", 6 },
	[ERR_SECOND_FACTOR] = { "second-factor", 7 },
	[ERR_TASK] = { "task", 8 },
	[ERR_VERIFY] = { "verify", 9 },
	[ERR_REVERTED] = { "reverted", 10 },
	[ERR_GUARD] = { "guard", 11 },
	[ERR_USAGE] = { "usage", 64 },
	[ERR_RECIPE] = { "recipe", 65 },
	[ERR_INTERRUPTED] = { "interrupted", 130 },
};

static int err_take(struct err **err, enum err_kind kind, char *text)
{
	if (!err) {
		free(text);
		return -1;
	}
	err_free(*err);
	*err = xcalloc(1, sizeof(**err));
	(*err)->kind = kind;
	(*err)->text = text;
	return -1;
}

int err_set(struct err **err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	return err_take(err, kind, text);
}

int err_set_errno(struct err **err, enum err_kind kind, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	char why[128];
	return err_take(err, kind, xasprintf("%s: %s", text, strerror_r(saved, why, sizeof(why))));
}

int err_wrap(struct err **err, const char *fmt, ...)
{
	if (!err || !*err)
		return -1;
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *who = xvasprintf(fmt, ap);
	va_end(ap);
	_cleanup_free_ char *old = (*err)->text;
	(*err)->text = xasprintf("%s: %s", who, old);
	return -1;
}

int err_hint(struct err **err, const char *fmt, ...)
{
	if (!err || !*err)
		return -1;
	va_list ap;

	va_start(ap, fmt);
	free((*err)->hint);
	(*err)->hint = xvasprintf(fmt, ap);
	va_end(ap);
	return -1;
}

int err_code(struct err **err, int code)
{
	if (err && *err)
		(*err)->code = code;
	return -1;
}

int err_move(struct err **err, struct err *from)
{
	if (!err) {
		err_free(from);
		return -1;
	}
	err_free(*err);
	*err = from;
	return -1;
}

int err_exit_code(enum err_kind kind)
{
	return kinds[kind].exit_code;
}

const char *err_kind_name(enum err_kind kind)
{
	return kinds[kind].name;
}

struct err *err_free(struct err *err)
{
	if (err) {
		free(err->text);
		free(err->hint);
		free(err);
	}
	return NULL;
}
