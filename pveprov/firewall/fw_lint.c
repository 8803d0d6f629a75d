#include "firewall/fw_lint.h"
#include "firewall/fw_address.h"
#include "firewall/fw_lint_rule.h"
#include "firewall/fw_near.h"
#include "firewall/fw_options.h"
#include "firewall/fw_stop.h"

#include <inttypes.h>

struct view {
	const struct fw_site *site;
	const struct fw_config *config;
	const struct fw_guest *guest; /* NULL: not a guest's file */
	bool any_nftables, any_iptables;
	struct fw_issues *issues;
};

static struct fw_issue *at_entry(const struct view *v, const struct fw_entry *e, enum fw_severity severity, const char *code,
				 const char *text)
{
	return fw_issue_add(v->issues, v->config->file, e->line, e->column, severity, code, "%s", text);
}

static struct fw_issue *at_section(const struct view *v, const struct fw_section *s, enum fw_severity severity,
				   const char *code, const char *text)
{
	return fw_issue_add(v->issues, v->config->file, s ? s->line : 1, s ? s->column : 1, severity, code, "%s", text);
}

/* Where the option stands, or would: in [OPTIONS], else at the file's first section. */
static struct fw_issue *at_option(const struct view *v, const char *key, enum fw_severity severity, const char *code,
				  const char *text)
{
	const struct fw_entry *e = fw_option_entry(v->config, key);
	const struct fw_section *s = fw_section_find(v->config, FW_OPTIONS, NULL);

	return e ? at_entry(v, e, severity, code, text) : at_section(v, s ? s : v->config->first, severity, code, text);
}

static size_t count_rules(const struct fw_config *c)
{
	size_t n = 0;

	for (const struct fw_section *s = c->first; s; s = s->next)
		for (const struct fw_entry *e = s->kind == FW_RULES ? s->first : NULL; e; e = e->next)
			n += !e->bad && e->rule.enabled;
	return n;
}

static void lint_enable(const struct view *v)
{
	const struct fw_config *c = v->config;
	const char *value = fw_option_effective(c, c->level, "enable");

	if (count_rules(c) && streq(value, "0"))
		fw_issue_hint(at_option(v, "enable", FW_WARNING, "enable-forgotten",
					c->level == FW_CLUSTER ? "there are rules, but the firewall of the cluster is off"
							       : "there are rules, but 'enable' is 0 here: none is applied"),
			      "set 'enable: 1' in [OPTIONS]");
	if (c->level == FW_CLUSTER && strlen(value) > 1)
		at_option(v, "enable", FW_WARNING, "switch-armed",
			  "'enable' is a time: the firewall goes off 60 s after it, for the whole cluster");
	if (c->level == FW_GUEST && !streq(value, "0") && !fw_site_enabled(v->site) && v->site->cluster)
		at_option(v, "enable", FW_WARNING, "cluster-off",
			  "the guest's firewall is on, but the cluster's is off: nothing is filtered");
}

static void lint_policies(const struct view *v)
{
	const struct fw_config *c = v->config;
	const char *in = fw_option(c, "policy_in");

	if (in && streq(in, "ACCEPT"))
		at_option(v, "policy_in", FW_WARNING, "policy-accept",
			  "policy_in ACCEPT lets in whatever no rule names");
	if (fw_option(c, "policy_forward") && v->any_iptables && !v->any_nftables)
		at_option(v, "policy_forward", FW_WARNING, "forward-needs-nftables",
			  "policy_forward works with the nftables backend only");
	if (c->level == FW_GUEST && v->any_nftables && streq(fw_option_effective(c, FW_GUEST, "policy_in"), "REJECT"))
		at_option(v, "policy_in", FW_NOTE, "reject-becomes-drop",
			  "the nftables backend drops instead of rejecting what goes to a guest");
	if (fw_option(c, "protection_limit"))
		at_option(v, "protection_limit", FW_WARNING, "ignored-option", "nothing reads 'protection_limit'");
	if (c->level == FW_VNET && !v->any_nftables && v->site->n_nodes)
		at_section(v, c->first, FW_WARNING, "vnet-needs-nftables",
			   "files of vnets work with the nftables backend only");
}

static void lint_blacklist(const struct view *v)
{
	const struct fw_section *blacklist = fw_section_find(v->config, FW_IPSET, "blacklist");

	if (v->config->level == FW_CLUSTER && blacklist && blacklist->n && v->any_nftables)
		fw_issue_hint(at_section(v, blacklist, FW_WARNING, "blacklist-nftables",
					 "the nftables backend does not drop the set 'blacklist' by itself"),
			      "add the rule 'IN DROP -source +blacklist'");
}

static void lint_member(const struct view *v, const struct fw_entry *e)
{
	struct fw_place p = { .cluster = v->site->cluster, .own = v->config };
	_cleanup_arena_ struct arena a = { 0 };
	const char *why;
	const struct fw_address *x = e->bad ? NULL : fw_address_parse(&a, e->value, &why);

	if (!x || x->kind != FW_ADDRESS_ALIAS || fw_find_alias(&p, x->scope, x->name))
		return;
	const char *near = fw_near_alias(&a, &p, x->name);
	struct fw_issue *i = at_entry(v, e, FW_ERROR, "no-such-alias",
				      arena_printf(&a, "no such alias '%s': the member is left out", e->value));
	if (near)
		fw_issue_hint(i, "did you mean '%s'?", near);
}

