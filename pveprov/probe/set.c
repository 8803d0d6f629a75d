#include "probe/kind.h"

#include <fnmatch.h>

#define RULES "/etc/nftables.conf"
#define KNOWN_NAME "one.one.one.one" /* resolves wherever there is an internet */

static const struct probe_kind *const recipe_kinds[] = {
	[RECIPE_PROBE_LEASE] = &probe_lease,	   [RECIPE_PROBE_DEFAULT_ROUTE] = &probe_default_route,
	[RECIPE_PROBE_RESOLVER] = &probe_resolver, [RECIPE_PROBE_PING] = &probe_ping,
	[RECIPE_PROBE_RESOLVE] = &probe_resolve,   [RECIPE_PROBE_REFUSED] = &probe_refused,
	[RECIPE_PROBE_TCP] = &probe_tcp,
};

int probe_set_verify(const struct recipe *r, struct probe_set *ret, struct err **err)
{
	const struct recipe_verify *v = &r->verify;

	if (!v->from)
		return err_set(err, ERR_RECIPE, "the recipe has no 'verify'");
	*ret = (struct probe_set){ 0 };
	ret->v = arena_array(&ret->arena, v->n_probes + 1, sizeof(*ret->v));
	for (size_t i = 0; i < v->n_probes; i++) {
		const struct recipe_probe *p = &v->probes[i];
		struct addr *servers = arena_array(&ret->arena, p->nameservers.n + 1, sizeof(*servers));
		if (p->nameservers.n)
			memcpy(servers, p->nameservers.v, p->nameservers.n * sizeof(*servers));
		ret->v[ret->n++] = (struct probe){
			.kind = recipe_kinds[p->kind],
			.interface = arena_strdup(&ret->arena, p->interface),
			.text = arena_strdup(&ret->arena, p->name),
			.address = p->address,
			.cidr = p->within,
			.nameservers = servers,
			.n_nameservers = p->nameservers.n,
			.port = (uint16_t)p->port,
			.with = p->with,
			.only = p->only,
		};
	}
	return 0;
}

static struct probe *add(struct probe_set *s, const struct probe_kind *kind)
{
	s->v[s->n] = (struct probe){ .kind = kind };
	return &s->v[s->n++];
}

static void add_interface(struct probe_set *s, const char *name, const struct addr_cidr *cidr, bool optional)
{
	struct probe *p = add(s, &probe_interface);

	p->interface = arena_strdup(&s->arena, name);
	p->optional = optional;
	if (cidr)
		p->cidr = *cidr;
}

static void add_interfaces(const struct recipe_vm *vm, struct probe_set *s)
{
	const struct recipe_router *r = vm->router;

	if (r->wan.interface)
		add_interface(s, r->wan.interface,
			      r->wan.addressing == RECIPE_ADDRESS_STATIC ? &r->wan.address : NULL, false);
	for (size_t i = 0; r->admin && i < vm->n_nics; i++)
		if (streq(vm->nics[i].name, r->admin))
			add_interface(s, r->admin,
				      vm->nics[i].addressing == RECIPE_ADDRESS_STATIC ? &vm->nics[i].address : NULL,
				      false);
	for (size_t i = 0; i < r->n_networks; i++)
		add_interface(s, r->networks[i].interface, &r->networks[i].address, r->networks[i].optional);
}

/* Units that run; not those that are for boots only. */
static const char *running_units(const struct bundle *rendered, struct probe_set *s)
{
	_cleanup_strv_ struct strv units = { 0 };

	for (size_t i = 0; i < rendered->enable.n; i++) {
		const char *unit = rendered->enable.v[i];
		if (fnmatch("*-wait-online.service", unit, 0) != 0 && !streq(unit, "nftables-lockdown.service"))
			strv_add(&units, unit);
	}
	_cleanup_free_ char *all = strv_join(&units, " ");
	return arena_strdup(&s->arena, all);
}

int probe_set_router(const struct recipe_vm *vm, const struct bundle *rendered, struct probe_set *ret,
		     struct err **err)
{
	const struct recipe_router *r = vm->router;
	struct probe *p;

	if (!r)
		return err_set(err, ERR_INTERNAL, "'%s' is not a router", vm->name);
	*ret = (struct probe_set){ 0 };
	ret->v = arena_array(&ret->arena, r->n_networks + 8, sizeof(*ret->v));
	add_interfaces(vm, ret);
	p = add(ret, &probe_default_route);
	p->interface = arena_strdup(&ret->arena, r->wan.interface);
	p->only = true;
	if (rendered->enable.n)
		add(ret, &probe_services)->text = running_units(rendered, ret);
	if (bundle_get(rendered, RULES))
		add(ret, &probe_ruleset)->text = RULES;
	p = add(ret, &probe_encrypted_dns);
	p->interface = arena_strdup(&ret->arena, r->wan.interface);
	p->text = KNOWN_NAME;
	return 0;
}
