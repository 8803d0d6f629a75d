#pragma once
/*
 * fake_node.h: a node in memory behind struct http, for tests of the steps: machines with
 * configurations and snapshots, staged network, PCI devices and mappings, permissions. Tasks end at
 * once; time is a fake clock. It knows what the steps call and answers as the recordings do; the
 * lab is the real peer.
 */
#include "data/json.h"
#include "pve/client.h"

#include <pthread.h>

struct fake_node {
	struct http http;
	pthread_mutex_t lock;
	int64_t now_ms;
	struct clock clock;
	json_t *vms;	/* {"100": {config, status, snapshots: {name: config}}} */
	json_t *ifaces; /* [{iface, type, ...}] */
	json_t *staged; /* the same with what is staged, or NULL */
	char *changes;	/* its diff, or NULL */
	json_t *pci;
	json_t *mappings;
	json_t *permissions; /* {"/": {"VM.Audit": 1}} */
	const char *version;
	bool ifupdown2;
	bool can_clone;
	json_t *tasks;	  /* {upid: exit text} */
	const char *fail; /* the next call that starts with this ("POST /nodes/pve/qemu/100/config")
			     fails ... */
	const char *fail_text; /* ... with status 500 and this text; where it starts a task, the
				  task does */
	struct buf log;	       /* every call that is no GET, a line each: "POST /path body" */
	unsigned requests;
	unsigned n_tasks;
};

/* A node `pve` with vmbr0 (10.0.0.5/24), templates 9000 and 9001, a four-port card at 01:00 in a
 * group of its own. */
void fake_node_open(struct fake_node *f);
void fake_node_close(struct fake_node *f);

/* A client of it: root@pam with a ticket, or the token root@pam!ci. */
struct pve_client *fake_node_client(struct fake_node *f, bool ticket);

json_t *fake_node_vm(struct fake_node *f, const char *id);     /* borrowed; NULL: none */
json_t *fake_node_config(struct fake_node *f, const char *id); /* borrowed */

/* Adds a machine with this configuration (stolen). */
void fake_node_add(struct fake_node *f, const char *id, json_t *config, const char *status);
