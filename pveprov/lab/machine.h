#pragma once
/*
 * machine.h: one machine's Proxmox configuration as QEMU's command line. Pure: nothing is started
 * or looked up here.
 *
 * The guest boots directly from the image's kernel. Descriptors 3 and 4 of the process are QMP and
 * the guest agent's port. NICs are tap devices that QEMU itself makes (they vanish with it); the
 * caller puts them on their bridges before the CPUs run (-S).
 */
#include "base/err.h"
#include "base/strv.h"

#include <jansson.h>

enum {
	MACHINE_NICS_MAX = 8,
	MACHINE_PORTS = 4, /* functions of the passed-through card */
	MACHINE_DEVICE = 16,
};

struct machine_nic {
	char id[MACHINE_DEVICE];     /* of the QEMU device, for set_link: net0, port1 */
	char tap[MACHINE_DEVICE];    /* tap100i0, tap100p1 */
	char bridge[MACHINE_DEVICE]; /* vmbr0, card-wan */
	const char *model;	     /* QEMU's name of the device */
	char mac[18];
	bool link_down;
	bool filtered; /* firewall=1 */
	int function; /* of the card; -1: an ordinary NIC */
};

struct machine {
	int vmid;
	int cores;
	int64_t memory_mib;
	bool agent;
	struct machine_nic nics[MACHINE_NICS_MAX + MACHINE_PORTS];
	size_t n_nics;
};

/* Reads the configuration as GET config shows it. Errors are worded as Proxmox's start task words
 * them. */
int machine_parse(const json_t *config, int vmid, struct machine *ret, struct err **err);

/* Where a machine's files are and what it runs on. */
struct machine_host {
	const char *accel; /* "tcg" or "kvm" */
	const char *kernel, *initrd;
	const char *disk;   /* qcow2 */
	const char *seed;   /* ISO image; NULL: none */
	const char *serial; /* file for the console */
	const char *load;   /* saved state to start from; NULL: boot */
};

void machine_argv(const struct machine *m, const struct machine_host *host, struct strv *ret);

/* The bridge behind port `function` of the card: card-wan, card-lan, card-opt1, card-opt2. */
const char *machine_port_bridge(int function);
