#include "pve/cluster.h"
#include "base/strv.h"
#include "base/text.h"
#include "pve/vm_entry.h"

int pve_cluster_vms(struct pve_client *c, struct arena *a, struct pve_vm_entry **ret, size_t *ret_n,
		    struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_json_ json_t *data = NULL;
	size_t n = 0, i;
	json_t *j;

	pve_params_add(&p, "type", "vm");
	if (pve_get(c, "/cluster/resources", &p, &data, err) < 0)
		return -1;
	struct pve_vm_entry *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j) {
		const char *type = json_text(j, "type"); /* containers are there too */
		if (type && streq(type, "qemu"))
			list[n++] = pve_vm_entry_read(j, NULL, a);
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

static int not_found(const struct pve_vm_entry *vms, size_t n, const char *name, struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; i < n; i++)
		if (vms[i].name)
			strv_add(&names, vms[i].name);
	const char *near = names.n ? text_nearest(name, (const char *const *)names.v) : NULL;
	err_set(err, ERR_NOT_FOUND, "no VM '%s'", name);
	err_code(err, PVE_NO_SUCH);
	if (near)
		return err_hint(err, "did you mean '%s'?", near);
	return err_hint(err, "pveprov vm list shows those that this account may see");
}

int pve_cluster_find(const struct pve_vm_entry *vms, size_t n, const char *id_or_name,
		     const struct pve_vm_entry **ret, struct err **err)
{
	const struct pve_vm_entry *found = NULL;
	uint64_t id;
	bool is_id = text_to_u64(id_or_name, 1, UINT32_MAX, &id);

	for (size_t i = 0; i < n; i++) {
		if (is_id ? vms[i].id != id : !streq_null(vms[i].name, id_or_name))
			continue;
		if (found) {
			err_set(err, ERR_CONFLICT, "VMs %u and %u are both named '%s'", found->id,
				vms[i].id, id_or_name);
			return err_hint(err, "name it by its id");
		}
		found = &vms[i];
	}
	if (!found)
		return not_found(vms, n, id_or_name, err);
	*ret = found;
	return 0;
}

int pve_cluster_next_id(struct pve_client *c, uint32_t *ret, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	uint64_t id;

	if (pve_get(c, "/cluster/nextid", NULL, &data, err) < 0)
		return -1;
	const char *text = json_string_value(data); /* a string, always */
	if (json_is_integer(data) && json_integer_value(data) > 0)
		id = (uint64_t)json_integer_value(data);
	else if (!text || !text_to_u64(text, 1, UINT32_MAX, &id))
		return err_set(err, ERR_INTERNAL, "GET /cluster/nextid: the answer is no id");
	*ret = (uint32_t)id;
	return 0;
}

int pve_cluster_members(struct pve_client *c, struct arena *a, struct pve_member **ret,
			size_t *ret_n, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	size_t n = 0, i;
	json_t *j;

	if (pve_get(c, "/cluster/status", NULL, &data, err) < 0)
		return -1;
	struct pve_member *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j) {
		const char *type = json_text(j, "type"), *name = json_text(j, "name");
		if (!type || !name || !streq(type, "node"))
			continue;
		list[n++] = (struct pve_member){
			.node = arena_strdup(a, name),
			.address = arena_strdup(a, json_text(j, "ip")),
			.online = json_flag(j, "online", false),
			.local = json_flag(j, "local", false),
		};
	}
	*ret = list;
	*ret_n = n;
	return 0;
}
