#pragma once
/*
 * mapping.h: PCI mappings of the cluster (8.0 or newer): a name for a device, which a token may use
 * where the raw address is for root@pam only. The start fails when the slot holds another device.
 */
#include "pve/pci.h"

struct pve_mapping_entry {
	const char *node;
	const char *path;	  /* "0000:01:00": all functions */
	const char *id;		  /* "8086:1521" */
	const char *subsystem_id; /* NULL: none */
	int64_t iommu_group;	  /* -1: not stored */
};

struct pve_mapping {
	const char *name;
	const char *description; /* NULL: none */
	struct pve_mapping_entry *entries;
	size_t n_entries;
};

/* Mappings the account may see. 7.x has none: ERR_NOT_FOUND, PVE_NO_METHOD. */
int pve_mapping_list(struct pve_client *c, struct arena *a, struct pve_mapping **ret, size_t *ret_n,
		     struct err **err);

/* The entry for a device, or all its functions when path has none, from what the node reports. */
int pve_mapping_entry_of(const struct pve_pci *devices, size_t n, const char *node,
			 const char *path, struct arena *a, struct pve_mapping_entry *ret,
			 struct err **err);

bool pve_mapping_entry_equal(const struct pve_mapping_entry *a, const struct pve_mapping_entry *b);

/* Creates, or (update) replaces all entries. */
int pve_mapping_create(struct pve_client *c, const struct pve_mapping *m, struct err **err);
int pve_mapping_update(struct pve_client *c, const struct pve_mapping *m, struct err **err);
int pve_mapping_delete(struct pve_client *c, const char *name, struct err **err);
