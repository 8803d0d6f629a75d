#pragma once
/*
 * hypervisor.h: what runs the lab node's machines: `sim` (time is a clock) or `qemu` (real machines).
 *
 * The API core owns configuration, tasks, locks, privileges; a hypervisor only does what the request says, without
 * blocking the event loop: begin() returns at once and calls done() later, exactly once, on the event loop's thread.
 * `error` NULL means success, else it is the text Proxmox's task would end with. `result` is borrowed.
 */
#include "base/clock.h"
#include "base/log.h"

#include <jansson.h>

struct event_base;
struct world;

enum hv_op {
	HV_CLONE,	    /* disks of source_vmid to vmid, linked or full */
	HV_DESTROY,	    /* disks, seed and everything else of vmid */
	HV_RESIZE,	    /* disk, size_bytes */
	HV_SNAPSHOT,	    /* snapshot name; the machine may run (disk only) */
	HV_SNAPSHOT_DELETE,
	HV_ROLLBACK,	    /* the machine is stopped */
	HV_START,	    /* config; the seed is made anew here when it differs */
	HV_STOP,	    /* power off hard */
	HV_SHUTDOWN,	    /* through the agent or ACPI; done when it is off, timeout_ms */
	HV_RESET,
	HV_SUSPEND,
	HV_RESUME,
	HV_AGENT,	    /* agent: {"execute": "guest-ping", "arguments": {...}}; result: the agent's "return" */
	HV_NETWORK,	    /* network: the interfaces as the node's configuration has them now: make them so */
	HV_FIREWALL,	    /* network: the firewall's rules, one string for nft; only where the node has a netns */
	HV_PLUG,	    /* config: its NICs changed while it runs: bridges, firewall=1 */
	HV_SAVE,	    /* lab only: the whole running machine under a name (savevm) */
	HV_LOAD,	    /* lab only: back to it */
};

struct hv_request {
	enum hv_op op;
	int vmid;
	int source_vmid;
	bool linked;
	const char *snapshot;
	const char *disk;
	int64_t size_bytes;
	const json_t *config; /* the machine's configuration as GET config shows it: name, net0, ipconfig0, hostpci0 ... */
	const json_t *agent;
	const json_t *network;
	int64_t timeout_ms;
};

/* log lines go to the task's log as they happen. */
typedef void hv_line(void *ctx, const char *text);
typedef void hv_done(void *ctx, const char *error, const json_t *result);

struct hypervisor;

struct hypervisor_ops {
	const char *name;
	int (*open)(const struct world *w, struct event_base *base, const struct clock *clock, const struct log *log,
		    struct hypervisor **ret, struct err **err);
	/* request and what it points to are copied where needed beyond the call. */
	void (*begin)(struct hypervisor *h, const struct hv_request *r, hv_line *line, hv_done *done, void *ctx);
	/* "running", "stopped", "paused": cheap, no I/O. */
	const char *(*status)(struct hypervisor *h, int vmid);
	/*
	 * A TCP connection to a guest, for `connect`: a non-blocking descriptor that is connected or about to be (who
	 * gets it waits until it is writable and looks at SO_ERROR), or -1 with errno. `host` is an address.
	 */
	int (*dial)(struct hypervisor *h, const char *host, int port);
	/* What a test may want to know beside the API: a new reference, for lab.json. May be NULL. */
	json_t *(*describe)(const struct hypervisor *h);
	/* The node's network namespace, a borrowed descriptor. NULL: no packets exist. */
	int (*netns)(const struct hypervisor *h);
	/* The namespace of the networks around it, where the API's clients (world.client) have their address. NULL: none. */
	int (*outside)(const struct hypervisor *h);
	void (*close)(struct hypervisor *h); /* stops every machine, removes every trace */
};

struct hypervisor {
	const struct hypervisor_ops *ops;
	void (*stopped)(void *ctx, int vmid); /* set by the core: a machine went off by itself */
	void *stopped_ctx;
	int64_t scale; /* set by the core: how many times faster than real time the clock given to open() runs */
};

extern const struct hypervisor_ops hypervisor_sim, hypervisor_qemu;
