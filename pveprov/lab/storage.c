#include "lab/storage.h"
#include "lab/acl.h"
#include "lab/route.h"
#include "lab/vm.h"
#include "base/strv.h"
#include "data/json.h"

#define MIB (1024 * 1024)

static char *join_content(const struct world_storage *w)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; i < w->content.n; i++)
		strv_add(&names, w->content.v[i]);
	return strv_join(&names, ",");
}

struct storages *storages_new(struct lab *l)
{
	static const char *const types[] = { "dir", "lvm", "lvmthin" };
	struct storages *s = xcalloc(1, sizeof(*s));
	const struct world_storage *w = l->world->storages.v;

	s->list = json_object();
	for (size_t i = 0; i < l->world->storages.n; i++) {
		_cleanup_free_ char *content = join_content(&w[i]);
		json_object_set_new(s->list, w[i].name,
				    json_pack("{s:s, s:s*, s:s, s:I}", "type", types[w[i].type],
					      "path", w[i].path, "content", content, "total",
					      (json_int_t)(w[i].total_mib * MIB)));
	}
	return s;
}

struct storages *storages_free(struct storages *s)
{
	if (s)
		json_decref(s->list);
	free(s);
	return NULL;
}

const json_t *storage_get(const struct lab *l, const char *name)
{
	return json_object_get(l->storages->list, name);
}

bool storage_is_dir(const json_t *s)
{
	return streq(json_text(s, "type"), "dir");
}

bool storage_has_snapshots(const json_t *s)
{
	return !streq(json_text(s, "type"), "lvm");
}

char *storage_of_volume(const char *volume)
{
	return xstrndup(volume, strcspn(volume, ":"));
}

char *storage_volume(const struct lab *l, const char *storage, int vmid, const char *what,
		     const char *format)
{
	const json_t *s = storage_get(l, storage);

	if (s && storage_is_dir(s))
		return xasprintf("%s:%d/vm-%d-%s.%s", storage, vmid, vmid, what, format);
	return xasprintf("%s:vm-%d-%s", storage, vmid, what);
}

/* Proxmox renames vm-N- to base-N- when a VM becomes a template. */
char *storage_base_volume(const struct lab *l UNUSED, const char *volume)
{
	const char *at = strstr(volume, "vm-");

	return at ? xasprintf("%.*sbase-%s", (int)(at - volume), volume, at + 3) : xstrdup(volume);
}

char *storage_linked_volume(const struct lab *l, const char *base, int vmid, const char *what)
{
	_cleanup_free_ char *storage = storage_of_volume(base);
	const json_t *s = storage_get(l, storage);

	if (s && storage_is_dir(s))
		return xasprintf("%s/%d/vm-%d-%s.qcow2", base, vmid, vmid, what);
	return storage_volume(l, storage, vmid, what, "raw");
}

/* Bytes of all disks on a storage. */
static int64_t used_bytes(const struct lab *l, const char *name)
{
	json_t *content = vms_volumes(l, name), *v;
	int64_t used = 0;
	size_t i;

	json_array_foreach(content, i, v)
		used += json_int(v, "used", 0);
	json_decref(content);
	return used;
}

static json_t *status_entry(const struct lab *l, const char *name, const json_t *s)
{
	int64_t total = json_int(s, "total", 0), used = used_bytes(l, name);

	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:I}", "type", json_text(s, "type"),
			 "content", json_text(s, "content"), "active", 1, "enabled", 1, "shared", 0,
			 "total", (json_int_t)total, "used", (json_int_t)used, "avail",
			 (json_int_t)MAX(total - used, (int64_t)0));
}

static bool may_see(const struct request *q, const char *name)
{
	_cleanup_free_ char *path = xasprintf("/storage/%s", name);

	return acl_has(q->lab, &q->who, path, "Datastore.Audit|Datastore.AllocateSpace", false);
}

static bool has_content(const json_t *s, const char *wanted)
{
	_cleanup_strv_ struct strv have = { 0 }, want = { 0 };

	strv_split(&have, json_text(s, "content"), ",");
	strv_split(&want, wanted, ", ;");
	for (size_t i = 0; i < want.n; i++)
		if (!strv_contains(&have, want.v[i]))
			return false;
	return true;
}

