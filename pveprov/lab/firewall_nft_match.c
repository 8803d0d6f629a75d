/*
 * The conditions of one rule for one family. What the server would not apply has none: an unknown name, ports without a
 * protocol that has them, an address of the other family.
 */
#include "base/strv.h"
#include "data/fw_proto.h"
#include "lab/firewall_nft.h"

static const char *match_ports(struct nft *n, const char *field, const char *proto, const char *ports)
{
	_cleanup_buf_ struct buf b = { 0 };
	const char *why;

	if (!ports)
		return "";
	const struct fw_ports *p = fw_ports_parse(&n->arena, ports, &why);
	if (!p || !fw_proto_has_ports(proto))
		return NULL;
	/* the iptables daemon takes port 0 for no port at all */
	if (!n->proxmox && streq(ports, "0"))
		return "";
	for (size_t i = 0; i < p->n; i++) {
		buf_adds(&b, i ? ", " : "");
		buf_addf(&b, p->v[i].first == p->v[i].last ? "%u" : "%u-%u", (unsigned)p->v[i].first, (unsigned)p->v[i].last);
	}
	return arena_printf(&n->arena, "th %s { %s } ", field, buf_text(&b));
}

static const char *match_icmp(struct nft *n, int family, const struct nft_service *s)
{
	const char *icmp = family == 4 ? "icmp" : "icmpv6", *name = s->icmp_type ? s->icmp_type : s->dport;
	int type, code;

	if (s->icmp_type && (s->dport || strspn(name, "0123456789") == strlen(name)))
		return NULL; /* names only, and not both */
	if (!name)
		return "";
	if (!fw_icmp_parse(family, name, &type, &code))
		return NULL;
	if (type < 0)
		return "";
	return code < 0 ? arena_printf(&n->arena, "%s type %d ", icmp, type)
			: arena_printf(&n->arena, "%s type %d %s code %d ", icmp, type, icmp, code);
}

const char *nft_match_service(struct nft *n, const struct nft_service *s, int family)
{
	if (!s->proto)
		return s->dport || s->sport || s->icmp_type ? NULL : "";
	int number = fw_proto_number(s->proto);
	if (number < 0 || (s->icmp_type && !fw_proto_is_icmp(s->proto)))
		return NULL;
	/* to iptables, protocol 0 is every protocol */
	const char *proto = number == 0 && !n->proxmox ? "" : arena_printf(&n->arena, "meta l4proto %d ", number);
	if (fw_proto_is_icmp(s->proto)) {
		const char *icmp = fw_proto_family(s->proto) == family ? match_icmp(n, family, s) : NULL;
		return icmp ? arena_printf(&n->arena, "%s%s", proto, icmp) : NULL;
	}
	const char *sport = match_ports(n, "sport", s->proto, s->sport), *dport = match_ports(n, "dport", s->proto, s->dport);
	return sport && dport ? arena_printf(&n->arena, "%s%s%s", proto, sport, dport) : NULL;
}

/* A comma list of one family without host bits; as elements of a set, where networks may overlap. NULL: it is none. */
static const char *list_elements(struct nft *n, const char *text, int family)
{
	_cleanup_strv_ struct strv items = { 0 };
	struct nft_members m = { 0 };
	struct addr_cidr c;

	strv_split(&items, text, ",");
	for (size_t i = 0; i < items.n; i++) {
		if (!addr_net_parse(items.v[i], &c) || c.addr.family != family)
			return NULL;
		struct addr net = addr_network(&c);
		if (addr_compare(&net, &c.addr) != 0)
			return NULL;
		if (c.prefix == 0)
			return "";
		nft_members_add(n, &m, &c, false);
	}
	return nft_elements(n, &m, family);
}

static const char *match_set(struct nft *n, const struct nft_place *at, const char *text, int family, const char *field)
{
	bool dc = starts_with(text, "dc/"), guest = starts_with(text, "guest/");
	const char *name = text + (dc ? strlen("dc/") : guest ? strlen("guest/") : 0), *vmid = NULL;

	if (starts_with(text, "sdn/")) /* the lab's zones have no addresses */
		return NULL;
	if (!dc && nft_find_set(at->own, name))
		vmid = at->vmid;
	else if (!guest && nft_find_set(n->cluster, name))
		vmid = "0";
	return vmid ? arena_printf(&n->arena, "%s ", nft_in_set(n, family, field, vmid, name)) : NULL;
}

const char *nft_match_address(struct nft *n, const struct nft_place *at, const char *text, const char *field, int family)
{
	char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];
	struct addr_range r;
	struct addr_cidr c;
	const char *what;

	if (!text)
		return "";
	if (text[0] == '+')
		return match_set(n, at, text + 1, family, field);
	if (nft_find_alias(n, at->own, text, &c))
		what = c.addr.family != family ? NULL : c.prefix ? arena_strdup(&n->arena, addr_cidr_text(&c, one)) : "";
	else if (strchr(text, '-') && addr_range_parse(text, &r))
		what = r.first.family != family ? NULL
						: arena_printf(&n->arena, "%s-%s", addr_text(&r.first, one),
							       addr_text(&r.last, two));
	else
		what = list_elements(n, text, family);
	if (!what || !*what)
		return what;
	return arena_printf(&n->arena, "%s %s { %s } ", family == 4 ? "ip" : "ip6", field, what);
}
