#pragma once
/*
 * http_tls.h: whether a server's certificate is believed: by its SHA-256, or by the CAs that
 * libcurl loaded.
 *
 * The check replaces OpenSSL's own, so that the fingerprint shown is known when it fails. A resumed
 * session is not checked again: it belongs to a connection of this client that was.
 */
#include "pve/http.h"

struct http_tls_trust {
	bool pinned;
	uint8_t pin[32];
};

struct http_tls {
	const struct http_tls_trust *trust;
	bool seen; /* `shown` is set */
	bool refused;
	int why; /* X509_V_ERR_... */
	uint8_t shown[32];
};

/* ssl_ctx is an SSL_CTX of a new connection; `t` outlives it. */
void http_tls_verify_with(struct http_tls *t, void *ssl_ctx);

/* "AA:BB:..." of the certificate last shown, "unknown" before that. */
void http_tls_fingerprint(const struct http_tls *t, char ret[static HTTP_FINGERPRINT_TEXT]);

const char *http_tls_reason(const struct http_tls *t);

/* Whether the SSL of a connection resumed a session. NULL: no. */
bool http_tls_resumed(void *ssl);
