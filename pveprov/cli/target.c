#include "cli/target.h"
#include "base/strv.h"
#include "pve/node.h"

int target_find(struct app *app, const char *id_or_name, struct target *ret, struct err **err)
{
	_cleanup_target_ struct target t = { 0 };
	struct pve_vm_entry *vms;
	size_t n;

	if (app_client(app, &t.client, err) < 0 ||
	    pve_cluster_vms(t.client, &t.arena, &vms, &n, err) < 0 ||
	    pve_cluster_find(vms, n, id_or_name, &t.entry, err) < 0)
		return -1;
	t.vm = (struct pve_vm){ t.entry->node, t.entry->id };
	t.label = t.entry->name ? arena_printf(&t.arena, "VM %u (%s)", t.entry->id, t.entry->name)
				: arena_printf(&t.arena, "VM %u", t.entry->id);
	*ret = t;
	t.arena = (struct arena){ 0 };
	return 0;
}

void target_free(struct target *t)
{
	arena_free(&t->arena);
}

int target_node(struct app *app, struct pve_client *c, struct arena *a, const char **ret,
		struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };
	const struct context *context;
	struct pve_node *nodes;
	size_t n;

	if (app_context(app, &context, err) < 0)
		return -1;
	if (app->globals.node || context->node) {
		*ret = arena_strdup(a, app->globals.node ? app->globals.node : context->node);
		return 0;
	}
	if (pve_node_list(c, a, &nodes, &n, err) < 0)
		return -1;
	if (n == 1) {
		*ret = nodes[0].name;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		strv_add(&names, nodes[i].name);
	_cleanup_free_ char *all = names.n ? strv_join(&names, ", ") : xstrdup("none");
	err_set(err, ERR_USAGE, "the cluster has %zu nodes", n);
	return err_hint(err, "choose with --node: %s", all);
}
