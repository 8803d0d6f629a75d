#pragma once
/*
 * fw_trace.h: the script that shows, on a node, which chains and rules a packet passes (nftables' tracing, which also
 * shows the chains of Debian's iptables, as that is iptables-nft). The script cleans up after itself, also when it is
 * interrupted. Nothing from input enters it but addresses and numbers that were parsed.
 */
#include "base/buf.h"
#include "data/addr.h"

struct fw_trace {
	struct addr from; /* family 0: any */
	struct addr to;	  /* family 0: any */
	int proto;	  /* number; -1: any */
	int port;	  /* destination; -1: any */
	bool bridge;	  /* what goes to guests: the bridge family too */
	int seconds;	  /* how long to watch */
};

void fw_trace_script(const struct fw_trace *t, struct buf *out);
