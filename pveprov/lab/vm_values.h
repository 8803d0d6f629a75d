#pragma once
/*
 * vm_values.h: what Proxmox makes of configuration values: MAC addresses and volumes are filled in,
 * numbers become numbers, order within a property string is its own.
 */
#include "lab/vm.h"

int64_t values_size_bytes(const char *size); /* "1G", "16306K"; 0: not a size */
char *values_size_text(int64_t bytes);	     /* malloc'd */
int64_t values_memory_bytes(const json_t *config);
int64_t values_cpus(const json_t *config);
const char *values_name(const struct vm *vm); /* "VM 100" where it has none */

/*
 * The value as it is stored: a MAC for a NIC without one, a volume for "STORAGE:SIZE" or
 * "STORAGE:cloudinit". New reference; NULL with *ret_why (malloc'd) when the storage does not
 * exist.
 */
json_t *values_store(struct vm *vm, const char *key, const char *value, char **ret_why);

/* Adds what every new VM gets: smbios1, vmgenid, meta, boot. */
void values_identity(json_t *config, int64_t now_s);

/* The configuration of a machine of the world. */
void values_take_world(struct vm *vm, const struct world_machine *m, const json_t *config);
