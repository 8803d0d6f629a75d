#pragma once
/*
 * digest.h: SHA-1 (Proxmox's own digests), SHA-256 and base64, by OpenSSL.
 */
#include "base/buf.h"

enum { DIGEST_SHA1_HEX = 41, DIGEST_SHA256_HEX = 65 }; /* bytes, with the NUL */

const char *digest_sha1(const void *data, size_t len, char hex[static DIGEST_SHA1_HEX]);
const char *digest_sha256(const void *data, size_t len, char hex[static DIGEST_SHA256_HEX]);

/* malloc'd, one line, with padding. */
char *digest_base64(const void *data, size_t len);

/* Decodes strict base64 (whitespace ignored); -1 for anything else. */
int digest_unbase64(const char *text, struct buf *out);

/* malloc'd base64url without padding (DNS stamps). */
char *digest_base64url(const void *data, size_t len);
