#include "cli/target.h"

struct options {
	bool running;
	bool templates;
};

static const struct option_spec options[] = {
	{ OPTION_FLAG(struct options, running), .name = "running",
	  .help = "Only machines that run" },
	{ OPTION_FLAG(struct options, templates), .name = "templates", .help = "Only templates" },
	{ 0 },
};

/* A container may have a part of one; a machine has whole ones. */
static char *cpus_text(const json_t *value)
{
	return xasprintf("%g", json_number_value(value));
}

static const struct output_column columns[] = {
	{ .key = "id", .header = "ID", .right = true },
	{ .key = "name", .header = "NAME" },
	{ .key = "node", .header = "NODE" },
	{ .key = "status", .header = "STATUS" },
	{ .key = "cpus", .header = "CPUS", .right = true, .text = cpus_text },
	{ .key = "memory", .header = "MEMORY", .right = true, .text = output_bytes },
	{ .key = "disk", .header = "DISK", .right = true, .text = output_bytes },
	{ .key = "uptime", .header = "UPTIME", .right = true, .text = output_seconds },
	{ .key = "tags", .header = "TAGS", .wide = true },
	{ 0 },
};

static bool wanted(const struct app *app, const struct options *o, const struct pve_vm_entry *e)
{
	if (app->globals.node && !streq(e->node, app->globals.node))
		return false;
	return (!o->running || streq(e->status, "running")) && (!o->templates || e->template);
}

static json_t *row_of(const struct pve_vm_entry *e)
{
	return json_pack("{s:I, s:s?, s:s, s:s, s:b, s:s?, s:s?, s:s?, s:f, s:I, s:I, s:I}", "id",
			 (json_int_t)e->id, "name", e->name, "node", e->node, "status",
			 e->template ? "template" : e->status, "template", e->template, "lock",
			 e->lock, "tags", e->tags, "pool", e->pool, "cpus", e->cpus, "memory",
			 (json_int_t)e->max_memory_bytes, "disk", (json_int_t)e->max_disk_bytes,
			 "uptime", (json_int_t)e->uptime_s);
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_json_ json_t *rows = json_array();
	struct pve_client *client;
	struct pve_vm_entry *vms;
	size_t n;

	if (app_client(app, &client, err) < 0 || pve_cluster_vms(client, &a, &vms, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (wanted(app, args->options, &vms[i]))
			json_array_append_new(rows, row_of(&vms[i]));
	return out_list(app->out, "vm.list", columns, rows, err);
}

const struct command cmd_vm_list = {
	.group = "vm",
	.name = "list",
	.summary = "list the machines of the cluster",
	.about = "Lists the virtual machines and templates that the account may see, on all nodes "
		 "or on --node. It is one "
		 "read of the cluster; status and uptime may be up to 10 s old.",
	.options = options,
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){ { "vm list", "all machines" },
					  { "vm list --running -o jsonl",
					    "one JSON object a line for each machine that runs" },
					  { 0 } },
	.exits = EXITS_SERVER,
	.run = run,
};
