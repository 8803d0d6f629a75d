/* net list, plan, apply, revert. */
#include "cli/target.h"
#include "cli/watch.h"
#include "pve/net.h"

static const struct output_column columns[] = {
	{ .key = "name", .header = "NAME" },
	{ .key = "type", .header = "TYPE" },
	{ .key = "active", .header = "ACTIVE" },
	{ .key = "autostart", .header = "AUTOSTART" },
	{ .key = "cidr", .header = "ADDRESS" },
	{ .key = "gateway", .header = "GATEWAY" },
	{ .key = "ports", .header = "PORTS" },
	{ .key = "comment", .header = "COMMENT", .wide = true },
	{ 0 },
};

struct plan_options {
	bool detailed_exitcode;
};

struct network {
	struct pve_client *client;
	const char *node;
	struct pve_net net;
	struct arena arena;
};

static void network_free(struct network *n)
{
	arena_free(&n->arena);
}
#define _cleanup_network_ _cleanup_(network_free)

static int network_read(struct app *app, struct network *n, struct err **err)
{
	if (app_client(app, &n->client, err) < 0 ||
	    target_node(app, n->client, &n->arena, &n->node, err) < 0)
		return -1;
	return pve_net_list(n->client, n->node, &n->arena, &n->net, err);
}

static json_t *row_of(const struct pve_iface *i)
{
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:I, s:b, s:b, s:b}",
			 "name", i->name, "type", i->type, "method", i->method, "cidr", i->cidr,
			 "cidr6", i->cidr6, "gateway", i->gateway, "gateway6", i->gateway6, "ports",
			 i->ports ? i->ports : i->slaves, "comment", i->comment, "mtu",
			 (json_int_t)i->mtu, "active", i->active, "autostart", i->autostart,
			 "vlan_aware", i->vlan_aware);
}

static int run_list(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_network_ struct network n = { 0 };
	_cleanup_json_ json_t *rows = json_array();

	(void)args;
	if (network_read(app, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n.net.n; i++)
		json_array_append_new(rows, row_of(&n.net.ifaces[i]));
	if (n.net.changes)
		log_warning(app->log,
			    "changes are staged and not live yet: 'pveprov net plan' shows them");
	return out_list(app->out, "net.list", columns, rows, err);
}

static int run_plan(struct app *app, const struct args *args, struct err **err)
{
	const struct plan_options *o = args->options;
	_cleanup_network_ struct network n = { 0 };

	if (network_read(app, &n, err) < 0)
		return -1;
	if (app->out->format != OUTPUT_TABLE) {
		_cleanup_json_ json_t *item =
			json_pack("{s:s, s:s?, s:b}", "node", n.node, "changes", n.net.changes,
				  "pending", n.net.changes != NULL);
		return out_item(app->out, "net.plan", NULL, item, err) < 0 ? -1
		       : o->detailed_exitcode && n.net.changes		   ? 2
									   : 0;
	}
	if (!n.net.changes) {
		progress_line(app->progress, PROGRESS_NORMAL, "network of %s: no changes staged",
			      n.node);
		return 0;
	}
	out_text(app->out, n.net.changes);
	if (*n.net.changes && n.net.changes[strlen(n.net.changes) - 1] != '\n')
		out_text(app->out, "\n");
	return o->detailed_exitcode ? 2 : 0;
}

/* What is going to be asked about, also with -q. */
static void say_lines(struct app *app, const char *text)
{
	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		progress_line(app->progress, PROGRESS_QUIET, "%.*s", (int)len, text);
	}
}

static int run_apply(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_network_ struct network n = { 0 };
	struct watch w;

	(void)args;
	if (network_read(app, &n, err) < 0)
		return -1;
	if (!n.net.changes) {
		watch_same(app, "network of %s", n.node);
		return 0;
	}
	say_lines(app, n.net.changes);
	if (app_confirm(
		    app, err,
		    "Bring all of this into effect on '%s', whoever staged it? There is no undo",
		    n.node) < 0)
		return -1;
	watch_begin(&w, app, "reload the network of %s", n.node);
	return watch_end(&w, pve_net_apply(n.client, n.node, &w.pve, err));
}

static int run_revert(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_network_ struct network n = { 0 };

	(void)args;
	if (network_read(app, &n, err) < 0)
		return -1;
	if (!n.net.changes) {
		watch_same(app, "network of %s", n.node);
		return 0;
	}
	if (app_confirm(app, err, "Throw away all staged changes on '%s', whoever staged them?",
			n.node) < 0)
		return -1;
	if (pve_net_revert(n.client, n.node, err) < 0)
		return -1;
	progress_line(app->progress, PROGRESS_NORMAL, "network of %s: staged changes thrown away",
		      n.node);
	return 0;
}

const struct command cmd_net_list = {
	.group = "net",
	.name = "list",
	.summary = "list the network interfaces of a node",
	.about = "Lists interfaces as they are configured, staged changes included. Bridges are "
		 "hidden from an account without "
		 "SDN.Audit or SDN.Use on /sdn/zones/localnetwork.",
	.examples =
		(const struct example[]){ { "net list --node pve", "the interfaces of node 'pve'" },
					  { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run_list,
};

const struct command cmd_net_plan = {
	.group = "net",
	.name = "plan",
	.summary = "show the staged network changes of a node",
	.about = "Prints the difference between the live network configuration and the staged one, "
		 "as the server tells it.",
	.options =
		(const struct option_spec[]){ { OPTION_FLAG(struct plan_options, detailed_exitcode),
						.name = "detailed-exitcode",
						.help = "Exit with 2 when something is staged" },
					      { 0 } },
	.options_size = sizeof(struct plan_options),
	.examples =
		(const struct example[]){
			{ "net plan", "what 'net apply' would bring into effect" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_CHANGES,
	.run = run_plan,
};

const struct command cmd_net_apply = {
	.group = "net",
	.name = "apply",
	.summary = "bring staged network changes into effect",
	.about = "Shows what is staged, asks, and lets the node reload its network. All staged "
		 "changes go live together, also "
		 "those of others, and there is no undo: a mistake may cut the node off. Needs "
		 "ifupdown2 on the node.",
	.examples =
		(const struct example[]){ { "net apply --node pve", "show, ask, reload" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK | EXITS_GUARD,
	.run = run_apply,
};

const struct command cmd_net_revert = {
	.group = "net",
	.name = "revert",
	.summary = "throw staged network changes away",
	.about = "Removes everything that is staged, also what others staged. The live network is "
		 "not touched. It asks first.",
	.examples = (const struct example[]){ { "net revert --node pve", "forget what was staged" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_GUARD,
	.run = run_revert,
};
