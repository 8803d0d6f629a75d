#pragma once
/*
 * qemu_dir.h: the directory of one running lab: disks, seeds, consoles, logs. A lab that was killed
 * leaves its own behind; the next one sees that nobody holds its lock and removes it.
 */
#include "base/err.h"

struct qemu_dir {
	char *path;
	int lock_fd;
};

/* Makes PARENT/run.XXXXXX, locked, and removes its abandoned siblings. parent: NULL: beside the
 * cached images. */
int qemu_dir_open(const char *parent, struct qemu_dir *ret, struct err **err);

/* Removes the directory. */
void qemu_dir_close(struct qemu_dir *d);
