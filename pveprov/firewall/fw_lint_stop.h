#pragma once
/*
 * fw_lint_stop.h: the lines over which proxmox-firewall stops.
 *
 * pve-firewall skips a line that it cannot read. The nftables backend does not: one such line in any file of the node, and
 * it loads no rule at all, again every five seconds. What it reads differs, too: "-iface" and two blanks are fine, "DENY",
 * an option twice, "[ipset x]" in small letters are not. Source: proxmox-ve-config 0.10 (common.rs, rule.rs, rule_match.rs).
 */
#include "firewall/fw_config.h"
#include "firewall/fw_issue.h"

/* Reports those lines of a file. Used by fw_lint() only, where a node runs that backend. */
void fw_lint_stops(const struct fw_config *c, struct fw_issues *issues);
