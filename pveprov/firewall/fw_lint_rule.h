#pragma once
/*
 * fw_lint_rule.h: what is odd about one rule. Used by fw_lint() only.
 */
#include "firewall/fw_issue.h"
#include "firewall/fw_verify.h"

struct fw_rule_view {
	const struct fw_site *site;
	const struct fw_config *config;
	const struct fw_guest *guest; /* NULL: not a guest's file */
	const struct fw_section *section;
	bool any_nftables, any_iptables;
	struct fw_issues *issues;
};

void fw_lint_rule(const struct fw_rule_view *v, const struct fw_entry *e);
