#pragma once
/*
 * fw_guard.h: would these firewall files close the way on which they are changed?
 *
 * Evaluates what the site will be for the connections that must stay: the API (8006), SSH to a node where it is used,
 * corosync between nodes. Pure: sends nothing. The caller refuses, adds the rule, or arms the server's own switch.
 */
#include "firewall/fw_evaluate.h"

struct fw_guest_door {
	const char *guest, *nic; /* "100", "net0" */
};

struct fw_access {
	struct addr from;    /* our address as the node sees it; family 0: unknown */
	bool from_certain;   /* said by the user; false: our socket's address, a router with NAT may lie between */
	const char *node;    /* the node whose API is used */
	struct addr to;	     /* its address */
	int api_port;	     /* 8006 */
	bool ssh;	     /* SSH to the node is in use */
	const char *iface;   /* the node's interface we come in on; NULL: unknown */
	const struct fw_guest_door *doors; /* guests whose SSH is in use, too */
	size_t n_doors;
};

/* One way that must stay open, and what becomes of it. */
struct fw_way {
	const char *what; /* "API of pve (tcp 8006) from 10.0.0.5" */
	const char *source, *node;
	const char *guest; /* NULL: the node itself */
	int proto, port;
	struct fw_decision now, then;
};

enum fw_guard_verdict {
	FW_GUARD_OPEN,	  /* every way stays open */
	FW_GUARD_UNKNOWN, /* cannot be told: needs the server's switch, or a certain source */
	FW_GUARD_CLOSED,  /* at least one way that is open now would close */
};

struct fw_guard {
	enum fw_guard_verdict verdict;
	struct fw_way *ways;
	size_t n;
	bool enabling;	/* the firewall goes on by this change */
	bool enabled;	/* it is on already */
	bool nftables;	/* on any node: the 60 s switch proves nothing */
	const char *fix; /* the member for 'management', or the rule, that keeps access; NULL: none needed */
	const char *fix_member; /* CIDR of that member */
};

struct fw_guard fw_guard(struct arena *a, const struct fw_site *now, const struct fw_site *then,
			 const struct fw_access *access);
