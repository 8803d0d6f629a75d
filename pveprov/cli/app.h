#pragma once
/*
 * app.h: what a command works with: the clock (cancelled by Ctrl-C), the context, the server's
 * client (opened when it is first asked for), results (out) and everything else that is said
 * (progress, log).
 *
 * The first Ctrl-C or SIGTERM cancels the clock: every wait ends with ERR_INTERRUPTED and the
 * command gets time to leave things in order. The second ends the program at once.
 */
#include "base/clock.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/progress.h"

struct pve_client;

/* The options that every command has. */
struct globals {
	const char *context;
	bool lab;
	const char *node;
	int format; /* enum output_format */
	bool quiet;
	bool verbose;
	bool debug;
	bool yes;
	bool no_color;
	int64_t timeout_ms; /* of one waited-for thing; 0: each has its own */
	bool help;
	bool version;
};

struct app {
	struct globals globals;
	const struct clock *clock;
	struct out *out;
	struct progress *progress;
	const struct log *log; /* goes to progress */
	bool interactive;      /* standard input and error are a terminal: prompts are possible */
	/* Opened on demand by the functions below. */
	struct context context;
	bool context_loaded;
	struct pve_client *client;
	struct pve_client
		*ticket_client; /* where the context has a token and a ticket is needed as well */
};

/* The context in use (borrowed). --lab starts a lab where none runs. */
int app_context(struct app *app, const struct context **ret, struct err **err);

/* The client, logged in where the context has a password or ticket (asks for it when interactive).
 * Borrowed. */
int app_client(struct app *app, struct pve_client **ret, struct err **err);

/* The client as a user with a password (a ticket), for what no token can do; asks when interactive.
 * Borrowed. */
int app_client_ticket(struct app *app, const char *user, struct pve_client **ret, struct err **err);

/* A new login with a password and perhaps a second factor; the client is the caller's. */
int app_login(struct app *app, const struct context *c, const char *user, struct pve_client **ret,
	      struct err **err);

/*
 * Asks "<question> [y/N]". 0: yes (or --yes). -1: ERR_GUARD when answered no or when nobody can be
 * asked; its hint names --yes.
 */
int app_confirm(struct app *app, struct err **err, const char *question, ...) PRINTF(3, 4);

/* Reads a line without echo (echo for codes), ERR_SECOND_FACTOR or ERR_AUTH (`kind`) when nobody
 * can be asked. */
int app_prompt(struct app *app, const char *prompt, bool echo, enum err_kind kind,
	       struct secret *ret, struct err **err);

void app_close(struct app *app);
