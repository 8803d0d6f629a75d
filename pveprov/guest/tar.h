#pragma once
/*
 * tar.h: writes a POSIX tar (ustar; a pax header before an entry whose path ustar cannot hold).
 * Same entries, same bytes: owner root, time 0. Not libarchive: loading it and what it stands on
 * would take half of the time in which the whole program has to start; the test reads the result
 * with it.
 */
#include "base/buf.h"
#include "base/err.h"

struct tar_entry {
	const char *path; /* relative */
	unsigned mode;	  /* 0644 ... */
	bool link;	  /* symbolic: data is its target */
	const char *data;
	size_t len;
};

/* Beyond the ceiling of the buffer its `overflow` is set. */
void tar_add(struct buf *out, const struct tar_entry *e);

/* The two empty blocks at the end. */
void tar_end(struct buf *out);
