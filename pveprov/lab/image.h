#pragma once
/*
 * image.h: the guest image of the qemu hypervisor, built by the recipe in pveprov/lab/image (or
 * libexec/pveprov/image) and kept in the user's cache under the digest of that recipe.
 */
#include "base/deadline.h"
#include "base/log.h"

/* What the recipe makes the disk: nothing smaller can be laid over it. */
#define IMAGE_DISK_BYTES ((int64_t)4 << 30)

struct image {
	char *dir;
	char *disk, *kernel, *initrd;	 /* what a machine boots */
	char *repository;		 /* directory of the flat apt repository */
	char *certificate, *private_key; /* of the made-up internet's servers */
};

/*
 * Finds the image, or builds it (a minute or two, needs root and a Debian mirror). cache: directory
 * for all images; NULL: $XDG_CACHE_HOME/pveprov/images. script: NULL: the one that belongs to this
 * program.
 */
int image_get(const char *cache, const char *script, const struct clock *clock,
	      const struct log *log, struct image *ret, struct err **err);

/* malloc'd "$XDG_CACHE_HOME/pveprov/<name>". */
char *image_cache(const char *name);

void image_free(struct image *i);
#define _cleanup_image_ _cleanup_(image_free)
