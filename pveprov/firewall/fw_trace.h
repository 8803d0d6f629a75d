#pragma once
/*
 * fw_trace.h: the script that shows, on a node, which chains and rules a packet passes.
 *
 * With the nftables backend (and where iptables is iptables-nft) a table of our own marks packets and 'nft monitor trace' shows
 * their way. The iptables daemon of Proxmox VE uses iptables-legacy, which nft does not show: there a chain of our own in the raw
 * table marks them (TRACE), and their way is in the firewall's log (pvefw-logger is bound to IPv4's traces) or the kernel's.
 *
 * The script removes what it made: when its time is over, at Ctrl-C, and when its standard input ends, which is how it learns that
 * a connection is gone. The SSH connection that it runs in is not traced: each line would make new ones. It is one word for sh
 * without a single quote or a tab in it (a shell that it is pasted into would complete names). Nothing from input enters it but
 * addresses and numbers that were parsed. Facts: pve-firewall 6.0.4 (pve-firewall.service, pvefw-logger.c).
 */
#include "base/buf.h"
#include "data/addr.h"

/* How a node without our script is cleaned up by hand. */
#define FW_TRACE_TABLE "pveprov-trace"
#define FW_TRACE_CHAIN "PVEPROV-TRACE"

enum fw_trace_backend { FW_TRACE_AUTO, FW_TRACE_IPTABLES, FW_TRACE_NFTABLES };
extern const char *const fw_trace_backends[]; /* by number, NULL-terminated */

struct fw_trace {
	enum fw_trace_backend backend; /* AUTO: the script finds out */
	struct addr from; /* family 0: any */
	struct addr to;	  /* family 0: any */
	int proto;	  /* number; -1: any */
	int port;	  /* destination; -1: any */
	bool bridge;	  /* nftables: what goes to guests: the bridge family too */
	int seconds;	  /* how long to watch */
};

/* The commands, as "sh -c '...'". */
void fw_trace_script(const struct fw_trace *t, struct buf *out);
