/* The server's client, opened when it is first asked for: app_client() and app_client_ticket(). */
#include "cli/app.h"
#include "cli/ticket.h"
#include "pve/client.h"

struct asking {
	struct app *app;
	const char *user;
};

static int ask_second_factor(void *ctx, struct secret *ret, struct err **err)
{
	struct asking *a = ctx;
	_cleanup_free_ char *prompt = xasprintf("code of the second factor of %s", a->user);

	return app_prompt(a->app, prompt, true, ERR_SECOND_FACTOR, ret, err);
}

static int ask_password(struct app *app, const char *user, struct secret *ret, struct err **err)
{
	_cleanup_free_ char *prompt = xasprintf("password of %s", user);

	if (app_prompt(app, prompt, false, ERR_AUTH, ret, err) == 0)
		return 0;
	return err_hint(
		err,
		"'pveprov auth login' keeps a ticket for two hours; a token needs no password");
}

/* Options that do not depend on who logs in. */
static struct pve_options options_of(const struct app *app, const struct context *c)
{
	return (struct pve_options){ .endpoint = c->endpoint,
				     .fingerprint = c->fingerprint,
				     .ca_file = c->ca,
				     .clock = app->clock,
				     .log = app->log };
}

static int open_with_token(struct app *app, const struct context *c, struct err **err)
{
	_cleanup_secret_ struct secret text = { 0 }, token = { 0 };
	_cleanup_free_ char *user = NULL, *what = xasprintf("token of context '%s'", c->name);
	struct pve_options o = options_of(app, c);

	if (context_secret_read(&c->token, what, app->clock, &text, err) < 0)
		return -1;
	if (pve_token_split(text.text, &user, &token, err) < 0)
		return err_wrap(err, "%s", what);
	o.login = (struct pve_login){ .user = user, .token = &token };
	return pve_client_new(&o, &app->client, err);
}

/* The context's password where it is this user's, else one that is asked for. */
static int find_password(struct app *app, const struct context *c, const char *user,
			 struct secret *ret, struct err **err)
{
	_cleanup_free_ char *what = xasprintf("password of context '%s'", c->name);

	if (streq_null(c->user, user) && context_secret_is_set(&c->password))
		return context_secret_read(&c->password, what, app->clock, ret, err);
	return ask_password(app, user, ret, err);
}

int app_login(struct app *app, const struct context *c, const char *user, struct pve_client **ret,
	      struct err **err)
{
	_cleanup_secret_ struct secret password = { 0 };
	_cleanup_pve_client_ struct pve_client *client = NULL;
	struct pve_options o = options_of(app, c);
	struct asking asking = { app, user };

	if (find_password(app, c, user, &password, err) < 0)
		return -1;
	o.login = (struct pve_login){ .user = user,
				      .password = &password,
				      .second_factor = ask_second_factor,
				      .second_factor_ctx = &asking };
	if (pve_client_new(&o, &client, err) < 0 || pve_auth_login(client, err) < 0)
		return -1;
	*ret = TAKE_PTR(client);
	return 0;
}

/* With a ticket kept by 'auth login', else by logging in. */
static int open_with_ticket(struct app *app, const struct context *c, const char *user,
			    struct pve_client **ret, struct err **err)
{
	_cleanup_secret_ struct secret ticket = { 0 }, csrf = { 0 };
	struct pve_options o = options_of(app, c);

	if (!ticket_read(c->endpoint, user, clock_wall_s(app->clock), &ticket, &csrf))
		return app_login(app, c, user, ret, err);
	o.login = (struct pve_login){ .user = user, .ticket = &ticket, .csrf = &csrf };
	return pve_client_new(&o, ret, err);
}

int app_client(struct app *app, struct pve_client **ret, struct err **err)
{
	const struct context *c;

	if (app->client) {
		*ret = app->client;
		return 0;
	}
	if (app_context(app, &c, err) < 0)
		return -1;
	if (context_secret_is_set(&c->token)) {
		if (open_with_token(app, c, err) < 0)
			return -1;
	} else if (!c->user) {
		err_set(err, ERR_AUTH, "context '%s' has neither a token nor a user", c->name);
		return err_hint(err, "'pveprov auth login' makes a context with both; see 'pveprov "
				     "auth --help'");
	} else if (open_with_ticket(app, c, c->user, &app->client, err) < 0) {
		return -1;
	}
	*ret = app->client;
	return 0;
}

int app_client_ticket(struct app *app, const char *user, struct pve_client **ret, struct err **err)
{
	const struct context *c;

	if (app_context(app, &c, err) < 0)
		return -1;
	if (!context_secret_is_set(&c->token) && streq_null(c->user, user))
		return app_client(app, ret, err);
	if (!app->ticket_client && open_with_ticket(app, c, user, &app->ticket_client, err) < 0)
		return -1;
	*ret = app->ticket_client;
	return 0;
}
