#pragma once
/*
 * httpd.h: the HTTPS server, with the manners of Proxmox's: two contradictory Connection headers on
 * protected calls (and the connection stays open), every answer from 400 on closes, 100 requests a
 * connection, 5 s idle.
 */
#include "lab/request.h"

struct httpd;
struct evbuffer;

/* listen: "ADDRESS:PORT", port 0 takes a free one. */
int httpd_open(struct lab *l, const char *listen, struct httpd **ret, struct err **err);
void httpd_describe(const struct httpd *h, json_t *into);
/* Lets new connections in, or not: what the node's firewall does to them. Those that stand go on.
 */
void httpd_door(struct httpd *h, bool open);
const char *httpd_endpoint(const struct httpd *h);
struct httpd *httpd_free(struct httpd *h);

enum httpd_body { HTTPD_NO_BODY, HTTPD_PLAIN, HTTPD_JSON };

/* Sends the answer and frees the request. reason ends at its first line end. */
void httpd_send(struct request *q, int status, const char *reason, enum httpd_body kind,
		const char *body, size_t len);

/* Closes the connection without an answer and frees the request. */
void httpd_drop(struct request *q);
