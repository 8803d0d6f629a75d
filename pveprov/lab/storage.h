#pragma once
/* storage.h: storages of the node, and how volumes on them are named. What they hold follows from
 * the VMs. */
#include "lab/request.h"

struct storages {
	json_t *list; /* name -> {type, path?, content, total, used} */
};

struct storages *storages_new(struct lab *l);
struct storages *storages_free(struct storages *s);

const json_t *storage_get(const struct lab *l, const char *name); /* NULL: none */

/* Whether volumes are files in directories, and whether snapshots and linked clones are possible.
 */
bool storage_is_dir(const json_t *s);
bool storage_has_snapshots(const json_t *s);

/* The storage's part of "vmstore:100/vm-100-disk-0.qcow2"; malloc'd. */
char *storage_of_volume(const char *volume);

/* The name of a volume of a VM: what is "disk-0" or "cloudinit", format "qcow2" or "raw"; malloc'd.
 */
char *storage_volume(const struct lab *l, const char *storage, int vmid, const char *what,
		     const char *format);

/* The same volume as a template has it, and as a linked clone of it names it; malloc'd. */
char *storage_base_volume(const struct lab *l, const char *volume);
char *storage_linked_volume(const struct lab *l, const char *base, int vmid, const char *what);
