#include "recipe/part.h"
#include "base/text.h"

/* Services with a name; others are given by port. */
static const char *const services[] = {
	[RECIPE_ALLOW_DNS] = "dns",
	[RECIPE_ALLOW_DHCP] = "dhcp",
	[RECIPE_ALLOW_SSH] = "ssh",
	[RECIPE_ALLOW_PING] = "ping",
	NULL,
};

struct ports {
	struct field_texts tcp, udp;
	bool has_from;
	struct addr_range from;
};

const struct field recipe_allow_fields[] = {
	{ "tcp", FIELD_CUSTOM, offsetof(struct ports, tcp), .parse = recipe_ports_parse,
	  .schema = recipe_ports_schema, .help = "TCP ports of the router." },
	{ "udp", FIELD_CUSTOM, offsetof(struct ports, udp), .parse = recipe_ports_parse,
	  .schema = recipe_ports_schema, .help = "UDP ports of the router." },
	{ "from", FIELD_RANGE, offsetof(struct ports, from),
	  .set_offset = offsetof(struct ports, has_from), .help = "Only for these addresses." },
	{ 0 },
};

int recipe_allow_parse(struct field_ctx *c, const struct tree *t, void *allow)
{
	struct recipe_allow *a = allow;
	struct ports p = { 0 };

	a->pos = t->pos;
	if (t->kind == TREE_SCALAR) {
		const struct field service = { NULL, FIELD_ENUM, .names = services };
		int kind;
		if (field_value(c, &service, t, &kind) < 0)
			return -1;
		a->kind = (enum recipe_allow_kind)kind;
		return 0;
	}
	if (field_bind(c, recipe_allow_fields, t, &p) < 0)
		return -1;
	if (!p.tcp.n == !p.udp.n)
		return field_error(
			c, t->pos,
			"expected 'tcp' or 'udp' (one of them), or a word: dns, dhcp, ssh, ping");
	a->kind = p.tcp.n ? RECIPE_ALLOW_TCP : RECIPE_ALLOW_UDP;
	a->ports = p.tcp.n ? p.tcp : p.udp;
	a->has_from = p.has_from;
	a->from = p.from;
	return 0;
}

json_t *recipe_allow_schema(void)
{
	static const struct field service = { "service", FIELD_ENUM, .names = services };

	return json_pack("{s:[o,o]}", "anyOf", field_value_schema(&service),
			 field_schema(recipe_allow_fields));
}
