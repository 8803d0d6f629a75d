#include "cli/target.h"
#include "cli/watch.h"

struct options {
	bool stop;
	bool purge;
};

static const struct option_spec options[] = {
	{ OPTION_FLAG(struct options, stop), .name = "stop",
	  .help = "Stop a machine that runs first, the hard way" },
	{ OPTION_FLAG(struct options, purge), .name = "purge",
	  .help = "Remove it from backup jobs, replication and high availability too" },
	{ 0 },
};

static int stop_first(struct app *app, struct target *t, const struct options *o, struct err **err)
{
	struct pve_vm_status s;
	struct watch w;

	if (pve_vm_status(t->client, t->vm, &t->arena, &s, err) < 0)
		return -1;
	if (!s.running)
		return 0;
	if (!o->stop) {
		err_set(err, ERR_GUARD, "%s runs", t->label);
		return err_hint(err, "'pveprov vm shutdown %u' first, or say --stop", t->vm.id);
	}
	watch_begin(&w, app, "stop %s", t->label);
	return watch_end(&w, pve_vm_stop(t->client, t->vm, &w.pve, err));
}

static int delete_one(struct app *app, const char *name, const struct options *o, struct err **err)
{
	_cleanup_target_ struct target t = { 0 };
	struct watch w;

	if (target_find(app, name, &t, err) < 0)
		return -1;
	if (app_confirm(app, err, "Delete %s on '%s' with all its disks and snapshots?", t.label,
			t.vm.node) < 0 ||
	    stop_first(app, &t, o, err) < 0)
		return -1;
	watch_begin(&w, app, "delete %s", t.label);
	return watch_end(&w, pve_vm_delete(t.client, t.vm, o->purge, &w.pve, err));
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	for (size_t i = 0; i < args->n; i++)
		if (delete_one(app, args->v[i], args->options, err) < 0)
			return -1;
	return 0;
}

const struct command cmd_vm_delete = {
	.group = "vm",
	.name = "delete",
	.summary = "delete machines with their disks",
	.about = "Deletes machines or templates, whoever made them, with all disks and snapshots. "
		 "It asks for each; one that runs "
		 "is refused without --stop. 'pveprov destroy' removes only what a recipe made.",
	.operands =
		(const struct operand[]){
			{ .name = "VM", .help = "Id or name of a machine", .repeated = true },
			{ 0 } },
	.options = options,
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "vm delete test1 --stop", "asks, stops it, deletes it" }, { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK | EXITS_GUARD,
	.run = run,
};
