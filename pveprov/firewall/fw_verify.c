#include "firewall/fw_verify.h"
#include "firewall/fw_address.h"
#include "data/fw_macro.h"
#include "data/fw_proto.h"

struct check {
	struct arena *a;
	const struct fw_place *p;
	const struct fw_rule *r;
	int family;
	struct fw_problem *problem;
};

static bool fail(struct check *c, const char *field, const char *text)
{
	*c->problem = (struct fw_problem){ .field = field, .text = text };
	return false;
}

static bool unknown(struct check *c, const char *field, enum fw_unknown what, const char *name, const char *text)
{
	*c->problem = (struct fw_problem){ .field = field, .text = text, .unknown = what, .name = name };
	return false;
}

static bool set_family(struct check *c, const char *field, int family)
{
	if (family && c->family && family != c->family)
		return fail(c, field, "detected mixed ipv4/ipv6 addresses in rule");
	if (family)
		c->family = family;
	return true;
}

const struct fw_section *fw_find_set(const struct fw_place *p, int scope, const char *name,
				     const struct fw_config **ret_owner)
{
	const struct fw_config *candidates[] = {
		scope != FW_DC_SCOPE && scope != FW_SDN_SCOPE ? p->own : NULL,
		scope != FW_GUEST_SCOPE && scope != FW_SDN_SCOPE ? p->cluster : NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		const struct fw_section *s = fw_section_find(candidates[i], FW_IPSET, name);
		/* sets are kept in lower case and looked up as written */
		if (s && streq(s->name, name)) {
			*ret_owner = candidates[i];
			return s;
		}
	}
	return NULL;
}

const struct fw_entry *fw_find_alias(const struct fw_place *p, int scope, const char *name)
{
	const struct fw_entry *e = scope != FW_DC_SCOPE ? fw_alias(p->own, name) : NULL;

	return e || scope == FW_GUEST_SCOPE ? e : fw_alias(p->cluster, name);
}

static bool check_type(struct check *c)
{
	static const unsigned allowed[FW_LEVELS] = {
		[FW_CLUSTER] = 1 << FW_IN | 1 << FW_OUT | 1 << FW_FORWARD | 1 << FW_GROUP_RULE,
		[FW_HOST] = 1 << FW_IN | 1 << FW_OUT | 1 << FW_FORWARD | 1 << FW_GROUP_RULE,
		[FW_GUEST] = 1 << FW_IN | 1 << FW_OUT | 1 << FW_GROUP_RULE,
		[FW_VNET] = 1 << FW_FORWARD | 1 << FW_GROUP_RULE,
	};
	unsigned here = c->p->in_group ? 1 << FW_IN | 1 << FW_OUT | 1 << FW_FORWARD : allowed[c->p->level];
	const char *where = c->p->in_group ? "group" : fw_level_name(c->p->level);

	if (!(here & 1u << c->r->type))
		return fail(c, "type",
			    arena_printf(c->a, "invalid rule type '%s' for rule_env '%s'", fw_type_name(c->r->type), where));
	if (c->r->type == FW_GROUP_RULE)
		return fw_name_valid(c->r->action, FW_NAME_MAX)
			       ? true
			       : fail(c, "action", "invalid characters in security group name");
	if (!streq(c->r->action, "ACCEPT") && !streq(c->r->action, "DROP") && !streq(c->r->action, "REJECT"))
		return unknown(c, "action", FW_UNKNOWN_ACTION, c->r->action,
			       arena_printf(c->a, "unknown action '%s'", c->r->action));
	if (c->r->type == FW_FORWARD && streq(c->r->action, "REJECT"))
		return fail(c, "action", "cannot define REJECT rules on forward chain");
	return true;
}

static bool check_iface(struct check *c)
{
	const char *i = c->r->iface;

	if (!i)
		return true;
	if (c->p->in_group || c->p->level == FW_VNET)
		return fail(c, "type", "parameter -i not allowed for this rule type");
	if (strlen(i) < 2 || strlen(i) > 20)
		return fail(c, "iface", arena_printf(c->a, "invalid network interface name '%s'", i));
	if (c->p->level == FW_GUEST &&
	    (!starts_with(i, "net") || !i[3] || i[3 + strspn(i + 3, "0123456789")]))
		return fail(c, "iface", "value does not match the regex pattern 'net\\d+'");
	return true;
}

static bool check_port_list(struct check *c, const char *field, const char *ports)
{
	const char *why = NULL, *proto = c->r->proto;

	if (!ports)
		return true;
	if (!proto)
		return fail(c, "proto", arena_printf(c->a, "missing property - '%s' requires this property", field));
	if (streq(field, "dport") && fw_proto_is_icmp(proto)) {
		int type, code;
		/* old files put the type there */
		return fw_icmp_parse(fw_proto_family(proto), ports, &type, &code)
			       ? true
			       : fail(c, field, arena_printf(c->a, "invalid port '%s'", ports));
	}
	if (!fw_ports_parse(c->a, ports, &why))
		return unknown(c, field, FW_UNKNOWN_PORT, ports, why);
	if (!fw_proto_has_ports(proto))
		return fail(c, field, arena_printf(c->a, "protocol '%s' does not support ports", proto));
	return true;
}

