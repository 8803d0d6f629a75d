#include "firewall/fw_lint_rule.h"
#include "firewall/fw_address.h"
#include "firewall/fw_cover.h"
#include "data/fw_macro.h"
#include "firewall/fw_near.h"
#include "firewall/fw_options.h"
#include "data/fw_proto.h"

/* Macros that open more, or something else, than their name says to most people. */
static const struct {
	const char *macro, *text;
} surprises[] = {
	{ "Jetdirect", "opens tcp 9100: also the port of Prometheus' node exporter" },
	{ "PMG", "opens tcp 8006: also the port of Proxmox VE's own web interface" },
	{ "Squid", "opens tcp 3128: also the port of Proxmox VE's SPICE proxy" },
	{ "VNC", "opens tcp 5900:5999: also the consoles of Proxmox VE's guests" },
	{ "GNUnet", "opens 1080 too, the port of SOCKS proxies" },
	{ "Ceph", "opens tcp 6800:7300, 501 ports" },
	{ "SMB", "opens udp 1024:65535 for whoever sends from port 137" },
	{ "IPIP", "matches protocol 94 (ipip), not protocol 4 (ipencap) that Linux tunnels use" },
};

struct fw_issue *fw_lint_report(const struct fw_rule_view *v, const struct fw_entry *e, const char *field,
				enum fw_severity severity, const char *code, const char *text)
{
	const struct fw_field *f = fw_field_find(field);
	bool is_action = streq(field, "action") || streq(field, "macro");
	unsigned line = f ? e->rule.lines[f - fw_fields] : is_action ? e->rule.action_line : 0;
	unsigned column = f ? e->rule.columns[f - fw_fields] : is_action ? e->rule.action_column : 0;

	return column && line ? fw_issue_add(v->issues, v->config->file, line, column, severity, code, "%s", text)
			      : fw_issue_add(v->issues, v->config->file, e->line, e->column, severity, code, "%s", text);
}

/* Sets and groups are kept in lower case but looked up as written. */
static bool has_capitals(const char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			return true;
	return false;
}

static void hint_problem(struct arena *a, struct fw_issue *i, const struct fw_place *p, const struct fw_rule *r,
			 const struct fw_problem *problem)
{
	const char *near = fw_near(a, p, r, problem);

	if (problem->unknown == FW_UNKNOWN_SET && has_capitals(problem->name))
		fw_issue_hint(i, "names of IP sets are kept in lower case: write it so");
	else if (near)
		fw_issue_hint(i, "did you mean '%s'?", near);
	else if (problem->unknown == FW_UNKNOWN_ACTION)
		fw_issue_hint(i, "the actions are ACCEPT, DROP and REJECT");
	else if (problem->unknown == FW_UNKNOWN_ALIAS && streq(problem->name, "local_network"))
		fw_issue_hint(i, "rules can name it only where [ALIASES] of cluster.fw sets it");
}

static void lint_group_use(const struct fw_rule_view *v, const struct fw_entry *e)
{
	const struct fw_section *group = fw_section_find(v->site->cluster, FW_GROUP, e->rule.action);

	if (!v->site->cluster || (group && streq(group->name, e->rule.action)))
		return;
	_cleanup_arena_ struct arena a = { 0 };
	const char *near = fw_near_group(&a, v->site->cluster, e->rule.action);
	struct fw_issue *i = fw_lint_report(v, e, "action", FW_ERROR, "no-such-group",
				    "the server takes the rule, but there is no security group of that name: it does nothing");
	if (group)
		fw_issue_hint(i, "names of groups are kept in lower case: write '%s'", group->name);
	else if (near)
		fw_issue_hint(i, "did you mean '%s'?", near);
}

static void lint_backend(const struct fw_rule_view *v, const struct fw_entry *e)
{
	const struct fw_rule *r = &e->rule;

	if (r->type == FW_FORWARD && v->any_iptables && !v->any_nftables)
		fw_issue_hint(fw_lint_report(v, e, "action", FW_WARNING, "forward-needs-nftables",
				     "FORWARD rules work with the nftables backend only: this one does nothing"),
			      "set 'nftables: 1' in host.fw, or leave it out");
	if (r->type == FW_FORWARD && r->iface && v->any_nftables)
		fw_issue_hint(fw_lint_report(v, e, "iface", FW_WARNING, "forward-interface",
				     "the nftables backend leaves out FORWARD rules that name an interface"),
			      "name the networks with -source and -dest");
	if (v->config->level == FW_GUEST && r->type == FW_IN && streq(r->action, "REJECT") && v->any_nftables)
		fw_lint_report(v, e, "action", FW_NOTE, "reject-becomes-drop",
		       "the nftables backend drops instead of rejecting what goes to a guest");
}

