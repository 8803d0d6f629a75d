#pragma once
/* vm_clone.h: POST clone: a new VM from a template's or another VM's configuration and disks. */
#include "lab/vm.h"

void vm_clone(struct request *q);

/* Whether the VM's disks are linked clones of that template. */
bool vm_stands_on(const struct vm *vm, int template_vmid);

/* clone (linked), snapshot, copy: whether all its disks can. */
bool vm_has_feature(const struct vm *vm, const char *feature);
