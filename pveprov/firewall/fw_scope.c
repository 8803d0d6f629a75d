#include "firewall/fw_scope.h"
#include "base/strv.h"
#include "base/text.h"
#include "pve/fault.h"

struct finder {
	struct arena *a;
	const struct fw_scope_wish *wish;
	struct fw_scope *scope;
	struct fw_guest_ref *guests;
	const char **nodes;
	size_t n_nodes;
	struct strv vnets;
	const json_t *resources;
};

const struct fw_guest_ref *fw_scope_guest(const struct fw_scope *s, const char *id)
{
	for (size_t i = 0; id && i < s->n_guests; i++)
		if (streq(s->guests[i].id, id))
			return &s->guests[i];
	return NULL;
}

/* A guest by VMID or name; QEMU machines and containers alike. */
static int add_guest(struct finder *f, const char *word, bool may_come, struct err **err)
{
	const json_t *o;
	size_t i;

	json_array_foreach((json_t *)f->resources, i, o) {
		const char *kind = json_text(o, "type"), *node = json_text(o, "node"), *name = json_text(o, "name");
		const char *id = arena_printf(f->a, "%" PRId64, json_int(o, "vmid", 0));
		if (!kind || !node || (!streq(kind, "qemu") && !streq(kind, "lxc")) ||
		    (!streq(id, word) && !streq_null(name, word)))
			continue;
		if (!fw_scope_guest(f->scope, id))
			f->guests[f->scope->n_guests++] = (struct fw_guest_ref){ .node = arena_strdup(f->a, node),
										 .id = id,
										 .kind = arena_strdup(f->a, kind) };
		return 0;
	}
	if (may_come && f->n_nodes && text_consists_of(word, "0123456789")) {
		f->guests[f->scope->n_guests++] =
			(struct fw_guest_ref){ .node = f->nodes[0], .id = word, .kind = "qemu", .absent = true };
		return 0;
	}
	err_set(err, ERR_NOT_FOUND, "there is no VM or container '%s'", word);
	return err_hint(err, "'pveprov vm list' shows those that this account may see");
}

static bool has_node(const struct finder *f, const char *name)
{
	for (size_t i = 0; i < f->n_nodes; i++)
		if (streq(f->nodes[i], name))
			return true;
	return false;
}

static int need_node(const struct finder *f, const char *name, struct err **err)
{
	return has_node(f, name) ? 0 : err_set(err, ERR_NOT_FOUND, "there is no node '%s'", name);
}

/* A bare host.fw does not say whose it is. */
static int name_host(struct finder *f, struct fw_config *c, const char *node, struct err **err)
{
	if (!streq(c->id, "localhost") || has_node(f, "localhost"))
		return need_node(f, c->id, err);
	if (!node && f->n_nodes != 1)
		return err_hint((err_set(err, ERR_USAGE, "'%s': there are %zu nodes", c->file, f->n_nodes), err),
				"say whose file it is with --node, or put it into a folder of the node's name");
	c->id = arena_strdup(&c->arena, node ? node : f->nodes[0]);
	return need_node(f, c->id, err);
}

static void add_vnet(struct finder *f, const char *name)
{
	if (!strv_contains(&f->vnets, name))
		strv_add(&f->vnets, name);
}

/* A node without SDN has none. */
static int add_all_vnets(struct finder *f, struct pve_client *c, struct err **err)
{
	_cleanup_err_ struct err *e = NULL;
	_cleanup_json_ json_t *list = NULL;
	json_t *o;
	size_t i;

	if (pve_get(c, "/cluster/sdn/vnets", NULL, &list, &e) < 0 && !pve_is(e, PVE_NO_METHOD))
		return err_move(err, TAKE_PTR(e));
	json_array_foreach(list, i, o)
		if (json_text(o, "vnet"))
			add_vnet(f, json_text(o, "vnet"));
	return 0;
}

static void add_all_guests(struct finder *f)
{
	const json_t *o;
	size_t i;

	json_array_foreach((json_t *)f->resources, i, o) {
		const char *kind = json_text(o, "type"), *node = json_text(o, "node");
		if (kind && node && (streq(kind, "qemu") || streq(kind, "lxc")))
			f->guests[f->scope->n_guests++] =
				(struct fw_guest_ref){ .node = arena_strdup(f->a, node),
						       .id = arena_printf(f->a, "%" PRId64, json_int(o, "vmid", 0)),
						       .kind = arena_strdup(f->a, kind) };
	}
}

static int add_wanted(struct finder *f, struct err **err)
{
	const struct fw_files *wanted = f->wish->wanted;

	for (size_t i = 0; i < wanted->n; i++) {
		struct fw_config *c = wanted->v[i];
		if (c->level == FW_VNET)
			add_vnet(f, c->id);
		if ((c->level == FW_GUEST && add_guest(f, c->id, f->wish->guests_may_come, err) < 0) ||
		    (c->level == FW_HOST && name_host(f, c, f->wish->node, err) < 0))
			return -1;
	}
	return 0;
}

static int add_words(struct finder *f, struct err **err)
{
	for (const char *const *words = f->wish->words; words && *words; words++) {
		if (streq(*words, "cluster"))
			continue;
		const char *what = *words, *name = words[1];
		if ((!streq(what, "node") && !streq(what, "vm") && !streq(what, "vnet")) || !name)
			return err_set(err, ERR_USAGE, "'%s': expected cluster, node NAME, vm ID or vnet NAME", what);
		if (streq(what, "vnet"))
			add_vnet(f, name);
		else if (streq(what, "node") ? need_node(f, name, err) < 0 : add_guest(f, name, false, err) < 0)
			return -1;
		words++;
	}
	return 0;
}

static const char *const *names_of(const struct finder *f)
{
	const char **names = arena_array(f->a, f->vnets.n + 1, sizeof(*names));

	for (size_t i = 0; i < f->vnets.n; i++)
		names[i] = arena_strdup(f->a, f->vnets.v[i]);
	return names;
}

static int count_words(const char *const *words)
{
	int n = 0;

	while (words && words[n])
		n++;
	return n;
}

int fw_scope_find(struct pve_client *c, const struct fw_scope_wish *wish, struct arena *a, struct fw_scope *ret,
		  struct err **err)
{
	_cleanup_json_ json_t *resources = NULL;
	struct finder f = { .a = a, .wish = wish, .scope = ret };
	json_t *o;
	size_t i;

	if (pve_get(c, "/cluster/resources", NULL, &resources, err) < 0)
		return -1;
	f.resources = resources;
	f.nodes = arena_array(a, json_array_size(resources) + 1, sizeof(*f.nodes));
	json_array_foreach(resources, i, o)
		if (streq_null(json_text(o, "type"), "node") && json_text(o, "node"))
			f.nodes[f.n_nodes++] = arena_strdup(a, json_text(o, "node"));
	f.guests = arena_array(a, wish->wanted->n + (size_t)count_words(wish->words) + json_array_size(resources),
			       sizeof(*f.guests));
	*ret = (struct fw_scope){ .cluster = true, .nodes = f.nodes, .guests = f.guests, .vnets_if_known = wish->all };
	if (wish->all)
		add_all_guests(&f);
	int r = (wish->all && add_all_vnets(&f, c, err) < 0) || add_wanted(&f, err) < 0 || add_words(&f, err) < 0 ? -1 : 0;
	ret->vnets = names_of(&f);
	strv_free(&f.vnets);
	return r;
}
