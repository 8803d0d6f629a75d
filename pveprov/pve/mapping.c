#include "pve/mapping.h"
#include "base/text.h"
#include "data/propstring.h"

static struct pve_mapping_entry read_entry(const char *text, struct arena *a)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	struct pve_mapping_entry e = { .iommu_group = -1 };
	int64_t group;

	if (propstring_parse(text, NULL, &p, NULL) < 0)
		return e;
	e.node = arena_strdup(a, propstring_get(&p, "node"));
	e.path = arena_strdup(a, propstring_get(&p, "path"));
	e.id = arena_strdup(a, propstring_get(&p, "id"));
	e.subsystem_id = arena_strdup(a, propstring_get(&p, "subsystem-id"));
	const char *number = propstring_get(&p, "iommugroup");
	if (number && text_to_i64(number, -1, INT32_MAX, &group))
		e.iommu_group = group;
	return e;
}

int pve_mapping_list(struct pve_client *c, struct arena *a, struct pve_mapping **ret, size_t *ret_n,
		     struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	size_t n = 0, i, k;
	json_t *j, *entry;

	if (pve_get(c, "/cluster/mapping/pci", NULL, &data, err) < 0)
		return -1;
	struct pve_mapping *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j) {
		json_t *map = json_list(j, "map");
		struct pve_mapping m = {
			.name = arena_strdup(a, json_text(j, "id")),
			.description = arena_strdup(a, json_text(j, "description")),
			.entries = arena_array(a, json_array_size(map) + 1, sizeof(*m.entries)),
		};
		if (!m.name)
			continue;
		json_array_foreach(map, k, entry) {
			const char *text = json_string_value(entry);
			struct pve_mapping_entry e = read_entry(text ? text : "", a);
			if (e.node && e.path)
				m.entries[m.n_entries++] = e;
		}
		list[n++] = m;
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

int pve_mapping_entry_of(const struct pve_pci *devices, size_t n, const char *node,
			 const char *path, struct arena *a, struct pve_mapping_entry *ret,
			 struct err **err)
{
	_cleanup_free_ char *full = pve_pci_normalise(path);
	const struct pve_pci *first = NULL;

	if (!full)
		return err_set(err, ERR_USAGE,
			       "'%s' is not a PCI address such as 01:00 or 0000:01:00.0", path);
	for (size_t i = 0; i < n; i++) /* function 0 stands for the slot, as the server checks it */
		if (pve_pci_matches(&devices[i], full) &&
		    (!first || strcmp(devices[i].id, first->id) < 0))
			first = &devices[i];
	if (!first)
		return err_set(err, ERR_NOT_FOUND, "node '%s' has no PCI device '%s'", node, full);
	*ret = (struct pve_mapping_entry){
		.node = arena_strdup(a, node),
		.path = arena_strdup(a, full),
		.id = arena_printf(a, "%04x:%04x", first->vendor, first->device),
		.subsystem_id = first->sub_vendor ? arena_printf(a, "%04x:%04x", first->sub_vendor,
								 first->sub_device)
						  : NULL,
		.iommu_group = first->iommu_group,
	};
	return 0;
}

bool pve_mapping_entry_equal(const struct pve_mapping_entry *a, const struct pve_mapping_entry *b)
{
	const char *x[] = { a->node, a->path, a->id, a->subsystem_id };
	const char *y[] = { b->node, b->path, b->id, b->subsystem_id };

	for (size_t i = 0; i < ARRAY_SIZE(x); i++)
		if (!x[i] != !y[i] || (x[i] && strcasecmp(x[i], y[i]) != 0))
			return false;
	return a->iommu_group == b->iommu_group;
}

static void add_mapping(struct pve_params *p, const struct pve_mapping *m)
{
	pve_params_add(p, "description", m->description);
	for (size_t i = 0; i < m->n_entries; i++) {
		const struct pve_mapping_entry *e = &m->entries[i];
		_cleanup_buf_ struct buf b = { 0 };
		buf_addf(&b, "node=%s,path=%s", e->node, e->path);
		if (e->id)
			buf_addf(&b, ",id=%s", e->id);
		if (e->subsystem_id)
			buf_addf(&b, ",subsystem-id=%s", e->subsystem_id);
		if (e->iommu_group >= 0) /* a stored -1 makes every start fail */
			buf_addf(&b, ",iommugroup=%" PRId64, e->iommu_group);
		pve_params_add(p, "map", buf_text(&b));
	}
}

int pve_mapping_create(struct pve_client *c, const struct pve_mapping *m, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "id", m->name);
	add_mapping(&p, m);
	return pve_post(c, "/cluster/mapping/pci", &p, NULL, err);
}

int pve_mapping_update(struct pve_client *c, const struct pve_mapping *m, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/cluster/mapping/pci/%s", m->name);
	_cleanup_pve_params_ struct pve_params p = { 0 };

	add_mapping(&p, m);
	return pve_put(c, path, &p, NULL, err);
}

int pve_mapping_delete(struct pve_client *c, const char *name, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/cluster/mapping/pci/%s", name);

	return pve_delete(c, path, NULL, NULL, err);
}
