#include "cli/context.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/text.h"
#include "cli/context_file.h"

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

char *context_config_path(const char *name)
{
	const char *base = variable("XDG_CONFIG_HOME"), *home = variable("HOME");

	if (base)
		return xasprintf("%s/pveprov/%s", base, name);
	return xasprintf("%s/.config/pveprov/%s", home ? home : "", name);
}

char *context_state_path(const char *name)
{
	const char *base = variable("XDG_STATE_HOME"), *home = variable("HOME");
	_cleanup_free_ char *dir = base ? xasprintf("%s/pveprov", base)
					: xasprintf("%s/.local/state/pveprov", home ? home : "/root");

	return name ? fs_join(dir, name) : TAKE_PTR(dir);
}

/* Without XDG_RUNTIME_DIR a directory of the user's own, which is made with mode 0700 by whoever
 * writes there. */
char *context_runtime_path(const char *name)
{
	const char *base = variable("XDG_RUNTIME_DIR");
	char run[64];

	if (base)
		return xasprintf("%s/pveprov/%s", base, name);
	snprintf(run, sizeof(run), "/run/user/%u", getuid());
	if (access(run, W_OK) == 0)
		return xasprintf("%s/pveprov/%s", run, name);
	return xasprintf("/tmp/pveprov-%u/%s", getuid(), name);
}

bool context_secret_is_set(const struct context_secret *s)
{
	return s->env || s->file || s->argv || secret_is_set(&s->text);
}

/* The first line, without its end. */
static int set_line(struct secret *ret, const char *text, const char *what, const char *where,
		    struct err **err)
{
	size_t len = strcspn(text, "\r\n");

	if (len == 0)
		return err_set(err, ERR_AUTH, "%s: %s is empty", what, where);
	secret_set(ret, text, len);
	return 0;
}

static int read_file(const struct context_secret *s, const char *what, struct secret *ret,
		     struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	int r = fs_read(s->file, 65536, &b, err);
	if (r < 0)
		err_wrap(err, "%s", what);
	else
		r = set_line(ret, buf_text(&b), what, s->file, err);
	if (b.data)
		explicit_bzero(b.data, b.cap);
	return r;
}

static int read_command(const struct context_secret *s, const char *what, const struct clock *clock,
			struct secret *ret, struct err **err)
{
	_cleanup_proc_result_ struct proc_result result = { 0 };
	const struct proc_spec spec = { .argv = s->argv, .output_max = 65536, .timeout_ms = 60000 };

	int r = proc_run(&spec, clock, &result, err);
	if (r < 0)
		err_wrap(err, "%s", what);
	else if (result.status != 0)
		r = err_set(err, ERR_AUTH, "%s: '%s' ended with status %d%s%.*s", what, s->argv[0],
			    result.status, result.err.len ? ": " : "",
			    (int)strcspn(buf_text(&result.err), "\n"), buf_text(&result.err));
	else
		r = set_line(ret, buf_text(&result.out), what, s->argv[0], err);
	if (result.out.data)
		explicit_bzero(result.out.data, result.out.cap);
	return r;
}

int context_secret_read(const struct context_secret *s, const char *what, const struct clock *clock,
			struct secret *ret, struct err **err)
{
	if (secret_is_set(&s->text)) {
		secret_set(ret, s->text.text, s->text.len);
		return 0;
	}
	if (s->argv)
		return read_command(s, what, clock, ret, err);
	if (s->file)
		return read_file(s, what, ret, err);
	if (!s->env)
		return err_set(err, ERR_AUTH, "%s: not given", what);
	if (!variable(s->env))
		return err_set(err, ERR_AUTH, "%s: the variable '%s' is not set", what, s->env);
	return set_line(ret, variable(s->env), what, s->env, err);
}

static bool from_environment(struct context *c)
{
	const char *endpoint = variable("PROXMOX_VE_ENDPOINT");

	if (!endpoint)
		return false;
	c->name = "environment";
	c->endpoint = arena_strdup(&c->arena, endpoint);
	c->fingerprint = arena_strdup(&c->arena, variable("PVEPROV_FINGERPRINT"));
	c->user = arena_strdup(&c->arena, variable("PROXMOX_VE_USERNAME"));
	if (variable("PROXMOX_VE_API_TOKEN"))
		c->token.env = "PROXMOX_VE_API_TOKEN";
	if (variable("PROXMOX_VE_PASSWORD"))
		c->password.env = "PROXMOX_VE_PASSWORD";
	return true;
}

int context_load(const char *name, struct context *ret, struct err **err)
{
	_cleanup_context_ struct context c = { 0 };
	_cleanup_free_ char *path = context_config_path("config.yaml");

	if (!name)
		name = variable("PVEPROV_CONTEXT");
	if (name || !from_environment(&c))
		if (context_file_read(path, name, &c, err) < 0)
			return -1;
	*ret = c;
	c = (struct context){ 0 };
	return 0;
}

void context_free(struct context *c)
{
	secret_free(&c->token.text);
	secret_free(&c->password.text);
	arena_free(&c->arena);
	*c = (struct context){ 0 };
}
