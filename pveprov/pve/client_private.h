#pragma once
/*
 * client_private.h: what client.c, auth.c, task_run.c and gate.c share of a client. For pve/ only.
 */
#include "base/deadline.h"
#include "pve/client.h"

#include <pthread.h>

enum {
	AUTH_RENEW_S = 3600, /* a ticket is good for 7200 s */
	SEEN_UPIDS = 64,
};

struct pve_auth {
	pthread_mutex_t lock; /* held during a login: others wait for its ticket */
	char *user;
	struct secret token; /* set: no ticket is ever used */
	struct secret password;
	struct secret ticket;
	struct secret csrf;
	uint64_t generation; /* of the ticket: two threads with a 401 log in once */
	int64_t since_s;     /* when the ticket was made, -1: unknown */
	int (*second_factor)(void *ctx, struct secret *ret_code, struct err **err);
	void *second_factor_ctx;
};

/* One agent call in flight per node, in order of arrival. */
struct pve_gate {
	struct pve_gate *next;
	char *node;
	uint64_t next_ticket, serving;
	pthread_cond_t moved;
};

struct pve_client {
	struct http *http;
	char *endpoint;
	const struct clock *clock;
	const struct log *log;
	struct pve_auth auth;
	pthread_mutex_t lock; /* of what follows */
	struct pve_gate *gates;
	uint64_t random;
	bool server_time_known;
	int64_t server_ahead_s; /* its clock minus ours */
	uint64_t tasks;
	int64_t task_ms;
	char *seen[SEEN_UPIDS]; /* tasks that are known: not taken for one whose answer was lost */
	size_t n_seen;
};

/* A call as the families make it. */
struct pve_exchange {
	const char *method;
	const char *path; /* without /api2/json */
	const struct pve_params *params;
	int64_t timeout_ms; /* 0: HTTP_TOTAL_MS */
	size_t body_max;    /* 0: HTTP_BODY_MAX */
	bool once;	    /* a GET that takes something away is not repeated */
	bool fresh;	    /* over a new connection, see http.h */
	bool bare;	    /* without login: the login itself */
};

int pve_exchange(struct pve_client *c, const struct pve_exchange *x, json_t **ret_answer,
		 struct err **err);

/* `data` of the whole answer of pve_exchange(); *ret may be NULL. */
int pve_exchange_data(struct pve_client *c, const struct pve_exchange *x, json_t **ret,
		      struct err **err);

void pve_auth_init(struct pve_auth *a, const struct pve_login *l);
void pve_auth_free(struct pve_auth *a);

/* Adds the header lines of a call, logging in or renewing first where needed. */
struct pve_headers {
	struct secret lines[2];
	const char *v[3];
};
int pve_auth_headers(struct pve_client *c, bool write, struct pve_headers *ret,
		     uint64_t *ret_generation, struct err **err);
void pve_headers_free(struct pve_headers *h);

/* After a 401: whether another try with a new ticket makes sense. */
bool pve_auth_again(struct pve_client *c, uint64_t generation);

/* Uniform in [0, n). */
uint64_t pve_random(struct pve_client *c, uint64_t n);

void pve_gate_enter(struct pve_client *c, const char *node);
void pve_gate_leave(struct pve_client *c, const char *node);
