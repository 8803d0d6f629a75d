#include "firewall/fw_yaml.h"
#include "recipe/part.h"

/* The Proxmox firewall that belongs to a recipe; brought about by the step `firewall`, or by `pveprov fw apply`. */
int recipe_firewall_parse(struct field_ctx *c, const struct tree *t, void *member)
{
	return fw_yaml_bind(c, t, member);
}

static json_t *level_schema(bool names, bool groups)
{
	json_t *p = json_object();

	json_object_set_new(p, "options", json_pack("{s:s}", "type", "object"));
	json_object_set_new(p, "rules", json_pack("{s:s}", "type", "array"));
	if (names) {
		json_object_set_new(p, "aliases", json_pack("{s:s}", "type", "object"));
		json_object_set_new(p, "ipsets", json_pack("{s:s}", "type", "object"));
	}
	if (groups)
		json_object_set_new(p, "groups", json_pack("{s:s}", "type", "object"));
	return json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0, "properties", p);
}

static json_t *by_name(json_t *level)
{
	return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", level);
}

json_t *recipe_firewall_schema(void)
{
	return json_pack("{s:s, s:b, s:{s:o, s:o, s:o, s:o, s:o}}", "type", "object", "additionalProperties", 0, "properties",
			 "apply", json_pack("{s:s}", "type", "boolean"), "cluster", level_schema(true, true), "nodes", by_name(level_schema(false, false)), "guests",
			 by_name(level_schema(true, false)), "vnets", by_name(level_schema(false, false)));
}

/* A guest of the recipe is filtered on a NIC only where that NIC says so. */
void recipe_firewall_check(struct recipe_reader *r)
{
	for (size_t i = 0; i < r->recipe->n_vms; i++) {
		const struct recipe_vm *vm = &r->recipe->vms[i];
		_cleanup_free_ char *id = xasprintf("%" PRId64, vm->id);
		const struct fw_config *c = fw_files_find(&r->recipe->firewall, FW_GUEST, id);
		bool filtered = false;
		for (size_t k = 0; k < vm->n_nics; k++)
			filtered |= vm->nics[k].firewall;
		if (c && !filtered && vm->n_nics)
			field_error(&r->fields, vm->pos,
				    "'%s' has a firewall, but none of its nics has 'firewall: true': no rule would apply",
				    vm->name);
	}
}
