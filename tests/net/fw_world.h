#pragma once
/*
 * fw_world.h: a node with the firewall's own plumbing, guests and a network around it, in namespaces of the test's own.
 *
 *   out e0..e3 -- c0..c3 of the node's bridges vmbr0..vmbr3; everything that comes from vmbr0..2 is for the node itself,
 *   what comes from vmbr3 is routed to vmbr1
 *   guest gVMIDiM -- tapVMIDiM in fwbrVMIDiM -- vmbr0
 *
 * Frames are sent as bytes. A fence is a frame of no IP protocol, which no rule of the firewall concerns: where it has
 * arrived, everything sent before it on the same way has arrived or never will.
 */
#include "firewall/fw_site.h"
#include "frame.h"
#include "world.h"

enum { FW_BRIDGES = 4 };

struct fw_world {
	struct place node, out, guest;
	int ears[3]; /* packet sockets of node (fences only), out, guest */
	int raw[2];  /* of the node, IPv4 and IPv6: sends packets with their header */
	const struct fw_site *site;
	uint32_t fences; /* sent */
};

enum fw_where { FW_AT_NODE, FW_AT_OUT, FW_AT_GUEST };

struct fw_shot {
	struct frame frame;
	enum fw_where from;
	const char *device;	  /* it is sent on: e0, g100i0; NULL: the node's routes decide */
	uint8_t to_mac[6], mac[6]; /* of its frame */
	uint8_t own_mac[6];	   /* of the NIC that sends it, for the fence */
	int bridge;		  /* the fences go over vmbrN */
};

struct fw_outcome {
	bool arrived[3]; /* by fw_where */
	bool refused;	 /* a reset or an ICMP error came back */
};

void fw_world_begin(struct fw_world *w, const struct fw_site *site);
void fw_world_end(struct fw_world *w);

/* `nft -f -` in the node; its status. */
int fw_world_load(struct fw_world *w, const char *rules);

/* The MAC addresses of the node's bridges and of out's ends. */
void fw_world_mac(enum fw_where where, int bridge, uint8_t ret[static 6]);

/* Sends it and says what became of it once that is certain. */
struct fw_outcome fw_world_shoot(struct fw_world *w, const struct fw_shot *s);
