#pragma once
/*
 * fw_log.h: a line of the firewall's log (/var/log/pve-firewall.log, written by pvefw-logger), decoded.
 * Form: "VMID LOGID CHAIN DD/Mon/YYYY:HH:MM:SS +ZZZZ POLICY: IN=... SRC=... PROTO=TCP SPT=... DPT=...".
 */
#include "base/arena.h"

struct fw_log_line {
	const char *vmid;  /* "0": the node itself */
	const char *level; /* "info"; "?" where the number is none */
	const char *chain;
	const char *time;
	const char *verdict; /* "policy DROP", "ACCEPT" ... */
	const char *in, *out, *source, *dest, *proto, *sport, *dport; /* NULL where absent */
	const char *details; /* the rest as it is */
};

/* False: not such a line. */
bool fw_log_parse(struct arena *a, const char *text, struct fw_log_line *ret);
