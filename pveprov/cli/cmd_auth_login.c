#include "cli/app.h"
#include "cli/context_file.h"
#include "cli/ticket.h"
#include "pve/client.h"

struct options {
	const char *user;
	const char *name;
	const char *fingerprint;
	const char *ca;
};

static const struct option_spec options[] = {
	{ OPTION_TEXT(struct options, user), .name = "user", .letter = 'u', .arg = "USER@REALM",
	  .help = "Log in as this user (default: the context's, or root@pam)" },
	{ OPTION_TEXT(struct options, name), .name = "name", .arg = "NAME",
	  .help = "Name of the context that is made (default: the host)" },
	{ OPTION_TEXT(struct options, fingerprint), .name = "fingerprint", .arg = "SHA256",
	  .help = "The certificate must have this fingerprint; else it is shown and asked about" },
	{ OPTION_TEXT(struct options, ca), .name = "ca", .arg = "FILE", .complete = COMPLETE_FILE,
	  .help = "Believe certificates of this authority instead of a fingerprint" },
	{ 0 },
};

/* Never answered by --yes: whoever says yes must have looked. */
static int ask_fingerprint(struct app *app, const char *endpoint, const char *seen,
			   struct err **err)
{
	_cleanup_secret_ struct secret answer = { 0 };

	if (!app->interactive) {
		err_set(err, ERR_GUARD,
			"the certificate of '%s' must be confirmed: it has the fingerprint %s",
			endpoint, seen);
		return err_hint(
			err,
			"compare it with 'pvenode cert info' on the node, then say --fingerprint");
	}
	progress_line(app->progress, PROGRESS_QUIET, "%s shows a certificate with the fingerprint",
		      endpoint);
	progress_line(app->progress, PROGRESS_QUIET, "  %s", seen);
	progress_line(app->progress, PROGRESS_QUIET,
		      "'pvenode cert info' on the node prints its own.");
	if (app_prompt(app, "Are they the same? [y/N]", true, ERR_GUARD, &answer, err) < 0)
		return -1;
	if (answer.text && (!strcasecmp(answer.text, "y") || !strcasecmp(answer.text, "yes")))
		return 0;
	return err_set(err, ERR_GUARD, "the certificate was not confirmed, nothing was sent");
}

/* The fingerprint to pin: given, or seen and confirmed. malloc'd. */
static int find_fingerprint(struct app *app, const struct options *o, const char *endpoint,
			    char **ret, struct err **err)
{
	struct http_options http = { .clock = app->clock, .log = app->log };
	_cleanup_free_ char *host = NULL;
	char seen[HTTP_FINGERPRINT_TEXT];

	if (o->fingerprint) {
		*ret = xstrdup(o->fingerprint);
		return 0;
	}
	if (!pve_endpoint_split(endpoint, &host, &http.port)) {
		err_set(err, ERR_USAGE, "'%s' is no address of a server", endpoint);
		return err_hint(err, "such as https://pve.example:8006");
	}
	http.host = host;
	if (http_fingerprint_seen(&http, seen, err) < 0 ||
	    ask_fingerprint(app, endpoint, seen, err) < 0)
		return -1;
	*ret = xstrdup(seen);
	return 0;
}

/* A context of the command line, for a server that is not in the file yet. */
static int new_context(struct app *app, const struct options *o, const char *endpoint,
		       struct context *c, struct err **err)
{
	_cleanup_free_ char *fingerprint = NULL, *host = NULL;
	uint16_t port;

	if (!o->ca && find_fingerprint(app, o, endpoint, &fingerprint, err) < 0)
		return -1;
	if (!o->name && !pve_endpoint_split(endpoint, &host, &port))
		return err_set(err, ERR_USAGE, "'%s' is no address of a server", endpoint);
	size_t label = host ? strcspn(host, ".:") : 0; /* a context's name has no dots */
	c->name =
		o->name ? arena_strdup(&c->arena, o->name) : arena_strndup(&c->arena, host, label);
	if (!o->name && (*c->name < 'A' || *c->name > 'z'))
		c->name = "default"; /* an address is no name */
	c->endpoint = arena_strdup(&c->arena, endpoint);
	c->fingerprint = arena_strdup(&c->arena, fingerprint);
	c->ca = arena_strdup(&c->arena, o->ca);
	c->user = arena_strdup(&c->arena, o->user ? o->user : "root@pam");
	if (getenv("PROXMOX_VE_PASSWORD"))
		c->password.env = "PROXMOX_VE_PASSWORD";
	return 0;
}

static int save_context(const struct context *c, struct err **err)
{
	_cleanup_free_ char *path = context_config_path("config.yaml");
	_cleanup_json_ json_t *j =
		json_pack("{s:s, s:s*, s:s*, s:s}", "endpoint", c->endpoint, "fingerprint",
			  c->fingerprint, "ca", c->ca, "user", c->user);

	return context_file_put(path, c->name, j, err);
}

static int log_in(struct app *app, const struct context *c, struct err **err)
{
	_cleanup_pve_client_ struct pve_client *client = NULL;
	_cleanup_secret_ struct secret ticket = { 0 }, csrf = { 0 };

	if (app_login(app, c, c->user, &client, err) < 0 ||
	    pve_auth_ticket(client, &ticket, &csrf, err) < 0)
		return -1;
	return ticket_write(c->endpoint, c->user, clock_wall_s(app->clock), &ticket, &csrf, err);
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_context_ struct context fresh = { 0 };
	const struct context *c = &fresh;

	if (args->n ? new_context(app, o, args->v[0], &fresh, err) < 0
		    : app_context(app, &c, err) < 0)
		return -1;
	struct context as = *c;
	if (o->user)
		as.user = o->user;
	if (!as.user)
		as.user = "root@pam";
	if (log_in(app, &as, err) < 0 || (args->n && save_context(&as, err) < 0))
		return -1;
	progress_line(app->progress, PROGRESS_NORMAL, "logged in to %s as %s for two hours%s%s",
		      as.endpoint, as.user, args->n ? ", context " : "", args->n ? as.name : "");
	return 0;
}

const struct command cmd_auth_login = {
	.group = "auth",
	.name = "login",
	.summary = "log in with a password and keep the ticket",
	.about = "With an endpoint: shows the server's certificate, asks whether it is the right "
		 "one, logs in, and writes a "
		 "context with endpoint, fingerprint and user to the configuration file, which "
		 "becomes the current one. "
		 "Comments in that file are not kept.\n\n"
		 "Without: logs in to the current context again. The ticket is valid for two hours "
		 "and is kept in a private "
		 "file of this session. The password, and the code of a second factor, are asked "
		 "for on the terminal; the "
		 "password may also come from the context or from the variable "
		 "PROXMOX_VE_PASSWORD. It is never stored.",
	.operands =
		(const struct operand[]){ { .name = "ENDPOINT",
					    .help = "The server, such as https://pve.example:8006",
					    .optional = true },
					  { 0 } },
	.options = options,
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "auth login https://pve.example:8006",
						"the first time" },
					      { "auth login", "again, two hours later" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_GUARD,
	.run = run,
};
