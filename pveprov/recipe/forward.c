#include "recipe/part.h"

static const char *const protocols[] = { "tcp", "udp" };

const struct field recipe_forward_fields[] = {
	{ "pos", FIELD_POS, offsetof(struct recipe_forward, pos) },
	{ "from", FIELD_NAME, offsetof(struct recipe_forward, from), .required = true, .max = 15,
	  .help = "The network that may open connections." },
	{ "to", FIELD_NAME, offsetof(struct recipe_forward, to), .required = true, .max = 15,
	  .help = "The network that it reaches." },
	{ "tcp", FIELD_CUSTOM, offsetof(struct recipe_forward, tcp), .parse = recipe_ports_parse,
	  .schema = recipe_ports_schema, .help = "TCP ports; without tcp and udp everything." },
	{ "udp", FIELD_CUSTOM, offsetof(struct recipe_forward, udp), .parse = recipe_ports_parse,
	  .schema = recipe_ports_schema, .help = "UDP ports." },
	{ 0 },
};

struct port_forward {
	int64_t ports[ARRAY_SIZE(protocols)];
	struct addr to;
	int64_t to_port;
};

static const struct field port_forward_fields[] = {
	{ "tcp", FIELD_INT, offsetof(struct port_forward, ports[0]), .min = 1, .max = 65535,
	  .help = "TCP port of wan." },
	{ "udp", FIELD_INT, offsetof(struct port_forward, ports[1]), .min = 1, .max = 65535,
	  .help = "UDP port of wan." },
	{ "to", FIELD_ADDR, offsetof(struct port_forward, to), .required = true,
	  .help = "The machine inside." },
	{ "to_port", FIELD_INT, offsetof(struct port_forward, to_port), .min = 1, .max = 65535,
	  .help = "Its port; the same unless told." },
	{ 0 },
};

int recipe_port_forward_parse(struct field_ctx *c, const struct tree *t, void *port_forward)
{
	struct recipe_port_forward *f = port_forward;
	struct port_forward p = { 0 };

	f->pos = t->pos;
	if (field_bind(c, port_forward_fields, t, &p) < 0)
		return -1;
	if (!p.ports[0] == !p.ports[1])
		return field_error(c, t->pos, "expected 'tcp' or 'udp', and one of them only");
	f->protocol = p.ports[0] ? 0 : 1;
	f->port = p.ports[f->protocol];
	f->to = p.to;
	f->to_port = p.to_port;
	return 0;
}

json_t *recipe_port_forward_schema(void)
{
	return field_schema(port_forward_fields);
}

static void check_end(struct recipe_reader *r, const struct recipe_router *router,
		      const struct recipe_forward *f, const char *key, const char *name)
{
	if (!name || recipe_network_on(router, name))
		return;
	if (streq_null(name, router->wan.interface))
		field_error(&r->fields, f->pos,
			    "'%s': '%s' is wan, which every network reaches without a forward; "
			    "the way in is port_forward",
			    key, name);
	else
		field_error(&r->fields, f->pos, "'%s': '%s' is no network of this router", key,
			    name);
}

static void check_forwards(struct recipe_reader *r, const struct recipe_router *router)
{
	for (size_t i = 0; i < router->n_forwards; i++) {
		const struct recipe_forward *f = &router->forwards[i];
		if (r->whole) {
			check_end(r, router, f, "from", f->from);
			check_end(r, router, f, "to", f->to);
		}
		if (f->from && streq_null(f->from, f->to))
			field_error(&r->fields, f->pos, "a forward from '%s' to itself", f->from);
	}
}

/* True when some network holds the address of a machine. */
static bool is_inside(const struct recipe_router *router, const struct addr *a)
{
	for (size_t i = 0; i < router->n_networks; i++) {
		const struct recipe_network *n = &router->networks[i];
		const struct addr_cidr *net = a->family == 6 ? &n->address6 : &n->address;
		if (addr_cidr_contains(net, a) && !recipe_is_edge(net, a) &&
		    addr_compare(a, &net->addr) != 0)
			return true;
	}
	return false;
}

static void check_port_forwards(struct recipe_reader *r, const struct recipe_router *router)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < router->n_port_forwards; i++) {
		const struct recipe_port_forward *f = &router->port_forwards[i];
		if (r->whole && !is_inside(router, &f->to))
			field_error(&r->fields, f->pos,
				    "'to': %s is no machine's address in a network of this router",
				    addr_text(&f->to, text));
		for (size_t k = 0; k < i; k++) {
			const struct recipe_port_forward *other = &router->port_forwards[k];
			if (f->port && other->protocol == f->protocol && other->port == f->port &&
			    other->to.family == f->to.family)
				field_error(&r->fields, f->pos,
					    "%s port %" PRId64 " is forwarded at line %u already",
					    protocols[f->protocol], f->port, other->pos.line);
		}
	}
}

void recipe_forward_check(struct recipe_reader *r)
{
	for (size_t v = 0; v < r->recipe->n_vms; v++) {
		const struct recipe_router *router = r->recipe->vms[v].router;
		if (!router)
			continue;
		check_forwards(r, router);
		check_port_forwards(r, router);
	}
}
