#include "firewall/fw_packet.h"
#include "firewall/fw_address.h"
#include "data/fw_macro.h"
#include "data/fw_proto.h"

enum fw_match fw_and(enum fw_match a, enum fw_match b)
{
	return MIN(a, b);
}

enum fw_match fw_not(enum fw_match a)
{
	return FW_YES - a;
}

static bool is_one_of(int type, const int *types)
{
	for (; *types >= 0; types++)
		if (*types == type)
			return true;
	return false;
}

enum fw_state fw_packet_state(const struct fw_packet *x)
{
	static const int begin4[] = { 8, 13, 15, 17, -1 };
	static const int begin6[] = { 128, 130, 131, 132, 133, 134, 135, 136, 139, 143, -1 };
	bool v4 = x->family == 4;

	if (x->state == FW_NEW && x->proto == FW_TCP && x->tcp_flags == FW_TCP_ODD)
		return FW_INVALID;
	if (x->state != FW_NEW || x->icmp_type < 0 || x->proto != (v4 ? FW_ICMP : FW_ICMPV6))
		return x->state;
	return is_one_of(x->icmp_type, v4 ? begin4 : begin6) ? FW_NEW : FW_INVALID;
}

static enum fw_match or_(enum fw_match a, enum fw_match b)
{
	return MAX(a, b);
}

static enum fw_match is_true(bool b)
{
	return b ? FW_YES : FW_NO;
}

/* A network of the packet's family against an address that may be unknown. */
static enum fw_match match_cidr(const struct addr_cidr *c, const struct addr *address, int family)
{
	if (c->addr.family != family)
		return FW_NO;
	if (!address->family)
		return c->prefix ? FW_MAYBE : FW_YES;
	return is_true(addr_cidr_contains(c, address));
}

/* A member's network; false where its alias does not exist: the server leaves it out. */
static bool member_cidr(const struct fw_place *p, const char *value, struct arena *a, struct addr_cidr *ret)
{
	const char *why;

	if (addr_net_parse(value, ret))
		return true;
	struct fw_address *name = fw_address_parse(a, value, &why);
	const struct fw_entry *e = name ? fw_find_alias(p, name->scope, name->name) : NULL;
	return e && addr_net_parse(e->value, ret);
}

struct set_match {
	enum fw_match in, out; /* members, nomatch members */
	int in_prefix, out_prefix;
};

static void add_member(struct set_match *m, const struct addr_cidr *c, bool nomatch, const struct addr *address,
		       int family)
{
	enum fw_match hit = match_cidr(c, address, family);
	int *prefix = nomatch ? &m->out_prefix : &m->in_prefix;
	enum fw_match *side = nomatch ? &m->out : &m->in;

	if (hit == FW_YES)
		*prefix = MAX(*prefix, c->prefix);
	*side = or_(*side, hit);
}

/* ipset: the longest prefix decides. nftables: in the set and not in the set of exceptions. */
static enum fw_match conclude(const struct set_match *m, bool nft)
{
	if (m->in == FW_YES && m->out == FW_YES)
		return is_true(!nft && m->in_prefix > m->out_prefix);
	return fw_and(m->in, fw_not(m->out));
}

static void add_section(struct arena *a, const struct fw_place *p, const struct fw_section *set, struct set_match *m,
			const struct addr *address, int family)
{
	struct addr_cidr c;

	for (const struct fw_entry *e = set ? set->first : NULL; e; e = e->next)
		if (!e->bad && member_cidr(p, e->value, a, &c))
			add_member(m, &c, e->nomatch, address, family);
}

enum fw_match fw_match_management(struct arena *a, const struct fw_site *s, const struct addr *address, int family,
				  bool nft)
{
	struct fw_place p = { .cluster = s->cluster, .own = s->cluster };
	struct set_match m = { .in_prefix = -1, .out_prefix = -1 };
	struct addr_cidr local;

	add_section(a, &p, fw_section_find(s->cluster, FW_IPSET, "management"), &m, address, family);
	if (fw_site_local_network(s, &local))
		add_member(&m, &local, false, address, family);
	else
		m.in = or_(m.in, FW_MAYBE);
	return conclude(&m, nft);
}

enum fw_match fw_match_set(struct arena *a, const struct fw_site *s, const struct fw_place *p,
			   const struct fw_section *set, const struct addr *address, int family, bool nft)
{
	struct set_match m = { .in_prefix = -1, .out_prefix = -1 };

	if (streq(set->name, "management") && fw_section_find(s->cluster, FW_IPSET, "management") == set)
		return fw_match_management(a, s, address, family, nft);
	add_section(a, p, set, &m, address, family);
	return conclude(&m, nft);
}

static enum fw_match match_list(const struct fw_address *x, const struct addr *address, int family)
{
	enum fw_match hit = FW_NO;

	for (size_t i = 0; i < x->n; i++)
		hit = or_(hit, match_cidr(&x->list[i], address, family));
	return hit;
}

