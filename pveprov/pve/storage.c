#include "pve/storage.h"

int pve_storage_list(struct pve_client *c, const char *node, struct arena *a,
		     struct pve_storage **ret, size_t *ret_n, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/storage", node);
	_cleanup_json_ json_t *data = NULL;
	size_t n = 0, i;
	json_t *j;

	if (pve_get(c, path, NULL, &data, err) < 0)
		return -1;
	struct pve_storage *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j) {
		const char *name = json_text(j, "storage"), *content = json_text(j, "content");
		if (!name)
			continue;
		list[n++] = (struct pve_storage){
			.name = arena_strdup(a, name),
			.type = arena_strdup(a, json_text(j, "type") ? json_text(j, "type")
								     : "unknown"),
			.content = arena_strdup(a, content ? content : ""),
			.enabled = json_flag(j, "enabled", false),
			.active = json_flag(j, "active", false),
			.shared = json_flag(j, "shared", false),
			.total_bytes = json_int(j, "total", 0),
			.available_bytes = json_int(j, "avail", 0),
		};
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

bool pve_storage_holds(const struct pve_storage *s, const char *content)
{
	size_t len = strlen(content);

	for (const char *at = s->content; *at; at += strcspn(at, ","), at += *at == ',')
		if (len && strncmp(at, content, len) == 0 && strcspn(at, ",") == len)
			return true;
	return false;
}

int pve_storage_content(struct pve_client *c, const char *node, const char *storage,
			const char *content, struct arena *a, struct pve_volume **ret,
			size_t *ret_n, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/storage/%s/content", node, storage);
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_json_ json_t *data = NULL;
	size_t n = 0, i;
	json_t *j;

	pve_params_add(&p, "content", content);
	if (pve_get(c, path, &p, &data, err) < 0)
		return -1;
	struct pve_volume *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j) {
		const char *id = json_text(j, "volid");
		if (!id)
			continue;
		list[n++] = (struct pve_volume){
			.id = arena_strdup(a, id),
			.content = arena_strdup(a, json_text(j, "content")),
			.format = arena_strdup(a, json_text(j, "format")),
			.vm = (uint32_t)MAX(json_int(j, "vmid", 0), (int64_t)0),
			.size_bytes = json_int(j, "size", 0),
		};
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

const char *pve_storage_of_volume(const char *volume, struct arena *a)
{
	size_t n = strcspn(volume, ":,=");

	if (!n || volume[n] != ':' || volume[0] == '/')
		return NULL;
	return arena_strndup(a, volume, n);
}
