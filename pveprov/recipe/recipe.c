#include "recipe/part.h"
#include "base/fs.h"
#include "base/text.h"

#define AT(m) offsetof(struct recipe, m)

enum { VERSION = 1 };

/* Says more than "expected 1 to 1": the file may be newer than the program. */
static int parse_version(struct field_ctx *c, const struct tree *t, void *member UNUSED)
{
	const char *text = field_scalar(c, t, "the recipe version 1");
	int64_t version;

	if (!text)
		return -1;
	if (!text_to_i64(text, 1, INT32_MAX, &version))
		return field_error(c, t->pos, "expected the recipe version 1, found '%.60s'",
				   t->text);
	if (version != VERSION)
		return field_error(c, t->pos,
				   "recipe version %" PRId64
				   " is not known to this pveprov, which reads %d",
				   version, VERSION);
	return 0;
}

static json_t *version_schema(void)
{
	return json_pack("{s:i}", "const", VERSION);
}

static const struct field ssh_fields[] = {
	{ "user", FIELD_NAME, offsetof(struct recipe_ssh, user), .max = 32,
	  .help = "Who logs in to the machines; root unless told." },
	{ "keys", FIELD_TEXTS, offsetof(struct recipe_ssh, keys),
	  .help = "Public keys: agent (those of the SSH agent, unless told), a file, or the key "
		  "itself." },
	{ 0 },
};

static const struct field recipe_fields[] = {
	{ "pveprov", FIELD_CUSTOM, .required = true, .parse = parse_version,
	  .schema = version_schema, .help = "The version of this format: 1." },
	{ "name", FIELD_NAME, AT(name), .required = true, .max = 40,
	  .help = "The recipe's name; what it builds is marked with it." },
	{ "node", FIELD_NAME, AT(node), .max = 63,
	  .help = "The node to build on; may be left out where there is one only." },
	{ "ssh", FIELD_MAP, AT(ssh), .fields = ssh_fields,
	  .help = "How the machines are logged in to." },
	{ "bridges", FIELD_DICT, AT(bridges), .fields = recipe_bridge_fields,
	  .size = sizeof(struct recipe_bridge), .help = "Bridges of the node that must exist." },
	{ "vms", FIELD_DICT, AT(vms), .required = true, .min = 1, .max = 1000,
	  .fields = recipe_vm_fields, .size = sizeof(struct recipe_vm), .init = recipe_vm_init,
	  .help = "The machines, by name." },
	{ "verify", FIELD_MAP, AT(verify), .fields = recipe_verify_fields,
	  .help = "What proves that it works." },
	{ "firewall", FIELD_CUSTOM, AT(firewall), .parse = recipe_firewall_parse, .schema = recipe_firewall_schema,
	  .help = "The Proxmox firewall around it: a part of 'pveprov apply', or with 'apply: false' for 'pveprov fw apply' only." },
	{ 0 },
};

/* In order: later ones may use what earlier ones filled in. */
static void (*const checks[])(struct recipe_reader *r) = {
	recipe_bridge_check,  recipe_vm_check,	   recipe_passthrough_check, recipe_nic_check,
	recipe_router_check,  recipe_wan_check,	   recipe_network_check,     recipe_forward_check,
	recipe_segment_check, recipe_verify_check,   recipe_firewall_check,
};

static void set_defaults(struct recipe *r)
{
	r->ssh.user = "root";
	r->ssh.keys = (struct field_texts){ arena_array(&r->arena, 1, sizeof(*r->ssh.keys.v)), 1 };
	r->ssh.keys.v[0] = "agent";
}

static int read_into(struct recipe *recipe, const struct recipe_source *source, struct err **err)
{
	struct tree *root = NULL;

	recipe->file = arena_strdup(&recipe->arena, source->name);
	if (tree_parse(&recipe->arena, recipe->file, source->text, source->len, &root, err) < 0)
		return -1;
	struct recipe_substitute substitute = { &recipe->arena, source, root };
	struct recipe_reader reader = {
		.fields = { .arena = &recipe->arena,
			    .file = recipe->file,
			    .substitute = recipe_substitute,
			    .substitute_ctx = &substitute },
		.recipe = recipe,
	};
	set_defaults(recipe);
	reader.whole = field_bind(&reader.fields, recipe_fields, root, recipe) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](&reader);
	return field_finish(&reader.fields, err);
}

int recipe_read(const struct recipe_source *source, struct recipe **ret, struct err **err)
{
	_cleanup_recipe_ struct recipe *recipe = xcalloc(1, sizeof(*recipe));

	if (read_into(recipe, source, err) < 0)
		return -1;
	*ret = TAKE_PTR(recipe);
	return 0;
}

int recipe_parse(const char *name, const char *text, size_t len, struct recipe **ret,
		 struct err **err)
{
	return recipe_read(&(struct recipe_source){ .name = name, .text = text, .len = len }, ret,
			   err);
}

int recipe_load_env(const char *path, const char *(*env)(void *ctx, const char *name), void *ctx,
		    struct recipe **ret, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	const char *slash = strrchr(path, '/');

	if (fs_read(path, TREE_BYTES_MAX, &text, err) < 0)
		return -1;
	_cleanup_free_ char *dir =
		!slash ? xstrdup(".") : xstrndup(path, MAX((size_t)(slash - path), (size_t)1));
	const struct recipe_source source = {
		.name = streq(path, "-") ? "standard input" : path,
		.text = buf_text(&text),
		.len = text.len,
		.dir = dir,
		.env = env,
		.ctx = ctx,
	};
	return recipe_read(&source, ret, err);
}

int recipe_load(const char *path, struct recipe **ret, struct err **err)
{
	return recipe_load_env(path, NULL, NULL, ret, err);
}

const struct recipe_vm *recipe_vm(const struct recipe *r, const char *name)
{
	for (size_t i = 0; i < r->n_vms; i++)
		if (streq_null(r->vms[i].name, name))
			return &r->vms[i];
	return NULL;
}

const struct recipe_nic *recipe_vm_nic(const struct recipe_vm *vm, const char *name)
{
	for (size_t i = 0; name && i < vm->n_nics; i++)
		if (streq_null(vm->nics[i].name, name))
			return &vm->nics[i];
	return NULL;
}

json_t *recipe_schema(void)
{
	json_t *s = field_schema(recipe_fields);

	json_object_set_new(s, "$schema",
			    json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(s, "title", json_string("A pveprov recipe"));
	return s;
}

struct recipe *recipe_free(struct recipe *r)
{
	if (r) {
		fw_files_free(&r->firewall);
		arena_free(&r->arena);
		free(r);
	}
	return NULL;
}
