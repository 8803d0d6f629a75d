#include "lab/qemu_vm.h"
#include "base/fs.h"
#include "lab/qemu_op.h"

struct vm *qemu_vm(struct qemu *h, int vmid)
{
	struct vm *vm = NULL;

	pthread_mutex_lock(&h->mutex);
	for (size_t i = 0; i < h->n_vms && !vm; i++)
		if (h->vms[i]->vmid == vmid)
			vm = h->vms[i];
	if (!vm) {
		vm = xcalloc(1, sizeof(*vm));
		vm->hv = h;
		vm->vmid = vmid;
		vm->dir = xasprintf("%s/%d", h->dir.path, vmid);
		vm->disk = fs_join(vm->dir, "disk.qcow2");
		vm->seed = fs_join(vm->dir, "seed.iso");
		vm->serial = fs_join(vm->dir, "console.log");
		vm->output = fs_join(vm->dir, "qemu.log");
		pthread_mutex_init(&vm->turn, NULL);
		h->vms = xrealloc(h->vms, h->n_vms + 1, sizeof(struct vm *));
		h->vms[h->n_vms++] = vm;
	}
	pthread_mutex_unlock(&h->mutex);
	return vm;
}

void qemu_vm_free(struct vm *vm)
{
	char *all[] = { vm->dir, vm->disk, vm->seed, vm->serial, vm->output };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		free(all[i]);
	json_decref(vm->config);
	pthread_mutex_destroy(&vm->turn);
	free(vm);
}

int qemu_vm_run(struct vm *vm, struct run **ret, struct err **err)
{
	pthread_mutex_lock(&vm->hv->mutex);
	struct run *r = vm->run ? run_ref(vm->run) : NULL;
	bool restarting = vm->restarting;
	pthread_mutex_unlock(&vm->hv->mutex);
	if (!r && restarting)
		return err_set(err, ERR_UNREACHABLE, "QEMU guest agent is not running");
	if (!r)
		return err_set(err, ERR_TASK, "VM %d is not running", vm->vmid);
	*ret = r;
	return 0;
}

bool qemu_vm_is_on(struct vm *vm)
{
	pthread_mutex_lock(&vm->hv->mutex);
	bool on = vm->run != NULL;
	pthread_mutex_unlock(&vm->hv->mutex);
	return on;
}

static int op_network(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	(void)ret;
	return qemu_net_apply(vm->hv->net, r->network, err);
}

static vm_op *const ops[] = {
	[HV_CLONE] = op_clone,	     [HV_DESTROY] = op_destroy,
	[HV_RESIZE] = op_resize,     [HV_SNAPSHOT] = op_snapshot,
	[HV_ROLLBACK] = op_rollback, [HV_SNAPSHOT_DELETE] = op_snapshot_delete,
	[HV_START] = op_start,	     [HV_STOP] = op_stop,
	[HV_RESET] = op_reset,	     [HV_SHUTDOWN] = op_shutdown,
	[HV_SUSPEND] = op_suspend,   [HV_RESUME] = op_resume,
	[HV_AGENT] = op_agent,	     [HV_NETWORK] = op_network,
	[HV_SAVE] = op_save,	     [HV_LOAD] = op_load,
	[HV_FIREWALL] = op_firewall, [HV_PLUG] = op_plug,
};

int qemu_vm_request(struct vm *vm, const struct hv_request *r, json_t **ret_result,
		    struct err **err)
{
	return ops[r->op](vm, r, ret_result, err);
}
