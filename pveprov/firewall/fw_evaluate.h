#pragma once
/*
 * fw_evaluate.h: which rule decides about a packet, and why. Pure: a site and a packet in, a decision out.
 *
 * Built-in rules stand where the code has them: the iptables daemon (pve-firewall 6.0.4) and proxmox-firewall 1.2.3
 * (nftables) differ in that order. A rule that may or may not match, because something is not known, makes the verdict
 * unknown unless everything after it comes to the same verdict.
 */
#include "firewall/fw_packet.h"

enum fw_verdict { FW_ACCEPT, FW_DROP, FW_REJECT, FW_UNKNOWN };

struct fw_decision {
	enum fw_verdict verdict;
	const char *file;   /* of the rule that decides; NULL: a built-in rule or policy */
	unsigned line;	    /* 0: built-in */
	bool live;	    /* the line is a position of the live list, plus 1 */
	const char *rule;   /* its text, or what the built-in rule is called */
	const char *reason; /* one sentence */
	const char *log;    /* log level; NULL: not logged */
	const char *reply;  /* FW_REJECT: what the sender gets: "tcp reset"; NULL: depends on what is not known */
};

/* A packet to or from the node itself, or (FW_FORWARD) through it. Everything returned lives in the arena. */
void fw_evaluate_node(struct arena *a, const struct fw_site *s, const struct fw_node *node, const struct fw_packet *x,
		      struct fw_decision *ret);

/* A packet to (FW_IN) or from (FW_OUT) a guest's NIC ("net0"). `node`: where the guest runs. */
void fw_evaluate_guest(struct arena *a, const struct fw_site *s, const struct fw_node *node,
		       const struct fw_guest *guest, const char *nic, const struct fw_packet *x,
		       struct fw_decision *ret);

/* Where that rule stands: "cluster.fw:3", "cluster.fw, position 2", "built-in". Lives in the arena. */
const char *fw_decision_place(struct arena *a, const struct fw_decision *d);

/* "accept", "drop", "reject", "unknown". */
const char *fw_verdict_name(enum fw_verdict v);
