#include "recipe/part.h"

#include <ctype.h>

#define AT(m) offsetof(struct recipe_passthrough, m)

enum { FUNCTIONS_MAX = 8 }; /* of one PCI device */

/* Hexadecimal digits, exactly n of them. */
static bool take_hex(const char **s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)(*s)[i]))
			return false;
	*s += n;
	return true;
}

/* "[0000:]01:00[.0]" */
static bool is_device(const char *s)
{
	if (strlen(s) > 7 && (!take_hex(&s, 4) || *s++ != ':'))
		return false;
	if (!take_hex(&s, 2) || *s++ != ':' || !take_hex(&s, 2))
		return false;
	return !*s || (s[0] == '.' && s[1] >= '0' && s[1] <= '7' && !s[2]);
}

static int parse_device(struct field_ctx *c, const struct tree *t, void *device)
{
	const char *expected = "a PCI device like 01:00 (all its functions) or 0000:01:00.0";
	const char *text = field_scalar(c, t, expected);

	if (!text)
		return -1;
	if (!is_device(text))
		return field_error(c, t->pos, "expected %s, found '%.60s'", expected, t->text);
	char *lower = arena_strdup(c->arena, text);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*(const char **)device = lower;
	return 0;
}

/* The names of the ports: each a good interface name. */
static int parse_names(struct field_ctx *c, const struct tree *t, void *texts)
{
	const struct field list = { t->key, FIELD_TEXTS }, one = { NULL, FIELD_NAME, .max = 15 };
	struct field_texts *names = texts;
	int result = field_value(c, &list, t, names);

	if (result < 0)
		return result;
	const struct tree *e = t->kind == TREE_SCALAR ? t : t->first;
	for (size_t i = 0; i < names->n; i++, e = e->next) {
		if (field_value(c, &one, e, &names->v[i]) < 0)
			result = -1;
		for (size_t k = 0; k < i; k++)
			if (streq(names->v[k], names->v[i]))
				result = field_error(c, e->pos, "port '%s' was named already",
						     names->v[i]);
	}
	if (names->n > FUNCTIONS_MAX)
		result = field_error(c, tree_place(t),
				     "%zu names, but a device has at most %d functions", names->n,
				     FUNCTIONS_MAX);
	return result;
}

static json_t *names_schema(void)
{
	static const struct field list = { "names", FIELD_TEXTS };

	return field_value_schema(&list);
}

const struct field recipe_passthrough_fields[] = {
	{ "pos", FIELD_POS, AT(pos) },
	{ "device", FIELD_CUSTOM, AT(device), .parse = parse_device, .schema = recipe_text_schema,
	  .help = "Its PCI address on the node: \"01:00\" for all functions." },
	{ "mapping", FIELD_NAME, AT(mapping), .max = 128,
	  .help = "The PCI mapping of the cluster that stands for it; else chosen by what the "
		  "account may do." },
	{ "pcie", FIELD_BOOL, AT(pcie), .help = "Shown as PCI Express (machine q35)." },
	{ "names", FIELD_CUSTOM, AT(names), .parse = parse_names, .schema = names_schema,
	  .help = "Names of its ports inside the machine, in function order." },
	{ 0 },
};

static void check_one(struct recipe_reader *r, const struct recipe_vm *vm, size_t i)
{
	const struct recipe_passthrough *p = &vm->passthrough[i];

	if (r->whole && !p->device && !p->mapping)
		field_error(&r->fields, p->pos, "'device' or 'mapping' is missing");
	if (p->device && strchr(p->device, '.') && p->names.n > 1)
		field_error(&r->fields, p->pos,
			    "%zu names for one function '%s'; leave '.%s' out for all of them",
			    p->names.n, p->device, strchr(p->device, '.') + 1);
	for (size_t k = 0; k < i; k++) {
		const struct recipe_passthrough *other = &vm->passthrough[k];
		if (p->device && streq_null(p->device, other->device))
			field_error(&r->fields, p->pos, "device '%s' is given twice", p->device);
	}
}

void recipe_passthrough_check(struct recipe_reader *r)
{
	for (size_t v = 0; v < r->recipe->n_vms; v++)
		for (size_t i = 0; i < r->recipe->vms[v].n_passthrough; i++)
			check_one(r, &r->recipe->vms[v], i);
}
