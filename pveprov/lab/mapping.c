#include "lab/mapping.h"
#include "lab/acl.h"
#include "lab/pci.h"
#include "lab/route.h"
#include "base/text.h"
#include "data/digest.h"
#include "data/json.h"
#include "data/propstring.h"

struct mappings *mappings_new(struct lab *l)
{
	struct mappings *m = xcalloc(1, sizeof(*m));
	const struct world_mapping *w = l->world->mappings.v;

	m->pci = json_object();
	for (size_t i = 0; i < l->world->mappings.n; i++) {
		json_t *map = json_array();
		for (size_t k = 0; k < w[i].map.n; k++)
			json_array_append_new(map, json_string(w[i].map.v[k]));
		json_object_set_new(m->pci, w[i].name, json_pack("{s:o}", "map", map));
	}
	return m;
}

struct mappings *mappings_free(struct mappings *m)
{
	if (m)
		json_decref(m->pci);
	free(m);
	return NULL;
}

/* One property of an entry against the device; NULL: it fits. */
static char *mismatch(const struct propstring *p, const char *key, const char *actual,
		      const char *device)
{
	const char *expected = propstring_get(p, key);

	if (!expected && actual)
		return xasprintf("missing expected property '%s' for device '%s'", key, device);
	if (expected && !actual)
		return xasprintf("unexpected property '%s' configured for device '%s'", key,
				 device);
	if (expected && strcasecmp(expected, actual) != 0)
		return xasprintf("'%s' does not match for '%s' (%s != %s)", key, device, expected,
				 actual);
	return NULL;
}

static char *check_device(const struct lab *l, const struct propstring *p, const char *path)
{
	char *missing = NULL, *why = NULL;
	json_t *functions = pci_functions(l, path, &missing);
	const struct world_pci *d =
		functions ? pci_find(l, json_string_value(json_array_get(functions, 0))) : NULL;
	_cleanup_free_ char *id = NULL, *subsystem = NULL, *group = NULL;

	json_decref(functions);
	if (!d) {
		why = xasprintf("pci device '%s' not found", missing);
		free(missing);
		return why;
	}
	id = xasprintf("%s:%s", d->vendor + 2, d->device + 2);
	if (d->subsystem_vendor && d->subsystem_device)
		subsystem = xasprintf("%s:%s", d->subsystem_vendor + 2, d->subsystem_device + 2);
	if (d->iommu_group >= 0)
		group = xasprintf("%" PRId64, d->iommu_group);
	why = mismatch(p, "id", id, path);
	if (!why)
		why = mismatch(p, "iommugroup", group, path);
	if (!why && propstring_get(p, "subsystem-id"))
		why = mismatch(p, "subsystem-id", subsystem, path);
	return why;
}

char *mapping_resolve(const struct lab *l, const char *id, char **ret_why)
{
	json_t *m = json_object_get(l->mappings->pci, id), *item;
	size_t i;

	if (!m) {
		*ret_why = xasprintf("PCI device mapping not found for '%s'", id);
		return NULL;
	}
	json_array_foreach(json_list(m, "map"), i, item) {
		_cleanup_propstring_ struct propstring p = { 0 };
		_cleanup_free_ char *why = NULL;
		const char *path, *node;
		if (propstring_parse(json_string_value(item), NULL, &p, NULL))
			continue;
		node = propstring_get(&p, "node");
		path = propstring_get(&p, "path");
		if (!node || !path || !streq(node, l->node))
			continue;
		why = check_device(l, &p, path);
		if (!why)
			return xstrdup(path);
		*ret_why = xasprintf("PCI device mapping invalid (hardware probably changed): %s",
				     why);
		return NULL;
	}
	*ret_why = xasprintf("PCI device mapping '%s' is not configured on node '%s'", id, l->node);
	return NULL;
}

static json_t *entry(const char *id, const json_t *m)
{
	json_t *e = json_deep_copy(m);

	json_object_set_new(e, "id", json_string(id));
	json_object_set_new(e, "type", json_string("pci"));
	return e;
}

static void add_digest(json_t *e, const struct mappings *m)
{
	_cleanup_free_ char *text = json_dump_text(m->pci);
	char hex[DIGEST_SHA1_HEX];

	json_object_set_new(e, "digest", json_string(digest_sha1(text, strlen(text), hex)));
}

static void get_list(struct request *q)
{
	json_t *list = json_array(), *m;
	const char *id;

	json_object_foreach(q->lab->mappings->pci, id, m) {
		_cleanup_free_ char *path = xasprintf("/mapping/pci/%s", id);
		if (!acl_has(q->lab, &q->who, path, "Mapping.Audit|Mapping.Use|Mapping.Modify",
			     false))
			continue;
		json_t *e = entry(id, m);
		if (param_given(q, "check-node")) {
			_cleanup_free_ char *why = NULL, *found = mapping_resolve(q->lab, id, &why);
			json_object_set_new(e, "checks",
					    found ? json_array()
						  : json_pack("[{s:s, s:s}]", "severity", "error",
							      "message", why));
		}
		add_digest(e, q->lab->mappings);
		json_array_append_new(list, e);
	}
	reply_data(q, list);
}

static void get_one(struct request *q)
{
	const char *id = param_text(q, "id");
	json_t *m = json_object_get(q->lab->mappings->pci, id), *e;

	if (!m) {
		reply_error(q, 500, "no such resource mapping: '%s'", id);
		return;
	}
	e = entry(id, m);
	add_digest(e, q->lab->mappings);
	reply_data(q, e);
}

static void take(struct request *q, json_t *m)
{
	static const char *const flags[] = { "live-migration-capable", "mdev" };
	json_t *map = json_object_get(q->param, "map");

	if (map)
		json_object_set_new(
			m, "map", json_is_array(map) ? json_deep_copy(map) : json_pack("[O]", map));
	if (param_given(q, "description"))
		json_object_set_new(m, "description", json_string(param_text(q, "description")));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (param_given(q, flags[i]))
			json_object_set_new(m, flags[i],
					    json_integer(param_flag(q, flags[i], false)));
}

static void post(struct request *q)
{
	const char *id = param_text(q, "id");
	json_t *m;

	if (json_object_get(q->lab->mappings->pci, id)) {
		reply_error(q, 500, "pci ID '%s' already defined", id);
		return;
	}
	m = json_object();
	take(q, m);
	json_object_set_new(q->lab->mappings->pci, id, m);
	reply_null(q);
}

static void put(struct request *q)
{
	const char *id = param_text(q, "id");
	json_t *m = json_object_get(q->lab->mappings->pci, id);

	if (!m) {
		reply_error(q, 500, "pci ID '%s' does not exist", id);
		return;
	}
	take(q, m);
	reply_null(q);
}

static void delete_one(struct request *q)
{
	json_object_del(q->lab->mappings->pci, param_text(q, "id"));
	reply_null(q);
}

const struct route mapping_routes[] = {
	{ "GET", "/cluster/mapping/pci", get_list },
	{ "POST", "/cluster/mapping/pci", post },
	{ "GET", "/cluster/mapping/pci/{id}", get_one },
	{ "PUT", "/cluster/mapping/pci/{id}", put },
	{ "DELETE", "/cluster/mapping/pci/{id}", delete_one },
	{ NULL },
};
