/* api get, create, set, delete: any path, as pvesh has it. */
#include "cli/api_params.h"
#include "cli/app.h"
#include "cli/watch.h"

struct options {
	struct option_list params;
	bool no_wait;
};

static const struct option_spec read_options[] = {
	{ OPTION_LIST(struct options, params), .name = "param", .letter = 'k', .arg = "KEY=VALUE",
	  .help = "A parameter; KEY=@FILE takes its value from a file, a key given twice is an "
		  "array" },
	{ 0 },
};

static const struct option_spec write_options[] = {
	{ OPTION_LIST(struct options, params), .name = "param", .letter = 'k', .arg = "KEY=VALUE",
	  .help = "A parameter; KEY=@FILE takes its value from a file, a key given twice is an "
		  "array" },
	{ OPTION_FLAG(struct options, no_wait), .name = "no-wait",
	  .help = "Print the task's UPID and do not wait for its end" },
	{ 0 },
};

/* Only what a path is made of, so that nothing else can be slipped into the request line. */
static int check_path(const char *path, struct err **err)
{
	for (const char *c = path; *c; c++)
		if (*c <= ' ' || *c == '?' || *c == '#' || *c == 0x7f) {
			err_set(err, ERR_USAGE, "path '%s': '%c' does not belong there", path,
				*c > ' ' ? *c : ' ');
			return err_hint(err, "parameters are given with -k KEY=VALUE, special "
					     "characters as %%XX");
		}
	if (path[0] == '/')
		return 0;
	err_set(err, ERR_USAGE, "path '%s' must start with '/'", path);
	return err_hint(err, "such as /nodes/pve/qemu");
}

/* A write that was answered with a UPID is not done yet. */
static int follow(struct app *app, struct pve_client *client, const json_t *data, struct err **err)
{
	const char *upid = json_string_value(data);
	struct pve_upid parts;
	struct watch w;

	if (!upid || !pve_upid_parse(upid, &parts))
		return 0;
	watch_begin(&w, app, "%s %s", parts.type, parts.id);
	return watch_end(&w, pve_task_wait(client, upid, &w.pve, err));
}

static int call(struct app *app, const struct args *args, const char *method, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_pve_params_ struct pve_params params = { 0 };
	_cleanup_json_ json_t *answer = NULL;
	struct pve_client *client;

	if (check_path(args->v[0], err) < 0 ||
	    api_params_add(&params, o->params.v, o->params.n, err) < 0 ||
	    app_client(app, &client, err) < 0 ||
	    pve_call(client, method, args->v[0], &params, app->globals.timeout_ms, &answer, err) <
		    0)
		return -1;
	const json_t *data = json_object_get(answer, "data");
	if (!streq(method, "GET") && !o->no_wait && follow(app, client, data, err) < 0)
		return -1;
	return out_json(app->out, data ? data : json_null(), err);
}

#define CALL(verb_, method_)                                                                       \
	static int run_##verb_(struct app *app, const struct args *args, struct err **err)         \
	{                                                                                          \
		return call(app, args, method_, err);                                              \
	}
CALL(get, "GET")
CALL(create, "POST")
CALL(set, "PUT")
CALL(delete, "DELETE")

static const struct operand path[] = {
	{ .name = "PATH", .help = "Path below /api2/json, as the API viewer has it" }, { 0 }
};

#define COMMAND(verb_, summary_, about_, options_, exits_, example_, what_)                        \
	const struct command cmd_api_##verb_ = {                                                   \
		.group = "api",                                                                    \
		.name = #verb_,                                                                    \
		.summary = summary_,                                                               \
		.about = about_,                                                                   \
		.operands = path,                                                                  \
		.options = options_,                                                               \
		.options_size = sizeof(struct options),                                            \
		.examples = (const struct example[]){ { example_, what_ }, { 0 } },                \
		.exits = exits_,                                                                   \
		.run = run_##verb_,                                                                \
	}

COMMAND(get, "read a path (GET)",
	"Prints what the server answers: its 'data', as a table where it has the form of one.",
	read_options, EXITS_SERVER | EXITS_OBJECT, "api get /cluster/resources -k type=vm -o json",
	"all machines, raw");
COMMAND(create, "call a path that creates or acts (POST)",
	"Sends parameters as a form. Where the server starts a task, its end is waited for; the "
	"UPID is printed.",
	write_options, EXITS_SERVER | EXITS_OBJECT | EXITS_TASK,
	"api create /nodes/pve/qemu/100/status/start", "start machine 100");
COMMAND(set, "call a path that changes (PUT)",
	"Sends parameters as a form. Where the server starts a task, its end is waited for; the "
	"UPID is printed.",
	write_options, EXITS_SERVER | EXITS_OBJECT | EXITS_TASK,
	"api set /nodes/pve/qemu/100/config -k onboot=1", "change a setting");
COMMAND(delete, "call a path that deletes (DELETE)",
	"Sends parameters in the query. Nothing is asked: the path says what is deleted. Where the "
	"server starts a task, its "
	"end is waited for; the UPID is printed.",
	write_options, EXITS_SERVER | EXITS_OBJECT | EXITS_TASK,
	"api delete /nodes/pve/qemu/100/snapshot/old", "delete a snapshot");
