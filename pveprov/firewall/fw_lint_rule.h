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

/* Who gets at the node's SSH and API: a rule that opens them to everybody, or shuts them for those in 'management', too. */
void fw_lint_door(const struct fw_rule_view *v, const struct fw_entry *e, const struct fw_place *p);

/* An issue at the field's value where the file has one, at the rule's begin otherwise. */
struct fw_issue *fw_lint_report(const struct fw_rule_view *v, const struct fw_entry *e, const char *field,
				enum fw_severity severity, const char *code, const char *text);
