/* render: the router's files, offline, checked with the real tools where they are. */
#include "cli/app.h"
#include "cli/commands.h"
#include "base/fs.h"
#include "recipe/recipe.h"
#include "render/render.h"
#include "render/validate.h"
#include "step/facts.h"

struct options {
	const char *output;
	const char *facts;
};

static void on_look(void *ctx, const struct validate_look *look)
{
	struct app *app = ctx;
	const char *text = look->text ? look->text : "";

	progress_line(app->progress, PROGRESS_NORMAL, "%s %s: %s%s%s", look->tool, look->subject,
		      validate_verdict_text(look->verdict), *text ? ": " : "", text);
}

static void list_files(const char *vm, const struct bundle *b, json_t *rows)
{
	for (size_t i = 0; i < b->n_files; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:I}", "machine", vm, "path",
						      b->files[i].path, "kind",
						      b->files[i].link ? "link" : "file", "bytes",
						      (json_int_t)b->files[i].len));
}

static int render_one(struct app *app, const struct recipe *r, const struct recipe_vm *vm,
		      const struct options *o, const char *dir, json_t *rows, struct err **err)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_bundle_ struct bundle bundle = { 0 };
	struct render_facts facts = { 0 };
	const struct validate_sink sink = { on_look, app };

	int known = o->facts ? facts_load(o->facts, vm, &arena, &facts, err)
			     : facts_assume(vm, &arena, &facts, err);
	if (known < 0 || render_router(r, vm, &facts, &bundle, err) < 0)
		return -1;
	list_files(vm->name, &bundle, rows);
	if (!o->output)
		return 0;
	if (fs_mkdirs(dir, 0755, err) < 0 || validate_write(&bundle, dir, err) < 0)
		return -1;
	return validate_run(&bundle, dir, app->clock, &sink, err);
}

static const struct output_column columns[] = {
	{ .key = "machine", .header = "MACHINE" },
	{ .key = "path", .header = "PATH" },
	{ .key = "kind", .header = "KIND" },
	{ .key = "bytes", .header = "BYTES", .right = true },
	{ 0 },
};

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_recipe_ struct recipe *r = NULL;
	_cleanup_json_ json_t *rows = json_array();
	size_t routers = 0;

	if (recipe_load(args->v[0], &r, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_vms; i++)
		routers += r->vms[i].router != NULL;
	if (routers == 0)
		return err_set(
			err, ERR_RECIPE,
			"%s: no machine of this recipe is a router: there is nothing to render",
			args->v[0]);
	for (size_t i = 0; i < r->n_vms; i++) {
		const struct recipe_vm *vm = &r->vms[i];
		_cleanup_free_ char *dir = NULL;
		if (!vm->router)
			continue;
		/* one router's files lie in the directory itself, several have one each */
		if (o->output)
			dir = routers > 1 ? fs_join(o->output, vm->name) : xstrdup(o->output);
		if (render_one(app, r, vm, o, dir, rows, err) < 0)
			return err_wrap(err, "%s", vm->name);
	}
	progress_flush(app->progress);
	return out_list(app->out, "render", columns, rows, err);
}

const struct command cmd_render = {
	.name = "render",
	.summary = "write the router's files, offline, and check them",
	.about = "Renders everything that 'apply' would push, without a server. What only the "
		 "machine knows (its distribution, the "
		 "PCI paths of its ports) comes from --facts, else it is assumed, and the files "
		 "say so in their first lines. With "
		 "--output the files are written there and checked with nft, dnsmasq, "
		 "dnscrypt-proxy and systemd-analyze, as far "
		 "as these are installed.\n\n"
		 "The facts file is JSON: {\"distribution\": \"debian\", \"ports\": {\"wan\": "
		 "\"pci-0000:01:00.0\"}}.",
	.operands = (const struct operand[]){ { .name = "RECIPE",
						.help = "The recipe, a YAML file",
						.complete = COMPLETE_FILE },
					      { 0 } },
	.options =
		(const struct option_spec[]){
			{ OPTION_TEXT(struct options, output), .name = "output", .letter = 'o',
			  .arg = "DIR", .help = "Write the files below this directory",
			  .complete = COMPLETE_DIRECTORY },
			{ OPTION_TEXT(struct options, facts), .name = "facts", .arg = "FILE",
			  .help = "What is known of the machine", .complete = COMPLETE_FILE },
			{ 0 } },
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "render recipes/router.yaml", "list the files" },
					      { "render recipes/router.yaml -o out/",
						"write and check them" },
					      { 0 } },
	.exits = EXITS_GUARD | EXITS_INPUT,
	.run = run,
};
