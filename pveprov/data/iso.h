#pragma once
/*
 * iso.h: a small ISO 9660 image (Joliet and Rock Ridge) with files in its root: the NoCloud seed
 * "cidata".
 */
#include "base/err.h"

struct iso_file {
	const char *name;
	const void *data;
	size_t len;
};

/* Writes the image to `path` (0600, whole or not at all). Same input, same bytes. */
int iso_write(const char *path, const char *label, const struct iso_file *files, size_t n,
	      struct err **err);
