#pragma once
/*
 * client.h: the API of one node or cluster, as one account. Usable from several threads at once.
 *
 * A call blocks, has limits, and ends early when the clock is cancelled. Failed answers become
 * errors by fault.h. A GET that was lost on the way is repeated; a write never is (see task.h for
 * how its task is found again). A ticket that has run out is renewed and the call repeated once: a
 * 401 means that nothing was done.
 */
#include "base/arena.h"
#include "data/json.h"
#include "pve/auth.h"
#include "pve/fault.h"
#include "pve/http.h"
#include "pve/params.h"

struct pve_client;

struct pve_options {
	const char *endpoint;	 /* "https://host:8006", "host", "host:port", "[::1]:8006" */
	const char *fingerprint; /* see http.h */
	const char *ca_file;
	struct pve_login login;
	const struct clock *clock; /* must outlive the client, as must log */
	const struct log *log;	   /* may be NULL */
	struct http *http; /* a test's stand-in, owned by the client from now on; NULL: libcurl */
	uint64_t seed;	   /* of the jitter in retries; 0: from the clock */
};

/* "https://host:8006" and the other forms as host (malloc'd, IPv6 without brackets) and port;
 * false: none of them. */
bool pve_endpoint_split(const char *text, char **ret_host, uint16_t *ret_port);

/* Nothing is sent. ERR_USAGE: endpoint, fingerprint or account cannot be right. */
int pve_client_new(const struct pve_options *o, struct pve_client **ret, struct err **err);

/*
 * One call. path is one of pve_path(); params may be NULL. The answer's `data` (JSON null where
 * there is none) goes to *ret_data, which may be NULL.
 */
int pve_get(struct pve_client *c, const char *path, const struct pve_params *params,
	    json_t **ret_data, struct err **err);
int pve_post(struct pve_client *c, const char *path, const struct pve_params *params,
	     json_t **ret_data, struct err **err);
int pve_put(struct pve_client *c, const char *path, const struct pve_params *params,
	    json_t **ret_data, struct err **err);
int pve_delete(struct pve_client *c, const char *path, const struct pve_params *params,
	       json_t **ret_data, struct err **err);

/* As above with the whole answer, for what stands beside `data` ("changes", "total"), and a limit
 * (0: HTTP_TOTAL_MS). */
int pve_call(struct pve_client *c, const char *method, const char *path,
	     const struct pve_params *params, int64_t timeout_ms, json_t **ret_answer,
	     struct err **err);

struct pve_counters {
	struct http_counters http;
	uint64_t tasks;	 /* waited for */
	int64_t task_ms; /* time spent waiting for tasks, requests included; parallel waits count
			    each */
};
void pve_client_counters(struct pve_client *c, struct pve_counters *ret);

/*
 * For who may shut himself out: opens n connections that writes leave alone; keep() says something on each, which is
 * needed every 4 s; spend() makes each write use one of them up, as no new ones can be had. n 0 ends this.
 */
int pve_client_hold(struct pve_client *c, size_t n, struct err **err);
int pve_client_keep(struct pve_client *c, size_t n, struct err **err);
void pve_client_spend(struct pve_client *c);

/*
 * One GET over a connection of its own that is opened now: does the node still let us in, TLS, login and all? Within
 * timeout_ms, never repeated. ERR_UNREACHABLE, ERR_TIMEOUT: no.
 */
int pve_client_knock(struct pve_client *c, int64_t timeout_ms, struct err **err);

const struct clock *pve_client_clock(const struct pve_client *c);
const struct log *pve_client_log(const struct pve_client *c);
const char *pve_client_endpoint(const struct pve_client *c); /* "host:port", for people */

/* The server's clock now, by the Date of its last answer; our own before there was one. Seconds
 * since 1970. */
int64_t pve_client_server_s(struct pve_client *c);

/*
 * Runs `attempt` again while it fails with ERR_BUSY, for at most limit_ms: the only place that does
 * so. Waits grow from 0.25 s to 5 s with jitter, so that two of us do not meet again. Each wait is
 * a line in the log.
 */
int pve_retry(struct pve_client *c, int64_t limit_ms, int (*attempt)(void *ctx, struct err **err),
	      void *ctx, struct err **err);

struct pve_client *pve_client_free(struct pve_client *c);
DEFINE_CLEANUP(struct pve_client *, pve_client_free)
#define _cleanup_pve_client_ _cleanup_(pve_client_freep)
