#pragma once
/*
 * push_stream.h: what is sent to a guest for a push: the program, the manifest (what push.sh reads) and the files.
 */
#include "data/digest.h"
#include "guest/bundle.h"

extern const char push_program[]; /* push.sh */

/*
 * The manifest. Its id names the whole bundle: a digest of everything but confirm_s. ERR_INTERNAL for a word that could
 * not be written safely.
 */
int push_manifest(const struct bundle *b, int64_t confirm_s, char id[static DIGEST_SHA256_HEX], struct buf *out,
		  struct err **err);

/* For a look: program, "#manifest" and manifest as one text (the guest agent carries nothing else). */
int push_look_stream(const struct bundle *b, struct buf *out, struct err **err);

/* For a push: a tar of push.sh, manifest and files/. */
int push_tar_stream(const struct bundle *b, const struct buf *manifest, struct buf *out, struct err **err);
