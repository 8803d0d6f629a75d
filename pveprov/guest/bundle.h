#pragma once
/*
 * bundle.h: what a guest is to look like: files, paths that must not exist, units to enable,
 * disable or mask, packages.
 *
 * Pure data, sorted by path. Packed as one deterministic tar (same bundle, same bytes). Paths are
 * absolute, normalised and without "..": bundle_file() refuses others by returning -1 with
 * ERR_INTERNAL, as it does a path that is already there.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

struct bundle_file {
	char *path;
	unsigned mode; /* 0644 ... */
	char *data;    /* a symlink's target when `link` */
	size_t len;
	bool link;
	bool secret; /* not shown in diffs, not committed by etckeeper */
};

struct bundle {
	struct bundle_file *files;
	size_t n_files;
	struct strv absent;   /* paths to remove (trees too) */
	struct strv enable;   /* units to enable */
	struct strv disable;  /* units to disable and stop */
	struct strv mask;     /* units to mask and stop */
	struct strv packages; /* to install */
};

int bundle_file(struct bundle *b, const char *path, unsigned mode, const char *data, size_t len,
		struct err **err);
int bundle_text(struct bundle *b, const char *path, unsigned mode, const char *text,
		struct err **err);
int bundle_link(struct bundle *b, const char *path, const char *target, struct err **err);

/* A path that must not exist on the guest; checked as above, kept once. */
int bundle_absent(struct bundle *b, const char *path, struct err **err);

/* The file at path, or NULL. */
const struct bundle_file *bundle_get(const struct bundle *b, const char *path);

/* A POSIX tar of all files (mtime 0, owner root, sorted by path); names in it are relative:
 * "etc/resolv.conf". */
int bundle_tar(const struct bundle *b, struct buf *out, struct err **err);

void bundle_free(struct bundle *b);
#define _cleanup_bundle_ _cleanup_(bundle_free)