static void get_node_storages(struct request *q)
{
	const char *only = param_text(q, "storage"), *content = param_text(q, "content"), *name;
	json_t *list = json_array(), *s;

	json_object_foreach(q->lab->storages->list, name, s) {
		if ((only && !streq(only, name)) || (content && !has_content(s, content)) ||
		    !may_see(q, name))
			continue;
		json_t *e = status_entry(q->lab, name, s);
		double total = json_number_value(json_object_get(e, "total"));
		json_object_set_new(e, "storage", json_string(name));
		json_object_set_new(
			e, "used_fraction",
			json_real(total > 0 ? json_number_value(json_object_get(e, "used")) / total
					    : 0));
		json_array_append_new(list, e);
	}
	reply_data(q, list);
}

/* The storage of the path; answers an error where there is none. */
static const json_t *need_storage(struct request *q)
{
	const json_t *s = storage_get(q->lab, param_text(q, "storage"));

	if (!s)
		reply_param_error(q, "storage", "No such storage.");
	return s;
}

static void get_status(struct request *q)
{
	const json_t *s = need_storage(q);

	if (s)
		reply_data(q, status_entry(q->lab, param_text(q, "storage"), s));
}

static void get_content(struct request *q)
{
	const char *name = param_text(q, "storage"), *content = param_text(q, "content");
	int64_t vmid = param_int(q, "vmid", 0);
	json_t *all, *list, *v;
	size_t i;

	if (!storage_get(q->lab, name)) {
		reply_error(q, 500, "storage '%s' does not exist", name);
		return;
	}
	all = vms_volumes(q->lab, name);
	list = json_array();
	json_array_foreach(all, i, v)
		if ((!content || streq(content, json_text(v, "content"))) &&
		    (vmid == 0 || vmid == json_int(v, "vmid", 0)))
			json_array_append(list, v);
	json_decref(all);
	reply_data(q, list);
}

static json_t *config_entry(const char *name, const json_t *s)
{
	return json_pack("{s:s, s:s, s:s, s:s*}", "storage", name, "type", json_text(s, "type"),
			 "content", json_text(s, "content"), "path", json_text(s, "path"));
}

static void get_storages(struct request *q)
{
	const char *type = param_text(q, "type"), *name;
	json_t *list = json_array(), *s;

	json_object_foreach(q->lab->storages->list, name, s)
		if ((!type || streq(type, json_text(s, "type"))) && may_see(q, name))
			json_array_append_new(list, config_entry(name, s));
	reply_data(q, list);
}

static void get_storage(struct request *q)
{
	const char *name = param_text(q, "storage");
	const json_t *s = storage_get(q->lab, name);

	if (s)
		reply_data(q, config_entry(name, s));
	else
		reply_error(q, 500, "storage '%s' does not exist", name);
}

static void post_storage(struct request *q)
{
	const char *name = param_text(q, "storage"), *content = param_text(q, "content");
	const char *type = param_text(q, "type");

	if (storage_get(q->lab, name)) {
		reply_error(q, 500, "create storage failed: storage ID '%s' already defined", name);
		return;
	}
	json_object_set_new(q->lab->storages->list, name,
			    json_pack("{s:s, s:s*, s:s, s:I}", "type", type, "path",
				      param_text(q, "path"), "content",
				      content ? content : "images,rootdir", "total",
				      (json_int_t)256 * 1024 * MIB));
	reply_data(q, json_pack("{s:s, s:s}", "storage", name, "type", type));
}

static void delete_storage(struct request *q)
{
	const char *name = param_text(q, "storage");

	if (json_object_del(q->lab->storages->list, name))
		reply_error(q, 500, "delete storage failed: storage '%s' does not exist", name);
	else
		reply_null(q);
}

const struct route storage_routes[] = {
	{ "GET", "/storage", get_storages },
	{ "POST", "/storage", post_storage },
	{ "GET", "/storage/{storage}", get_storage },
	{ "DELETE", "/storage/{storage}", delete_storage },
	{ "GET", "/nodes/{node}/storage", get_node_storages },
	{ "GET", "/nodes/{node}/storage/{storage}/status", get_status },
	{ "GET", "/nodes/{node}/storage/{storage}/content", get_content },
	{ NULL },
};
