#include "firewall/fw_misfit.h"
#include "data/fw_proto.h"
#include "firewall/fw_address.h"

bool fw_alias_hides(const struct fw_aliases *v, const char *name)
{
	return !fw_alias(v->own_wanted, name) && fw_alias(v->cluster_wanted, name);
}

static const struct fw_entry *find(const struct fw_aliases *v, const struct fw_address *x)
{
	const struct fw_entry *e = NULL;

	if (x->scope != FW_DC_SCOPE) {
		e = fw_alias(v->own_wanted, x->name);
		if (!e && !fw_alias_hides(v, x->name))
			e = fw_alias(v->own_live, x->name);
	}
	if (!e && x->scope != FW_GUEST_SCOPE) {
		e = fw_alias(v->cluster_wanted, x->name);
		e = e ? e : fw_alias(v->cluster_live, x->name);
	}
	return e;
}

bool fw_misfit(struct arena *a, const struct fw_aliases *v, const struct fw_rule *r)
{
	const char *const sides[] = { r->source, r->dest }, *why;
	int family = r->proto ? fw_proto_family(r->proto) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		const struct fw_address *x = sides[i] ? fw_address_parse(a, sides[i], &why) : NULL;
		const struct fw_entry *e = x && x->kind == FW_ADDRESS_ALIAS ? find(v, x) : NULL;
		struct addr_cidr c = { 0 };
		if (e && addr_net_parse(e->value, &c) && family && c.addr.family != family)
			return true;
		if (!family)
			family = e ? c.addr.family : x ? x->family : 0;
	}
	return false;
}
