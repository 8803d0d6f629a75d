#pragma once
/*
 * qemu_op.h: what each request of hypervisor.h does to one machine, by the kind of thing it
 * concerns. *ret (a new reference) is set only by those that answer something.
 */
#include "lab/qemu_vm.h"

typedef int vm_op(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err);

/* qemu_power.c: the running machine */
vm_op op_start, op_stop, op_shutdown, op_reset, op_suspend, op_resume, op_agent, op_save, op_load;

/* qemu_firewall.c: the node's rules, and what is before its NICs */
vm_op op_firewall, op_plug;

/* qemu_store.c: its disk */
vm_op op_clone, op_destroy, op_resize, op_snapshot, op_snapshot_delete, op_rollback;
