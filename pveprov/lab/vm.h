#pragma once
/*
 * vm.h: virtual machines as their configuration files have them. A VM's configuration is a JSON
 * object as GET config shows it (without the digest); what can only change while it is off waits in
 * `pending`.
 */
#include "lab/job.h"
#include "lab/request.h"

struct vm {
	struct lab *lab;
	int vmid;
	json_t *config;
	json_t *pending;    /* key -> value, null: to be removed */
	json_t *snapshots;  /* name -> configuration with snaptime, parent, description, vmstate; in
			       order of making */
	int64_t started_ms; /* the node's time */
	int64_t agent_from_ms; /* a fault: the agent does not answer before */
	int pid;
	int base_vmid; /* the template whose disks this one's stand on (linked clone); 0: none */
};

struct vms *vms_new(struct lab *l);
struct vms *vms_free(struct vms *s);

/* Makes the machines of the world and starts those that run. */
void vms_populate(struct lab *l);

struct vm *vm_find(const struct lab *l, int vmid);
struct vm *vm_next(const struct lab *l, int from);	       /* the first with vmid >= from */
struct vm *vm_create(struct lab *l, int vmid, json_t *config); /* config stolen; vmid is free */
void vm_remove(struct vm *vm);

/* The VM of a request's path; 500 "Configuration file ... does not exist" and NULL where there is
 * none. */
struct vm *vm_need(struct request *q);
char *vm_missing_text(int vmid); /* malloc'd */

const char *vm_status(const struct vm *vm); /* running, stopped, paused */
bool vm_is_running(const struct vm *vm);    /* paused is running */
bool vm_is_template(const struct vm *vm);
const char *vm_lock(const struct vm *vm);	   /* NULL: not locked */
void vm_set_lock(struct vm *vm, const char *lock); /* NULL: unlocks */
char *vm_lock_name(int vmid);			   /* for lock_take(); malloc'd */

const char *vm_digest(const struct vm *vm, char hex[static 41]);
json_t *
vm_config_pending(const struct vm *vm); /* configuration with what is pending; new reference */
void vm_apply_pending(struct vm *vm);
int64_t vm_disk_bytes(const struct vm *vm); /* of the first disk */

/* An entry of GET /cluster/resources; new reference. */
json_t *vm_resource(const struct vm *vm);
bool vm_may_see(const struct request *q, const struct vm *vm);

/* Volumes on a storage, as GET content lists them; new reference. */
json_t *vms_volumes(const struct lab *l, const char *storage);

/* The hypervisor says that a machine went off by itself. */
void vm_stopped(struct lab *l, int vmid);

/* Whether the key is a disk or CD drive: scsi0, ide2 ... */
bool vm_key_is_drive(const char *key);
/* Whether a value of a drive is a CD, and whether it is the cloud-init drive. */
bool vm_drive_is_cdrom(const char *value);
bool vm_drive_is_cloudinit(const char *value);