static void lint_surprise(const struct fw_rule_view *v, const struct fw_entry *e)
{
	for (size_t i = 0; e->rule.macro && i < ARRAY_SIZE(surprises); i++)
		if (strcasecmp(surprises[i].macro, e->rule.macro) == 0 && streq(e->rule.action, "ACCEPT"))
			fw_lint_report(v, e, "macro", FW_NOTE, "surprising-port", surprises[i].text);
}

static void lint_reach(const struct fw_rule_view *v, const struct fw_entry *e, const struct fw_place *p)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct fw_problem problem;
	int family;

	for (const struct fw_entry *before = v->section->first; before != e; before = before->next) {
		if (before->bad || !before->rule.enabled || before->rule.type != e->rule.type ||
		    !fw_rule_covers(&a, p, &before->rule, &e->rule) ||
		    !fw_rule_verify(&a, p, &before->rule, &family, &problem))
			continue;
		fw_lint_report(v, e, "type", FW_WARNING, "unreachable",
		       arena_printf(&a, "line %u matches everything that this rule matches: it never decides", before->line));
		return;
	}
}

/* 'guest/' means the file of the guest that a rule is made for; nodes have no names of their own. */
static void lint_scope(const struct fw_rule_view *v, const struct fw_entry *e)
{
	static const char *const fields[] = { "source", "dest" };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		const char *why, *text = fw_field_get(&e->rule, fw_field_find(fields[i]));
		const struct fw_address *x = text ? fw_address_parse(&a, text, &why) : NULL;
		if (x && x->scope == FW_GUEST_SCOPE && v->config->level != FW_GUEST)
			fw_issue_hint(fw_lint_report(v, e, fields[i], FW_WARNING, "never-matches",
					     "'guest/' names something in a VM's file: a rule of the cluster or a node never matches"),
				      "write 'dc/', or leave the scope out");
	}
}

static void lint_nic(const struct fw_rule_view *v, const struct fw_entry *e)
{
	const struct fw_guest *g = v->guest;

	if (!g || !g->nics_known || !e->rule.iface)
		return;
	for (size_t i = 0; i < g->n_nics; i++) {
		if (!streq(g->nics[i].id, e->rule.iface))
			continue;
		if (!g->nics[i].firewall)
			fw_lint_report(v, e, "iface", FW_WARNING, "nic-unfiltered",
			       "that NIC has no firewall=1: the rule does nothing");
		return;
	}
	fw_lint_report(v, e, "iface", FW_WARNING, "no-such-nic", "the VM has no such NIC: the rule does nothing");
}

/* A macro of one family in a rule of the other. */
static bool never_matches(const struct fw_rule *r, int family)
{
	size_t n = 0;
	const struct fw_macro *m = r->macro ? fw_macro_find(r->macro, &n) : NULL;

	if (!m || !family)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!m[i].family || m[i].family == family)
			return false;
	return true;
}

void fw_lint_rule(const struct fw_rule_view *v, const struct fw_entry *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	bool in_group = v->section->kind == FW_GROUP;
	struct fw_place p = { .cluster = v->site->cluster,
			      .own = in_group ? NULL : v->config,
			      .level = v->config->level,
			      .in_group = in_group,
			      .sdn_known = v->site->sdn_known };
	struct fw_problem problem;
	int family = 0;

	if (e->comment && strchr(e->comment, '#'))
		fw_lint_report(v, e, "comment", FW_NOTE, "hash-in-comment",
		       "before proxmox-firewall 1.2.3 a '#' inside a comment stops the whole nftables firewall");
	if (!fw_rule_verify(&a, &p, &e->rule, &family, &problem)) {
		struct fw_issue *i = fw_lint_report(v, e, problem.field, FW_ERROR, "not-applied",
					    arena_printf(&a, "%s: %s; the rule stays in the file but is not applied",
							 problem.field, problem.text));
		hint_problem(&a, i, &p, &e->rule, &problem);
		return;
	}
	if (!e->rule.enabled)
		return;
	if (e->rule.type == FW_GROUP_RULE)
		lint_group_use(v, e);
	if (never_matches(&e->rule, family))
		fw_lint_report(v, e, "macro", FW_WARNING, "never-matches", "the macro is for the other address family");
	lint_scope(v, e);
	lint_backend(v, e);
	lint_surprise(v, e);
	fw_lint_door(v, e, &p);
	lint_nic(v, e);
	lint_reach(v, e, &p);
}
