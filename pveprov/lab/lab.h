#pragma once
/*
 * lab.h: the node in a box as one object. One thread runs its event loop; everything below belongs
 * to that thread. Time in the lab is the node's time: `scale` times as fast as the real one.
 */
#include "base/clock.h"
#include "base/log.h"
#include "lab/hypervisor.h"
#include "lab/world.h"

#include <event2/event.h>

struct lab_options {
	const struct world *world;
	const struct hypervisor_ops *hypervisor;
	const char *listen;    /* "127.0.0.1:8006"; port 0: any free one */
	const char *state_dir; /* private directory: control socket, certificates */
	int64_t scale;	       /* 1: real time */
	const struct log *log;
};

struct lab {
	const struct world *world;
	struct event_base *base;
	struct clock real;
	struct clock clock; /* the node's time */
	int64_t scale;
	int64_t start_real_ms, start_wall_s;
	const struct log *log;
	const char *node; /* the world's */
	const char *state_dir;
	struct hypervisor *hypervisor;
	struct httpd *httpd;
	struct connect *connect;
	char *connect_path;
	char *ssh_key; /* file of the private key that lab.json names */
	struct access *access;
	struct tap *tap;
	struct tasks *tasks;
	struct locks *locks;
	struct vms *vms;
	struct network *network;
	struct storages *storages;
	struct mappings *mappings;
	struct pools *pools;
	struct faults *faults;
	struct discarded *discarded;
	struct firewall *firewall;
};

/* Builds the node of the world and listens. The loop is run by lab_run(). */
int lab_open(const struct lab_options *o, struct lab **ret, struct err **err);

/* Serves until lab_stop() or a terminating signal. */
int lab_run(struct lab *l, struct err **err);
void lab_stop(struct lab *l);

/* What a client needs to know, as lab.json has it: endpoint, fingerprint, accounts ...; new
 * reference. */
json_t *lab_describe(const struct lab *l);

const char *lab_endpoint(const struct lab *l); /* https://127.0.0.1:8006 */

struct lab *lab_free(struct lab *l);
DEFINE_CLEANUP(struct lab *, lab_free)

int64_t lab_now_ms(const struct lab *l); /* the node's monotonic time */
int64_t lab_wall_s(const struct lab *l); /* the node's seconds since 1970 */

struct timer;
typedef void timer_fn(void *ctx);

/* Calls fn after ms of the node's time, once; the timer frees itself then. */
struct timer *lab_after(struct lab *l, int64_t ms, timer_fn *fn, void *ctx);

/* Frees a timer that has not fired; NULL is fine. */
void timer_cancel(struct timer *t);

/*
 * Calls free_fn(thing) once control is back in the event loop: whoever has just answered a request
 * or ended a job may still read it.
 */
void lab_discard(struct lab *l, void (*free_fn)(void *thing), void *thing);

/* Unpredictable bytes as text: a UUID, a MAC address of Proxmox's prefix (BC:24:11), 32 hex digits.
 * malloc'd. */
char *lab_uuid(void);
char *lab_mac(void);
