#include "cli/context_file.h"
#include "base/fs.h"
#include "base/strv.h"
#include "cli/yaml.h"
#include "data/field.h"
#include "data/json.h"

#include <sys/stat.h>

struct entry {
	const char *name;
	struct context c;
};

struct file {
	const char *current;
	struct field_items contexts; /* struct entry */
};

static const char *take_prefix(const char *text, const char *prefix)
{
	return starts_with(text, prefix) ? text + strlen(prefix) : NULL;
}

/* "env:NAME", "file:PATH", { cmd: [argv] } or the secret itself, which is wiped where the file was
 * read to. */
static int parse_secret(struct field_ctx *ctx, const struct tree *t, void *member)
{
	struct context_secret *s = member;
	struct field_texts argv = { 0 };
	static const struct field fields[] = { { .key = "cmd",
						 .type = FIELD_TEXTS,
						 .offset = 0,
						 .required = true,
						 .help = "program and arguments" },
					       { 0 } };

	if (t->kind == TREE_MAP) {
		if (field_bind(ctx, fields, t, &argv) < 0)
			return -1;
		s->argv = argv.v;
		return argv.n ? 0 : field_error(ctx, t->pos, "'cmd' names no program");
	}
	if (t->kind != TREE_SCALAR || tree_is_null(t) || !*t->text)
		return field_error(
			ctx, t->pos,
			"expected env:NAME, file:PATH, { cmd: [...] } or the secret itself");
	s->env = take_prefix(t->text, "env:");
	s->file = take_prefix(t->text, "file:");
	if (s->env || s->file)
		return 0;
	secret_set(&s->text, t->text, strlen(t->text));
	explicit_bzero((char *)t->text, strlen(t->text));
	return 0;
}

static const struct field ssh_fields[] = {
	{ .key = "user",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct entry, c.ssh.user) - offsetof(struct entry, c.ssh) },
	{ .key = "key",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct entry, c.ssh.key) - offsetof(struct entry, c.ssh) },
	{ .key = "proxy",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct entry, c.ssh.proxy) - offsetof(struct entry, c.ssh) },
	{ 0 },
};

static const struct field entry_fields[] = {
	{ .key = "name", .type = FIELD_KEY, .offset = offsetof(struct entry, name), .max = 64 },
	{ .key = "endpoint",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct entry, c.endpoint),
	  .required = true },
	{ .key = "fingerprint",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct entry, c.fingerprint) },
	{ .key = "ca", .type = FIELD_TEXT, .offset = offsetof(struct entry, c.ca) },
	{ .key = "user", .type = FIELD_TEXT, .offset = offsetof(struct entry, c.user) },
	{ .key = "node", .type = FIELD_TEXT, .offset = offsetof(struct entry, c.node) },
	{ .key = "token",
	  .type = FIELD_CUSTOM,
	  .offset = offsetof(struct entry, c.token),
	  .parse = parse_secret },
	{ .key = "password",
	  .type = FIELD_CUSTOM,
	  .offset = offsetof(struct entry, c.password),
	  .parse = parse_secret },
	{ .key = "ssh",
	  .type = FIELD_MAP,
	  .offset = offsetof(struct entry, c.ssh),
	  .fields = ssh_fields },
	{ 0 },
};

static const struct field file_fields[] = {
	{ .key = "current", .type = FIELD_TEXT, .offset = offsetof(struct file, current) },
	{ .key = "contexts",
	  .type = FIELD_DICT,
	  .offset = offsetof(struct file, contexts),
	  .required = true,
	  .fields = entry_fields,
	  .size = sizeof(struct entry) },
	{ 0 },
};

static int read_tree(const char *path, struct arena *a, struct tree **ret, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (fs_read(path, TREE_BYTES_MAX, &text, err) < 0) {
		bool missing = err && *err && (*err)->kind == ERR_NOT_FOUND;
		return missing ? err_hint(err, "'pveprov auth login https://HOST:8006' makes it; "
					       "'--lab' needs none")
			       : -1;
	}
	int r = tree_parse(a, path, buf_text(&text), text.len, ret, err);
	explicit_bzero(text.data, text.cap);
	return r;
}

static int bind(const char *path, const struct tree *t, struct arena *a, struct file *ret,
		struct err **err)
{
	struct field_ctx ctx = { .arena = a, .file = path };

	field_bind(&ctx, file_fields, t, ret);
	return field_finish(&ctx, err);
}

