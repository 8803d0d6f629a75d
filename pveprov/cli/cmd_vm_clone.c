#include "cli/target.h"
#include "cli/watch.h"

struct options {
	int64_t id;
	bool full;
	const char *storage;
	const char *snapshot;
	const char *pool;
	const char *description;
	bool start;
};

static const struct option_spec options[] = {
	{ OPTION_INT(struct options, id), .name = "id", .arg = "ID", .min = 100, .max = 999999999,
	  .help = "Id of the new machine (default: the next free one)" },
	{ OPTION_FLAG(struct options, full), .name = "full",
	  .help = "Copy the disks; else a clone of a template shares them with it" },
	{ OPTION_TEXT(struct options, storage), .name = "storage", .arg = "STORAGE",
	  .help = "Copy the disks to this storage" },
	{ OPTION_TEXT(struct options, snapshot), .name = "snapshot", .arg = "NAME",
	  .help = "Clone this snapshot of it" },
	{ OPTION_TEXT(struct options, pool), .name = "pool", .arg = "POOL",
	  .help = "Add the machine to this pool" },
	{ OPTION_TEXT(struct options, description), .name = "description", .letter = 'd',
	  .arg = "TEXT", .help = "Its description; else it is inherited" },
	{ OPTION_FLAG(struct options, start), .name = "start", .help = "Start it afterwards" },
	{ 0 },
};

static int find_id(struct target *source, const struct options *o, uint32_t *ret, struct err **err)
{
	*ret = (uint32_t)o->id;
	return o->id ? 0 : pve_cluster_next_id(source->client, ret, err);
}

static int start(struct app *app, struct target *source, uint32_t id, const char *name,
		 struct err **err)
{
	struct pve_vm vm = { source->vm.node, id };
	struct watch w;

	watch_begin(&w, app, "start VM %u (%s)", id, name);
	return watch_end(&w, pve_vm_start(source->client, vm, 0, &w.pve, err));
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_target_ struct target source = { 0 };
	struct pve_clone clone = { .name = args->v[1],
				   .full = o->full || o->storage,
				   .storage = o->storage,
				   .snapshot = o->snapshot,
				   .pool = o->pool,
				   .description = o->description };
	struct watch w;

	if (target_find(app, args->v[0], &source, err) < 0 ||
	    find_id(&source, o, &clone.new_id, err) < 0)
		return -1;
	clone.full |= !source.entry->template; /* only a template's disks can be shared */
	watch_begin(&w, app, "clone %s to %u (%s)", source.label, clone.new_id, clone.name);
	if (watch_end(&w, pve_vm_clone(source.client, source.vm, &clone, &w.pve, err)) < 0)
		return -1;
	if (o->start && start(app, &source, clone.new_id, clone.name, err) < 0)
		return -1;
	if (app->out->format == OUTPUT_TABLE) {
		out_printf(app->out, "%u\n", clone.new_id);
		return 0;
	}
	_cleanup_json_ json_t *item =
		json_pack("{s:I, s:s, s:s, s:b}", "id", (json_int_t)clone.new_id, "name",
			  clone.name, "node", source.vm.node, "full", clone.full);
	return out_item(app->out, "vm.clone", NULL, item, err);
}

const struct command cmd_vm_clone = {
	.group = "vm",
	.name = "clone",
	.summary = "clone a machine or template",
	.about = "Makes a new machine from another and prints its id. From a template the clone "
		 "shares the disks (linked), "
		 "unless --full or --storage is given; from a machine the disks are copied.",
	.operands = (const struct operand[]){ { .name = "SOURCE",
						.help = "Id or name of the template or machine" },
					      { .name = "NAME", .help = "Name of the new machine" },
					      { 0 } },
	.options = options,
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "vm clone 9000 web --id 120 --start", "a linked clone, started" },
			{ "vm clone web web2 --storage vmstore", "a copy on another storage" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK,
	.run = run,
};
