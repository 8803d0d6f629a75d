/* snapshot list, create, rollback, delete. */
#include "cli/target.h"
#include "cli/watch.h"
#include "pve/snapshot.h"

struct options {
	const char *description;
	bool memory;
	bool start;
};

static const struct output_column columns[] = {
	{ .key = "name", .header = "NAME" },
	{ .key = "parent", .header = "PARENT" },
	{ .key = "time", .header = "TAKEN", .text = output_time },
	{ .key = "memory", .header = "MEMORY" },
	{ .key = "current", .header = "CURRENT" },
	{ .key = "description", .header = "DESCRIPTION", .wide = true },
	{ 0 },
};

/* All snapshots of a machine; *ret_parent is what the present state stands on. */
static int read_list(struct target *t, struct pve_snapshot **ret, size_t *ret_n,
		     const char **ret_parent, struct err **err)
{
	return pve_snapshot_list(t->client, t->vm, &t->arena, ret, ret_n, ret_parent, err);
}

static int exists(struct target *t, const char *name, bool *ret, struct err **err)
{
	struct pve_snapshot *list;
	size_t n;

	if (read_list(t, &list, &n, NULL, err) < 0)
		return -1;
	*ret = false;
	for (size_t i = 0; i < n; i++)
		*ret |= streq(list[i].name, name);
	return 0;
}

/* Finds the machine; a snapshot that must be there is looked for before anything is asked or done.
 */
static int find(struct app *app, const struct args *args, bool must_exist, struct target *ret,
		struct err **err)
{
	_cleanup_target_ struct target t = { 0 };
	bool found;

	if (target_find(app, args->v[0], &t, err) < 0 || exists(&t, args->v[1], &found, err) < 0)
		return -1;
	if (must_exist && !found) {
		err_set(err, ERR_NOT_FOUND, "%s has no snapshot '%s'", t.label, args->v[1]);
		return err_hint(err, "'pveprov snapshot list %u' shows them", t.vm.id);
	}
	if (!must_exist && found) {
		err_set(err, ERR_CONFLICT, "%s has a snapshot '%s' already", t.label, args->v[1]);
		return err_hint(err,
				"choose another name, or 'pveprov snapshot delete %u %s' first",
				t.vm.id, args->v[1]);
	}
	*ret = t;
	t = (struct target){ 0 };
	return 0;
}

static int run_list(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_target_ struct target t = { 0 };
	_cleanup_json_ json_t *rows = json_array();
	struct pve_snapshot *list;
	const char *parent = NULL;
	size_t n;

	if (target_find(app, args->v[0], &t, err) < 0 || read_list(&t, &list, &n, &parent, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s?, s:I, s:b, s:b, s:s?}", "name",
						      list[i].name, "parent", list[i].parent,
						      "time", (json_int_t)list[i].time_s, "memory",
						      list[i].with_memory, "current",
						      streq_null(parent, list[i].name),
						      "description", list[i].description));
	return out_list(app->out, "snapshot.list", columns, rows, err);
}

static int run_create(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_target_ struct target t = { 0 };
	struct watch w;
	bool able;

	if (!pve_snapshot_name_ok(args->v[1])) {
		err_set(err, ERR_USAGE, "'%s' cannot be the name of a snapshot", args->v[1]);
		return err_hint(
			err, "a letter, then letters, digits, '_' and '-': two characters or more");
	}
	if (find(app, args, false, &t, err) < 0 ||
	    pve_vm_feature(t.client, t.vm, "snapshot", &able, err) < 0)
		return -1;
	if (!able) {
		err_set(err, ERR_GUARD, "a storage of %s cannot take snapshots", t.label);
		return err_hint(err, "qcow2 on a directory, ZFS, LVM-thin and Ceph can");
	}
	watch_begin(&w, app, "snapshot %s of %s", args->v[1], t.label);
	return watch_end(&w, pve_snapshot_create(t.client, t.vm, args->v[1], o->description,
						 o->memory, &w.pve, err));
}

static int run_rollback(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_target_ struct target t = { 0 };
	struct watch w;

	if (find(app, args, true, &t, err) < 0 ||
	    app_confirm(app, err,
			"%s goes back to '%s': what was written since then is lost. Go on?",
			t.label, args->v[1]) < 0)
		return -1;
	watch_begin(&w, app, "roll %s back to %s", t.label, args->v[1]);
	return watch_end(&w,
			 pve_snapshot_rollback(t.client, t.vm, args->v[1], o->start, &w.pve, err));
}

static int run_delete(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_target_ struct target t = { 0 };
	struct watch w;

	if (find(app, args, true, &t, err) < 0 ||
	    app_confirm(app, err, "Delete snapshot '%s' of %s?", args->v[1], t.label) < 0)
		return -1;
	watch_begin(&w, app, "delete snapshot %s of %s", args->v[1], t.label);
	return watch_end(&w, pve_snapshot_delete(t.client, t.vm, args->v[1], &w.pve, err));
}

static const struct operand machine[] = { { .name = "VM", .help = "Id or name of the machine" },
					  { 0 } };
static const struct operand machine_and_name[] = {
	{ .name = "VM", .help = "Id or name of the machine" },
	{ .name = "NAME", .help = "Name of the snapshot" },
	{ 0 }
};

const struct command cmd_snapshot_list = {
	.group = "snapshot",
	.name = "list",
	.summary = "list the snapshots of a machine",
	.about = "Lists all snapshots with their parents; 'current' is the one the present state "
		 "stands on.",
	.operands = machine,
	.examples =
		(const struct example[]){ { "snapshot list router", "the snapshots of 'router'" },
					  { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run_list,
};

const struct command cmd_snapshot_create = {
	.group = "snapshot",
	.name = "create",
	.summary = "take a snapshot of a machine",
	.about = "Keeps the state of all disks and the configuration under a name. It is found out "
		 "first whether the storage "
		 "can do that. The memory is kept with --memory only, which is impossible with a "
		 "passed-through device.",
	.operands = machine_and_name,
	.options =
		(const struct option_spec[]){
			{ OPTION_TEXT(struct options, description), .name = "description",
			  .letter = 'd', .arg = "TEXT", .help = "Keep this text with it" },
			{ OPTION_FLAG(struct options, memory), .name = "memory",
			  .help = "Keep the memory of the running machine too" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "snapshot create router init -d 'fresh'",
						"take the snapshot 'init'" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK | EXITS_GUARD,
	.run = run_create,
};

const struct command cmd_snapshot_rollback = {
	.group = "snapshot",
	.name = "rollback",
	.summary = "put a machine back to a snapshot",
	.about = "Disks and the whole configuration become what they were; only the description "
		 "stays. A running machine is "
		 "stopped. 'pveprov reprovision' does this for a recipe and brings the "
		 "configuration up to date again.",
	.operands = machine_and_name,
	.options =
		(const struct option_spec[]){ { OPTION_FLAG(struct options, start), .name = "start",
						.help = "Start the machine afterwards" },
					      { 0 } },
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "snapshot rollback router init --start",
						"asks first, then puts it back and starts it" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK | EXITS_GUARD,
	.run = run_rollback,
};

const struct command cmd_snapshot_delete = {
	.group = "snapshot",
	.name = "delete",
	.summary = "delete a snapshot of a machine",
	.about = "Removes the snapshot; the present state of the machine is not touched. It asks "
		 "first.",
	.operands = machine_and_name,
	.examples = (const struct example[]){ { "snapshot delete router old --yes",
						"delete 'old' without asking" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_TASK | EXITS_GUARD,
	.run = run_delete,
};
