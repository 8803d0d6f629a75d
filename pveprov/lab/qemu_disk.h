#pragma once
/*
 * qemu_disk.h: the disks of the qemu hypervisor's machines: one qcow2 file each, linked clones as
 * overlays, snapshots inside the file. All by qemu-img; for files that no QEMU has open.
 */
#include "base/clock.h"

/* A new overlay over `backing`, at least size_bytes large (0: as large as the backing file). */
int qemu_disk_overlay(const char *path, const char *backing, int64_t size_bytes,
		      const struct clock *clock, struct err **err);

/* An empty disk. */
int qemu_disk_empty(const char *path, int64_t size_bytes, const struct clock *clock,
		    struct err **err);

/* A full copy without snapshots. */
int qemu_disk_copy(const char *path, const char *source, const struct clock *clock,
		   struct err **err);

int qemu_disk_resize(const char *path, int64_t size_bytes, const struct clock *clock,
		     struct err **err);

/* action: 'c' creates, 'a' goes back to, 'd' deletes the snapshot. */
int qemu_disk_snapshot(const char *path, char action, const char *name, const struct clock *clock,
		       struct err **err);
