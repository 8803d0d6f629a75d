#include "cli/ticket.h"
#include "base/fs.h"
#include "base/strv.h"
#include "base/text.h"
#include "cli/context.h"
#include "data/digest.h"

#include <sys/stat.h>

enum { LIFE_S = 2 * 3600 - 60, BYTES_MAX = 16384 };

/* The name does not tell the server's, so it is a digest. malloc'd. */
static char *path_of(const char *endpoint, const char *user)
{
	_cleanup_free_ char *key = xasprintf("%s %s", endpoint, user);
	char hex[DIGEST_SHA256_HEX];

	digest_sha256(key, strlen(key), hex);
	_cleanup_free_ char *name = xasprintf("ticket-%.16s", hex);
	return context_runtime_path(name);
}

/* Only a file that is ours and nobody else's counts: the directory may be one in /tmp. */
static bool is_private(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 077) == 0;
}

bool ticket_read(const char *endpoint, const char *user, int64_t now_s, struct secret *ret_ticket,
		 struct secret *ret_csrf)
{
	_cleanup_free_ char *path = path_of(endpoint, user);
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_strv_ struct strv lines = { 0 };
	int64_t made_s;
	bool found = false;

	if (!is_private(path) || fs_read(path, BYTES_MAX, &text, NULL) < 0)
		return false;
	strv_split(&lines, buf_text(&text), "\n");
	if (lines.n == 3 && text_to_i64(lines.v[0], 0, INT64_MAX, &made_s) &&
	    now_s - made_s < LIFE_S && now_s >= made_s) {
		secret_set(ret_ticket, lines.v[1], strlen(lines.v[1]));
		secret_set(ret_csrf, lines.v[2], strlen(lines.v[2]));
		found = true;
	}
	explicit_bzero(text.data, text.cap);
	for (size_t i = 0; i < lines.n; i++)
		explicit_bzero(lines.v[i], strlen(lines.v[i]));
	return found;
}

int ticket_write(const char *endpoint, const char *user, int64_t now_s, const struct secret *ticket,
		 const struct secret *csrf, struct err **err)
{
	_cleanup_free_ char *path = path_of(endpoint, user), *dir = context_runtime_path("");
	_cleanup_buf_ struct buf text = { 0 };
	struct stat st;

	if (fs_mkdirs(dir, 0700, err) < 0)
		return -1;
	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return err_set(err, ERR_GUARD, "'%s' is not a directory of yours", dir);
	buf_addf(&text, "%" PRId64 "\n%s\n%s\n", now_s, ticket->text, csrf->text);
	int r = fs_write(path, text.data, text.len, 0600, err);
	explicit_bzero(text.data, text.cap);
	return r;
}

void ticket_remove(const char *endpoint, const char *user)
{
	_cleanup_free_ char *path = path_of(endpoint, user);

	unlink(path);
}
