#pragma once
/*
 * tls_server.h: a tiny scripted HTTPS server on loopback, for tests of the wire. It has a
 * certificate of its own for 127.0.0.1; each connection has a thread; a request is answered by the
 * row of its path, and what was asked is counted.
 */
#include "test.h"
#include "base/buf.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum tls_then {
	THEN_KEEP,   /* next request on this connection, whatever the headers said */
	THEN_CLOSE,  /* with TLS's farewell */
	THEN_CUT,    /* without */
	THEN_HANG,   /* until the client goes */
	THEN_CANCEL, /* makes the server's pipe readable, then as THEN_HANG */
};

struct tls_row {
	const char *path;
	const char *answer; /* raw bytes; may be only a part of an answer, or "" */
	enum tls_then then;
};

struct tls_server {
	const struct tls_row *rows;
	size_t n_rows;
	int fd;
	uint16_t port;
	int cancel[2]; /* a pipe */
	SSL_CTX *ctx;
	X509 *cert;
	char fingerprint[96];
	pthread_t thread;
	pthread_t workers[64];
	atomic_uint n_workers;
	atomic_uint requests;
	atomic_uint connections; /* handshakes that succeeded */
	atomic_bool stop;
};

struct tls_peer {
	struct tls_server *server;
	int fd;
};

static const struct tls_row *tls_row_of(struct tls_server *s, const char *request)
{
	const char *path = strchr(request, ' ') + 1;

	for (size_t i = 0; i < s->n_rows; i++)
		if (strncmp(path, s->rows[i].path, strlen(s->rows[i].path)) == 0 &&
		    strchr(" ?", path[strlen(s->rows[i].path)]))
			return &s->rows[i];
	return NULL;
}

/* Reads one request, head and body; false: the client went. */
static bool tls_read_request(SSL *ssl, struct buf *b)
{
	char piece[4096];

	buf_reset(b);
	for (;;) {
		const char *end = b->len ? strstr(b->data, "\r\n\r\n") : NULL;
		const char *length = end ? strcasestr(b->data, "content-length: ") : NULL;
		size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
		if (end && b->len >= (size_t)(end + 4 - b->data) + body)
			return true;
		int n = SSL_read(ssl, piece, sizeof(piece));
		if (n <= 0)
			return false;
		buf_add(b, piece, (size_t)n);
	}
}

static void *tls_connection(void *arg)
{
	struct tls_peer *p = arg;
	struct tls_server *s = p->server;
	_cleanup_buf_ struct buf request = { 0 };
	SSL *ssl = SSL_new(s->ctx);
	enum tls_then then = THEN_CUT;

	SSL_set_fd(ssl, p->fd);
	if (SSL_accept(ssl) == 1) {
		s->connections++;
		do {
			if (!tls_read_request(ssl, &request))
				break;
			s->requests++;
			const struct tls_row *row = tls_row_of(s, request.data);
			if (!row)
				break;
			if (*row->answer)
				SSL_write(ssl, row->answer, (int)strlen(row->answer));
			then = row->then;
		} while (then == THEN_KEEP);
	}
	if (then == THEN_CANCEL && write(s->cancel[1], "x", 1) != 1)
		abort();
	if (then == THEN_CANCEL || then == THEN_HANG)
		tls_read_request(ssl, &request);
	if (then == THEN_CLOSE)
		SSL_shutdown(ssl);
	SSL_free(ssl);
	close(p->fd);
	free(p);
	return NULL;
}

static void *tls_accept(void *arg)
{
	struct tls_server *s = arg;

	for (;;) {
		int fd = accept(s->fd, NULL, NULL);
		if (fd < 0 || s->stop) {
			if (fd >= 0)
				close(fd);
			return NULL;
		}
		struct tls_peer *p = xcalloc(1, sizeof(*p));
		*p = (struct tls_peer){ s, fd };
		if (s->n_workers == ARRAY_SIZE(s->workers) ||
		    pthread_create(&s->workers[s->n_workers++], NULL, tls_connection, p) != 0)
			abort();
	}
}

static void tls_make_certificate(struct tls_server *s)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	uint8_t digest[32];
	unsigned len = sizeof(digest);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"pve.test", -1,
				   -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	X509_EXTENSION *ca =
		X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
	X509_add_ext(x, san, -1);
	X509_add_ext(x, ca, -1);
	X509_EXTENSION_free(san);
	X509_EXTENSION_free(ca);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	X509_digest(x, EVP_sha256(), digest, &len);
	for (size_t i = 0; i < 32; i++)
		snprintf(s->fingerprint + 3 * i, 4, i < 31 ? "%02X:" : "%02X", digest[i]);
	s->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(s->ctx, x);
	SSL_CTX_use_PrivateKey(s->ctx, key);
	EVP_PKEY_free(key);
	s->cert = x;
}

static void tls_server_start(struct tls_server *s, const struct tls_row *rows, size_t n)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	*s = (struct tls_server){ .rows = rows,
				  .n_rows = n,
				  .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	tls_make_certificate(s);
	assert_int_equal(pipe(s->cancel), 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->fd, 16), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
	s->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, tls_accept, s), 0);
}

/* The client must be closed before: its idle connections keep threads waiting. */
static void tls_server_stop(struct tls_server *s)
{
	s->stop = true;
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	for (unsigned i = 0; i < s->n_workers; i++)
		pthread_join(s->workers[i], NULL);
	close(s->fd);
	close(s->cancel[0]);
	close(s->cancel[1]);
	X509_free(s->cert);
	SSL_CTX_free(s->ctx);
}
