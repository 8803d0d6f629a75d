#include "recipe/part.h"

#define AT(m) offsetof(struct recipe_wan, m)

static const char *const what_happens[] = {
	[RECIPE_PRIVATE_REJECT] = "reject",
	[RECIPE_PRIVATE_ALLOW] = "allow",
	NULL,
};

static int parse_address(struct field_ctx *c, const struct tree *t, void *wan)
{
	struct recipe_wan *w = wan;

	return recipe_addressing_parse(c, t, 4, false, &w->addressing, &w->address);
}

static const struct field ipv6_fields[] = {
	{ "delegation", FIELD_BOOL, AT(delegation),
	  .help = "Ask the provider for a prefix (DHCPv6) and give each network a part of it." },
	{ 0 },
};

const struct field recipe_wan_fields[] = {
	{ "pos", FIELD_POS, AT(pos) },
	{ "interface", FIELD_NAME, AT(interface), .required = true, .max = 15,
	  .help = "The interface that leads to the internet." },
	{ "address", FIELD_CUSTOM, .parse = parse_address, .schema = recipe_text_schema,
	  .help = "dhcp (unless told), or an IPv4 address with its prefix." },
	{ "gateway", FIELD_ADDR, AT(gateway),
	  .help = "The provider's router beside a static address." },
	{ "ipv6", FIELD_MAP, .fields = ipv6_fields, .help = "IPv6; off unless told." },
	{ "private_destinations", FIELD_ENUM, AT(private_destinations), .names = what_happens,
	  .help = "What happens to private addresses on their way to wan; allow where a modem is "
		  "reached that way." },
	{ 0 },
};

void recipe_wan_check(struct recipe_reader *r)
{
	for (size_t v = 0; v < r->recipe->n_vms; v++) {
		const struct recipe_router *router = r->recipe->vms[v].router;
		if (!router)
			continue;
		const struct recipe_wan *w = &router->wan;
		recipe_gateway_check(r, w->pos, w->addressing, &w->address, &w->gateway);
		if (r->whole && w->addressing == RECIPE_ADDRESS_STATIC && !w->gateway.family)
			field_error(&r->fields, w->pos, "a static address of wan needs 'gateway'");
	}
}
