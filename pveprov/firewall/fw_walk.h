#pragma once
/*
 * fw_walk.h: going down a chain: rules one after the other until one decides. Used by the two backends only.
 */
#include "firewall/fw_evaluate.h"

struct fw_walk {
	struct arena *arena;
	const struct fw_site *site;
	const struct fw_packet *packet;
	const struct fw_node *node;
	const struct fw_guest *guest; /* NULL: the node itself */
	bool nft;
	struct fw_decision *decision;
	bool decided;
	/* rules that may have matched before */
	size_t n_maybe;
	struct fw_decision maybe; /* the first */
	bool maybe_differ;	  /* they do not all have one verdict */
};

/* A built-in rule. Returns true once the walk is decided. */
bool fw_walk_builtin(struct fw_walk *w, enum fw_match match, enum fw_verdict verdict, const char *name);

/* A policy: decides always. */
void fw_walk_policy(struct fw_walk *w, enum fw_verdict verdict, const char *file, const char *key, const char *log);

/* The rules of a file in the packet's direction, groups included. Returns true once decided. */
bool fw_walk_rules(struct fw_walk *w, const struct fw_config *config);

/* A multicast address, 255.255.255.255, or the broadcast address of the known local network. */
bool fw_walk_is_broadcast(const struct fw_walk *w, const struct addr *a);

/* ACCEPT, DROP or REJECT as an option or action has it. */
enum fw_verdict fw_verdict_of(const char *action);

/* A config's log level option where it is not nolog; else NULL. */
const char *fw_walk_log(const struct fw_config *c, enum fw_level level, const char *key);

void fw_iptables_node(struct fw_walk *w);
void fw_iptables_guest(struct fw_walk *w, const struct fw_nic *nic);

/* What the iptables daemon does to every packet between bridge ports, and to those into a fwbr (`filtered`). */
bool fw_iptables_bridged(struct fw_walk *w, bool filtered);
void fw_nftables_node(struct fw_walk *w);
void fw_nftables_guest(struct fw_walk *w, const struct fw_nic *nic);
