#include "firewall/fw_cover.h"
#include "firewall/fw_address.h"
#include "data/fw_macro.h"
#include "data/fw_proto.h"

enum { LINES = 8 };

/* One line of what a rule matches: a macro has several. */
struct line {
	int family; /* 0: both */
	const char *proto, *dport, *sport, *icmp_type;
};

static size_t lines_of(const struct fw_rule *r, struct line v[LINES])
{
	size_t n = 0;
	const struct fw_macro *m = r->macro ? fw_macro_find(r->macro, &n) : NULL;

	if (!m) {
		bool icmp = r->proto && fw_proto_is_icmp(r->proto);
		v[0] = (struct line){ .proto = r->proto,
				      .dport = icmp ? NULL : r->dport,
				      .sport = r->sport,
				      .icmp_type = r->icmp_type ? r->icmp_type : icmp ? r->dport : NULL };
		return 1;
	}
	n = MIN(n, (size_t)LINES);
	for (size_t i = 0; i < n; i++) {
		bool icmp = fw_proto_is_icmp(m[i].proto);
		v[i] = (struct line){ .family = m[i].family,
				      .proto = m[i].proto,
				      .dport = icmp ? NULL : m[i].dport ? m[i].dport : r->dport,
				      .sport = m[i].sport ? m[i].sport : r->sport,
				      .icmp_type = icmp ? m[i].dport : NULL };
	}
	return n;
}

static bool covers_ports(struct arena *a, const char *earlier, const char *later)
{
	const char *why;

	if (!earlier || (later && streq(earlier, later)))
		return true;
	const struct fw_ports *x = later ? fw_ports_parse(a, earlier, &why) : NULL, *y = x ? fw_ports_parse(a, later, &why) : NULL;
	if (!y)
		return false;
	for (size_t i = 0; i < y->n; i++) {
		size_t k = 0;
		while (k < x->n && !(x->v[k].first <= y->v[i].first && y->v[i].last <= x->v[k].last))
			k++;
		if (k == x->n)
			return false;
	}
	return true;
}

static bool covers_line(struct arena *a, const struct line *x, const struct line *y)
{
	return (!x->family || x->family == y->family) &&
	       (!x->proto || (y->proto && fw_proto_number(x->proto) == fw_proto_number(y->proto))) &&
	       (!x->icmp_type || streq(x->icmp_type, "any") || streq_null(x->icmp_type, y->icmp_type)) &&
	       covers_ports(a, x->dport, y->dport) && covers_ports(a, x->sport, y->sport);
}

/* Networks and ranges as ranges; false where the address is an IP set. */
static bool ranges_of(struct arena *a, const struct fw_place *p, const char *text, struct addr_range **ret, size_t *ret_n)
{
	const char *why;
	const struct fw_address *x = fw_address_parse(a, text, &why);
	struct addr_cidr one;
	const struct addr_cidr *list = &one;

	if (!x || x->kind == FW_ADDRESS_SET)
		return false;
	*ret_n = x->kind == FW_ADDRESS_LIST ? x->n : 1;
	*ret = arena_array(a, *ret_n, sizeof(**ret));
	if (x->kind == FW_ADDRESS_RANGE) {
		(*ret)[0] = x->range;
		return true;
	}
	if (x->kind == FW_ADDRESS_ALIAS) {
		const struct fw_entry *e = fw_find_alias(p, x->scope, x->name);
		if (!e || !addr_net_parse(e->value, &one))
			return false;
	} else {
		list = x->list;
	}
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] = (struct addr_range){ .first = addr_network(&list[i]), .last = addr_broadcast(&list[i]) };
	return true;
}

static bool covers_address(struct arena *a, const struct fw_place *p, const char *earlier, const char *later)
{
	struct addr_range *x, *y;
	size_t n, m;

	if (!earlier || (later && streq(earlier, later)))
		return true;
	if (!later || !ranges_of(a, p, earlier, &x, &n) || !ranges_of(a, p, later, &y, &m))
		return false;
	for (size_t i = 0; i < m; i++) {
		size_t k = 0;
		while (k < n && !(x[k].first.family == y[i].first.family && addr_range_contains(&x[k], &y[i].first) &&
				  addr_range_contains(&x[k], &y[i].last)))
			k++;
		if (k == n)
			return false;
	}
	return true;
}

bool fw_rule_covers(struct arena *a, const struct fw_place *p, const struct fw_rule *earlier, const struct fw_rule *later)
{
	struct line x[LINES], y[LINES];

	if (earlier->type != later->type || (earlier->iface && !streq_null(earlier->iface, later->iface)))
		return false;
	if (earlier->type == FW_GROUP_RULE)
		return streq(earlier->action, later->action);
	if (!covers_address(a, p, earlier->source, later->source) || !covers_address(a, p, earlier->dest, later->dest))
		return false;
	size_t n = lines_of(earlier, x), m = lines_of(later, y);
	for (size_t i = 0; i < m; i++) {
		size_t k = 0;
		while (k < n && !covers_line(a, &x[k], &y[i]))
			k++;
		if (k == n)
			return false;
	}
	return true;
}
