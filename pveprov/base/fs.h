#pragma once
/*
 * fs.h: files as the rest of the program wants them: read with a ceiling, written whole or not at all.
 * All descriptors are close-on-exec.
 */
#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

/* Reads a whole file ("-" is standard input) of at most max_bytes into *out. ERR_NOT_FOUND when it does not exist. */
int fs_read(const char *path, size_t max_bytes, struct buf *out, struct err **err);

/* Writes a temporary file beside `path`, syncs it and renames it over `path`. */
int fs_write(const char *path, const void *data, size_t len, mode_t mode, struct err **err);

/* As mkdir -p; new directories get `mode`. */
int fs_mkdirs(const char *path, mode_t mode, struct err **err);

/* Removes a tree; a missing one is fine. Never follows symbolic links, never crosses into other file systems. */
int fs_remove_tree(const char *path, struct err **err);

/* Makes a private directory (0700) under $TMPDIR given as `base` (NULL: /tmp). The malloc'd path goes to *ret_path. */
int fs_temp_dir(const char *base, const char *prefix, char **ret_path, struct err **err);

bool fs_exists(const char *path);

/* malloc'd "a/b" with exactly one slash between. */
char *fs_join(const char *a, const char *b);
