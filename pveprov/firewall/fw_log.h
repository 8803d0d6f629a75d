#pragma once
/*
 * fw_log.h: a line of the firewall's log (/var/log/pve-firewall.log, written by pvefw-logger), decoded.
 * Form: "VMID LOGID CHAIN DD/Mon/YYYY:HH:MM:SS +ZZZZ POLICY: IN=... SRC=... PROTO=TCP SPT=... DPT=...". A traced packet has
 * "TRACE: table:chain:rule:N " where others have the policy; what the logger says of itself has neither. With option
 * log_nf_conntrack lines of another form (connection tracking) stand in the same file: these are not decoded.
 * Facts: pve-firewall 6.0.4 (pvefw-logger.c).
 */
#include "base/arena.h"

struct fw_log_line {
	int64_t time_s;	   /* since 1970 */
	const char *time;  /* "2014-03-14T12:47:07+01:00": the node's zone */
	const char *vmid;  /* "0": the node itself */
	const char *level; /* "info" */
	const char *chain; /* NULL: none */
	const char *verdict; /* "policy DROP", "ACCEPT", "TRACE" ...; NULL: none */
	const char *note;    /* words before the packet; NULL: none */
	/* NULL where absent */
	const char *in, *out, *physin, *physout, *source, *dest, *proto, *sport, *dport, *type, *code;
};

/* False: not such a line. */
bool fw_log_parse(struct arena *a, const char *text, struct fw_log_line *ret);

/* "TCP 10.0.0.7:5000 -> 10.0.0.1:22 in vmbr0/tap100i0 out vmbr1": what passed where, with the note before it. */
const char *fw_log_packet(struct arena *a, const struct fw_log_line *l);
