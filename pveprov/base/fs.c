#include "base/fs.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

int fs_read(const char *path, size_t max_bytes, struct buf *out, struct err **err)
{
	_cleanup_close_ int fd = streq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
						  : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL,
				     "cannot open '%s'", path);
	size_t start = out->len;
	out->ceiling = start + max_bytes + 1;
	for (;;) {
		size_t want = MIN((size_t)65536, out->ceiling - out->len);
		char *room = buf_reserve(out, want);
		ssize_t n = want && room ? read(fd, room, want) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, ERR_INTERNAL, "cannot read '%s'", path);
		out->len += (size_t)n;
		if (out->data)
			out->data[out->len] = '\0';
		if (out->len - start > max_bytes)
			return err_set(err, ERR_RECIPE, "'%s' is larger than %zu bytes", path, max_bytes);
		if (n == 0)
			return 0;
	}
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int fs_write(const char *path, const void *data, size_t len, mode_t mode, struct err **err)
{
	_cleanup_free_ char *temp = xasprintf("%s.XXXXXX", path);
	_cleanup_close_ int fd = mkostemp(temp, O_CLOEXEC);

	if (fd < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot create a file beside '%s'", path);
	if (write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
	    rename(temp, path) < 0) {
		err_set_errno(err, ERR_INTERNAL, "cannot write '%s'", path);
		unlink(temp);
		return -1;
	}
	return 0;
}

int fs_mkdirs(const char *path, mode_t mode, struct err **err)
{
	_cleanup_free_ char *p = xstrdup(path);

	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return err_set_errno(err, ERR_INTERNAL, "cannot create directory '%s'", p);
		*s = '/';
	}
	if (mkdir(p, mode) < 0 && errno != EEXIST)
		return err_set_errno(err, ERR_INTERNAL, "cannot create directory '%s'", p);
	return 0;
}

static int remove_one(const char *path, const struct stat *st UNUSED, int type UNUSED,
		      struct FTW *f UNUSED)
{
	return remove(path);
}

int fs_remove_tree(const char *path, struct err **err)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		return err_set_errno(err, ERR_INTERNAL, "cannot remove '%s'", path);
	return 0;
}

int fs_temp_dir(const char *base, const char *prefix, char **ret_path, struct err **err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.XXXXXX", base ? base : "/tmp", prefix);

	if (!mkdtemp(path))
		return err_set_errno(err, ERR_INTERNAL, "cannot create a directory under '%s'",
				     base ? base : "/tmp");
	*ret_path = TAKE_PTR(path);
	return 0;
}

bool fs_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

char *fs_join(const char *a, const char *b)
{
	size_t n = strlen(a);

	while (n > 1 && a[n - 1] == '/')
		n--;
	while (*b == '/')
		b++;
	return n == 1 && a[0] == '/' ? xasprintf("/%s", b) : xasprintf("%.*s/%s", (int)n, a, b);
}
