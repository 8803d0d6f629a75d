#pragma once
/*
 * sim_guest.h: a simulated guest: its files, its host key, and the programs that run on it. A
 * program that no table knows succeeds and prints nothing; what is written stays.
 */
#include "base/buf.h"
#include "lab/world.h"

struct guest;

struct guest_result {
	int status;
	struct buf out, err;
	int64_t ms; /* how long it took, of the node's time */
};

/* A fresh disk of that kind (NULL: a Debian that answers nothing in particular). */
struct guest *guest_new(const struct world_guest *kind);
struct guest *guest_copy(const struct guest *g); /* for clones and snapshots */
struct guest *guest_free(struct guest *g);

/* NULL: no such file. */
const struct buf *guest_file(const struct guest *g, const char *path);
void guest_write(struct guest *g, const char *path, const void *data, size_t len, unsigned mode);
void guest_remove(struct guest *g, const char *path);

/* Paths below a directory, sorted: fn for each. */
void guest_each(const struct guest *g, const char *prefix,
		void (*fn)(void *ctx, const char *path, const struct buf *data), void *ctx);

/* Whether the world has an answer of its own to a program. */
bool guest_scripted(const struct guest *g, const char *const *argv, const char *input);

/* Runs a program; argv is NULL-terminated. */
void guest_exec(struct guest *g, const char *const *argv, const void *input, size_t input_len,
		struct guest_result *ret);
void guest_result_free(struct guest_result *r);
#define _cleanup_guest_result_ _cleanup_(guest_result_free)

/* A new host key, as cloud-init makes at the first boot: the files in /etc/ssh. -1: no. */
int guest_make_host_key(struct guest *g);