enum fw_match fw_match_address(struct arena *a, const struct fw_site *s, const struct fw_place *p, const char *spec,
			       const struct addr *address, int family, bool nft)
{
	const struct fw_config *owner;
	const struct fw_entry *alias;
	const char *why;
	struct addr_cidr c;

	if (!spec)
		return FW_YES;
	const struct fw_address *x = fw_address_parse(a, spec, &why);
	if (!x)
		return FW_NO;
	switch (x->kind) {
	case FW_ADDRESS_LIST:
		return match_list(x, address, family);
	case FW_ADDRESS_RANGE:
		if (x->family != family)
			return FW_NO;
		return address->family ? is_true(addr_range_contains(&x->range, address)) : FW_MAYBE;
	case FW_ADDRESS_ALIAS:
		alias = fw_find_alias(p, x->scope, x->name);
		return alias && addr_net_parse(alias->value, &c) ? match_cidr(&c, address, family) : FW_NO;
	case FW_ADDRESS_SET:
		if (x->scope == FW_SDN_SCOPE)
			return FW_MAYBE; /* what SDN puts in is not known here */
		const struct fw_section *set = fw_find_set(p, x->scope, x->name, &owner);
		struct fw_place at = { .cluster = p->cluster, .own = owner };
		return set ? fw_match_set(a, s, &at, set, address, family, nft) : FW_NO;
	}
	return FW_NO;
}

static enum fw_match match_port(struct arena *a, const char *ports, int port, bool nft)
{
	const char *why;

	/* pve-firewall takes port 0 for no port at all */
	if (!ports || (!nft && streq(ports, "0")))
		return FW_YES;
	if (port < 0)
		return FW_MAYBE;
	const struct fw_ports *p = fw_ports_parse(a, ports, &why);
	return is_true(p && fw_ports_contain(p, (uint16_t)port));
}

static enum fw_match match_icmp(const char *name, const struct fw_packet *x)
{
	int type, code;

	if (!name)
		return FW_YES;
	if (!fw_icmp_parse(x->family, name, &type, &code))
		return FW_NO;
	if (type < 0)
		return FW_YES;
	if (x->icmp_type < 0)
		return FW_MAYBE;
	if (type != x->icmp_type)
		return FW_NO;
	return code < 0 ? FW_YES : x->icmp_code < 0 ? FW_MAYBE : is_true(code == x->icmp_code);
}

/* Protocol, ports and ICMP type of a rule or of one line of a macro. */
static enum fw_match match_services(struct arena *a, const char *proto, const char *dport, const char *sport,
				    const char *icmp_type, const struct fw_packet *x, bool nft)
{
	if (!proto)
		return FW_YES;
	int number = fw_proto_number(proto);
	/* to iptables, protocol 0 is every protocol */
	if (number == 0 && !nft)
		return FW_YES;
	if (x->proto < 0)
		return FW_MAYBE;
	if (number != x->proto)
		return FW_NO;
	if (fw_proto_is_icmp(proto))
		return match_icmp(icmp_type ? icmp_type : dport, x);
	return fw_and(match_port(a, dport, x->dport, nft), match_port(a, sport, x->sport, nft));
}

static enum fw_match match_macro(struct arena *a, const struct fw_rule *r, const struct fw_packet *x, bool nft)
{
	enum fw_match hit = FW_NO;
	size_t n = 0;
	const struct fw_macro *m = fw_macro_find(r->macro, &n);

	for (size_t i = 0; m && i < n; i++)
		if (!m[i].family || m[i].family == x->family)
			hit = or_(hit, match_services(a, m[i].proto, m[i].dport ? m[i].dport : r->dport,
						      m[i].sport ? m[i].sport : r->sport, r->icmp_type, x, nft));
	return hit;
}

enum fw_match fw_match_rule(struct arena *a, const struct fw_site *s, const struct fw_place *p,
			    const struct fw_rule *r, const struct fw_packet *x, bool nft)
{
	enum fw_match iface = !r->iface ? FW_YES : !x->iface ? FW_MAYBE : is_true(streq(r->iface, x->iface));
	enum fw_match protocol = r->macro ? match_macro(a, r, x, nft)
					  : match_services(a, r->proto, r->dport, r->sport, r->icmp_type, x, nft);

	if (iface == FW_NO || protocol == FW_NO)
		return FW_NO;
	enum fw_match addresses = fw_and(fw_match_address(a, s, p, r->source, &x->source, x->family, nft),
					 fw_match_address(a, s, p, r->dest, &x->dest, x->family, nft));
	return fw_and(fw_and(iface, protocol), addresses);
}

enum fw_match fw_match_protocol(const struct fw_packet *x, int proto)
{
	return x->proto < 0 ? FW_MAYBE : is_true(x->proto == proto);
}

enum fw_match fw_match_tcp_flags(const struct fw_packet *x)
{
	bool odd = x->tcp_flags == FW_TCP_ODD || (x->tcp_flags == FW_TCP_SYN && x->sport == 0 && x->state == FW_NEW);

	return fw_and(is_true(odd), fw_match_protocol(x, FW_TCP));
}

enum fw_match fw_match_service(const struct fw_packet *x, int proto, int first, int last)
{
	if (x->proto != proto)
		return fw_match_protocol(x, proto);
	return x->dport < 0 ? FW_MAYBE : is_true(x->dport >= first && x->dport <= last);
}
