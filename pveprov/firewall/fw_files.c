#include "firewall/fw_files.h"
#include "base/fs.h"
#include "base/strv.h"
#include "firewall/fw_read.h"
#include "firewall/fw_yaml.h"

#include <dirent.h>
#include <sys/stat.h>

void fw_files_add(struct fw_files *f, struct fw_config *c)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i]->level == c->level && streq_null(f->v[i]->id, c->id)) {
			fw_config_free(f->v[i]);
			f->v[i] = c;
			return;
		}
	}
	f->v = xrealloc(f->v, f->n + 1, sizeof(struct fw_config *));
	f->v[f->n++] = c;
}

struct fw_config *fw_files_find(const struct fw_files *f, enum fw_level level, const char *id)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i]->level == level && streq_null(f->v[i]->id, id))
			return f->v[i];
	return NULL;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && streq(s + n - m, end);
}

static int load_native(struct fw_files *f, const char *path, const char *node, struct fw_issues *issues,
		       struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *id = NULL;
	struct fw_config *c = NULL;

	if (fs_read(path, FW_FILE_BYTES_MAX, &text, err) < 0)
		return -1;
	enum fw_level level = fw_level_of_file(path, &id);
	if (level == FW_HOST)
		id = xstrdup(node);
	if (fw_read(path, level, id, buf_text(&text), text.len, issues, &c, err) < 0)
		return -1;
	fw_files_add(f, c);
	return 0;
}

static int load_folder(struct fw_files *f, const char *path, const char *node, int depth, struct fw_issues *issues,
		       struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };
	DIR *dir = opendir(path);

	if (!dir)
		return err_set_errno(err, ERR_INTERNAL, "cannot read folder '%s'", path);
	for (struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.')
			strv_add(&names, d->d_name);
	closedir(dir);
	strv_sort(&names);
	size_t before = f->n;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *file = fs_join(path, names.v[i]);
		struct stat st;
		if (stat(file, &st) < 0)
			return err_set_errno(err, ERR_INTERNAL, "cannot read '%s'", file);
		int r = 0;
		if (S_ISDIR(st.st_mode) && depth < 2)
			r = load_folder(f, file, streq(names.v[i], "sdn") ? node : names.v[i], depth + 1, issues, err);
		else if (S_ISREG(st.st_mode) && ends_with(names.v[i], ".fw"))
			r = load_native(f, file, node, issues, err);
		if (r < 0)
			return -1;
	}
	if (depth == 0 && f->n == before)
		return err_hint((err_set(err, ERR_RECIPE, "there is no firewall file in '%s'", path), err),
				"expected cluster.fw, host.fw, VMID.fw, or a YAML file");
	return 0;
}

int fw_files_load(struct fw_files *f, const char *path, const char *node, struct fw_issues *issues, struct err **err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL, "cannot read '%s'", path);
	node = node ? node : "localhost";
	if (S_ISDIR(st.st_mode))
		return load_folder(f, path, node, 0, issues, err);
	if (ends_with(path, ".yaml") || ends_with(path, ".yml"))
		return fw_yaml_load(f, path, issues, err);
	return load_native(f, path, node, issues, err);
}

struct fw_site fw_files_site(const struct fw_files *f, struct arena *a)
{
	struct fw_node *nodes = arena_array(a, f->n, sizeof(*nodes));
	struct fw_guest *guests = arena_array(a, f->n, sizeof(*guests));
	const struct fw_config **vnets = arena_array(a, f->n, sizeof(*vnets));
	struct fw_site s = { .cluster = fw_files_find(f, FW_CLUSTER, NULL), .nodes = nodes, .guests = guests, .vnets = vnets };

	for (size_t i = 0; i < f->n; i++) {
		const struct fw_config *c = f->v[i];
		if (c->level == FW_HOST)
			nodes[s.n_nodes++] = (struct fw_node){ .name = c->id, .config = c };
		else if (c->level == FW_GUEST)
			guests[s.n_guests++] = (struct fw_guest){ .id = c->id, .config = c };
		else if (c->level == FW_VNET)
			vnets[s.n_vnets++] = c;
	}
	return s;
}

struct fw_site fw_site_with(struct arena *a, const struct fw_site *base, const struct fw_files *f)
{
	struct fw_node *nodes = arena_array(a, base->n_nodes, sizeof(*nodes));
	struct fw_guest *guests = arena_array(a, base->n_guests, sizeof(*guests));
	struct fw_site files = fw_files_site(f, a), s = *base;

	for (size_t i = 0; i < base->n_nodes; i++) {
		nodes[i] = base->nodes[i];
		nodes[i].config = fw_files_find(f, FW_HOST, nodes[i].name);
	}
	for (size_t i = 0; i < base->n_guests; i++) {
		guests[i] = base->guests[i];
		guests[i].config = fw_files_find(f, FW_GUEST, guests[i].id);
	}
	s.cluster = files.cluster;
	s.nodes = nodes;
	s.guests = guests;
	s.vnets = files.vnets;
	s.n_vnets = files.n_vnets;
	return s;
}

void fw_files_free(struct fw_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		fw_config_free(f->v[i]);
	free(f->v);
	*f = (struct fw_files){ 0 };
}
