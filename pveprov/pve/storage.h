#pragma once
/*
 * storage.h: storages of a node and what is on them.
 */
#include "pve/client.h"

struct pve_storage {
	const char *name;
	const char *type;    /* "dir", "lvmthin", "zfspool" ... */
	const char *content; /* "images,iso,..." */
	bool enabled;
	bool active;
	bool shared;
	int64_t total_bytes;
	int64_t available_bytes;
};

int pve_storage_list(struct pve_client *c, const char *node, struct arena *a,
		     struct pve_storage **ret, size_t *ret_n, struct err **err);
bool pve_storage_holds(const struct pve_storage *s,
		       const char *content); /* "images" among its kinds */

struct pve_volume {
	const char *id; /* "local:iso/x.iso" */
	const char *content;
	const char *format;
	uint32_t vm; /* 0: none */
	int64_t size_bytes;
};

/* content: a kind, or NULL for all. */
int pve_storage_content(struct pve_client *c, const char *node, const char *storage,
			const char *content, struct arena *a, struct pve_volume **ret,
			size_t *ret_n, struct err **err);

/* "vmstore:100/vm-100-disk-0.qcow2,size=1G" -> "vmstore"; NULL: no volume ("none", "/dev/..."). In
 * the arena. */
const char *pve_storage_of_volume(const char *volume, struct arena *a);
