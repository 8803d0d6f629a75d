#pragma once
/*
 * firewall_compile.h: what the node's daemon makes of its firewall files, as text for `nft -f -`. Pure.
 *
 * One transaction replaces the two tables of the firewall (`inet pve-firewall`, `bridge pve-firewall`); other tables
 * stay. The chains are those of the iptables daemon (pve-firewall 6.0.4) or, where the node's file says nftables: 1, of
 * proxmox-firewall 1.2.3, in their order. Guests are filtered where the iptables daemon does it: on the way through
 * fwbrNiM, the bridge between a NIC's tap (tapNiM) and the veth pair fwlnNiM - fwprNpM that ends in the real bridge.
 * br_netfilter hands those packets to the inet forward hook; a mark that the bridge's own hook sets says which way they go.
 *
 * The client of this project decides about packets by code of its own, so that real packets check both.
 */
#include "base/buf.h"
#include "data/addr.h"

#include <jansson.h>

struct firewall_nic {
	char id[16]; /* net0 */
	struct addr_mac mac;
	bool filtered;	    /* firewall=1 */
	struct addr own[2]; /* a container's configured addresses; family 0: none */
};

struct firewall_guest {
	char id[16];
	const json_t *file; /* as firewall.h has it; NULL: none */
	const struct firewall_nic *nics;
	size_t n_nics;
};

struct firewall_node {
	const json_t *file;
	const struct addr *ring; /* corosync addresses */
	size_t n_ring;
};

struct firewall_site {
	const json_t *cluster;		    /* NULL: no file */
	const struct firewall_node *nodes;  /* the first is the one to compile for */
	size_t n_nodes;
	const struct firewall_guest *guests; /* on this node */
	size_t n_guests;
	bool local_known; /* the network of the node's address; the alias local_network comes before it */
	struct addr_cidr local;
	int64_t now_s; /* for cluster option enable > 1 */
};

void firewall_compile(const struct firewall_site *s, struct buf *out);
