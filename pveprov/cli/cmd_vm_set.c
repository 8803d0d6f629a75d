#include "cli/api_params.h"
#include "cli/target.h"

struct options {
	struct option_list delete;
};

static const struct option_spec options[] = {
	{ OPTION_LIST(struct options, delete), .name = "delete", .letter = 'd', .arg = "KEY",
	  .help = "Remove this setting" },
	{ 0 },
};

static void add_deletions(struct pve_params *p, const struct option_list *keys)
{
	_cleanup_buf_ struct buf all = { 0 };

	for (size_t i = 0; i < keys->n; i++)
		buf_addf(&all, "%s%s", i ? "," : "", keys->v[i]);
	if (keys->n)
		pve_params_add(p, "delete", buf_text(&all));
}

/* Settings that differ from the configuration, as text. What is the same is not sent: no lock, no
 * new digest. */
static bool differs(const json_t *config, const char *word)
{
	size_t len = strcspn(word, "=");
	_cleanup_free_ char *key = xstrndup(word, len);
	const json_t *value = json_object_get(config, key);
	char number[32];

	if (!value || word[len] != '=' || word[len + 1] == '@')
		return true;
	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		return !streq(number, word + len + 1);
	}
	return !json_is_string(value) || !streq(json_string_value(value), word + len + 1);
}

static bool has_any(const json_t *config, const struct option_list *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (json_object_get(config, keys->v[i]))
			return true;
	return false;
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_target_ struct target t = { 0 };
	_cleanup_pve_params_ struct pve_params params = { 0 };
	_cleanup_json_ json_t *config = NULL;

	if (args->n == 1 && o->delete.n == 0) {
		err_set(err, ERR_USAGE, "nothing to set: KEY=VALUE or --delete KEY is missing");
		return err_hint(err, "see 'pveprov vm set --help'");
	}
	for (size_t i = 1; i < args->n; i++) /* before anything is asked of the server */
		if (!strchr(args->v[i], '='))
			return api_params_add(&params, args->v + i, 1, err);
	if (target_find(app, args->v[0], &t, err) < 0 ||
	    pve_vm_config(t.client, t.vm, false, &config, err) < 0)
		return -1;
	for (size_t i = 1; i < args->n; i++)
		if (differs(config, args->v[i]) && api_params_add(&params, args->v + i, 1, err) < 0)
			return -1;
	if (pve_params_empty(&params) && !has_any(config, &o->delete)) {
		progress_line(app->progress, PROGRESS_NORMAL, "%s: no changes", t.label);
		return 0;
	}
	add_deletions(&params, &o->delete);
	if (pve_vm_set(t.client, t.vm, &params, json_text(config, "digest"), 0, err) < 0)
		return -1;
	progress_line(app->progress, PROGRESS_NORMAL, "%s: set", t.label);
	return 0;
}

const struct command cmd_vm_set = {
	.group = "vm",
	.name = "set",
	.summary = "change settings of a machine",
	.about = "Sets keys of the machine's configuration, as 'vm show' prints them. What has "
		 "that value already is not sent. "
		 "A change by somebody else in between is noticed (exit status 6). Most settings "
		 "of a running machine take "
		 "effect when it is stopped and started: 'vm show' lists them as pending.",
	.operands =
		(const struct operand[]){
			{ .name = "VM", .help = "Id or name of the machine" },
			{ .name = "KEY=VALUE",
			  .help = "A setting; KEY=@FILE takes its value from a file",
			  .optional = true,
			  .repeated = true },
			{ 0 } },
	.options = options,
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "vm set router cores=4 memory=4096",
						"two settings at once" },
					      { "vm set router onboot=1 --delete description",
						"set one, remove another" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run,
};
