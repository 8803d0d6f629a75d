/* Recipes: whatever is accepted keeps what recipe.h promises. */
#include "fuzz.h"
#include "recipe/recipe.h"

static void check_router(const struct recipe_vm *vm)
{
	const struct recipe_router *router = vm->router;

	fuzz_expect(router->admin && recipe_vm_nic(vm, router->admin) && router->wan.interface);
	fuzz_expect(router->dns.dnscrypt.n + router->dns.stamps.n > 0 && router->etckeeper.email);
	for (size_t i = 0; i < router->n_networks; i++) {
		const struct recipe_network *n = &router->networks[i];
		fuzz_expect(n->interface && n->domain && n->address.addr.family == 4 && n->lease_ms > 0);
		fuzz_expect(!n->has_dhcp || addr_cidr_contains(&n->address, &n->dhcp.last));
		for (size_t k = 0; k < i; k++)
			fuzz_expect(!addr_cidr_overlaps(&n->address, &router->networks[k].address));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_recipe_ struct recipe *r = NULL;

	if (recipe_parse("f", (const char *)data, size, &r, NULL) < 0)
		return 0;
	fuzz_expect(r->name && r->n_vms);
	for (size_t v = 0; v < r->n_vms; v++) {
		const struct recipe_vm *vm = &r->vms[v];
		fuzz_expect(vm->name && vm->id >= 100 && vm->template_id >= 100 && vm->n_nics);
		for (size_t i = 0; i < vm->n_nics; i++)
			fuzz_expect(vm->nics[i].name && strlen(vm->nics[i].name) <= 15 && vm->nics[i].bridge);
		if (vm->router)
			check_router(vm);
	}
	return 0;
}
