/* auth token-setup: user, roles, grants and token for everything that recipes need, and no more. */
#include "base/fs.h"
#include "base/strv.h"
#include "cli/app.h"
#include "cli/context_file.h"
#include "pve/access.h"
#include "pve/node.h"

struct options {
	const char *user;
	const char *token;
	const char *admin;
	const char *name;
	bool replace;
};

static const struct options defaults = { .user = "pveprov@pve",
					 .token = "cli",
					 .admin = "root@pam" };

static const struct option_spec options[] = {
	{ OPTION_TEXT(struct options, user), .name = "user", .letter = 'u', .arg = "USER@REALM",
	  .help = "The user the token belongs to; created where there is none (default "
		  "pveprov@pve)" },
	{ OPTION_TEXT(struct options, token), .name = "token", .arg = "ID",
	  .help = "Id of the token (default cli)" },
	{ OPTION_TEXT(struct options, admin), .name = "admin", .arg = "USER@REALM",
	  .help = "Who sets it up, with a password (default root@pam)" },
	{ OPTION_TEXT(struct options, name), .name = "name", .arg = "NAME",
	  .help = "Name of the context that uses the token (default: the present one)" },
	{ OPTION_FLAG(struct options, replace), .name = "replace",
	  .help = "Delete a token of that id first: its old secret stops working" },
	{ 0 },
};

/* One role for each path, so that nothing is granted where it is not needed. min_major: since which
 * version. */
static const struct grant {
	const char *role, *path;
	unsigned min_major;
	const char *privileges;
	const char *before_9; /* in addition, up to 8 */
	const char *since_9;
} grants[] = {
	{ "PveprovAudit", "/", 0, "Sys.Audit", NULL, NULL },
	{ "PveprovMachines", "/vms", 0,
	  "VM.Allocate,VM.Audit,VM.Clone,VM.Config.CDROM,VM.Config.CPU,VM.Config.Cloudinit,VM."
	  "Config.Disk,VM.Config.HWType,"
	  "VM.Config.Memory,VM.Config.Network,VM.Config.Options,VM.PowerMgmt,VM.Snapshot,VM."
	  "Snapshot.Rollback",
	  "VM.Monitor",
	  "VM.GuestAgent.Audit,VM.GuestAgent.FileRead,VM.GuestAgent.FileWrite,VM.GuestAgent."
	  "Unrestricted" },
	{ "PveprovMappings", "/mapping/pci", 8, "Mapping.Audit,Mapping.Modify,Mapping.Use", NULL,
	  NULL },
	{ "PveprovNetworks", "/sdn/zones/localnetwork", 8, "SDN.Audit,SDN.Use", NULL, NULL },
	{ "PveprovNodes", "/nodes", 0, "Sys.Audit,Sys.Modify", NULL, NULL },
	{ "PveprovStorage", "/storage", 0,
	  "Datastore.AllocateSpace,Datastore.AllocateTemplate,Datastore.Audit", NULL, NULL },
};

/* Runs a creation; that the thing is there already is fine, and told. */
static int unless_there(int r, struct err *why, bool *ret_there, struct err **err)
{
	if (ret_there)
		*ret_there = r < 0 && pve_is(why, PVE_EXISTS);
	if (r == 0 || pve_is(why, PVE_EXISTS)) {
		err_free(why);
		return 0;
	}
	return err_move(err, why);
}

static int set_role(struct app *app, struct pve_client *c, const struct grant *g, unsigned major,
		    const char *user, struct err **err)
{
	struct err *why = NULL;
	bool there;

	if (major < g->min_major)
		return 0;
	const char *more = major >= 9 ? g->since_9 : g->before_9;
	_cleanup_free_ char *privileges =
		xasprintf("%s%s%s", g->privileges, more ? "," : "", more ? more : "");
	int r = pve_access_role_create(c, g->role, privileges, &why);
	if (unless_there(r, why, &there, err) < 0 ||
	    (there && pve_access_role_update(c, g->role, privileges, err) < 0) ||
	    pve_access_grant(c, g->path, user, g->role, !streq(g->path, "/"), err) < 0)
		return -1;
	progress_line(app->progress, PROGRESS_NORMAL, "%s on %s: %s", user, g->path, privileges);
	return 0;
}

