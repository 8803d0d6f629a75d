#include "recipe/part.h"
#include "base/fs.h"

enum { FILE_BYTES_MAX = 64 * 1024 };

static const char *from_env(const struct recipe_substitute *s, const char *name, const char **why)
{
	const char *value = s->source->env ? s->source->env(s->source->ctx, name) : NULL;

	*why = s->source->env ? "is not set in the environment"
			      : "the environment is not available here";
	return value ? arena_strdup(s->arena, value) : NULL;
}

/* The content without one line end at its end: what an editor adds. */
static const char *from_file(const struct recipe_substitute *s, const char *path, const char **why)
{
	_cleanup_buf_ struct buf content = { 0 };
	_cleanup_err_ struct err *err = NULL;

	if (!s->source->dir) {
		*why = "files are not available here";
		return NULL;
	}
	_cleanup_free_ char *full = *path == '/' ? xstrdup(path) : fs_join(s->source->dir, path);
	if (fs_read(full, FILE_BYTES_MAX, &content, &err) < 0) {
		*why = arena_strdup(s->arena, err->text);
		return NULL;
	}
	const char *text = buf_text(&content);
	if (strlen(text) != content.len) {
		*why = "the file has a NUL byte";
		return NULL;
	}
	return arena_strndup(s->arena, text,
			     content.len && text[content.len - 1] == '\n' ? content.len - 1
									  : content.len);
}

static const struct tree *nic_named(const struct tree *nics, const char *name)
{
	for (const struct tree *n = nics ? nics->first : NULL; n; n = n->next) {
		const struct tree *t = tree_get(n, "name");
		if (t && t->text && streq(t->text, name))
			return n;
	}
	return NULL;
}

/* "vm.interface.address": the static address, without its prefix, of a NIC or of the router's
 * network there. */
static const char *from_recipe(const struct recipe_substitute *s, const char *name,
			       const char **why)
{
	const char *dot = strchr(name, '.'), *last = strrchr(name, '.');
	struct addr_cidr cidr;
	char text[ADDR_TEXT_MAX];

	*why = "expected env:NAME, file:PATH or machine.interface.address";
	if (!dot || last == dot || !streq(last, ".address"))
		return NULL;
	const char *vm_name = arena_strndup(s->arena, name, (size_t)(dot - name));
	const char *interface = arena_strndup(s->arena, dot + 1, (size_t)(last - dot) - 1);
	const struct tree *vm = tree_get(tree_get(s->root, "vms"), vm_name);
	if (!vm) {
		*why = arena_printf(s->arena, "'%s' is no machine of this recipe", vm_name);
		return NULL;
	}
	const struct tree *network =
		tree_get(tree_get(tree_get(vm, "router"), "networks"), interface);
	const struct tree *nic = nic_named(tree_get(vm, "nics"), interface);
	const struct tree *address = tree_get(network, "address");
	if (!address)
		address = tree_get(nic, "address");
	*why = arena_printf(s->arena, "'%s' has no static address on '%s'", vm_name, interface);
	if (!address || !address->text || !addr_cidr_parse(address->text, &cidr))
		return NULL;
	return arena_strdup(s->arena, addr_text(&cidr.addr, text));
}

const char *recipe_substitute(void *substitute, const char *name, const char **why)
{
	const struct recipe_substitute *s = substitute;

	if (starts_with(name, "env:"))
		return from_env(s, name + 4, why);
	if (starts_with(name, "file:"))
		return from_file(s, name + 5, why);
	return from_recipe(s, name, why);
}
