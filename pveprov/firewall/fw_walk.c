#include "firewall/fw_walk.h"
#include "firewall/fw_options.h"
#include "data/fw_proto.h"
#include "firewall/fw_write.h"

static const char *const verdicts[] = { "accept", "drop", "reject", "unknown" };

const char *fw_decision_place(struct arena *a, const struct fw_decision *d)
{
	if (!d->file || !d->line)
		return d->file ? d->file : "built-in";
	return d->live ? arena_printf(a, "%s, position %u", d->file, d->line - 1) : arena_printf(a, "%s:%u", d->file, d->line);
}

const char *fw_verdict_name(enum fw_verdict v)
{
	return verdicts[v];
}

enum fw_verdict fw_verdict_of(const char *action)
{
	return streq(action, "ACCEPT") ? FW_ACCEPT : streq(action, "REJECT") ? FW_REJECT : FW_DROP;
}

const char *fw_walk_log(const struct fw_config *c, enum fw_level level, const char *key)
{
	const char *value = fw_option_effective(c, level, key);

	return value && *value && !streq(value, "nolog") ? value : NULL;
}

static bool in_network(const struct addr *a, const char *cidr)
{
	struct addr_cidr c;

	return a->family && addr_cidr_parse(cidr, &c) && c.addr.family == a->family && addr_cidr_contains(&c, a);
}

bool fw_walk_is_broadcast(const struct fw_walk *w, const struct addr *a)
{
	struct addr_cidr local;

	if (in_network(a, "224.0.0.0/4") || in_network(a, "ff00::/8") || in_network(a, "255.255.255.255/32"))
		return true;
	if (a->family != 4 || !fw_site_local_network(w->site, &local) || local.addr.family != 4 || local.prefix > 30)
		return false;
	struct addr last = addr_broadcast(&local);
	return addr_compare(&last, a) == 0;
}

/*
 * A rejection as the backend's chain carries it out (PVEFW-reject, do-reject): the iptables daemon never answers ICMP,
 * nobody answers multicast and broadcast, and the nftables backend does not tell udp from the rest.
 */
static void settle_reject(const struct fw_walk *w, struct fw_decision *d)
{
	const struct fw_packet *x = w->packet;
	bool v4 = x->family == 4, icmp = x->proto == (v4 ? FW_ICMP : FW_ICMPV6);

	if (d->verdict != FW_REJECT)
		return;
	if ((icmp && !w->nft) || (v4 && (in_network(&x->source, "224.0.0.0/4") || fw_walk_is_broadcast(w, &x->dest)))) {
		d->verdict = FW_DROP;
		d->reason = arena_printf(w->arena, "%s; %s is dropped, not rejected", d->reason,
					 icmp ? "ICMP" : "broadcast and multicast");
	} else if (x->proto == FW_TCP) {
		d->reply = "tcp reset";
	} else if (icmp || (x->proto == FW_UDP && !w->nft)) {
		d->reply = v4 ? "icmp port-unreachable" : "icmpv6 port-unreachable";
	} else if (x->proto >= 0) {
		d->reply = v4 ? "icmp host-prohibited" : "icmpv6 admin-prohibited";
	}
}

/* Takes a certain match: the verdict stands unless something before may have matched with another one. */
static bool decide(struct fw_walk *w, const struct fw_decision *d)
{
	w->decided = true;
	*w->decision = *d;
	if (w->n_maybe && (w->maybe_differ || w->maybe.verdict != d->verdict)) {
		*w->decision = w->maybe;
		w->decision->verdict = FW_UNKNOWN;
		w->decision->reply = NULL;
		w->decision->reason =
			arena_printf(w->arena, "not known whether this rule matches (it would %s); otherwise: %s, %s",
				     fw_verdict_name(w->maybe.verdict), fw_verdict_name(d->verdict), d->rule);
	}
	return true;
}

static bool consider(struct fw_walk *w, enum fw_match match, struct fw_decision *d)
{
	if (w->decided || match == FW_NO)
		return w->decided;
	settle_reject(w, d);
	if (match == FW_YES)
		return decide(w, d);
	if (w->n_maybe++ == 0)
		w->maybe = *d;
	else if (w->maybe.verdict != d->verdict)
		w->maybe_differ = true;
	return false;
}

bool fw_walk_builtin(struct fw_walk *w, enum fw_match match, enum fw_verdict verdict, const char *name)
{
	return consider(w, match,
			&(struct fw_decision){ .verdict = verdict,
					       .rule = name,
					       .reason = arena_printf(w->arena, "built-in rule: %s", name) });
}

