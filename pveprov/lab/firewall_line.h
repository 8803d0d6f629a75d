#pragma once
/*
 * firewall_line.h: a logged packet as a line of /var/log/pve-firewall.log, in the form of pvefw-logger (pve-firewall 6.0.4):
 *
 *   VMID LOGID CHAIN DD/Mon/YYYY:HH:MM:SS +ZZZZ POLICY: IN=vmbr0 SRC=10.0.0.7 DST=10.0.0.1 LEN=60 ... PROTO=TCP SPT=...
 *
 * What stands before the packet comes from the rule's prefix ":VMID:LOGID:CHAIN: POLICY: "; another prefix is kept as it is
 * after "0 6 -". Lines stay below 512 bytes. UDP's last word has no blank after it, as there.
 */
#include "base/buf.h"

enum { FIREWALL_LINE_MAX = 508 };

struct firewall_packet {
	const char *prefix; /* of the rule; NULL: none */
	int64_t time_s;
	int family;	    /* AF_INET, AF_INET6, AF_BRIDGE */
	uint16_t ethertype; /* of AF_BRIDGE */
	const char *in, *out, *physin, *physout; /* devices; NULL: none */
	const uint8_t *mac; /* the hardware header as it came */
	size_t mac_len;
	uint32_t mark;
	const uint8_t *data; /* from the network header on, perhaps not whole */
	size_t len;
};

/* Appends the line with its line end; time in the zone of this process. */
void firewall_line(const struct firewall_packet *p, struct buf *out);

/* What the logger says of itself: "0 5 - TIME starting pvefw logger". */
void firewall_line_status(int64_t time_s, int level, const char *text, struct buf *out);