static int make_token(struct pve_client *c, const struct options *o, struct secret *ret,
		      struct err **err)
{
	_cleanup_err_ struct err *why = NULL;

	if (o->replace && pve_access_token_delete(c, o->user, o->token, &why) < 0 &&
	    why->kind != ERR_NOT_FOUND)
		return err_move(err, TAKE_PTR(why));
	if (pve_access_token_create(c, o->user, o->token, false, "made by pveprov auth token-setup",
				    ret, err) == 0)
		return 0;
	return *err && pve_is(*err, PVE_EXISTS)
		       ? err_hint(err,
				  "--replace makes a new one; the old secret then stops working")
		       : -1;
}

/* The secret goes to a private file of its own; the context only points there. */
static int store(const struct context *c, const struct options *o, const struct secret *token,
		 char **ret_file, struct err **err)
{
	const char *name = o->name ? o->name : c->name;
	_cleanup_free_ char *file_name = xasprintf("%s.token", name),
			    *path = context_config_path("config.yaml");
	_cleanup_free_ char *file = context_config_path(file_name), *dir = context_config_path("");
	_cleanup_free_ char *text = xasprintf("%s!%s=%s\n", o->user, o->token, token->text);
	_cleanup_free_ char *source = xasprintf("file:%s", file);
	_cleanup_json_ json_t *j =
		json_pack("{s:s, s:s*, s:s*, s:s}", "endpoint", c->endpoint, "fingerprint",
			  c->fingerprint, "ca", c->ca, "token", source);

	int r = fs_mkdirs(dir, 0700, err) < 0 || fs_write(file, text, strlen(text), 0600, err) < 0
			? -1
			: 0;
	explicit_bzero(text, strlen(text));
	if (r == 0 && context_file_put(path, name, j, err) < 0)
		r = -1;
	if (r == 0)
		*ret_file = TAKE_PTR(file);
	return r;
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_secret_ struct secret token = { 0 };
	_cleanup_free_ char *file = NULL;
	const struct context *c;
	struct pve_client *admin;
	struct pve_version version;
	struct err *why = NULL;

	if (app_context(app, &c, err) < 0 || app_client_ticket(app, o->admin, &admin, err) < 0 ||
	    pve_version_get(admin, &version, err) < 0)
		return -1;
	int r = pve_access_user_create(admin, o->user, "made by pveprov", &why);
	if (unless_there(r, why, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(grants); i++)
		if (set_role(app, admin, &grants[i], version.major, o->user, err) < 0)
			return -1;
	if (make_token(admin, o, &token, err) < 0 || store(c, o, &token, &file, err) < 0)
		return -1;
	progress_line(app->progress, PROGRESS_NORMAL, "token %s!%s is in %s", o->user, o->token,
		      file);
	return 0;
}

const struct command cmd_auth_setup = {
	.group = "auth",
	.name = "token-setup",
	.summary = "make a token that can do what recipes need",
	.about = "Creates, as root with a password, a user, roles with exactly the privileges that "
		 "recipes need on each path, "
		 "and an API token of that user. The token's secret is written to a private file "
		 "beside the configuration "
		 "and the context uses it from then on. It can be run again: roles are brought up "
		 "to date.\n\n"
		 "What no token may do remains: raw PCI addresses. Recipes use mappings instead.",
	.options = options,
	.options_size = sizeof(struct options),
	.defaults = &defaults,
	.examples = (const struct example[]){ { "auth token-setup", "once, after 'auth login'" },
					      { "auth token-setup --replace",
						"a new secret in place of a lost one" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run,
};
