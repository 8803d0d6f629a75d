#pragma once
/*
 * cluster.h: the cluster as a whole: one read that has all machines, free ids, who the nodes are.
 */
#include "pve/vm.h"

/* All QEMU machines of all nodes in one read; status and lock are up to 10 s old, so: for discovery
 * only. */
int pve_cluster_vms(struct pve_client *c, struct arena *a, struct pve_vm_entry **ret, size_t *ret_n,
		    struct err **err);

/* By id or name. ERR_NOT_FOUND names the nearest; ERR_CONFLICT: several have that name. */
int pve_cluster_find(const struct pve_vm_entry *vms, size_t n, const char *id_or_name,
		     const struct pve_vm_entry **ret, struct err **err);

/* Free at the time of the check only, nothing is reserved: the create or clone call decides. */
int pve_cluster_next_id(struct pve_client *c, uint32_t *ret, struct err **err);

struct pve_member {
	const char *node;
	const char *address; /* the cluster network's */
	bool online;
	bool local; /* the one that answers us */
};

/* Needs Sys.Audit on /. */
int pve_cluster_members(struct pve_client *c, struct arena *a, struct pve_member **ret,
			size_t *ret_n, struct err **err);
