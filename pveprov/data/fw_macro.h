#pragma once
/*
 * fw_macro.h: the macros of the Proxmox VE firewall: a name for one or more of protocol, destination and source ports.
 * A macro fills only what a rule leaves open. Source: pve-firewall 6.0.4.
 */
#include "base/base.h"

struct fw_macro {
	const char *name;
	int family; /* 4, 6: this line is for that family only; 0: both */
	const char *proto;
	const char *dport; /* ports, or the ICMP type for icmp and icmpv6; NULL: any */
	const char *sport; /* NULL: any */
};

/* The lines of a macro (letter case of the name ignored) stand together: the first, or NULL; *ret_n is their number. */
const struct fw_macro *fw_macro_find(const char *name, size_t *ret_n);

/* The names in order, NULL after the last. */
const char *fw_macro_name(size_t index);

/* The known name nearest to a wrong one, or NULL. */
const char *fw_macro_nearest(const char *name);
