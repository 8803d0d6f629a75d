#pragma once
/*
 * session.h: what all steps of a run share: the recipe, the client, one read of the world, and what
 * is known of each of the recipe's machines.
 *
 * The world is read once (session_open), before anything is planned; afterwards a machine's own
 * state is touched by the steps of that machine only, which run one after another, and the
 * network's by the bridge step only.
 */
#include "firewall/fw_job.h"
#include "plan/run.h"
#include "probe/probe.h"
#include "pve/access.h"
#include "pve/agent.h"
#include "pve/cluster.h"
#include "pve/mapping.h"
#include "pve/net.h"
#include "pve/node.h"
#include "pve/snapshot.h"
#include "recipe/recipe.h"
#include "render/render.h"
#include "step/keys.h"

struct session;

/* How a passed-through device gets into the configuration. */
struct machine_pci {
	const struct recipe_passthrough *spec;
	char *value;   /* of hostpciN: "mapping=lan-card,pcie=1" or "0000:01:00,pcie=1" */
	char *mapping; /* its name; NULL: raw */
	char *path;    /* normalised address, NULL with a given mapping only */
	char *why;     /* for the plan */
	bool create;   /* the mapping is not there yet */
};

/* One machine of the recipe: what the node says of it, and what was learnt while working on it. */
struct machine {
	const struct recipe_vm *vm;
	struct session *session;
	struct pve_vm at;	/* node and id */
	struct pve_vm template; /* node NULL: no such template */
	bool exists;		/* the id is taken */
	bool ours;		/* ... by a machine with our mark */
	bool running;
	int64_t uptime_s;
	json_t *config;		 /* as last read; NULL: to be read again */
	bool has_snapshot;	 /* the one that the recipe names */
	struct machine_pci *pci; /* of each vm->passthrough */
	bool cold_changes;	 /* found while planning: they wait for a cold start */
	bool rolled_back;	 /* by this run */
	const char *storage;	 /* that a clone goes to; NULL: not known */

	/* learnt from the guest */
	bool started_now; /* by this run: nothing known of the guest before counts */
	struct strv host_keys;
	struct addr_cidr address;
	struct shell *ssh;
	struct arena facts_arena;
	struct render_facts facts;
	struct bundle bundle; /* what the facts were rendered to */
	bool rendered;
	bool pushed_now; /* by this run */
	struct probe_report report;
};

struct session_options {
	const struct recipe *recipe;
	struct pve_client *client;
	const char *node; /* of the context; the recipe's own wins; NULL: the only one */
	struct step_ssh ssh;
	const struct clock *clock;
	const struct log *log;
	bool guests_only;   /* the node is not to be changed: keys and network are not read */
	bool allow_restart; /* what waits for a cold start gets one */
	struct fw_job_options firewall; /* who we are and what is allowed; the files are the recipe's */
};

struct session {
	struct arena arena;
	struct session_options o;
	const struct recipe *recipe;
	struct pve_client *client;
	const char *node;
	struct strv keys;	  /* public keys for the machines */
	struct pve_vm_entry *vms; /* of the whole cluster */
	size_t n_vms;
	struct pve_net net;
	struct arena net_arena;
	struct pve_permissions permissions;
	struct pve_pci *devices; /* of the node; NULL: not read */
	size_t n_devices;
	struct pve_mapping *mappings;
	size_t n_mappings;
	bool has_permissions;
	struct pve_version version; /* text empty: not read */
	bool has_mappings;	    /* the list was read */
	bool no_mappings;	    /* 7.x: this server has none */
	struct machine *machines;
	size_t n_machines;
	struct probe_report report;
	struct fw_job firewall; /* as last planned */
};

/* Reads the world. Waits for machines whose clone is still under way. */
int session_open(const struct session_options *o, struct session **ret, struct err **err);

struct machine *session_machine(struct session *s, const char *name); /* NULL: none */

/* Reads the network list again (after a change). */
int session_read_net(struct session *s, struct err **err);

/* Reads what is needed to decide about passed-through devices, once. */
int session_read_pci(struct session *s, struct err **err);

/* What the account may do, and which version the server has; each is read once, when it is first
 * asked for. */
int session_permissions(struct session *s, const struct pve_permissions **ret, struct err **err);
int session_version(struct session *s, const struct pve_version **ret, struct err **err);

/* The configuration, read again where it was forgotten. Borrowed. */
int machine_config(struct machine *m, const json_t **ret, struct err **err);
void machine_forget(struct machine *m);

/* Looks whether the snapshot that the recipe names is there. */
int machine_read_snapshot(struct machine *m, struct err **err);

/* Closes what was learnt from the guest: after a start, a rollback, a reboot. */
void machine_forget_guest(struct machine *m);

/* The machine that an id belongs to, in the cluster's list; NULL: nobody. */
const struct pve_vm_entry *session_entry(const struct session *s, int64_t id);

/* "router" or "vm": the role in the mark. malloc'd mark of a machine. */
const char *machine_role(const struct machine *m);
char *machine_mark(const struct machine *m);

struct session *session_free(struct session *s);
DEFINE_CLEANUP(struct session *, session_free)
#define _cleanup_session_ _cleanup_(session_freep)

/* Runs functions side by side, waits for all; the first error is returned. */
struct session_job {
	int (*run)(void *ctx, struct err **err);
	void *ctx;
};
int session_parallel(const struct session_job *jobs, size_t n, struct err **err);
