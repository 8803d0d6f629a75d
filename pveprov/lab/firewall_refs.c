/* What there is to name in rules: macros, IP sets, aliases. */
#include "data/fw_macro.h"
#include "lab/firewall_private.h"
#include "lab/route.h"
#include "lab/sdn.h"

static void get_macros(struct request *q)
{
	json_t *list = json_array();

	for (size_t i = 0; fw_macro_name(i); i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "macro", fw_macro_name(i), "descr", fw_macro_name(i)));
	reply_data(q, list);
}

static void add_refs(const struct request *q, json_t *list, const json_t *map, const char *type, const char *scope)
{
	const char *only = param_text(q, "type"), *name;
	json_t *v;

	if (only && !streq(only, type))
		return;
	json_object_foreach((json_t *)map, name, v) {
		_cleanup_free_ char *ref = xasprintf("%s%s", streq(type, "ipset") ? "+" : "", name);
		json_t *e = json_pack("{s:s, s:s, s:s, s:s}", "type", type, "name", name, "ref", ref, "scope", scope);
		if (json_text(v, "comment"))
			json_object_set(e, "comment", json_object_get(v, "comment"));
		json_array_append_new(list, e);
	}
}

static void add_file(const struct request *q, json_t *list, const json_t *file, const char *scope)
{
	add_refs(q, list, json_object_get(file, "ipset"), "ipset", scope);
	add_refs(q, list, json_object_get(file, "aliases"), "alias", scope);
}

static void get_refs(struct request *q)
{
	json_t *list = json_array(), *sdn = sdn_sets(q);
	bool guest = param_text(q, "vmid") != NULL;

	if (guest)
		add_file(q, list, firewall_file(q->lab, "cluster"), "dc");
	add_refs(q, list, sdn, "ipset", "sdn");
	add_file(q, list, firewall_file_of(q), guest ? "guest" : "dc");
	json_decref(sdn);
	reply_data(q, list);
}

const struct route firewall_ref_routes[] = {
	{ "GET", "/cluster/firewall/macros", get_macros },
	{ "GET", "/cluster/firewall/refs", get_refs },
	{ "GET", "/nodes/{node}/qemu/{vmid}/firewall/refs", get_refs },
	{ "GET", "/nodes/{node}/lxc/{vmid}/firewall/refs", get_refs },
	{ 0 },
};
