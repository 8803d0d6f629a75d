#pragma once
/*
 * passthrough.h: how a PCI device gets into a machine. Its raw address may be set by root@pam with
 * a ticket only; a mapping may be used by any account with Mapping.Use. Chosen by what the account
 * can do, and explained.
 */
#include "step/problems.h"
#include "step/session.h"

/* Fills in m->pci. What is configured already and fits is kept, whoever chose it. */
int passthrough_choose(struct machine *m, struct problems *p, struct err **err);

/* The device itself, where it is to be added: there, alone in its IOMMU group, used by nobody else.
 */
int passthrough_check(struct machine *m, struct problems *p, struct err **err);

/* A name that the node's kernel may have given to the device's port: "enp1s0f0", "enp1s0", either
 * with "np0". Pure. */
bool passthrough_is_port(const char *interface, const char *id);