static int check_mode(const char *path, const struct file *f, struct err **err)
{
	const struct entry *e = f->contexts.v;
	struct stat st;
	bool secret = false;

	for (size_t i = 0; i < f->contexts.n; i++)
		secret |= secret_is_set(&e[i].c.token.text) || secret_is_set(&e[i].c.password.text);
	if (!secret || stat(path, &st) < 0 || (st.st_mode & 077) == 0)
		return 0;
	err_set(err, ERR_GUARD, "'%s' holds a secret and others may read it (mode %04o)", path,
		st.st_mode & 07777);
	return err_hint(err, "chmod 600 '%s'", path);
}

static struct entry *choose(const struct file *f, const char *name)
{
	struct entry *e = f->contexts.v;

	if (!name)
		name = f->current;
	if (!name && f->contexts.n == 1)
		return e;
	for (size_t i = 0; name && i < f->contexts.n; i++)
		if (streq(e[i].name, name))
			return &e[i];
	return NULL;
}

static int no_such(const char *path, const struct file *f, const char *name, struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };
	const struct entry *e = f->contexts.v;

	for (size_t i = 0; i < f->contexts.n; i++)
		strv_add(&names, e[i].name);
	_cleanup_free_ char *all = names.n ? strv_join(&names, ", ") : xstrdup("none");
	if (!name && !f->current)
		err_set(err, ERR_USAGE, "'%s' has several contexts and no 'current'", path);
	else
		err_set(err, ERR_NOT_FOUND, "'%s' has no context '%s'", path,
			name ? name : f->current);
	return err_hint(err, "choose with -c NAME: %s", all);
}

/* "~/.ssh/id" as a path that everybody understands. */
static const char *expand_home(struct arena *a, const char *path)
{
	const char *home = getenv("HOME");

	return path && home && starts_with(path, "~/") ? arena_printf(a, "%s%s", home, path + 1)
						       : path;
}

int context_file_read(const char *path, const char *name, struct context *c, struct err **err)
{
	struct tree *t = NULL;
	struct file f = { 0 };
	int r = -1;

	if (read_tree(path, &c->arena, &t, err) < 0)
		return -1;
	if (bind(path, t, &c->arena, &f, err) == 0 && check_mode(path, &f, err) == 0) {
		struct entry *chosen = choose(&f, name);
		r = chosen ? 0 : no_such(path, &f, name, err);
		if (chosen) {
			struct arena arena = c->arena;
			*c = chosen->c;
			c->name = chosen->name;
			c->arena = arena;
			c->ssh.key = expand_home(&c->arena, c->ssh.key);
			c->ca = expand_home(&c->arena, c->ca);
			c->token.file = expand_home(&c->arena, c->token.file);
			c->password.file = expand_home(&c->arena, c->password.file);
			chosen->c = (struct context){ 0 };
		}
	}
	struct entry *e = f.contexts.v;
	for (size_t i = 0; i < f.contexts.n; i++) {
		secret_free(&e[i].c.token.text);
		secret_free(&e[i].c.password.text);
	}
	return r;
}

/* A tree as JSON: scalars stay text. */
static json_t *to_json(const struct tree *t)
{
	if (t->kind == TREE_SCALAR)
		return json_string(t->text);
	json_t *j = t->kind == TREE_LIST ? json_array() : json_object();
	for (const struct tree *e = t->first; e; e = e->next) {
		if (t->kind == TREE_LIST)
			json_array_append_new(j, to_json(e));
		else
			json_object_set_new(j, e->key, to_json(e));
	}
	return j;
}

int context_file_put(const char *path, const char *name, const json_t *context, struct err **err)
{
	_cleanup_(arena_free) struct arena a = { 0 };
	_cleanup_json_ json_t *root = NULL;
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_err_ struct err *missing = NULL;
	_cleanup_free_ char *dir = xstrdup(path);
	struct tree *t = NULL;

	if (read_tree(path, &a, &t, &missing) < 0 && missing->kind != ERR_NOT_FOUND)
		return err_move(err, TAKE_PTR(missing));
	root = t && t->kind == TREE_MAP ? to_json(t) : json_object();
	if (!json_is_object(json_object_get(root, "contexts")))
		json_object_set_new(root, "contexts", json_object());
	json_t *contexts = json_object_get(root, "contexts");
	if (!json_is_object(json_object_get(contexts, name)))
		json_object_set_new(contexts, name, json_object());
	json_object_update(json_object_get(contexts, name), (json_t *)context);
	json_object_set_new(root, "current", json_string(name));
	yaml_write(&text, root);
	char *slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	int r = fs_mkdirs(dir, 0700, err) < 0 ? -1 : fs_write(path, text.data, text.len, 0600, err);
	explicit_bzero(text.data, text.cap);
	return r;
}
