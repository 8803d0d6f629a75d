#pragma once
/*
 * qemu_net.h: the cables of the qemu hypervisor. Three network namespaces:
 *
 *   node      the Proxmox node: its bridges, the machines' taps, and the four segments the card's
 * ports plug into internet  everything outside: the networks that the node's bridges are uplinked
 * to, the provider of the router's wan, and the made-up internet itself client    a computer on the
 * router's lan port
 *
 * The node's bridges follow its configuration (HV_NETWORK); an uplink is the node's end of a cable
 * into `internet` and has the name of a port (eno1), so a bridge is uplinked by having that port,
 * as on a real node.
 */
#include "lab/machine.h"
#include "lab/upstream.h"
#include "base/clock.h"

struct world;
struct qemu_net;

int qemu_net_open(const struct world *w, const struct clock *clock, struct qemu_net **ret,
		  struct err **err);
struct qemu_net *qemu_net_free(struct qemu_net *n);
DEFINE_CLEANUP(struct qemu_net *, qemu_net_free)

int qemu_net_node(const struct qemu_net *n); /* descriptors of the namespaces; borrowed */
int qemu_net_internet(const struct qemu_net *n);
int qemu_net_client(const struct qemu_net *n);

/* What the made-up internet has to serve DHCP on. Borrowed. */
const struct upstream_link *qemu_net_links(const struct qemu_net *n, size_t *ret_n);

/* Makes the bridges what the node's configuration says: a list of (or a map by name of) interfaces
 * as the API has them. */
int qemu_net_apply(struct qemu_net *n, const json_t *interfaces, struct err **err);

/* Whether every bridge that the machine's NICs need is there: "bridge 'vmbr99' does not exist". */
int qemu_net_check(struct qemu_net *n, const struct machine *m, struct err **err);

/* Plugs the taps of a machine, made by its QEMU, into their bridges, those with firewall=1 by way of a bridge of their own;
 * once more when its NICs have changed. */
int qemu_net_plug(struct qemu_net *n, const struct machine *m, struct err **err);

/* The machine is off: its taps are gone, the bridges of its own go now. */
int qemu_net_unplug(struct qemu_net *n, int vmid, struct err **err);
