#include "lab/sim_guest.h"
#include "base/strv.h"

#include <fnmatch.h>
#include <libssh/libssh.h>

struct file {
	char *path;
	struct buf data;
	unsigned mode;
};

struct guest {
	const struct world_guest *kind;
	struct file **files; /* sorted by path */
	size_t n, cap;
};

enum { FILE_MAX = 64 << 20 };

static size_t position(const struct guest *g, const char *path, bool *found)
{
	size_t low = 0, high = g->n;

	*found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int c = strcmp(g->files[middle]->path, path);
		if (c == 0) {
			*found = true;
			return middle;
		}
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct buf *guest_file(const struct guest *g, const char *path)
{
	bool found;
	size_t at = position(g, path, &found);

	return found ? &g->files[at]->data : NULL;
}

static void file_free(struct file *f)
{
	free(f->path);
	buf_free(&f->data);
	free(f);
}

void guest_write(struct guest *g, const char *path, const void *data, size_t len, unsigned mode)
{
	bool found;
	size_t at = position(g, path, &found);
	struct file *f;

	if (!found) {
		f = xcalloc(1, sizeof(*f));
		f->path = xstrdup(path);
		f->data.ceiling = FILE_MAX;
		if (g->n == g->cap) {
			g->cap = g->cap ? 2 * g->cap : 16;
			g->files = xrealloc(g->files, g->cap, sizeof(struct file *));
		}
		memmove(g->files + at + 1, g->files + at, (g->n - at) * sizeof(struct file *));
		g->files[at] = f;
		g->n++;
	}
	f = g->files[at];
	buf_reset(&f->data);
	buf_add(&f->data, data, len);
	buf_text(&f->data);
	f->mode = mode;
}

void guest_remove(struct guest *g, const char *path)
{
	bool found;
	size_t at = position(g, path, &found);

	if (!found)
		return;
	file_free(g->files[at]);
	memmove(g->files + at, g->files + at + 1, (g->n - at - 1) * sizeof(struct file *));
	g->n--;
}

void guest_each(const struct guest *g, const char *prefix,
		void (*fn)(void *ctx, const char *path, const struct buf *data), void *ctx)
{
	for (size_t i = 0; i < g->n; i++)
		if (starts_with(g->files[i]->path, prefix))
			fn(ctx, g->files[i]->path, &g->files[i]->data);
}

static void write_text(struct guest *g, const char *path, const char *fmt, ...) PRINTF(3, 4);
static void write_text(struct guest *g, const char *path, const char *fmt, ...)
{
	_cleanup_buf_ struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	guest_write(g, path, buf_text(&b), b.len, 0644);
}

struct guest *guest_new(const struct world_guest *kind)
{
	struct guest *g = xcalloc(1, sizeof(*g));
	const char *os = kind ? kind->os : "debian",
		   *name = kind ? kind->os_name : "Debian GNU/Linux";
	const char *version = kind ? kind->os_version : "13";

	g->kind = kind;
	write_text(g, "/etc/os-release",
		   "ID=%s\nNAME=\"%s\"\nPRETTY_NAME=\"%s %s\"\nVERSION_ID=\"%s\"\n", os, name, name,
		   version, version);
	return g;
}

struct guest *guest_copy(const struct guest *g)
{
	struct guest *copy = xcalloc(1, sizeof(*copy));

	copy->kind = g->kind;
	for (size_t i = 0; i < g->n; i++)
		guest_write(copy, g->files[i]->path, g->files[i]->data.data, g->files[i]->data.len,
			    g->files[i]->mode);
	return copy;
}

struct guest *guest_free(struct guest *g)
{
	if (!g)
		return NULL;
	for (size_t i = 0; i < g->n; i++)
		file_free(g->files[i]);
	free(g->files);
	free(g);
	return NULL;
}

void guest_result_free(struct guest_result *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}

static const struct world_answer *find_answer(const struct guest *g, const char *line,
					      const char *input)
{
	for (size_t i = 0; g->kind && i < g->kind->n_answers; i++) {
		const struct world_answer *a = &g->kind->answers[i];
		if (fnmatch(a->match, line, 0) == 0 &&
		    (!a->input || fnmatch(a->input, input, 0) == 0))
			return a;
	}
	return NULL;
}

bool guest_scripted(const struct guest *g, const char *const *argv, const char *input)
{
	_cleanup_strv_ struct strv words = { 0 };
	_cleanup_free_ char *line = NULL;

	strv_add_all(&words, argv);
	line = strv_join(&words, " ");
	return find_answer(g, line, input) != NULL;
}

/* Programs that work on files; the rest is scripted. */
static void builtin_cat(struct guest *g, const char *const *argv, const struct buf *input,
			struct guest_result *r)
{
	if (!argv[1])
		buf_add(&r->out, input->data, input->len);
	for (size_t i = 1; argv[i]; i++) {
		const struct buf *data = guest_file(g, argv[i]);
		if (data) {
			buf_add(&r->out, data->data, data->len);
		} else if (*argv[i] == '/') {
			buf_addf(&r->err, "cat: %s: No such file or directory\n", argv[i]);
			r->status = 1;
		}
	}
}

static void builtin_test(struct guest *g, const char *const *argv, const struct buf *input UNUSED,
			 struct guest_result *r)
{
	if (argv[1] && argv[2] && *argv[1] == '-')
		r->status = guest_file(g, argv[2]) ? 0 : 1;
}

static void builtin_rm(struct guest *g, const char *const *argv, const struct buf *input UNUSED,
		       struct guest_result *r UNUSED)
{
	for (size_t i = 1; argv[i]; i++)
		guest_remove(g, argv[i]);
}

static void builtin_echo(struct guest *g UNUSED, const char *const *argv,
			 const struct buf *input UNUSED, struct guest_result *r)
{
	for (size_t i = 1; argv[i]; i++)
		buf_addf(&r->out, "%s%s", i > 1 ? " " : "", argv[i]);
	buf_addc(&r->out, '\n');
}

static void builtin_false(struct guest *g UNUSED, const char *const *argv UNUSED,
			  const struct buf *input UNUSED, struct guest_result *r)
{
	r->status = 1;
}

static const struct {
	const char *name;
	void (*run)(struct guest *g, const char *const *argv, const struct buf *input,
		    struct guest_result *r);
} builtins[] = {
	{ "cat", builtin_cat }, { "echo", builtin_echo }, { "false", builtin_false },
	{ "rm", builtin_rm },	{ "test", builtin_test },
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void guest_exec(struct guest *g, const char *const *argv, const void *input, size_t input_len,
		struct guest_result *ret)
{
	_cleanup_strv_ struct strv words = { 0 };
	_cleanup_buf_ struct buf in = { 0 };
	_cleanup_free_ char *line = NULL;
	const struct world_answer *a;

	*ret = (struct guest_result){ 0 };
	strv_add_all(&words, argv);
	line = strv_join(&words, " ");
	buf_add(&in, input, input_len);
	a = find_answer(g, line, buf_text(&in));
	if (a) {
		ret->status = (int)a->status;
		ret->ms = a->ms;
		buf_adds(&ret->out, a->out ? a->out : "");
		buf_adds(&ret->err, a->err ? a->err : "");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (streq(builtins[i].name, base_name(argv[0])))
			builtins[i].run(g, argv, &in, ret);
}

int guest_make_host_key(struct guest *g)
{
	ssh_key key = NULL;
	char *public = NULL, *private = NULL;
	int result = -1;

	if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) == SSH_OK &&
	    ssh_pki_export_pubkey_base64(key, &public) == SSH_OK &&
	    ssh_pki_export_privkey_base64(key, NULL, NULL, NULL, &private) == SSH_OK) {
		write_text(g, "/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 %s root@sim\n",
			   public);
		guest_write(g, "/etc/ssh/ssh_host_ed25519_key", private, strlen(private), 0600);
		result = 0;
	}
	ssh_string_free_char(public);
	ssh_string_free_char(private);
	ssh_key_free(key);
	return result;
}
