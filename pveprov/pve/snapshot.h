#pragma once
/*
 * snapshot.h: snapshots of a VM. Names have two or more characters: a letter, then letters, digits,
 * '_' and '-'.
 */
#include "pve/vm.h"

struct pve_snapshot {
	const char *name;
	const char *parent; /* NULL: the root */
	const char *description;
	int64_t time_s;
	bool with_memory;
};

/* Without the entry "current"; *ret_parent (may be NULL) is the snapshot the present state stands
 * on, or NULL. */
int pve_snapshot_list(struct pve_client *c, struct pve_vm vm, struct arena *a,
		      struct pve_snapshot **ret, size_t *ret_n, const char **ret_parent,
		      struct err **err);

bool pve_snapshot_name_ok(const char *name);

/* with_memory must be false with a passed-through device: the server accepts it and QEMU fails. */
int pve_snapshot_create(struct pve_client *c, struct pve_vm vm, const char *name,
			const char *description, bool with_memory, const struct pve_watch *w,
			struct err **err);

/*
 * Back to a snapshot: the disk and the whole configuration of that time, only the description
 * stays. `start` starts it afterwards in the same call (7.2-7 or newer); the start is a task of its
 * own.
 */
int pve_snapshot_rollback(struct pve_client *c, struct pve_vm vm, const char *name, bool start,
			  const struct pve_watch *w, struct err **err);
int pve_snapshot_delete(struct pve_client *c, struct pve_vm vm, const char *name,
			const struct pve_watch *w, struct err **err);

/* The configuration that the snapshot holds. ERR_NOT_FOUND: no such snapshot. */
int pve_snapshot_config(struct pve_client *c, struct pve_vm vm, const char *name, json_t **ret,
			struct err **err);