static void lint_sets(const struct view *v)
{
	for (const struct fw_section *s = v->config->first; s; s = s->next)
		for (const struct fw_entry *e = s->kind == FW_IPSET ? s->first : NULL; e; e = e->next)
			lint_member(v, e);
}

/* Sets that filter what a guest may send from: a router forwards other people's packets. */
static void lint_ipfilter(const struct view *v)
{
	const struct fw_guest *g = v->guest;
	bool on = fw_option_on(v->config, FW_GUEST, "ipfilter"), routes = g->nics_known && g->n_nics > 1;
	size_t filtered = 0;

	for (size_t i = 0; i < g->n_nics; i++)
		filtered += g->nics[i].firewall;
	if (on && routes && filtered)
		fw_issue_hint(at_option(v, "ipfilter", FW_WARNING, "ipfilter-router",
					"ipfilter drops every packet that a router forwards from other networks"),
			      "turn ipfilter off on a VM that routes");
	for (const struct fw_section *s = v->config->first; s; s = s->next) {
		if (s->kind != FW_IPSET || !starts_with(s->name, "ipfilter-net"))
			continue;
		if (routes && filtered && !on)
			fw_issue_hint(at_section(v, s, FW_WARNING, "ipfilter-router",
						 "this set drops every packet that a router forwards from other networks"),
				      "leave it out on the inner NIC of a VM that routes");
		if (!on && v->any_nftables)
			fw_issue_hint(at_section(v, s, FW_WARNING, "ipfilter-needs-option",
						 "with the nftables backend the set does nothing without the option"),
				      "set 'ipfilter: 1' in [OPTIONS]");
	}
}

static void lint_nics(const struct view *v)
{
	const struct fw_guest *g = v->guest;
	_cleanup_arena_ struct arena a = { 0 };
	size_t filtered = 0;

	if (!g || !fw_option_on(v->config, FW_GUEST, "enable"))
		return;
	lint_ipfilter(v);
	for (size_t i = 0; g->nics_known && i < g->n_nics; i++) {
		filtered += g->nics[i].firewall;
		if (!g->nics[i].firewall)
			fw_issue_hint(at_option(v, "enable", FW_WARNING, "nic-unfiltered",
						arena_printf(&a, "%s of VM %s has no firewall=1: no rule applies to it",
							     g->nics[i].id, g->id)),
				      "set firewall=1 on %s, or leave it on purpose", g->nics[i].id);
	}
	if (g->n_nics > 1 && filtered && !fw_option_entry(v->config, "radv"))
		at_option(v, "radv", FW_NOTE, "radv-off",
			  arena_printf(&a, "router advertisements of VM %s are dropped: a router of IPv6 wants 'radv: 1'", g->id));
}

static void lint_groups(const struct view *v)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (const struct fw_section *s = v->config->first; s; s = s->next)
		if (s->kind == FW_GROUP && !s->first)
			at_section(v, s, FW_NOTE, "empty-group",
				   arena_printf(&a, "the group '%s' is empty and accepts nothing", s->name));
}

static void lint_rules(const struct view *v)
{
	for (const struct fw_section *s = v->config->first; s; s = s->next) {
		struct fw_rule_view r = { .site = v->site,
					  .config = v->config,
					  .guest = v->guest,
					  .section = s,
					  .any_nftables = v->any_nftables,
					  .any_iptables = v->any_iptables,
					  .issues = v->issues };
		for (const struct fw_entry *e = s->kind == FW_RULES || s->kind == FW_GROUP ? s->first : NULL; e;
		     e = e->next)
			if (!e->bad)
				fw_lint_rule(&r, e);
	}
}

static void at_stop(void *ctx, const struct fw_config *c, unsigned line, unsigned column, const char *why)
{
	fw_issue_hint(fw_issue_add(ctx, c->file, line, column, FW_ERROR, "stops-nftables",
				   "%s: the nftables backend stops here and loads no rule of any file", why),
		      "correct or remove the line");
}

static void lint_config(const struct view *v)
{
	if (!v->config)
		return;
	lint_enable(v);
	lint_policies(v);
	lint_blacklist(v);
	lint_sets(v);
	lint_nics(v);
	lint_groups(v);
	lint_rules(v);
	if (v->any_nftables)
		fw_stops(v->config, at_stop, v->issues);
}

void fw_lint(const struct fw_site *s, struct fw_issues *issues)
{
	struct view v = { .site = s, .config = s->cluster, .issues = issues };

	for (size_t i = 0; i < s->n_nodes; i++) {
		v.any_nftables |= fw_node_nftables(&s->nodes[i]);
		v.any_iptables |= !fw_node_nftables(&s->nodes[i]);
	}
	lint_config(&v);
	for (size_t i = 0; i < s->n_nodes; i++) {
		v.config = s->nodes[i].config;
		lint_config(&v);
	}
	for (size_t i = 0; i < s->n_guests; i++) {
		v.config = s->guests[i].config;
		v.guest = &s->guests[i];
		lint_config(&v);
	}
	v.guest = NULL;
	for (size_t i = 0; i < s->n_vnets; i++) {
		v.config = s->vnets[i];
		lint_config(&v);
	}
	fw_issues_sort(issues);
}
