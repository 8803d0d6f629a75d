#pragma once
/*
 * fw_stop.h: the lines over which proxmox-firewall stops.
 *
 * pve-firewall skips a line that it cannot read. The nftables backend does not: one such line in any file of the node, and
 * it loads no rule at all, again every five seconds. What it reads differs, too: "-iface" and two blanks are fine, "DENY",
 * an option twice, "[ipset x]" in small letters are not. Source: proxmox-ve-config 0.10 (common.rs, rule.rs, rule_match.rs).
 */
#include "firewall/fw_config.h"

typedef void fw_stop_fn(void *ctx, const struct fw_config *c, unsigned line, unsigned column, const char *why);

/* Calls fn for each such line of a file; `why` lives as long as the call. Returns their number. */
size_t fw_stops(const struct fw_config *c, fw_stop_fn *fn, void *ctx);
