/*
 * Networks against each other. A segment is what an interface is plugged into: a bridge (with a
 * VLAN tag), or a port of its own. Different segments must not overlap; on one segment every
 * address is in one network and nobody's twice.
 */
#include "recipe/part.h"

struct use {
	const char *what; /* "bridge 'vmbr1'" */
	struct tree_pos pos;
	const char *segment;
	struct addr_cidr cidr;
	const struct recipe_network *network; /* NULL: not the router's */
};

struct uses {
	struct recipe_reader *r;
	struct use *v;
	size_t n, cap;
};

static const char *segment_of(struct arena *a, const struct recipe_vm *vm, const char *interface)
{
	const struct recipe_nic *nic = recipe_vm_nic(vm, interface);

	if (!nic)
		return arena_printf(a, "port '%s' of '%s'", interface, vm->name);
	if (nic->vlan)
		return arena_printf(a, "bridge '%s' with VLAN %" PRId64, nic->bridge, nic->vlan);
	return arena_printf(a, "bridge '%s'", nic->bridge);
}

static void add(struct uses *u, struct use use)
{
	if (!use.cidr.addr.family)
		return;
	if (u->n == u->cap) {
		u->cap = MAX(u->cap * 2, (size_t)16);
		u->v = xrealloc(u->v, u->cap, sizeof(*u->v));
	}
	u->v[u->n++] = use;
}

static void add_router(struct uses *u, const struct recipe_vm *vm)
{
	struct arena *a = &u->r->recipe->arena;
	const struct recipe_router *router = vm->router;

	for (size_t i = 0; i < router->n_networks; i++) {
		const struct recipe_network *n = &router->networks[i];
		if (!n->interface)
			continue;
		struct use use = { arena_printf(a, "network '%s'", n->interface), n->pos,
				   segment_of(a, vm, n->interface), n->address, n };
		add(u, use);
		use.cidr = n->address6;
		add(u, use);
	}
	if (router->wan.interface)
		add(u,
		    (struct use){ "wan", router->wan.pos, segment_of(a, vm, router->wan.interface),
				  router->wan.address, NULL });
}

static void add_vm(struct uses *u, const struct recipe_vm *vm)
{
	struct arena *a = &u->r->recipe->arena;

	for (size_t i = 0; i < vm->n_nics; i++) {
		const struct recipe_nic *n = &vm->nics[i];
		/* an interface of a network or of wan is there already */
		if (!n->name || !n->bridge ||
		    (vm->router && (recipe_network_on(vm->router, n->name) ||
				    streq_null(vm->router->wan.interface, n->name))))
			continue;
		struct use use = { arena_printf(a, "interface '%s' of '%s'", n->name, vm->name),
				   n->pos, segment_of(a, vm, n->name), n->address, NULL };
		add(u, use);
		use.cidr = n->address6;
		add(u, use);
	}
}

static void collect(struct uses *u)
{
	const struct recipe *r = u->r->recipe;

	for (size_t i = 0; i < r->n_bridges; i++) {
		const struct recipe_bridge *b = &r->bridges[i];
		const char *name = arena_printf(&u->r->recipe->arena, "bridge '%s'", b->name);
		if (b->name)
			add(u, (struct use){ name, b->pos, name, b->cidr, NULL });
	}
	for (size_t i = 0; i < r->n_vms; i++)
		if (r->vms[i].router)
			add_router(u, &r->vms[i]);
	for (size_t i = 0; i < r->n_vms; i++)
		add_vm(u, &r->vms[i]);
}

static bool in_dhcp_range(const struct use *server, const struct use *other)
{
	return server->network && server->network->has_dhcp &&
	       addr_range_contains(&server->network->dhcp, &other->cidr.addr);
}

static bool same_network(const struct use *a, const struct use *b)
{
	struct addr one = addr_network(&a->cidr), two = addr_network(&b->cidr);

	return a->cidr.prefix == b->cidr.prefix && addr_compare(&one, &two) == 0;
}

/* What is wrong between an earlier use a and a later one b; NULL: nothing. */
static const char *fault(const struct use *a, const struct use *b)
{
	bool same_segment = streq(a->segment, b->segment);

	if (!same_segment)
		return addr_cidr_overlaps(&a->cidr, &b->cidr) ? "overlaps with" : NULL;
	if (a->cidr.addr.family != b->cidr.addr.family)
		return NULL;
	if (addr_compare(&a->cidr.addr, &b->cidr.addr) == 0)
		return "is the same address as";
	/* several IPv6 networks on a link are usual */
	if (a->cidr.addr.family == 4 && !same_network(a, b))
		return "is on the same wire, but in another network than";
	return in_dhcp_range(a, b) ? "lies in the DHCP range of" : NULL;
}

static void complain(struct recipe_reader *r, const struct use *subject, const char *why,
		     const struct use *other)
{
	char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];

	field_error(&r->fields, subject->pos, "%s of %s %s %s of %s at line %u",
		    addr_cidr_text(&subject->cidr, one), subject->what, why,
		    addr_cidr_text(&other->cidr, two), other->what, other->pos.line);
}

/* True when something was said. Usually the later one is wrong; the server of a range is right. */
static bool check_pair(struct recipe_reader *r, const struct use *a, const struct use *b)
{
	const char *why = fault(a, b);

	if (why)
		complain(r, b, why, a);
	else if (streq(a->segment, b->segment) && in_dhcp_range(b, a))
		complain(r, a, "lies in the DHCP range of", b);
	else
		return false;
	return true;
}

void recipe_segment_check(struct recipe_reader *r)
{
	struct uses u = { .r = r };

	collect(&u);
	/* one complaint per place: the first says enough */
	for (size_t i = 1; i < u.n; i++)
		for (size_t k = 0; k < i && !check_pair(r, &u.v[k], &u.v[i]); k++)
			;
	free(u.v);
}
