#pragma once
/* vm_entry.h: one machine of a list, as a node and the cluster send it. For pve/ only. */
#include "pve/vm.h"

struct pve_vm_entry pve_vm_entry_read(const json_t *j, const char *node, struct arena *a);
