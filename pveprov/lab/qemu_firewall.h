#pragma once
/* qemu_firewall.h: the bridges in front of filtered NICs. Used by qemu_net.c, under its lock. */
#include "base/buf.h"
#include "base/strv.h"
#include "lab/machine.h"

struct qemu_filters {
	struct strv names; /* 100i0: fwbr100i0 and its cable are there */
};

/* Adds the lines of ip(8) that put the NIC's tap where it belongs, behind a bridge of its own or not. */
void qemu_filters_plug(struct qemu_filters *f, int vmid, const struct machine_nic *nic, struct buf *b);

/* Adds the lines that remove what a machine had. */
void qemu_filters_unplug(struct qemu_filters *f, int vmid, struct buf *b);

void qemu_filters_free(struct qemu_filters *f);
