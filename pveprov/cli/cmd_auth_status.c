#include "cli/app.h"
#include "pve/access.h"
#include "pve/node.h"

static const struct output_column columns[] = {
	{ .key = "context", .header = "context" },
	{ .key = "endpoint", .header = "endpoint" },
	{ .key = "version", .header = "version" },
	{ .key = "trust", .header = "trust" },
	{ .key = "user", .header = "user" },
	{ .key = "login", .header = "login" },
	{ .key = "root", .header = "root" },
	{ .key = "privileges", .header = "privileges on" },
	{ 0 },
};

/* Paths on which the account has anything; each with its number of privileges. */
static json_t *paths_of(const struct pve_permissions *p)
{
	json_t *list = json_array(), *privileges;
	const char *path;

	json_object_foreach(p->paths, path, privileges) {
		_cleanup_free_ char *text =
			xasprintf("%s (%zu)", path, json_object_size(privileges));
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_pve_permissions_ struct pve_permissions permissions = { 0 };
	_cleanup_json_ json_t *item = NULL;
	const struct context *c;
	struct pve_client *client;
	struct pve_version version;

	(void)args;
	if (app_context(app, &c, err) < 0 || app_client(app, &client, err) < 0 ||
	    pve_version_get(client, &version, err) < 0 ||
	    pve_permissions_get(client, &permissions, err) < 0)
		return -1;
	item = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:b, s:o}", "context", c->name,
			 "endpoint", c->endpoint, "version", version.text, "trust",
			 c->fingerprint ? "fingerprint"
			 : c->ca	? "ca file"
					: "system's CAs",
			 "fingerprint", c->fingerprint, "user", pve_auth_user(client), "login",
			 context_secret_is_set(&c->token) ? "token" : "ticket", "root",
			 pve_auth_is_root(client), "privileges", paths_of(&permissions));
	return out_item(app->out, "auth.status", columns, item, err);
}

const struct command cmd_auth_status = {
	.group = "auth",
	.name = "status",
	.summary = "show who you are to the server",
	.about = "Shows the context in use, how the server's certificate is believed, the account "
		 "and on which paths it has "
		 "privileges. 'root' is yes only for root@pam with a password: no token may do "
		 "everything that root may.",
	.examples = (const struct example[]){ { "auth status", "of the current context" }, { 0 } },
	.exits = EXITS_SERVER,
	.run = run,
};
