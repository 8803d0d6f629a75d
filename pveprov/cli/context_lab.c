/*
 * The built-in context: the lab that 'pveprov lab up' started, as it describes itself in lab.json.
 * It gives all its accounts; a name chooses one of them, without one it is a token, and root's
 * password serves for what no token can do.
 */
#include "base/fs.h"
#include "base/strv.h"
#include "cli/context.h"
#include "cli/program.h"
#include "data/json.h"

#include <signal.h>
#include <sys/stat.h>

enum { BYTES_MAX = 1 << 20 };

static int no_lab(struct err **err)
{
	err_set(err, ERR_NOT_FOUND, "no lab runs");
	return err_hint(err, "'pveprov lab up' starts one");
}

static int read_description(json_t **ret, struct err **err)
{
	const char *set = getenv("PVEPROV_LAB"); /* a lab with a state directory of its own */
	_cleanup_free_ char *path = set && *set ? xstrdup(set) : context_runtime_path("lab.json");
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_json_ json_t *lab = NULL;
	struct stat st;

	if (lstat(path, &st) < 0)
		return no_lab(err);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(err, ERR_GUARD, "'%s' is not a private file of yours", path);
	if (fs_read(path, BYTES_MAX, &text, err) < 0 ||
	    json_parse(path, buf_text(&text), text.len, &lab, err) < 0)
		return -1;
	int64_t pid = json_int(lab, "pid", 0);
	if (pid <= 0 || (kill((pid_t)pid, 0) < 0 && errno == ESRCH))
		return no_lab(err);
	*ret = TAKE_PTR(lab);
	return 0;
}

bool context_lab_runs(void)
{
	_cleanup_json_ json_t *lab = NULL;
	_cleanup_err_ struct err *why = NULL;

	return read_description(&lab, &why) == 0 || why->kind != ERR_NOT_FOUND;
}

static const char *account_name(const json_t *account)
{
	const char *token = json_text(account, "token");

	return token ? token : json_text(account, "user");
}

int context_lab_describe(json_t **ret, struct err **err)
{
	json_t *lab = NULL, *names = json_array(), *a;
	size_t i;

	if (read_description(&lab, err) < 0) {
		json_decref(names);
		return -1;
	}
	json_array_foreach(json_list(lab, "accounts"), i, a)
		if (account_name(a))
			json_array_append_new(names, json_string(account_name(a)));
	json_object_set_new(lab, "accounts", names);
	*ret = lab;
	return 0;
}

/* The named account; without a name the first token that has all its user has, else any token. */
static const json_t *choose(const json_t *accounts, const char *name)
{
	const json_t *best = NULL;
	json_t *a;
	size_t i;

	json_array_foreach(accounts, i, a) {
		if (name && streq_null(account_name(a), name))
			return a;
		if (name || !json_text(a, "token"))
			continue;
		if (!best || (json_flag(best, "privsep", true) && !json_flag(a, "privsep", true)))
			best = a;
	}
	return best;
}

static int no_account(const json_t *accounts, const char *name, struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };
	json_t *a;
	size_t i;

	json_array_foreach(accounts, i, a)
		if (account_name(a))
			strv_add(&names, account_name(a));
	_cleanup_free_ char *all = names.n ? strv_join(&names, ", ") : xstrdup("none");
	err_set(err, ERR_NOT_FOUND, "the lab has no account '%s'", name ? name : "with a token");
	return err_hint(err, "with --lab, -c names an account: %s", all);
}

static void use_password(struct context *c, const json_t *accounts, const char *user)
{
	json_t *a;
	size_t i;

	json_array_foreach(accounts, i, a)
		if (streq_null(json_text(a, "user"), user) && json_text(a, "password")) {
			c->user = arena_strdup(&c->arena, user);
			secret_set(&c->password.text, json_text(a, "password"),
				   strlen(json_text(a, "password")));
		}
}

static int use_account(struct context *c, const json_t *lab, const char *name, struct err **err)
{
	const json_t *accounts = json_list(lab, "accounts");
	const json_t *a = choose(accounts, name);
	const char *token = a ? json_text(a, "token") : NULL;

	if (!a)
		return no_account(accounts, name, err);
	if (token) {
		_cleanup_free_ char *text = xasprintf(
			"%s=%s", token, json_text(a, "secret") ? json_text(a, "secret") : "");
		secret_set(&c->token.text, text, strlen(text));
		explicit_bzero(text, strlen(text));
	}
	use_password(c, accounts, token ? "root@pam" : account_name(a));
	return 0;
}

int context_load_lab(const char *account, struct context *ret, struct err **err)
{
	_cleanup_context_ struct context c = { .name = "lab", .lab = true };
	_cleanup_json_ json_t *lab = NULL;
	const char *endpoint;

	if (read_description(&lab, err) < 0 ||
	    json_need_text(lab, "endpoint", &endpoint, err) < 0 ||
	    use_account(&c, lab, account, err) < 0)
		return -1;
	_cleanup_free_ char *program = program_path("pveprov-lab");
	const char *proxy = json_text(lab, "proxy_command");
	c.endpoint = arena_strdup(&c.arena, endpoint);
	c.lab_client = arena_strdup(&c.arena, json_text(lab, "client"));
	c.lab_scale = MAX(json_int(lab, "scale", 1), (int64_t)1);
	c.fingerprint = arena_strdup(&c.arena, json_text(lab, "fingerprint"));
	c.ssh.key = arena_strdup(&c.arena, json_text(lab, "ssh_key"));
	c.ssh.proxy = proxy ? arena_strdup(&c.arena, proxy)
			    : arena_printf(&c.arena, "%s connect %%h %%p", program);
	*ret = c;
	c = (struct context){ 0 };
	return 0;
}
