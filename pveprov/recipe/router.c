#include "recipe/part.h"

#define AT(m) offsetof(struct recipe_router, m)

static const struct field etckeeper_fields[] = {
	{ "branch", FIELD_TEXT, offsetof(struct recipe_etckeeper, branch), .min = 1, .max = 100,
	  .help = "The branch of /etc's history; master unless told." },
	{ "user", FIELD_TEXT, offsetof(struct recipe_etckeeper, user), .min = 1, .max = 100,
	  .help = "The author's name; root unless told." },
	{ "email", FIELD_TEXT, offsetof(struct recipe_etckeeper, email), .min = 1, .max = 100,
	  .help = "The author's address; root@ the machine's name unless told." },
	{ 0 },
};

const struct field recipe_router_fields[] = {
	{ "pos", FIELD_POS, AT(pos) },
	{ "admin", FIELD_NAME, AT(admin), .required = true, .max = 15,
	  .help = "The interface for administration: the only one where SSH is open." },
	{ "wan", FIELD_MAP, AT(wan), .required = true, .fields = recipe_wan_fields,
	  .help = "The way to the internet." },
	{ "networks", FIELD_DICT, AT(networks), .required = true, .min = 1, .max = 64,
	  .fields = recipe_network_fields, .size = sizeof(struct recipe_network),
	  .help = "The networks it serves, by interface." },
	{ "forward", FIELD_LIST, AT(forwards), .min = 0, .max = 1000,
	  .fields = recipe_forward_fields, .size = sizeof(struct recipe_forward),
	  .help = "What one network may reach in another; nothing unless told." },
	{ "port_forward", FIELD_LIST, AT(port_forwards), .min = 0, .max = 1000,
	  .parse = recipe_port_forward_parse, .schema = recipe_port_forward_schema,
	  .size = sizeof(struct recipe_port_forward),
	  .help = "Ports of wan that lead to machines inside." },
	{ "dns", FIELD_MAP, AT(dns), .fields = recipe_dns_fields,
	  .help = "How names are resolved." },
	{ "etckeeper", FIELD_MAP, AT(etckeeper), .fields = etckeeper_fields,
	  .help = "The history of /etc." },
	{ 0 },
};

void recipe_router_init(void *router)
{
	struct recipe_router *r = router;

	r->wan.addressing = RECIPE_ADDRESS_DHCP;
	r->wan.private_destinations = RECIPE_PRIVATE_REJECT;
	r->etckeeper = (struct recipe_etckeeper){ "master", "root", NULL };
}

static void set_defaults(struct recipe_reader *r, const struct recipe_vm *vm)
{
	struct recipe_router *router = vm->router;

	if (!router->dns.dnscrypt.n && !router->dns.stamps.n) {
		router->dns.dnscrypt.v =
			arena_array(&r->recipe->arena, 1, sizeof(*router->dns.dnscrypt.v));
		router->dns.dnscrypt.v[0] = "cloudflare";
		router->dns.dnscrypt.n = 1;
	}
	if (!router->etckeeper.email)
		router->etckeeper.email =
			arena_printf(&r->recipe->arena, "root@%s", vm->name ? vm->name : "router");
}

static bool is_port(const struct recipe_vm *vm, const char *name)
{
	for (size_t i = 0; i < vm->n_passthrough; i++)
		for (size_t k = 0; k < vm->passthrough[i].names.n; k++)
			if (streq(vm->passthrough[i].names.v[k], name))
				return true;
	return false;
}

/* "ethN": what the kernel itself hands out; renaming to it collides. */
static bool is_kernel_name(const char *name)
{
	return starts_with(name, "eth") && name[3] && !name[3 + strspn(name + 3, "0123456789")];
}

