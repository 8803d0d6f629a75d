#include "lab/tls.h"
#include "base/buf.h"
#include "base/fs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

static int add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *x;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!x)
		return -1;
	ok = X509_add_ext(cert, x, -1);
	X509_EXTENSION_free(x);
	return ok ? 0 : -1;
}

/* An unsigned certificate for ten years; a day of slack for clocks that are behind. */
static X509 *new_certificate(EVP_PKEY *key, const char *name, X509 *issuer)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	uint64_t serial = 0;

	RAND_bytes((unsigned char *)&serial, sizeof(serial) - 1);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial | 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * 3650);
	X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, (const unsigned char *)"pveprov lab",
				   -1, -1, 0);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(cert, key);
	return cert;
}

static X509 *make_authority(EVP_PKEY *key)
{
	X509 *ca = new_certificate(key, "pveprov lab authority", NULL);

	if (add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE") ||
	    add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") ||
	    add_extension(ca, ca, NID_subject_key_identifier, "hash") ||
	    !X509_sign(ca, key, EVP_sha256())) {
		X509_free(ca);
		return NULL;
	}
	return ca;
}

static X509 *make_server(EVP_PKEY *key, EVP_PKEY *ca_key, X509 *ca, const char *node)
{
	X509 *cert = new_certificate(key, node, ca);
	char *names = xasprintf("DNS:%s,DNS:localhost,IP:127.0.0.1,IP:::1", node);

	if (add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") ||
	    add_extension(cert, ca, NID_ext_key_usage, "serverAuth") ||
	    add_extension(cert, ca, NID_subject_alt_name, names) ||
	    add_extension(cert, ca, NID_authority_key_identifier, "keyid") ||
	    !X509_sign(cert, ca_key, EVP_sha256())) {
		X509_free(cert);
		cert = NULL;
	}
	free(names);
	return cert;
}

static void set_fingerprint(const X509 *cert, char text[static TLS_FINGERPRINT_MAX])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	X509_digest(cert, EVP_sha256(), md, &n);
	for (unsigned int i = 0; i < n; i++)
		snprintf(text + 3 * (size_t)i, 4, i + 1 < n ? "%02X:" : "%02X", md[i]);
}

static int write_authority(const char *path, X509 *ca, struct err **err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;
	int result;

	PEM_write_bio_X509(bio, ca);
	len = BIO_get_mem_data(bio, &data);
	result = fs_write(path, data, (size_t)len, 0644, err);
	BIO_free(bio);
	return result;
}

static int fill_context(struct tls *t, EVP_PKEY *key, X509 *cert, X509 *ca)
{
	t->ctx = SSL_CTX_new(TLS_server_method());
	if (!t->ctx || SSL_CTX_use_certificate(t->ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(t->ctx, key) != 1 || SSL_CTX_add1_chain_cert(t->ctx, ca) != 1)
		return -1;
	SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
	SSL_CTX_set_session_id_context(t->ctx, (const unsigned char *)"lab", 3);
	return 0;
}

int tls_make(const char *dir, const char *node, struct tls *ret, struct err **err)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = ca_key ? make_authority(ca_key) : NULL;
	X509 *cert = key && ca ? make_server(key, ca_key, ca, node) : NULL;
	struct tls t = { .ca_path = fs_join(dir, "ca.pem") };
	int result = -1;

	if (!cert || fill_context(&t, key, cert, ca))
		err_set(err, ERR_INTERNAL, "cannot make the lab's certificate");
	else
		result = write_authority(t.ca_path, ca, err);
	if (result == 0) {
		set_fingerprint(cert, t.fingerprint);
		*ret = t;
	} else {
		tls_clear(&t);
	}
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return result;
}

void tls_clear(struct tls *t)
{
	SSL_CTX_free(t->ctx);
	free(t->ca_path);
	*t = (struct tls){ 0 };
}
