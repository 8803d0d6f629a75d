#include "cli/commands.h"
#include "firewall/fw_scope.h"
#include "cli/app.h"
#include "firewall/fw_write.h"
#include "firewall/fw_yaml.h"

enum form { FORM_YAML, FORM_FW };
static const char *const forms[] = { "yaml", "fw", NULL };

struct options {
	int form;
};

/* Whether the words ask for this config; no words: for all. */
static bool wanted(const struct fw_config *c, const struct args *args, const struct fw_scope *scope)
{
	if (args->n == 0)
		return true;
	if (streq(args->v[0], "cluster"))
		return c->level == FW_CLUSTER;
	if (streq(args->v[0], "node"))
		return c->level == FW_HOST && streq_null(c->id, args->v[1]);
	if (streq(args->v[0], "vnet"))
		return c->level == FW_VNET;
	return c->level == FW_GUEST && scope->n_guests && streq(c->id, scope->guests[0].id);
}

static void print_native(struct app *app, const struct fw_files *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		_cleanup_buf_ struct buf text = { 0 };
		fw_write(f->v[i], &text);
		/* the node has no file where nothing is in it */
		if (f->n > 1 && text.len)
			out_printf(app->out, "%s# %s\n", n++ ? "\n" : "", f->v[i]->file);
		out_text(app->out, buf_text(&text));
	}
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_fw_files_ struct fw_files none = { 0 }, live = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf text = { 0 };
	const struct fw_scope_wish wish = { .wanted = &none, .words = args->v, .node = app->globals.node, .all = args->n == 0 };
	struct fw_scope scope;
	struct pve_client *client;

	if (app_client(app, &client, err) < 0 ||
	    fw_scope_find(client, &wish, &a, &scope, err) < 0 ||
	    fw_live_read(client, &scope, &live, err) < 0)
		return -1;
	struct fw_files chosen = { .v = arena_array(&a, live.n, sizeof(struct fw_config *)) };
	for (size_t i = 0; i < live.n; i++)
		if (wanted(live.v[i], args, &scope))
			chosen.v[chosen.n++] = live.v[i];
	if (o->form == FORM_FW) {
		print_native(app, &chosen);
		return 0;
	}
	fw_yaml_write(&chosen, &text);
	out_text(app->out, buf_text(&text));
	return 0;
}

static const char *const kinds[] = { "cluster", "node", "vm", "vnet", NULL };

const struct command cmd_fw_export = {
	.group = "fw",
	.name = "export",
	.summary = "print the live firewall as files",
	.about = "Reads the firewall of the cluster, of a node, of a VM or container or of a vnet of SDN and prints it as "
		 "YAML or as a .fw file. A plan of what was exported is empty. Without an object: the cluster, all nodes, "
		 "and whatever guests and vnets have a firewall.",
	.operands =
		(const struct operand[]){ { .name = "WHAT", .help = "cluster, node, vm (or container) or vnet", .optional = true, .names = kinds },
					  { .name = "NAME", .help = "The node, the guest's id or name, or the vnet", .optional = true },
					  { 0 } },
	.options =
		(const struct option_spec[]){ { OPTION_ENUM(struct options, form), .name = "form", .arg = "FORM",
						.names = forms, .help = "A recipe, or the node's own files" },
					      { 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "fw export > firewall.yaml", "everything, to edit and apply" },
			{ "fw export vm 100 --form fw", "100.fw as the node would write it" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run,
};
