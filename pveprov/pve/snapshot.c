#include "pve/snapshot.h"
#include "base/text.h"

bool pve_snapshot_name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char all[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t n = strlen(name);

	/* "current" is what the server calls the present state. */
	return n >= 2 && n <= 40 && strchr(letters, name[0]) && text_consists_of(name, all) &&
	       !streq(name, "current");
}

static bool is_newer(const struct pve_snapshot *a, const struct pve_snapshot *b)
{
	return a->time_s != b->time_s ? a->time_s > b->time_s : strcmp(a->name, b->name) > 0;
}

int pve_snapshot_list(struct pve_client *c, struct pve_vm vm, struct arena *a,
		      struct pve_snapshot **ret, size_t *ret_n, const char **ret_parent,
		      struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/snapshot", vm.node, vm.id);
	_cleanup_json_ json_t *data = NULL;
	const char *parent = NULL;
	size_t n = 0, i;
	json_t *j;

	if (pve_get(c, path, NULL, &data, err) < 0)
		return -1;
	struct pve_snapshot *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j) {
		const char *name = json_text(j, "name");
		if (!name)
			continue;
		if (streq(name, "current")) {
			parent = arena_strdup(a, json_text(j, "parent"));
			continue;
		}
		struct pve_snapshot s = {
			.name = arena_strdup(a, name),
			.parent = arena_strdup(a, json_text(j, "parent")),
			.description = arena_strdup(
				a, json_text(j, "description") ? json_text(j, "description") : ""),
			.time_s = json_int(j, "snaptime", 0),
			.with_memory = json_flag(j, "vmstate", false),
		};
		/* Sent in no order: oldest first. */
		size_t at = n++;
		for (; at && is_newer(&list[at - 1], &s); at--)
			list[at] = list[at - 1];
		list[at] = s;
	}
	*ret = list;
	*ret_n = n;
	if (ret_parent)
		*ret_parent = parent;
	return 0;
}

/* A verb on one snapshot: suffix below .../snapshot. */
static int run(struct pve_client *c, struct pve_vm vm, const char *method, const char *path,
	       const char *type, const char *what, const char *name,
	       const struct pve_params *params, const struct pve_watch *w, struct err **err)
{
	_cleanup_free_ char *id = xasprintf("%u", vm.id);
	_cleanup_free_ char *who = xasprintf("%s '%s' of VM %u", what, name, vm.id);
	struct pve_job job = {
		.method = method,
		.path = path,
		.params = params,
		.node = vm.node,
		.type = type,
		.id = id,
		.what = who,
	};

	return pve_run(c, &job, w, err);
}

int pve_snapshot_create(struct pve_client *c, struct pve_vm vm, const char *name,
			const char *description, bool with_memory, const struct pve_watch *w,
			struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/snapshot", vm.node, vm.id);
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "snapname", name);
	pve_params_add(&p, "description", description);
	pve_params_add_bool(&p, "vmstate", with_memory);
	return run(c, vm, "POST", path, "qmsnapshot", "snapshot", name, &p, w, err);
}

int pve_snapshot_rollback(struct pve_client *c, struct pve_vm vm, const char *name, bool start,
			  const struct pve_watch *w, struct err **err)
{
	_cleanup_free_ char *path =
		pve_path("/nodes/%s/qemu/%u/snapshot/%s/rollback", vm.node, vm.id, name);
	_cleanup_pve_params_ struct pve_params p = { 0 };

	if (start)
		pve_params_add_bool(&p, "start", true);
	return run(c, vm, "POST", path, "qmrollback", "rollback to snapshot", name, &p, w, err);
}

int pve_snapshot_delete(struct pve_client *c, struct pve_vm vm, const char *name,
			const struct pve_watch *w, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/snapshot/%s", vm.node, vm.id, name);

	return run(c, vm, "DELETE", path, "qmdelsnapshot", "delete snapshot", name, NULL, w, err);
}

int pve_snapshot_config(struct pve_client *c, struct pve_vm vm, const char *name, json_t **ret,
			struct err **err)
{
	_cleanup_free_ char *path =
		pve_path("/nodes/%s/qemu/%u/snapshot/%s/config", vm.node, vm.id, name);

	return pve_get(c, path, NULL, ret, err);
}
