#include "firewall/fw_lint_rule.h"
#include "firewall/fw_packet.h"
#include "data/fw_proto.h"

static const struct door {
	const char *name;
	int port;
} doors[] = { { "SSH", 22 }, { "the web interface and API", 8006 } };

/* How the rule takes a connection to the port whose source is not known: FW_YES is for everybody. */
static enum fw_match takes(struct arena *a, const struct fw_rule_view *v, const struct fw_place *p, const struct fw_rule *r,
			   int port)
{
	const struct fw_packet x = { .direction = FW_IN, .family = 4, .proto = FW_TCP, .sport = -1, .dport = port,
				     .icmp_type = -1, .icmp_code = -1 };
	struct fw_problem problem;
	int family = 0;

	if (r->type != FW_IN || !r->enabled || !fw_rule_verify(a, p, r, &family, &problem) || family == 6)
		return FW_NO;
	return fw_match_rule(a, v->site, p, r, &x, false);
}

/* Somebody was let in before. */
static bool let_in_before(struct arena *a, const struct fw_rule_view *v, const struct fw_place *p, const struct fw_entry *e,
			  int port)
{
	for (const struct fw_entry *before = v->section->first; before != e; before = before->next)
		if (!before->bad && (before->rule.type == FW_GROUP_RULE ||
				     (streq(before->rule.action, "ACCEPT") && takes(a, v, p, &before->rule, port) != FW_NO)))
			return true;
	return false;
}

static void lint_one(struct arena *a, const struct fw_rule_view *v, const struct fw_entry *e, const struct fw_place *p,
		     const struct door *d)
{
	if (takes(a, v, p, &e->rule, d->port) != FW_YES)
		return;
	if (streq(e->rule.action, "ACCEPT"))
		fw_issue_hint(fw_lint_report(v, e, "type", FW_WARNING, "open-to-all",
					     arena_printf(a, "opens %s (tcp %d) of the node to everybody", d->name, d->port)),
			      "name a source, or put the addresses into the IP set 'management'");
	else if ((v->any_iptables || !v->any_nftables) && !let_in_before(a, v, p, e, d->port))
		fw_issue_hint(fw_lint_report(v, e, "type", FW_WARNING, "shuts-out",
					     arena_printf(a, "shuts %s (tcp %d) of the node for 'management', too: rules come before "
							     "the built-in accepts (iptables daemon)", d->name, d->port)),
			      "accept the administrators in a rule before it, or leave it to policy_in");
}

void fw_lint_door(const struct fw_rule_view *v, const struct fw_entry *e, const struct fw_place *p)
{
	_cleanup_arena_ struct arena a = { 0 };

	if ((v->config->level != FW_HOST && v->config->level != FW_CLUSTER) || v->section->kind != FW_RULES)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(doors); i++)
		lint_one(&a, v, e, p, &doors[i]);
}
