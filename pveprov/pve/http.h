#pragma once
/*
 * http.h: one HTTPS exchange with a Proxmox VE node, whoever carries it: libcurl (http_curl_new) or
 * a test's stand-in.
 *
 * An http is used by several threads at once: the libcurl carrier takes an idle handle for each
 * exchange and shares TLS sessions and DNS between them. It is never insecure: a peer is believed
 * by CA or by the SHA-256 fingerprint of its certificate. Every exchange has limits for connecting,
 * for silence and in all; a cancelled clock ends it at once.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strv.h"

enum {
	HTTP_CONNECT_MS = 10000, /* TCP and TLS */
	HTTP_SILENCE_MS =
		60000, /* no byte either way; the server's own limit between its daemons is 30 s */
	HTTP_TOTAL_MS = 90000,	    /* the whole exchange, where the request does not say */
	HTTP_BODY_MAX = 8u << 20,   /* bytes of an answer, where the request does not say */
	HTTP_FINGERPRINT_TEXT = 96, /* "AA:BB:..." of 32 bytes, with the NUL */
};

struct http_request {
	const char *method; /* GET POST PUT DELETE */
	const char *target; /* path and query, already encoded: "/api2/json/version" */
	const char *const *headers; /* NULL-terminated "Name: value" lines, also secret ones */
	const char *body; /* application/x-www-form-urlencoded; NULL: none */
	size_t body_len;
	int64_t timeout_ms; /* 0: HTTP_TOTAL_MS */
	size_t body_max;    /* 0: HTTP_BODY_MAX */
	bool fresh;	    /* over a connection of its own, opened now and closed afterwards */
};

struct http_response {
	int status;
	char *reason; /* of the status line, never NULL after success; the only message of a 401 */
	struct buf body; /* NUL-terminated; empty for a 401 of the auth layer */
	int64_t date_s;	 /* the server's clock by its Date header, since 1970; 0: not sent */
};

/* What was needed, for the receipt. */
struct http_counters {
	uint64_t requests;
	uint64_t connections; /* opened; a resumed session counts */
	uint64_t resumed;     /* of those, TLS sessions resumed */
	uint64_t sent_bytes;
	uint64_t received_bytes;
	int64_t busy_us; /* summed time of the exchanges */
};

struct http;

struct http_ops {
	/*
	 * 0 whatever the status. Errors: ERR_UNREACHABLE (code PVE_LOST once the request was sent:
	 * it may have been carried out), ERR_TIMEOUT (the same), ERR_INTERRUPTED.
	 */
	int (*exchange)(struct http *h, const struct http_request *q, struct http_response *ret,
			struct err **err);
	void (*counters)(struct http *h, struct http_counters *ret);
	void (*close)(struct http *h);
	void (*hold)(struct http *h, size_t n, bool spend); /* may be NULL */
};

/* The first member of every carrier's struct. */
struct http {
	const struct http_ops *ops;
};

struct http_options {
	const char *host; /* name or address, IPv6 without brackets */
	uint16_t port;
	const char *fingerprint; /* "AA:BB:..." or 64 hex digits; NULL: by CA */
	const char *ca_file;	 /* PEM; NULL: the system's */
	int64_t connect_ms;	 /* 0: HTTP_CONNECT_MS */
	int64_t silence_ms;	 /* 0: HTTP_SILENCE_MS */
	const struct clock *clock;
	const struct log
		*log; /* debug lines: method, path, status, time; never headers or bodies */
};

/* Nothing is sent yet. ERR_USAGE: the fingerprint is no SHA-256. */
int http_curl_new(const struct http_options *o, struct http **ret, struct err **err);

int http_exchange(struct http *h, const struct http_request *q, struct http_response *ret,
		  struct err **err);

/*
 * For a caller that may shut itself out: the next n reads open a connection each, later reads use them in turn, and
 * writes leave them alone. With `spend` a write goes over the connection that was silent longest instead of a new one,
 * and uses it up: the server ends it after a write. A held connection must be read on every 4 s. n 0 ends this.
 */
void http_hold(struct http *h, size_t n, bool spend);
void http_response_free(struct http_response *r);
#define _cleanup_http_response_ _cleanup_(http_response_free)

/* Parses "AA:BB:.." or bare hex (either case) of 32 bytes. */
bool http_fingerprint_parse(const char *text, uint8_t ret[static 32]);

/* The certificate a server shows, not trusted for anything: for "is this it?" before the first
 * login. */
int http_fingerprint_seen(const struct http_options *o, char ret[static HTTP_FINGERPRINT_TEXT],
			  struct err **err);

struct http *http_close(struct http *h);
DEFINE_CLEANUP(struct http *, http_close)
#define _cleanup_http_ _cleanup_(http_closep)