static void check_interface_name(struct recipe_reader *r, const struct recipe_vm *vm,
				 struct tree_pos pos, const char *name)
{
	if (is_kernel_name(name))
		field_error(
			&r->fields, pos,
			"'%s' cannot be an interface's name on a router: the kernel gives it to "
			"another one at boot; take one like wan or lan",
			name);
	if (is_port(vm, name) && recipe_vm_nic(vm, name))
		field_error(&r->fields, pos,
			    "'%s' is the name of an interface in 'nics' and of a port of the card",
			    name);
}

static void check_names(struct recipe_reader *r, const struct recipe_vm *vm)
{
	for (size_t i = 0; i < vm->n_nics; i++)
		if (vm->nics[i].name)
			check_interface_name(r, vm, vm->nics[i].pos, vm->nics[i].name);
	for (size_t i = 0; i < vm->n_passthrough; i++) {
		const struct recipe_passthrough *p = &vm->passthrough[i];
		for (size_t k = 0; k < p->names.n; k++) {
			if (is_kernel_name(p->names.v[k]))
				check_interface_name(r, vm, p->pos, p->names.v[k]);
			for (size_t o = 0; o < i; o++)
				for (size_t m = 0; m < vm->passthrough[o].names.n; m++)
					if (streq(vm->passthrough[o].names.v[m], p->names.v[k]))
						field_error(&r->fields, p->pos,
							    "port '%s' is named at line %u already",
							    p->names.v[k],
							    vm->passthrough[o].pos.line);
		}
	}
}

/* An interface that has a role must exist. */
static void check_role(struct recipe_reader *r, const struct recipe_vm *vm, struct tree_pos pos,
		       const char *role, const char *name)
{
	if (r->whole && !recipe_vm_nic(vm, name) && !is_port(vm, name))
		field_error(&r->fields, pos,
			    "%s '%s' is neither in 'nics' nor among the 'names' of 'passthrough'",
			    role, name);
}

static void check_admin(struct recipe_reader *r, const struct recipe_vm *vm)
{
	const struct recipe_router *router = vm->router;
	const struct recipe_nic *nic = recipe_vm_nic(vm, router->admin);

	check_role(r, vm, router->pos, "admin", router->admin);
	if (!nic && is_port(vm, router->admin))
		field_error(&r->fields, router->pos,
			    "admin '%s' is a port of the card, but must be in 'nics': the "
			    "router is reached there before its ports have names",
			    router->admin);
	if (nic && nic->addressing == RECIPE_ADDRESS_NONE)
		field_error(&r->fields, nic->pos,
			    "'%s' is for administration and needs an address: dhcp or a static one",
			    router->admin);
	if (streq_null(router->admin, router->wan.interface))
		field_error(&r->fields, router->wan.pos,
			    "wan is the admin interface '%s': SSH would be open to the "
			    "internet",
			    router->admin);
	const struct recipe_network *n = recipe_network_on(router, router->admin);
	if (n)
		field_error(&r->fields, n->pos,
			    "network '%s' is the admin interface: it serves nobody", n->interface);
}

static void check_router(struct recipe_reader *r, const struct recipe_vm *vm)
{
	const struct recipe_router *router = vm->router;

	check_names(r, vm);
	if (router->admin)
		check_admin(r, vm);
	if (router->wan.interface) {
		const struct recipe_network *n = recipe_network_on(router, router->wan.interface);
		check_role(r, vm, router->wan.pos, "wan", router->wan.interface);
		if (n)
			field_error(&r->fields, n->pos, "network '%s' is wan: it leads outside",
				    n->interface);
	}
	for (size_t i = 0; i < router->n_networks; i++)
		if (router->networks[i].interface)
			check_role(r, vm, router->networks[i].pos, "network",
				   router->networks[i].interface);
}

void recipe_router_check(struct recipe_reader *r)
{
	for (size_t v = 0; v < r->recipe->n_vms; v++) {
		if (!r->recipe->vms[v].router)
			continue;
		set_defaults(r, &r->recipe->vms[v]);
		check_router(r, &r->recipe->vms[v]);
	}
}
