#include "cli/api_params.h"
#include "base/fs.h"

enum { FILE_MAX = 512 << 10 }; /* what the server takes at most */

static int add_file(struct pve_params *p, const char *key, const char *path, struct err **err)
{
	_cleanup_buf_ struct buf content = { 0 };

	if (fs_read(path, FILE_MAX, &content, err) < 0)
		return err_wrap(err, "value of '%s'", key);
	if (content.len && content.data[content.len - 1] == '\n') /* the editor's */
		content.data[--content.len] = '\0';
	pve_params_add_len(p, key, buf_text(&content), content.len);
	explicit_bzero(content.data, content.cap);
	return 0;
}

int api_params_add(struct pve_params *p, const char *const *words, size_t n, struct err **err)
{
	for (size_t i = 0; i < n; i++) {
		const char *equals = strchr(words[i], '=');
		if (!equals || equals == words[i]) {
			err_set(err, ERR_USAGE, "'%s' is not KEY=VALUE", words[i]);
			return err_hint(err, "KEY=@FILE takes the value from a file");
		}
		_cleanup_free_ char *key = xstrndup(words[i], (size_t)(equals - words[i]));
		if (equals[1] != '@')
			pve_params_add(p, key, equals + 1);
		else if (add_file(p, key, equals + 2, err) < 0)
			return -1;
	}
	return 0;
}