void fw_walk_policy(struct fw_walk *w, enum fw_verdict verdict, const char *file, const char *key, const char *log)
{
	if (w->decided)
		return;
	const char *rule = arena_printf(w->arena, "%s: %s", key,
					verdict == FW_ACCEPT ? "ACCEPT" : verdict == FW_DROP ? "DROP" : "REJECT");
	consider(w, FW_YES, &(struct fw_decision){ .verdict = verdict,
						   .file = file,
						   .rule = rule,
						   .reason = "no rule matches: the policy decides",
						   .log = log });
}

static bool applies(struct fw_walk *w, const struct fw_place *p, const struct fw_rule *r)
{
	struct fw_problem problem;
	int family = 0;

	return r->enabled && fw_rule_verify(w->arena, p, r, &family, &problem) &&
	       (!family || family == w->packet->family);
}

static bool walk_rule(struct fw_walk *w, const struct fw_config *config, const struct fw_place *p,
		      const struct fw_entry *e, enum fw_match gate)
{
	const struct fw_rule *r = &e->rule;
	enum fw_verdict v = fw_verdict_of(r->action);
	struct buf text = { 0 };

	/* rules of the cluster are made for the node: 'guest/' then means the node's file, which has no names */
	struct fw_place at = *p;
	if (!w->guest)
		at.own = w->node ? w->node->config : NULL;
	/* proxmox-firewall leaves out rules of forward that name an interface */
	if (w->nft && w->packet->direction == FW_FORWARD && r->iface)
		return false;
	enum fw_match match = fw_and(gate, fw_match_rule(w->arena, w->site, &at, r, w->packet, w->nft));
	if (match == FW_NO)
		return false;
	/* proxmox-firewall cannot reject what it has already let onto the bridge */
	if (w->nft && w->guest && w->packet->direction == FW_IN && v == FW_REJECT)
		v = FW_DROP;
	fw_rule_write(r, NULL, &text);
	struct fw_decision d = {
		.verdict = v,
		.file = config->file,
		.line = e->line,
		.live = config->live,
		.rule = arena_strdup(w->arena, buf_text(&text)),
		.reason = p->in_group ? "a rule of a security group matches" : "the first rule that matches",
		.log = r->log && !streq(r->log, "nolog") ? r->log : NULL,
	};
	buf_free(&text);
	return consider(w, match, &d);
}

static bool walk_group(struct fw_walk *w, const struct fw_entry *e)
{
	const struct fw_rule *r = &e->rule;
	const struct fw_section *group = fw_section_find(w->site->cluster, FW_GROUP, r->action);
	struct fw_place p = { .cluster = w->site->cluster, .own = NULL, .level = FW_CLUSTER, .in_group = true };
	enum fw_match gate = !r->iface	     ? FW_YES
			     : !w->packet->iface ? FW_MAYBE
						 : (enum fw_match)(streq(r->iface, w->packet->iface) ? FW_YES : FW_NO);

	/* groups are kept in lower case and looked up as written */
	if (!group || !streq(group->name, r->action) || gate == FW_NO ||
	    (w->nft && w->packet->direction == FW_FORWARD && r->iface))
		return false;
	for (const struct fw_entry *g = group->first; g; g = g->next)
		if (!g->bad && g->rule.type == w->packet->direction && applies(w, &p, &g->rule) &&
		    walk_rule(w, w->site->cluster, &p, g, gate))
			return true;
	return false;
}

bool fw_walk_rules(struct fw_walk *w, const struct fw_config *config)
{
	struct fw_place p = { .cluster = w->site->cluster,
			      .own = config,
			      .level = config ? config->level : FW_CLUSTER,
			      .sdn_known = w->site->sdn_known };

	for (const struct fw_section *s = config && !w->decided ? config->first : NULL; s; s = s->next) {
		for (const struct fw_entry *e = s->kind == FW_RULES ? s->first : NULL; e; e = e->next) {
			if (e->bad || !applies(w, &p, &e->rule))
				continue;
			bool done = e->rule.type == FW_GROUP_RULE	    ? walk_group(w, e)
				    : e->rule.type == w->packet->direction ? walk_rule(w, config, &p, e, FW_YES)
									   : false;
			if (done)
				return true;
		}
	}
	return w->decided;
}
