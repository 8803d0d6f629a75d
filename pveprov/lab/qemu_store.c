#include "base/fs.h"
#include "lab/qemu_disk.h"
#include "lab/qemu_op.h"

#include <sys/stat.h>

static int make_dir(struct vm *vm, struct err **err)
{
	if (mkdir(vm->dir, 0700) < 0 && errno != EEXIST)
		return err_set_errno(err, ERR_INTERNAL, "cannot create directory '%s'", vm->dir);
	return 0;
}

int qemu_vm_first_disk(struct vm *vm, bool image, int64_t size_bytes, struct err **err)
{
	struct qemu *h = vm->hv;

	if (make_dir(vm, err) < 0)
		return -1;
	return image ? qemu_disk_overlay(vm->disk, h->image.disk, MAX(size_bytes, IMAGE_DISK_BYTES),
					 &h->clock, err)
		     : qemu_disk_empty(vm->disk, size_bytes, &h->clock, err);
}

int op_clone(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	struct vm *source = qemu_vm(vm->hv, r->source_vmid);
	const struct clock *clock = &vm->hv->clock;

	(void)ret;
	if (!fs_exists(source->disk))
		return err_set(err, ERR_TASK, "VM %d has no disk on this node", source->vmid);
	if (make_dir(vm, err) < 0)
		return -1;
	return r->linked ? qemu_disk_overlay(vm->disk, source->disk, 0, clock, err)
			 : qemu_disk_copy(vm->disk, source->disk, clock, err);
}

int op_destroy(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	(void)r;
	(void)ret;
	if (qemu_vm_is_on(vm))
		return err_set(err, ERR_TASK, "VM %d is running - destroy failed", vm->vmid);
	return fs_remove_tree(vm->dir, err);
}

int op_resize(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;

	(void)ret;
	if (qemu_vm_run(vm, &run, NULL) == 0)
		return run_resize_disk(run, r->size_bytes, err);
	return qemu_disk_resize(vm->disk, r->size_bytes, &vm->hv->clock, err);
}

int op_snapshot(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;

	(void)ret;
	if (qemu_vm_run(vm, &run, NULL) == 0)
		return run_disk_snapshot(run, "blockdev-snapshot-internal-sync", r->snapshot, err);
	return qemu_disk_snapshot(vm->disk, 'c', r->snapshot, &vm->hv->clock, err);
}

int op_snapshot_delete(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	_cleanup_run_ struct run *run = NULL;

	(void)ret;
	if (qemu_vm_run(vm, &run, NULL) == 0)
		return run_disk_snapshot(run, "blockdev-snapshot-delete-internal-sync", r->snapshot,
					 err);
	return qemu_disk_snapshot(vm->disk, 'd', r->snapshot, &vm->hv->clock, err);
}

int op_rollback(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	(void)ret;
	if (qemu_vm_is_on(vm))
		return err_set(err, ERR_TASK, "VM %d is running", vm->vmid);
	return qemu_disk_snapshot(vm->disk, 'a', r->snapshot, &vm->hv->clock, err);
}
