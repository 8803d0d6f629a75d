#include "pve/vm.h"
#include "pve/vm_entry.h"

enum { SET_BUSY_MS = 120000 };

struct pve_vm_entry pve_vm_entry_read(const json_t *j, const char *node, struct arena *a)
{
	const json_t *cpus = json_object_get(j, "cpus") ? json_object_get(j, "cpus")
							: json_object_get(j, "maxcpu");
	const char *named = json_text(j, "node");

	return (struct pve_vm_entry){
		.id = (uint32_t)MAX(json_int(j, "vmid", 0), (int64_t)0),
		.node = arena_strdup(a, named ? named : node),
		.name = arena_strdup(a, json_text(j, "name")),
		.status = arena_strdup(a,
				       json_text(j, "status") ? json_text(j, "status") : "unknown"),
		.lock = arena_strdup(a, json_text(j, "lock")),
		.tags = arena_strdup(a, json_text(j, "tags")),
		.pool = arena_strdup(a, json_text(j, "pool")),
		.template = json_flag(j, "template", false),
		.uptime_s = json_int(j, "uptime", 0),
		.max_memory_bytes = json_int(j, "maxmem", 0),
		.max_disk_bytes = json_int(j, "maxdisk", 0),
		.cpus = json_number_value(cpus),
	};
}

int pve_vm_list(struct pve_client *c, const char *node, struct arena *a, struct pve_vm_entry **ret,
		size_t *ret_n, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu", node);
	_cleanup_json_ json_t *data = NULL;
	size_t i;
	json_t *j;

	if (pve_get(c, path, NULL, &data, err) < 0)
		return -1;
	struct pve_vm_entry *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j)
		list[i] = pve_vm_entry_read(j, node, a);
	*ret = list;
	*ret_n = json_array_size(data);
	return 0;
}

static int need(json_t *data, bool ok, const char *path, json_t **ret, struct err **err)
{
	if (!ok) {
		json_decref(data);
		return err_set(err, ERR_INTERNAL, "GET %s: the answer is of another kind", path);
	}
	*ret = data;
	return 0;
}

int pve_vm_config(struct pve_client *c, struct pve_vm vm, bool current, json_t **ret,
		  struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/config", vm.node, vm.id);
	_cleanup_pve_params_ struct pve_params p = { 0 };
	json_t *data = NULL;

	if (current)
		pve_params_add_bool(&p, "current", true);
	if (pve_get(c, path, &p, &data, err) < 0)
		return -1;
	return need(data, json_is_object(data), path, ret, err);
}

int pve_vm_pending(struct pve_client *c, struct pve_vm vm, json_t **ret, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/pending", vm.node, vm.id);
	json_t *data = NULL;

	if (pve_get(c, path, NULL, &data, err) < 0)
		return -1;
	return need(data, json_is_array(data), path, ret, err);
}

int pve_vm_status(struct pve_client *c, struct pve_vm vm, struct arena *a,
		  struct pve_vm_status *ret, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/status/current", vm.node, vm.id);
	_cleanup_json_ json_t *data = NULL;
	const char *status;

	if (pve_get(c, path, NULL, &data, err) < 0)
		return -1;
	if (json_need_text(data, "status", &status, err) < 0)
		return err_wrap(err, "status of VM %u", vm.id);
	const char *qmp = json_text(data, "qmpstatus");
	*ret = (struct pve_vm_status){
		.running = streq(status, "running"),
		.paused = qmp && streq(qmp, "paused"),
		.agent_enabled = json_flag(data, "agent", false),
		.lock = arena_strdup(a, json_text(data, "lock")),
		.name = arena_strdup(a, json_text(data, "name")),
		.uptime_s = json_int(data, "uptime", 0),
		.pid = json_int(data, "pid", 0),
	};
	return 0;
}

struct set {
	struct pve_client *c;
	const char *path;
	const struct pve_params *params;
};

static int set_once(void *ctx, struct err **err)
{
	struct set *s = ctx;

	return pve_put(s->c, s->path, s->params, NULL, err);
}

int pve_vm_set(struct pve_client *c, struct pve_vm vm, const struct pve_params *params,
	       const char *digest, int64_t busy_ms, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/config", vm.node, vm.id);
	_cleanup_pve_params_ struct pve_params all = { 0 };

	pve_params_add_all(&all, params);
	pve_params_add(&all, "digest", digest);
	struct set s = { .c = c, .path = path, .params = &all };
	if (pve_retry(c,
		      busy_ms < 0 ? 0
		      : busy_ms	  ? busy_ms
				  : (int64_t)SET_BUSY_MS,
		      set_once, &s, err) < 0)
		return err_wrap(err, "configure VM %u", vm.id);
	return 0;
}

int pve_vm_create(struct pve_client *c, struct pve_vm vm, const struct pve_params *params,
		  const struct pve_watch *w, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu", vm.node);
	_cleanup_free_ char *id = xasprintf("%u", vm.id);
	_cleanup_free_ char *what = xasprintf("create VM %u", vm.id);
	_cleanup_pve_params_ struct pve_params all = { 0 };

	pve_params_add(&all, "vmid", id);
	pve_params_add_all(&all, params);
	struct pve_job job = {
		.method = "POST",
		.path = path,
		.params = &all,
		.node = vm.node,
		.type = "qmcreate",
		.id = id,
		.what = what,
	};
	return pve_run(c, &job, w, err);
}

int pve_vm_clone(struct pve_client *c, struct pve_vm source, const struct pve_clone *clone,
		 const struct pve_watch *w, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/clone", source.node, source.id);
	_cleanup_free_ char *id = xasprintf("%u", source.id);
	_cleanup_free_ char *what = xasprintf("clone VM %u to %u", source.id, clone->new_id);
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add_int(&p, "newid", clone->new_id);
	pve_params_add(&p, "name", clone->name);
	pve_params_add(&p, "description", clone->description);
	pve_params_add_bool(&p, "full", clone->full);
	pve_params_add(&p, "storage", clone->storage);
	pve_params_add(&p, "format", clone->format);
	pve_params_add(&p, "pool", clone->pool);
	pve_params_add(&p, "snapname", clone->snapshot);
	pve_params_add(&p, "target", clone->target);
	struct pve_job job = {
		.method = "POST",
		.path = path,
		.params = &p,
		.node = source.node,
		.type = "qmclone",
		.id = id,
		.what = what,
	};
	return pve_run(c, &job, w, err);
}

int pve_vm_feature(struct pve_client *c, struct pve_vm vm, const char *feature, bool *ret,
		   struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/feature", vm.node, vm.id);
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_json_ json_t *data = NULL;

	pve_params_add(&p, "feature", feature);
	if (pve_get(c, path, &p, &data, err) < 0)
		return -1;
	*ret = json_flag(data, "hasFeature", false);
	return 0;
}
