#include "lab/qemu_disk.h"
#include "base/proc.h"
#include "base/strv.h"

enum { DISK_MS = 120000 };

static int qemu_img(const char *const *argv, const struct clock *clock, struct err **err)
{
	const struct proc_spec spec = { .argv = argv, .timeout_ms = DISK_MS };

	return proc_check(&spec, clock, err);
}

int qemu_disk_overlay(const char *path, const char *backing, int64_t size_bytes,
		      const struct clock *clock, struct err **err)
{
	_cleanup_free_ char *size = xasprintf("%" PRId64, size_bytes);
	const char *argv[] = { "qemu-img",
			       "create",
			       "-q",
			       "-f",
			       "qcow2",
			       "-F",
			       "qcow2",
			       "-b",
			       backing,
			       path,
			       size_bytes ? size : NULL,
			       NULL };

	return qemu_img(argv, clock, err);
}

int qemu_disk_empty(const char *path, int64_t size_bytes, const struct clock *clock,
		    struct err **err)
{
	_cleanup_free_ char *size = xasprintf("%" PRId64, size_bytes);
	const char *argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL };

	return qemu_img(argv, clock, err);
}

int qemu_disk_copy(const char *path, const char *source, const struct clock *clock,
		   struct err **err)
{
	const char *argv[] = { "qemu-img", "convert", "-q", "-O", "qcow2", source, path, NULL };

	return qemu_img(argv, clock, err);
}

int qemu_disk_resize(const char *path, int64_t size_bytes, const struct clock *clock,
		     struct err **err)
{
	_cleanup_free_ char *size = xasprintf("%" PRId64, size_bytes);
	const char *argv[] = { "qemu-img", "resize", "-q", path, size, NULL };

	return qemu_img(argv, clock, err);
}

int qemu_disk_snapshot(const char *path, char action, const char *name, const struct clock *clock,
		       struct err **err)
{
	const char option[] = { '-', action, 0 };
	const char *argv[] = { "qemu-img", "snapshot", option, name, path, NULL };

	return qemu_img(argv, clock, err);
}
