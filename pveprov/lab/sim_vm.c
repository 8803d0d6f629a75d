/* sim_vm.c: simulated machines and their disks (sim.h). */
#include "lab/sim.h"

struct sim_snapshot {
	char *name;
	struct guest *guest;
	struct sim_snapshot *next;
};

static size_t position(const struct sim *s, int vmid)
{
	size_t low = 0, high = s->n_vms;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (s->vms[middle]->vmid < vmid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct sim_vm *sim_find(const struct sim *s, int vmid)
{
	size_t at = position(s, vmid);

	return at < s->n_vms && s->vms[at]->vmid == vmid ? s->vms[at] : NULL;
}

struct sim_vm *sim_vm(struct sim *s, int vmid)
{
	struct sim_vm *vm = sim_find(s, vmid);
	size_t at = position(s, vmid);

	if (vm)
		return vm;
	vm = xcalloc(1, sizeof(*vm));
	vm->vmid = vmid;
	vm->processes = json_object();
	vm->handles = json_object();
	vm->next_id = 1000;
	vm->blank = true;
	if (s->n_vms == s->cap_vms) {
		s->cap_vms = s->cap_vms ? 2 * s->cap_vms : 64;
		s->vms = xrealloc(s->vms, s->cap_vms, sizeof(struct sim_vm *));
	}
	memmove(s->vms + at + 1, s->vms + at, (s->n_vms - at) * sizeof(struct sim_vm *));
	s->vms[at] = vm;
	s->n_vms++;
	return vm;
}

static void snapshots_free(struct sim_vm *vm)
{
	while (vm->snapshots) {
		struct sim_snapshot *n = vm->snapshots;
		vm->snapshots = n->next;
		free(n->name);
		guest_free(n->guest);
		free(n);
	}
}

void sim_vm_free(struct sim_vm *vm)
{
	snapshots_free(vm);
	sim_change_free(vm);
	guest_free(vm->guest);
	json_decref(vm->config);
	json_decref(vm->processes);
	json_decref(vm->handles);
	free(vm);
}

void sim_vm_clone(struct sim *s, int vmid, int source_vmid)
{
	struct sim_vm *vm = sim_vm(s, vmid), *from = sim_vm(s, source_vmid);

	vm->kind = from->kind;
	vm->blank = from->blank;
	guest_free(vm->guest);
	vm->guest = from->guest ? guest_copy(from->guest) : guest_new(from->kind);
	snapshots_free(vm);
}

void sim_vm_destroy(struct sim *s, int vmid)
{
	size_t at = position(s, vmid);

	if (!sim_find(s, vmid))
		return;
	sim_vm_free(s->vms[at]);
	memmove(s->vms + at, s->vms + at + 1, (s->n_vms - at - 1) * sizeof(struct sim_vm *));
	s->n_vms--;
}

static struct sim_snapshot **find_snapshot(struct sim_vm *vm, const char *name)
{
	struct sim_snapshot **p = &vm->snapshots;

	while (*p && !streq((*p)->name, name))
		p = &(*p)->next;
	return p;
}

void sim_vm_snapshot(struct sim_vm *vm, const char *name)
{
	struct sim_snapshot *n = xcalloc(1, sizeof(*n));

	n->name = xstrdup(name);
	n->guest = vm->guest ? guest_copy(vm->guest) : guest_new(vm->kind);
	n->next = vm->snapshots;
	vm->snapshots = n;
}

void sim_vm_rollback(struct sim_vm *vm, const char *name)
{
	struct sim_snapshot *n = *find_snapshot(vm, name);

	sim_change_free(vm);
	guest_free(vm->guest);
	vm->guest = n ? guest_copy(n->guest) : guest_new(vm->kind);
	vm->state = SIM_OFF;
}

void sim_vm_snapshot_delete(struct sim_vm *vm, const char *name)
{
	struct sim_snapshot **p = find_snapshot(vm, name), *n = *p;

	if (!n)
		return;
	*p = n->next;
	free(n->name);
	guest_free(n->guest);
	free(n);
}
