/* Source: pve-network 1.2 (API2/Network/SDN), pve-manager 9.2 (Cluster.pm), proxmox-ve-config (names of the sets). */
#include "lab/sdn.h"
#include "data/digest.h"
#include "data/json.h"
#include "lab/acl.h"
#include "lab/route.h"

static const char *const zone_types[] = { "simple", "vlan", "qinq", "vxlan", "evpn", NULL };
static const char MAY_SEE[] = "SDN.Audit|SDN.Allocate";

const struct world_vnet *sdn_vnet(const struct lab *l, const char *name)
{
	const struct world_vnet *v = l->world->vnets.v;

	for (size_t i = 0; i < l->world->vnets.n; i++)
		if (streq(v[i].name, name))
			return &v[i];
	return NULL;
}

char *sdn_path(const struct world_vnet *v)
{
	return xasprintf("/sdn/zones/%s/%s", v->zone, v->name);
}

static bool may_see_vnet(const struct request *q, const struct world_vnet *v)
{
	_cleanup_free_ char *path = sdn_path(v);

	return acl_has(q->lab, &q->who, path, MAY_SEE, false);
}

json_t *sdn_sets(const struct request *q)
{
	static const struct {
		const char *name, *of;
	} kinds[] = { { "all", "All subnets" },
		      { "gateway", "All gateways" },
		      { "no-gateway", "All subnets without gateways" },
		      { "dhcp", "DHCP ranges" } };
	const struct world_vnet *v = q->lab->world->vnets.v;
	json_t *sets = json_object();

	for (size_t i = 0; i < q->lab->world->vnets.n; i++) {
		for (size_t k = 0; may_see_vnet(q, &v[i]) && k < ARRAY_SIZE(kinds); k++) {
			_cleanup_free_ char *name = xasprintf("%s-%s", v[i].name, kinds[k].name);
			json_object_set_new(sets, name,
					    json_pack("{s:o}", "comment",
						      json_sprintf("%s of VNet %s", kinds[k].of, v[i].name)));
		}
	}
	return sets;
}

static void add_zone(json_t *list, const char *node, const char *zone)
{
	json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:s, s:s, s:s}", "id",
					      json_sprintf("network/%s/zone/%s", node, zone), "type", "network",
					      "network-type", "zone", "network", zone, "node", node, "status", "ok"));
}

void sdn_resources(const struct request *q, json_t *list)
{
	const struct world_zone *z = q->lab->world->zones.v;

	if (acl_has(q->lab, &q->who, "/sdn/zones/localnetwork", "SDN.Audit", true))
		add_zone(list, q->lab->node, "localnetwork");
	for (size_t i = 0; i < q->lab->world->zones.n; i++) {
		_cleanup_free_ char *path = xasprintf("/sdn/zones/%s", z[i].name);
		if (acl_has(q->lab, &q->who, path, "SDN.Audit", true))
			add_zone(list, q->lab->node, z[i].name);
	}
}

static void set_digest(json_t *e)
{
	_cleanup_free_ char *text = json_dump_text(e);
	char hex[41];

	json_object_set_new(e, "digest", json_string(digest_sha1(text, strlen(text), hex)));
}

static json_t *vnet_entry(const struct world_vnet *v)
{
	json_t *e = json_pack("{s:s, s:s, s:s}", "vnet", v->name, "type", "vnet", "zone", v->zone);

	if (v->tag)
		json_object_set_new(e, "tag", json_integer(v->tag));
	if (v->alias)
		json_object_set_new(e, "alias", json_string(v->alias));
	set_digest(e);
	return e;
}

static void get_vnets(struct request *q)
{
	const struct world_vnet *v = q->lab->world->vnets.v;
	json_t *list = json_array();

	for (size_t i = 0; i < q->lab->world->vnets.n; i++)
		if (may_see_vnet(q, &v[i]))
			json_array_append_new(list, vnet_entry(&v[i]));
	reply_data(q, list);
}

static void get_vnet(struct request *q)
{
	const struct world_vnet *v = sdn_vnet(q->lab, param_text(q, "vnet"));

	if (!v) {
		reply_error(q, 500, "sdn vnet '%s' does not exist", param_text(q, "vnet"));
		return;
	}
	_cleanup_free_ char *path = sdn_path(v);
	if (acl_require_any(q, path, MAY_SEE))
		reply_data(q, vnet_entry(v));
}

static void get_zones(struct request *q)
{
	const struct world_zone *z = q->lab->world->zones.v;
	const char *type = param_text(q, "type");
	json_t *list = json_array();

	for (size_t i = 0; i < q->lab->world->zones.n; i++) {
		_cleanup_free_ char *path = xasprintf("/sdn/zones/%s", z[i].name);
		if (!acl_has(q->lab, &q->who, path, MAY_SEE, false) || (type && !streq(type, zone_types[z[i].type])))
			continue;
		json_t *e = json_pack("{s:s, s:s}", "zone", z[i].name, "type", zone_types[z[i].type]);
		set_digest(e);
		json_array_append_new(list, e);
	}
	reply_data(q, list);
}

const struct route sdn_routes[] = {
	{ "GET", "/cluster/sdn/vnets", get_vnets },
	{ "GET", "/cluster/sdn/vnets/{vnet}", get_vnet },
	{ "GET", "/cluster/sdn/zones", get_zones },
	{ 0 },
};
