#pragma once
/*
 * steps.h: the steps of the main job, one file each. ctx is the session, subject the machine
 * (struct machine), where not said otherwise.
 */
#include "step/session.h"

extern const struct step_ops step_mapping;	  /* PCI mappings that the machine needs */
extern const struct step_ops step_mapping_remove; /* those that carry our mark; subject: machine */
extern const struct step_ops step_clone;
extern const struct step_ops step_configure; /* one PUT with everything */
extern const struct step_ops step_snapshot;
extern const struct step_ops step_rollback; /* of `reprovision` */
extern const struct step_ops step_start;
extern const struct step_ops step_restart; /* with leave: what waits for a cold start */
extern const struct step_ops step_delete;  /* of `destroy` */

/* Looks into a running machine. */
extern const struct step_ops step_boot;	     /* agent there, cloud-init done */
extern const struct step_ops step_host_keys; /* read through the agent */
extern const struct step_ops step_address;   /* of the NIC for administration */
extern const struct step_ops step_ssh;	     /* logged in */
extern const struct step_ops
	step_facts; /* distribution, ports of passed-through cards; renders the files */

extern const struct step_ops step_push; /* the router's files and packages, under commit-confirm */

extern const struct step_ops step_probe;  /* measures: results in the machine's report */
extern const struct step_ops step_verify; /* the verdict over all; subject: none */

extern const struct step_ops step_firewall; /* the Proxmox firewall around it all; subject: none */

/* Whether the firewall that was planned may be sent: ERR_GUARD where it would lock us out. */
int firewall_judge(const struct session *s, struct err **err);

/* The NIC over which the machine is administered. */
const struct recipe_nic *machine_admin_nic(const struct recipe_vm *vm);

/* Reads the host keys; opens a shell over SSH to the address the agent reports now: one try. */
int machine_read_host_keys(struct machine *m, struct err **err);
int machine_read_address(struct machine *m, struct err **err);
int machine_connect(struct machine *m, struct shell **ret, struct err **err);

/* The shell that is open, or a new one. Borrowed. */
int machine_ssh(struct machine *m, struct shell **ret, struct err **err);