static bool check_protocol(struct check *c)
{
	const struct fw_rule *r = c->r;
	int type, code;

	if (r->proto) {
		if (fw_proto_number(r->proto) < 0)
			return unknown(c, "proto", FW_UNKNOWN_PROTO, r->proto,
				       arena_printf(c->a, "unknown protocol '%s'", r->proto));
		if (!set_family(c, "proto", fw_proto_family(r->proto)))
			return false;
	}
	if (!check_port_list(c, "dport", r->dport))
		return false;
	if (r->icmp_type) {
		if (!r->proto || !fw_proto_is_icmp(r->proto))
			return fail(c, "proto", "missing property - 'icmp-type' requires this property");
		if (r->dport)
			return fail(c, "icmp-type", "'icmp-type' cannot be specified together with 'dport'");
		/* names only: here the server takes no number */
		if (strspn(r->icmp_type, "0123456789") == strlen(r->icmp_type) ||
		    !fw_icmp_parse(fw_proto_family(r->proto), r->icmp_type, &type, &code))
			return unknown(c, "icmp-type", FW_UNKNOWN_ICMP, r->icmp_type,
				       arena_printf(c->a, "invalid icmp-type '%s' for proto '%s'", r->icmp_type, r->proto));
	}
	return check_port_list(c, "sport", r->sport);
}

static bool check_address(struct check *c, const char *field, const char *text)
{
	const char *why = NULL;
	const struct fw_config *owner;
	struct addr_cidr cidr;

	if (!text)
		return true;
	if (strlen(text) > 512)
		return fail(c, field, "value may only be 512 characters long");
	struct fw_address *x = fw_address_parse(c->a, text, &why);
	if (!x)
		return fail(c, field, why);
	if (x->kind == FW_ADDRESS_SET) {
		bool found = fw_find_set(c->p, x->scope, x->name, &owner) || x->scope == FW_SDN_SCOPE ||
			     (streq(x->name, "management") && x->scope != FW_GUEST_SCOPE && c->p->cluster &&
			      fw_section_find(c->p->cluster, FW_IPSET, "management"));
		if (!found || (x->scope == FW_SDN_SCOPE && c->p->sdn_known))
			return unknown(c, field, FW_UNKNOWN_SET, x->name, arena_printf(c->a, "no such ipset '%s'", x->name));
		return true;
	}
	if (x->kind == FW_ADDRESS_ALIAS) {
		const struct fw_entry *e = fw_find_alias(c->p, x->scope, x->name);
		/* local_network, too: the server makes it up only after it has verified the rules */
		if (!e)
			return unknown(c, field, FW_UNKNOWN_ALIAS, x->name, arena_printf(c->a, "no such alias '%s'", text));
		return addr_net_parse(e->value, &cidr) ? set_family(c, field, cidr.addr.family) : true;
	}
	return set_family(c, field, x->family);
}

/* What the rule says and the macro says must not contradict each other. */
static bool check_macro(struct check *c)
{
	const struct fw_rule *r = c->r;
	size_t n = 0;

	if (!r->macro)
		return true;
	const struct fw_macro *m = fw_macro_find(r->macro, &n);
	if (!m)
		return unknown(c, "macro", FW_UNKNOWN_MACRO, r->macro, arena_printf(c->a, "unknown macro '%s'", r->macro));
	bool only6 = true;
	for (size_t i = 0; i < n; i++)
		only6 = only6 && m[i].family == 6;
	for (size_t i = 0; i < n; i++) {
		if (m[i].family && m[i].family != (c->family == 6 || (only6 && !c->family) ? 6 : 4))
			continue;
		const struct {
			const char *field, *rule, *macro;
		} pairs[] = { { "proto", r->proto, m[i].proto },
			      { "dport", r->dport, m[i].dport },
			      { "sport", r->sport, m[i].sport } };
		for (size_t k = 0; k < ARRAY_SIZE(pairs); k++)
			if (pairs[k].rule && pairs[k].macro && !streq(pairs[k].rule, pairs[k].macro))
				return fail(c, pairs[k].field,
					    arena_printf(c->a, "parameter '%s' already define in macro (value = '%s')",
							 pairs[k].field, pairs[k].macro));
	}
	return true;
}

bool fw_rule_verify(struct arena *a, const struct fw_place *p, const struct fw_rule *r, int *ret_family,
		    struct fw_problem *ret_problem)
{
	struct check c = { .a = a, .p = p, .r = r, .problem = ret_problem };
	bool ok = check_type(&c) && check_iface(&c) && check_protocol(&c) && check_address(&c, "source", r->source) &&
		  check_address(&c, "dest", r->dest) && check_macro(&c);

	if (ok)
		*ret_family = c.family;
	return ok;
}
