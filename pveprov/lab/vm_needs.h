#pragma once
/* vm_needs.h: what must be there when a VM starts: its bridges, its devices. */
#include "lab/vm.h"

/*
 * NULL: everything is. Else the text that the start ends with, malloc'd. Mapped devices in
 * `config`, the copy that the hypervisor gets, become raw ones.
 */
char *vm_needs(const struct vm *vm, json_t *config);
