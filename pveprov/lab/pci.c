#include "lab/pci.h"
#include "lab/route.h"
#include "base/strv.h"
#include "data/json.h"

static const char *full_id(const char *id, char *space, size_t size)
{
	/* A domain has four digits before the first colon, a bus two. */
	bool domain = strcspn(id, ":") == 4;

	snprintf(space, size, "%s%s", domain ? "" : "0000:", id);
	return space;
}

const struct world_pci *pci_find(const struct lab *l, const char *id)
{
	const struct world_pci *p = l->world->pci.v;
	char space[64];

	id = full_id(id, space, sizeof(space));
	for (size_t i = 0; i < l->world->pci.n; i++)
		if (streq(p[i].id, id))
			return &p[i];
	return NULL;
}

json_t *pci_functions(const struct lab *l, const char *host, char **ret_missing)
{
	const struct world_pci *p = l->world->pci.v;
	_cleanup_strv_ struct strv parts = { 0 };
	json_t *list = json_array();

	strv_split(&parts, host, ";");
	for (size_t k = 0; k < parts.n; k++) {
		char space[64];
		const char *id = full_id(parts.v[k], space, sizeof(space));
		size_t before = json_array_size(list), len = strlen(id);
		for (size_t i = 0; i < l->world->pci.n; i++)
			if (streq(p[i].id, id) ||
			    (!strchr(id, '.') && strncmp(p[i].id, id, len) == 0 &&
			     p[i].id[len] == '.'))
				json_array_append_new(list, json_string(p[i].id));
		if (json_array_size(list) == before) {
			*ret_missing = xstrdup(id);
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static bool class_hidden(const struct request *q, const char *class_id)
{
	_cleanup_strv_ struct strv hidden = { 0 };
	const char *list = param_text(q, "pci-class-blacklist");

	strv_split(&hidden, list ? list : "05;06;0b", ", ;");
	for (size_t i = 0; i < hidden.n; i++)
		if (starts_with(class_id + 2, hidden.v[i]))
			return true;
	return false;
}

static json_t *entry(const struct world_pci *p)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s*, s:s*, s:s*, s:s*}", "id", p->id, "class",
			 p->class_id, "vendor", p->vendor, "device", p->device, "iommugroup",
			 (json_int_t)p->iommu_group, "vendor_name", p->vendor_name, "device_name",
			 p->device_name, "subsystem_vendor", p->subsystem_vendor,
			 "subsystem_device", p->subsystem_device);
}

static void get_list(struct request *q)
{
	const struct world_pci *p = q->lab->world->pci.v;
	json_t *list = json_array();

	for (size_t i = 0; i < q->lab->world->pci.n; i++) {
		if (class_hidden(q, p[i].class_id))
			continue;
		json_array_append_new(list, param_flag(q, "verbose", true)
						    ? entry(&p[i])
						    : json_pack("{s:s}", "id", p[i].id));
	}
	reply_data(q, list);
}

static void get_one(struct request *q)
{
	reply_data(q, json_pack("[{s:s}]", "method", "mdev"));
}

const struct route pci_routes[] = {
	{ "GET", "/nodes/{node}/hardware/pci", get_list },
	{ "GET", "/nodes/{node}/hardware/pci/{pci-id-or-mapping}", get_one },
	{ NULL },
};
