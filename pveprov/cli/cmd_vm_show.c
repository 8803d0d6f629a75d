#include "cli/target.h"
#include "base/strv.h"

static const struct output_column head[] = {
	{ .key = "id", .header = "id" },
	{ .key = "name", .header = "name" },
	{ .key = "node", .header = "node" },
	{ .key = "status", .header = "status" },
	{ .key = "uptime", .header = "uptime", .text = output_seconds },
	{ .key = "lock", .header = "lock" },
	{ .key = "pending", .header = "pending" },
};

/* Names of settings that take effect at the next stop and start. */
static json_t *pending_names(const json_t *pending)
{
	json_t *names = json_array(), *entry;
	size_t i;

	json_array_foreach(pending, i, entry)
		if (json_object_get(entry, "pending") || json_object_get(entry, "delete"))
			json_array_append(names, json_object_get(entry, "key"));
	return names;
}

static int read_machine(struct target *t, json_t **ret, struct err **err)
{
	_cleanup_json_ json_t *config = NULL, *pending = NULL;
	struct pve_vm_status s;

	if (pve_vm_status(t->client, t->vm, &t->arena, &s, err) < 0 ||
	    pve_vm_config(t->client, t->vm, false, &config, err) < 0 ||
	    pve_vm_pending(t->client, t->vm, &pending, err) < 0)
		return -1;
	*ret = json_pack("{s:I, s:s?, s:s, s:s, s:I, s:b, s:O, s:o}", "id", (json_int_t)t->vm.id,
			 "name", t->entry->name, "node", t->vm.node, "status",
			 t->entry->template ? "template"
			 : s.paused	    ? "paused"
			 : s.running	    ? "running"
					    : "stopped",
			 "uptime", (json_int_t)s.uptime_s, "agent", s.agent_enabled, "config",
			 config, "pending", pending_names(pending));
	if (s.lock)
		json_object_set_new(*ret, "lock", json_string(s.lock));
	return 0;
}

/* The table has one list of pairs: what it is, then its configuration. */
static int print_pairs(struct out *o, json_t *machine, struct err **err)
{
	json_t *config = json_object_get(machine, "config"), *value;
	_cleanup_json_ json_t *flat = json_copy(machine);
	_cleanup_strv_ struct strv keys = { 0 };
	const char *key;

	if (json_array_size(json_object_get(flat, "pending")) == 0)
		json_object_del(flat, "pending");
	json_object_foreach(config, key, value) {
		if (streq(key, "name") || streq(key, "digest"))
			continue;
		strv_add(&keys, key);
		json_object_set(flat, key, value);
	}
	strv_sort(&keys);
	_cleanup_free_ struct output_column *columns =
		xcalloc(ARRAY_SIZE(head) + keys.n + 1, sizeof(*columns));
	memcpy(columns, head, sizeof(head));
	for (size_t i = 0; i < keys.n; i++)
		columns[ARRAY_SIZE(head) + i] =
			(struct output_column){ .key = keys.v[i], .header = keys.v[i] };
	return out_item(o, "vm", columns, flat, err);
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_target_ struct target t = { 0 };
	_cleanup_json_ json_t *machine = NULL;

	if (target_find(app, args->v[0], &t, err) < 0 || read_machine(&t, &machine, err) < 0)
		return -1;
	if (app->out->format == OUTPUT_TABLE)
		return print_pairs(app->out, machine, err);
	return out_item(app->out, "vm", NULL, machine, err);
}

const struct command cmd_vm_show = {
	.group = "vm",
	.name = "show",
	.summary = "show a machine's state and configuration",
	.about = "Shows what a machine does now and its whole configuration. 'pending' names "
		 "settings that were changed "
		 "and take effect when the machine is stopped and started.",
	.operands = (const struct operand[]){ { .name = "VM", .help = "Id or name of the machine" },
					      { 0 } },
	.examples =
		(const struct example[]){
			{ "vm show router", "everything about the machine 'router'" },
			{ "vm show 100 -o json",
			  "the same for programs; the configuration is under 'config'" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run,
};
