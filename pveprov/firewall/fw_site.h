#pragma once
/*
 * fw_site.h: everything that decides about a packet: the cluster's file, the nodes' and guests' files and what they
 * do not say (NICs, addresses, local network). Owned by whoever built it; the configs are borrowed.
 */
#include "data/addr.h"
#include "firewall/fw_config.h"

struct fw_nic {
	const char *id; /* net0 */
	struct addr_mac mac;
	bool firewall; /* firewall=1 */
	const char *bridge;
	struct addr own[2]; /* a container's configured addresses, IPv4 and IPv6; family 0: none */
};

struct fw_guest {
	const char *id; /* VMID */
	const struct fw_config *config; /* NULL: no file */
	const struct fw_nic *nics;
	size_t n_nics;
	const struct addr *addresses; /* known ones, of all NICs */
	size_t n_addresses;
	bool nics_known; /* false: a folder of files without a node behind it */
};

struct fw_node {
	const char *name;
	const struct fw_config *config; /* NULL: no file */
	const struct addr *addresses;	/* the node's own */
	size_t n_addresses;
	const struct addr *ring; /* corosync addresses of this node */
	size_t n_ring;
	bool local;	      /* it answers us */
	const char *iface;	  /* that has the first of its addresses; NULL: not known */
	struct addr_cidr network; /* of that address */
};

struct fw_site {
	const struct fw_config *cluster; /* NULL: no file */
	const struct fw_node *nodes;
	size_t n_nodes;
	const struct fw_guest *guests;
	size_t n_guests;
	const struct fw_config *const *vnets;
	size_t n_vnets;
	bool local_network_known; /* when cluster.fw has no alias local_network */
	struct addr_cidr local_network;
	bool sdn_known;		 /* false: sets +sdn/... may exist */
	int64_t now_s;		 /* for cluster option enable > 1; 0: counts as on */
};

/* The guest or node of that name, or NULL. */
const struct fw_guest *fw_site_guest(const struct fw_site *s, const char *id);
const struct fw_node *fw_site_node(const struct fw_site *s, const char *name);

/* The link-local address made of the NIC's MAC, or one that a container is configured with. */
bool fw_nic_has_address(const struct fw_nic *nic, const struct addr *a);

/* Whether the firewall is on for the whole cluster: 1, or a time not older than 60 s. */
bool fw_site_enabled(const struct fw_site *s);

/* The nftables backend runs on that node. */
bool fw_node_nftables(const struct fw_node *n);

/*
 * The alias local_network, else the known local network. False: not known.
 * Source: compile_ipsets (it is added to the set management).
 */
bool fw_site_local_network(const struct fw_site *s, struct addr_cidr *ret);
