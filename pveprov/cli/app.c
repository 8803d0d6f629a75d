#include "cli/app.h"
#include "cli/program.h"
#include "pve/client.h"

/* Where no lab runs, one is started as 'pveprov lab up' does. */
static int start_lab(struct app *app, struct err **err)
{
	_cleanup_free_ char *program = program_path("pveprov-lab");
	const char *const argv[] = { program, "up", NULL };
	int status;

	log_info(app->log, "no lab runs: starting one");
	progress_flush(app->progress);
	if (program_run(argv, &status, err) < 0)
		return -1;
	if (status == 0)
		return 0;
	err_set(err, ERR_UNREACHABLE,
		"the lab did not start: 'pveprov-lab up' ended with status %d", status);
	return err_hint(err, "'pveprov lab up' shows what it says");
}

static int load_lab(struct app *app, struct err **err)
{
	if (!context_lab_runs() && start_lab(app, err) < 0)
		return -1;
	return context_load_lab(app->globals.context, &app->context, err);
}

int app_context(struct app *app, const struct context **ret, struct err **err)
{
	if (!app->context_loaded) {
		if ((app->globals.lab ? load_lab(app, err)
				      : context_load(app->globals.context, &app->context, err)) < 0)
			return -1;
		app->context_loaded = true;
	}
	*ret = &app->context;
	return 0;
}

void app_close(struct app *app)
{
	app->client = pve_client_free(app->client);
	app->ticket_client = pve_client_free(app->ticket_client);
	context_free(&app->context);
	app->context_loaded = false;
}
