#include "pve/http_tls.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

static int verify(X509_STORE_CTX *store, void *ctx)
{
	struct http_tls *t = ctx;
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	unsigned len = sizeof(t->shown);
	int ok;

	t->seen = leaf && X509_digest(leaf, EVP_sha256(), t->shown, &len) == 1 &&
		  len == sizeof(t->shown);
	if (t->trust->pinned) {
		ok = t->seen && CRYPTO_memcmp(t->shown, t->trust->pin, sizeof(t->shown)) == 0;
		X509_STORE_CTX_set_error(store, ok ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
	} else {
		ok = X509_verify_cert(store) == 1;
	}
	t->why = X509_STORE_CTX_get_error(store);
	t->refused = !ok;
	return ok;
}

void http_tls_verify_with(struct http_tls *t, void *ssl_ctx)
{
	SSL_CTX_set_cert_verify_callback(ssl_ctx, verify, t);
}

void http_tls_fingerprint(const struct http_tls *t, char ret[static HTTP_FINGERPRINT_TEXT])
{
	if (!t->seen) {
		snprintf(ret, HTTP_FINGERPRINT_TEXT, "unknown");
		return;
	}
	for (size_t i = 0; i < sizeof(t->shown); i++)
		snprintf(ret + 3 * i, 4, i + 1 < sizeof(t->shown) ? "%02X:" : "%02X", t->shown[i]);
}

const char *http_tls_reason(const struct http_tls *t)
{
	return X509_verify_cert_error_string(t->why);
}

bool http_tls_resumed(void *ssl)
{
	return ssl && SSL_session_reused(ssl) == 1;
}
