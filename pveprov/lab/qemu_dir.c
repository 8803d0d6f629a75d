#include "lab/qemu_dir.h"
#include "base/fs.h"
#include "lab/image.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>

static const char prefix[] = "run.";

static int open_lock(const char *dir, int flags)
{
	_cleanup_free_ char *lock = fs_join(dir, "lock");

	return open(lock, O_RDWR | O_CLOEXEC | flags, 0600);
}

static void remove_abandoned(const char *parent)
{
	DIR *d = opendir(parent);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (!starts_with(e->d_name, prefix))
			continue;
		_cleanup_free_ char *dir = fs_join(parent, e->d_name);
		_cleanup_close_ int fd = open_lock(dir, O_CREAT);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			fs_remove_tree(dir, NULL);
	}
	if (d)
		closedir(d);
}

int qemu_dir_open(const char *parent, struct qemu_dir *ret, struct err **err)
{
	_cleanup_free_ char *own_parent = parent ? NULL : image_cache("machines");
	_cleanup_free_ char *path = NULL;

	if (!parent)
		parent = own_parent;
	if (fs_mkdirs(parent, 0700, err) < 0)
		return -1;
	/* Nobody looks for abandoned ones while one is being made. */
	_cleanup_close_ int guard = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (guard < 0 || flock(guard, LOCK_EX) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot lock '%s'", parent);
	remove_abandoned(parent);
	if (fs_temp_dir(parent, "run", &path, err) < 0)
		return -1;
	int fd = open_lock(path, O_CREAT);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		closep(&fd);
		return err_set_errno(err, ERR_INTERNAL, "cannot lock '%s'", path);
	}
	*ret = (struct qemu_dir){ TAKE_PTR(path), fd };
	return 0;
}

void qemu_dir_close(struct qemu_dir *d)
{
	if (!d->path)
		return;
	fs_remove_tree(d->path, NULL);
	close(d->lock_fd);
	free(d->path);
	*d = (struct qemu_dir){ .lock_fd = -1 };
}
