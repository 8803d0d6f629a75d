#pragma once
/*
 * net.h: a node's network configuration. Changes are staged for everyone in one file and take
 * effect, all of them, by one apply; there is no undo after that.
 */
#include "pve/task.h"

struct pve_iface {
	const char *name;
	const char *type;   /* "bridge", "eth", "bond", "vlan", "OVSBridge" ... */
	const char *method; /* "manual", "static", "dhcp" */
	const char *cidr;   /* NULL: none */
	const char *cidr6;
	const char *gateway;
	const char *gateway6;
	const char
		*ports; /* of a bridge: names with blanks between, "" for none; NULL: no bridge */
	const char *slaves;	/* of a bond; NULL: no bond */
	const char *raw_device; /* of a vlan */
	const char *comment;	/* trimmed; NULL: none */
	int64_t mtu;		/* 0: not set */
	bool active;		/* up now */
	bool autostart;
	bool vlan_aware;
};

/* The staged state where something is staged: then `changes` is its unified diff, else NULL. */
struct pve_net {
	struct pve_iface *ifaces;
	size_t n;
	const char *changes;
};

/*
 * Bridges are left out, with status 200, for an account without SDN.Audit or SDN.Use on
 * /sdn/zones/localnetwork: believe an absent bridge only with that privilege.
 */
int pve_net_list(struct pve_client *c, const char *node, struct arena *a, struct pve_net *ret,
		 struct err **err);
const struct pve_iface *pve_net_find(const struct pve_net *net,
				     const char *name); /* NULL: not there */

/* Whether `name` is among the blank-separated names of a `ports` or `slaves` text. */
bool pve_net_has_port(const char *ports, const char *name);

struct pve_bridge {
	const char *name;
	const char *cidr; /* NULL: none */
	const char *cidr6;
	const char *ports;   /* "" or NULL: none */
	const char *comment; /* our mark */
	bool vlan_aware;
	int64_t mtu; /* 0: not set */
};

/* Stages a new bridge. ERR_CONFLICT, PVE_EXISTS: there is one (perhaps a hidden one). */
int pve_net_create_bridge(struct pve_client *c, const char *node, const struct pve_bridge *b,
			  struct err **err);

/* Stages a change: the bridge becomes as given; options that pve_bridge does not have stay as they
 * are. */
int pve_net_update_bridge(struct pve_client *c, const char *node, const struct pve_bridge *b,
			  struct err **err);
int pve_net_delete(struct pve_client *c, const char *node, const char *iface, struct err **err);

/* Brings everything that is staged into effect, also what others staged. Needs ifupdown2. */
int pve_net_apply(struct pve_client *c, const char *node, const struct pve_watch *w,
		  struct err **err);

/* Throws everything that is staged away, also what others staged. */
int pve_net_revert(struct pve_client *c, const char *node, struct err **err);
