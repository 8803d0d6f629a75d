#include "cli/api_params.h"
#include "cli/target.h"
#include "cli/watch.h"

struct options {
	int64_t id;
};

static const struct option_spec options[] = {
	{ OPTION_INT(struct options, id), .name = "id", .arg = "ID", .min = 100, .max = 999999999,
	  .help = "Id of the new machine (default: the next free one)" },
	{ 0 },
};

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_pve_params_ struct pve_params params = { 0 };
	struct pve_client *client;
	struct pve_vm vm = { .id = (uint32_t)o->id };
	struct watch w;

	pve_params_add(&params, "name", args->v[0]);
	if (api_params_add(&params, args->v + 1, args->n - 1, err) < 0 ||
	    app_client(app, &client, err) < 0 || target_node(app, client, &a, &vm.node, err) < 0 ||
	    (!vm.id && pve_cluster_next_id(client, &vm.id, err) < 0))
		return -1;
	watch_begin(&w, app, "create VM %u (%s)", vm.id, args->v[0]);
	if (watch_end(&w, pve_vm_create(client, vm, &params, &w.pve, err)) < 0)
		return -1;
	if (app->out->format == OUTPUT_TABLE) {
		out_printf(app->out, "%u\n", vm.id);
		return 0;
	}
	_cleanup_json_ json_t *item = json_pack("{s:I, s:s, s:s}", "id", (json_int_t)vm.id, "name",
						args->v[0], "node", vm.node);
	return out_item(app->out, "vm.create", NULL, item, err);
}

const struct command cmd_vm_create = {
	.group = "vm",
	.name = "create",
	.summary = "create a machine from settings",
	.about = "Creates a machine with the settings that are given and prints its id. Everything "
		 "that is not given has the "
		 "server's default: no disk, no network. Recipes and 'vm clone' make machines that "
		 "are ready to use.",
	.operands = (const struct operand[]){ { .name = "NAME", .help = "Name of the new machine" },
					      { .name = "KEY=VALUE",
						.help = "A setting, as 'vm show' prints it; "
							"KEY=@FILE takes its value from a file",
						.optional = true,
						.repeated = true },
					      { 0 } },
	.options = options,
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "vm create test memory=2048 cores=2 "
						"scsi0=vmstore:8 net0=virtio,bridge=vmbr0",
						"with an empty disk of 8 GiB" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK,
	.run = run,
};
