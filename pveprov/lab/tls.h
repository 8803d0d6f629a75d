#pragma once
/*
 * tls.h: the lab's own authority and server certificate, made anew at every start and forgotten
 * with it. A client trusts either the authority's file or the certificate's SHA-256 fingerprint, as
 * with a real node.
 */
#include "base/err.h"

#include <openssl/ssl.h>

enum { TLS_FINGERPRINT_MAX = 96 };

struct tls {
	SSL_CTX *ctx;
	char fingerprint[TLS_FINGERPRINT_MAX]; /* AA:BB:... of the server certificate */
	char *ca_path;			       /* PEM file of the authority */
};

/* Writes DIR/ca.pem. `node` and the loopback addresses are the names in the certificate. */
int tls_make(const char *dir, const char *node, struct tls *ret, struct err **err);
void tls_clear(struct tls *t);
