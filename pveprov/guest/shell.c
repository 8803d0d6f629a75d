#include "guest/shell.h"
#include "base/strv.h"

enum { TIMEOUT_DEFAULT_MS = 60000, OUTPUT_MAX_DEFAULT = 1 << 20, LINE_MAX_BYTES = 4096, ERROR_LINES = 3, MESSAGES_MIN = 65536 };
enum { STATUS_MISSING = 66 }; /* ours, of READ_SCRIPT: EX_NOINPUT */

/* $1 path, $2 mode: whole or not at all. */
static const char WRITE_SCRIPT[] = "umask 077; t=$1.pveprov.$$; trap 'rm -f \"$t\"' EXIT; "
				   "cat >\"$t\" && chmod \"$2\" \"$t\" && mv -fT \"$t\" \"$1\"";
static const char READ_SCRIPT[] = "[ -e \"$1\" ] || exit 66; exec cat -- \"$1\"";

int shell_exec(struct shell *s, const struct shell_exec *x, struct shell_result *ret, struct err **err)
{
	struct shell_exec full = *x;
	struct shell_result r = { 0 };

	full.timeout_ms = x->timeout_ms ? x->timeout_ms : TIMEOUT_DEFAULT_MS;
	full.output_max = x->output_max ? x->output_max : OUTPUT_MAX_DEFAULT;
	r.out.ceiling = full.output_max;
	r.err.ceiling = MAX(full.output_max, (size_t)MESSAGES_MIN); /* a small file may fail with a long message */
	if (s->ops->exec(s, &full, &r, err) < 0) {
		shell_result_free(&r);
		return -1;
	}
	*ret = r;
	return 0;
}

/* The last lines of what the program said, joined by "; ". */
static char *last_words(struct shell_result *r)
{
	_cleanup_strv_ struct strv lines = { 0 };
	_cleanup_strv_ struct strv last = { 0 };

	strv_split(&lines, r->err.len ? buf_text(&r->err) : buf_text(&r->out), "\r\n");
	for (size_t i = lines.n > ERROR_LINES ? lines.n - ERROR_LINES : 0; i < lines.n; i++)
		strv_add(&last, lines.v[i]);
	return strv_join(&last, "; ");
}

int shell_check(struct shell *s, const struct shell_exec *x, struct shell_result *ret, struct err **err)
{
	_cleanup_shell_result_ struct shell_result r = { 0 };

	if (shell_exec(s, x, &r, err) < 0)
		return -1;
	if (r.status != 0) {
		_cleanup_free_ char *words = last_words(&r);
		err_set(err, ERR_INTERNAL, "%s: '%s' failed with status %d%s%s", s->peer, x->argv[0], r.status,
			*words ? ": " : "", words);
		return err_code(err, r.status);
	}
	if (ret) {
		*ret = r;
		r = (struct shell_result){ 0 };
	}
	return 0;
}

int shell_script(struct shell *s, const char *script, const char *const *args, int64_t timeout_ms,
		 struct shell_result *ret, struct err **err)
{
	_cleanup_strv_ struct strv argv = { 0 };

	strv_add(&argv, "/bin/sh");
	strv_add(&argv, "-s");
	strv_add(&argv, "--");
	if (args)
		strv_add_all(&argv, args);
	return shell_exec(s,
			  &(struct shell_exec){ .argv = (const char *const *)argv.v,
						.input = script,
						.input_len = strlen(script),
						.timeout_ms = timeout_ms },
			  ret, err);
}

int shell_write_file(struct shell *s, const char *path, unsigned mode, const void *data, size_t len, struct err **err)
{
	return s->ops->write_file(s, path, mode, data, len, err);
}

int shell_read_file(struct shell *s, const char *path, size_t max_bytes, struct buf *out, struct err **err)
{
	return s->ops->read_file(s, path, max_bytes, out, err);
}

int shell_write_by_exec(struct shell *s, const char *path, unsigned mode, const void *data, size_t len,
			struct err **err)
{
	char octal[16];

	snprintf(octal, sizeof(octal), "%o", mode & 07777);
	const char *argv[] = { "/bin/sh", "-c", WRITE_SCRIPT, "sh", path, octal, NULL };
	if (shell_check(s, &(struct shell_exec){ .argv = argv, .input = data, .input_len = len }, NULL, err) < 0)
		return err_wrap(err, "cannot write '%s'", path);
	return 0;
}

int shell_read_by_exec(struct shell *s, const char *path, size_t max_bytes, struct buf *out, struct err **err)
{
	const char *argv[] = { "/bin/sh", "-c", READ_SCRIPT, "sh", path, NULL };
	_cleanup_shell_result_ struct shell_result r = { 0 };

	if (shell_exec(s, &(struct shell_exec){ .argv = argv, .output_max = max_bytes }, &r, err) < 0)
		return err_wrap(err, "cannot read '%s'", path);
	if (r.status == STATUS_MISSING)
		return err_set(err, ERR_NOT_FOUND, "%s: '%s' does not exist", s->peer, path);
	if (r.status != 0) {
		_cleanup_free_ char *words = last_words(&r);
		return err_set(err, ERR_INTERNAL, "%s: cannot read '%s': %s", s->peer, path, words);
	}
	if (buf_add(out, r.out.data, r.out.len) < 0)
		return err_set(err, ERR_INTERNAL, "%s: '%s' is larger than %zu bytes", s->peer, path, out->ceiling);
	return 0;
}

void shell_pass_lines(const struct shell_exec *x, struct buf *b, size_t *seen, bool end)
{
	while (x->line && *seen < b->len) {
		char line[LINE_MAX_BYTES];
		const char *start = b->data + *seen;
		const char *stop = memchr(start, '\n', b->len - *seen);
		if (!stop && !end)
			return;
		size_t len = stop ? (size_t)(stop - start) : b->len - *seen;
		*seen += len + (stop ? 1 : 0);
		while (len && start[len - 1] == '\r')
			len--;
		snprintf(line, sizeof(line), "%.*s", (int)MIN(len, sizeof(line) - 1), start);
		x->line(x->line_ctx, line);
	}
}

void shell_quote(struct buf *out, const char *word)
{
	buf_addc(out, '\'');
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *p);
	buf_addc(out, '\'');
}

void shell_result_free(struct shell_result *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}

struct shell *shell_close(struct shell *s)
{
	if (s)
		s->ops->close(s);
	return NULL;
}
