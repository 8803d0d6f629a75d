#include "lab/vm_needs.h"
#include "lab/mapping.h"
#include "lab/node_network.h"
#include "lab/pci.h"
#include "data/json.h"
#include "data/propstring.h"

#include <ctype.h>

/* Why the bridge of a NIC cannot be used; malloc'd, NULL: it can. */
static char *bridge_problem(const struct vm *vm, const char *key, const char *value)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	const char *bridge;

	if (!starts_with(key, "net") || !isdigit(key[3]) ||
	    propstring_parse(value, "model", &p, NULL))
		return NULL;
	bridge = propstring_get(&p, "bridge");
	if (!bridge || network_has_bridge(vm->lab, bridge))
		return NULL;
	return xasprintf("bridge '%s' does not exist", bridge);
}

/* The other running VM that has one of these devices. */
static char *device_user(const struct vm *vm, const json_t *functions)
{
	for (struct vm *other = vm_next(vm->lab, 0); other;
	     other = vm_next(vm->lab, other->vmid + 1)) {
		const char *key;
		json_t *value;
		if (other == vm || !vm_is_running(other))
			continue;
		json_object_foreach(other->config, key, value) {
			_cleanup_propstring_ struct propstring p = { 0 };
			_cleanup_free_ char *why = NULL, *path = NULL, *missing = NULL;
			const char *mapping;
			json_t *theirs, *f;
			size_t i;
			if (!starts_with(key, "hostpci") ||
			    propstring_parse(json_string_value(value), "host", &p, NULL))
				continue;
			mapping = propstring_get(&p, "mapping");
			path = mapping ? mapping_resolve(vm->lab, mapping, &why)
				       : xstrdup_null(propstring_get(&p, "host"));
			theirs = path ? pci_functions(vm->lab, path, &missing) : NULL;
			json_array_foreach(theirs, i, f) {
				json_t *mine;
				size_t k;
				json_array_foreach((json_t *)(uintptr_t)functions, k, mine)
					if (json_equal(mine, f)) {
						char *text = xasprintf("PCI device '%s' already in "
								       "use by VMID '%d'",
								       json_string_value(f),
								       other->vmid);
						json_decref(theirs);
						return text;
					}
			}
			json_decref(theirs);
		}
	}
	return NULL;
}

/* Resolves a passed-through device in the configuration that the hypervisor gets. */
static char *device_problem(const struct vm *vm, json_t *config, const char *key, const char *value)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	_cleanup_free_ char *path = NULL, *why = NULL, *missing = NULL, *text = NULL;
	const char *mapping;
	json_t *functions;

	if (!starts_with(key, "hostpci") || propstring_parse(value, "host", &p, NULL))
		return NULL;
	mapping = propstring_get(&p, "mapping");
	path = mapping ? mapping_resolve(vm->lab, mapping, &why)
		       : xstrdup_null(propstring_get(&p, "host"));
	if (!path)
		return why ? TAKE_PTR(why) : xasprintf("%s: no PCI device configured", key);
	if (propstring_get(&p, "pcie") && streq(propstring_get(&p, "pcie"), "1") &&
	    !(json_text(config, "machine") && strstr(json_text(config, "machine"), "q35")))
		return xasprintf("q35 machine model is not enabled at "
				 "/usr/share/perl5/PVE/QemuServer/PCI.pm line 428.");
	functions = pci_functions(vm->lab, path, &missing);
	if (!functions)
		return xasprintf("no PCI device found for '%s'", missing);
	if (pci_find(vm->lab, json_string_value(json_array_get(functions, 0)))->iommu_group < 0)
		text = xasprintf("cannot prepare PCI pass-through, IOMMU not present");
	else
		text = device_user(vm, functions);
	json_decref(functions);
	propstring_set(&p, "mapping", NULL);
	propstring_set(&p, "host", path);
	_cleanup_free_ char *resolved = propstring_text(&p);
	json_object_set_new(config, key, json_string(resolved));
	return TAKE_PTR(text);
}

char *vm_needs(const struct vm *vm, json_t *config)
{
	const char *key;
	json_t *value;
	char *why = NULL;

	json_object_foreach(vm->config, key, value) {
		if (!why && json_is_string(value))
			why = bridge_problem(vm, key, json_string_value(value));
		if (!why && json_is_string(value))
			why = device_problem(vm, config, key, json_string_value(value));
	}
	return why;
}
