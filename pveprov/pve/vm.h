#pragma once
/*
 * vm.h: QEMU machines of a node: configuration, life cycle, clone. Verbs with a pve_watch return
 * when the task has ended.
 *
 * A configuration is the JSON object as the server sends it (property strings as text, see
 * data/propstring.h). Never sends skiplock.
 */
#include "pve/task.h"

struct pve_vm {
	const char *node;
	uint32_t id;
};

/* An entry of a list (a node's, or the cluster's: see cluster.h). Strings live in the caller's
 * arena. */
struct pve_vm_entry {
	uint32_t id;
	const char *node;
	const char *name;   /* NULL where not known */
	const char *status; /* "running", "stopped" ...; the cluster's list is up to 10 s old */
	const char *lock;   /* NULL: none */
	const char *tags;   /* NULL: none */
	const char *pool;   /* NULL: none or not told */
	bool template;
	int64_t uptime_s;
	int64_t max_memory_bytes;
	int64_t max_disk_bytes;
	double cpus;
};

struct pve_vm_status {
	bool running;
	bool paused;
	bool agent_enabled; /* the option, not the agent */
	const char *lock;   /* NULL: none */
	const char *name;
	int64_t uptime_s;
	int64_t pid;
};

/* Machines the account may see; others are left out silently. */
int pve_vm_list(struct pve_client *c, const char *node, struct arena *a, struct pve_vm_entry **ret,
		size_t *ret_n, struct err **err);

/* The configuration with what is pending applied; `current`: as it runs. ERR_NOT_FOUND: no such VM.
 */
int pve_vm_config(struct pve_client *c, struct pve_vm vm, bool current, json_t **ret,
		  struct err **err);

/* [{key, value, pending, delete}] as the server sends it. */
int pve_vm_pending(struct pve_client *c, struct pve_vm vm, json_t **ret, struct err **err);

int pve_vm_status(struct pve_client *c, struct pve_vm vm, struct arena *a,
		  struct pve_vm_status *ret, struct err **err);

/*
 * Changes the configuration at once (PUT), tried again while the VM is busy (at most busy_ms; 0: 2
 * min). digest: of the configuration that was read, so that nobody's change is lost (ERR_CONFLICT,
 * PVE_CHANGED); NULL: any. A key is removed with pve_params_add(p, "delete", "key,key").
 */
int pve_vm_set(struct pve_client *c, struct pve_vm vm, const struct pve_params *params,
	       const char *digest, int64_t busy_ms, struct err **err);

/* Creates a machine; params has everything but vmid. ERR_CONFLICT, PVE_EXISTS: the id is taken. */
int pve_vm_create(struct pve_client *c, struct pve_vm vm, const struct pve_params *params,
		  const struct pve_watch *w, struct err **err);

struct pve_clone {
	uint32_t new_id;
	const char *name;
	const char *description; /* carries our mark: a clone inherits the template's otherwise. The
				    call takes no tags */
	bool full;		 /* else linked, which needs a template as source */
	const char *storage;	 /* of a full clone; NULL: as the source */
	const char *format;	 /* of a full clone */
	const char *pool;
	const char *snapshot; /* clone this snapshot; NULL: the present */
	const char *target;   /* another node, on shared storage; NULL: the same */
};

/* The caller queues clones per storage: the server's storage lock waits 10 s only. */
int pve_vm_clone(struct pve_client *c, struct pve_vm source, const struct pve_clone *clone,
		 const struct pve_watch *w, struct err **err);

/* timeout_s: the server's own for the start; 0: its default (30 s, 120 s with a passed-through
 * device). */
int pve_vm_start(struct pve_client *c, struct pve_vm vm, uint32_t timeout_s,
		 const struct pve_watch *w, struct err **err);
int pve_vm_stop(struct pve_client *c, struct pve_vm vm, const struct pve_watch *w,
		struct err **err);

/* Asks the guest (agent or ACPI) to power off; after timeout_s (0: 180) it fails, or with `force`
 * is stopped hard. */
int pve_vm_shutdown(struct pve_client *c, struct pve_vm vm, uint32_t timeout_s, bool force,
		    const struct pve_watch *w, struct err **err);
int pve_vm_reboot(struct pve_client *c, struct pve_vm vm, uint32_t timeout_s,
		  const struct pve_watch *w, struct err **err);
int pve_vm_reset(struct pve_client *c, struct pve_vm vm, const struct pve_watch *w,
		 struct err **err);
int pve_vm_suspend(struct pve_client *c, struct pve_vm vm, bool to_disk, const struct pve_watch *w,
		   struct err **err);
int pve_vm_resume(struct pve_client *c, struct pve_vm vm, const struct pve_watch *w,
		  struct err **err);

/* purge: also from backup jobs, replication and HA. Disks go in any case. */
int pve_vm_delete(struct pve_client *c, struct pve_vm vm, bool purge, const struct pve_watch *w,
		  struct err **err);

/* feature: "snapshot", "clone", "copy". A snapshot that the storage cannot do fails only in the
 * task: ask before. */
int pve_vm_feature(struct pve_client *c, struct pve_vm vm, const char *feature, bool *ret,
		   struct err **err);

/* disk: "scsi0"; size: "+2G" or "10G". */
int pve_vm_resize(struct pve_client *c, struct pve_vm vm, const char *disk, const char *size,
		  const struct pve_watch *w, struct err **err);

/* Makes it a template. ERR_CONFLICT: it is one already. */
int pve_vm_template(struct pve_client *c, struct pve_vm vm, const struct pve_watch *w,
		    struct err **err);
