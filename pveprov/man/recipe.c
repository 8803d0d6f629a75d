/* pveprov-recipe(5): every key with its place, form and help, from the tables that read it. */
#include "data/json.h"
#include "man/pages.h"
#include "man/scd.h"
#include "recipe/recipe.h"

/* Numbers and enumerations stand beside "${...}" in anyOf: the first form is the one to tell about.
 */
static const json_t *main_form(const json_t *schema)
{
	const json_t *any = json_list(schema, "anyOf");

	return any ? main_form(json_array_get(any, 0)) : schema;
}

static void add_names(struct buf *out, const json_t *names)
{
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
		buf_addf(out, "%s%s", i ? " | " : "", json_string_value(name));
}

/* "integer from 1 to 4094", "reject | allow", "list", "text". */
static void form_of(struct buf *out, const json_t *schema)
{
	const json_t *form = main_form(schema), *minimum = json_object_get(form, "minimum");
	const char *type = json_text(form, "type");

	if (json_list(form, "enum")) {
		add_names(out, json_list(form, "enum"));
	} else if (!type) {
		buf_adds(out, json_list(schema, "anyOf") ? "text or list" : "number");
	} else if (streq(type, "integer") && minimum) {
		buf_addf(out, "%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT,
			 json_integer_value(minimum),
			 json_integer_value(json_object_get(form, "maximum")));
	} else {
		buf_adds(out, streq(type, "boolean")  ? "true | false"
			      : streq(type, "array")  ? "list"
			      : streq(type, "object") ? "map"
						      : "text");
	}
}

static bool is_required(const json_t *schema, const char *key)
{
	json_t *name;
	size_t i;

	json_array_foreach(json_list(schema, "required"), i, name)
		if (streq_null(json_string_value(name), key))
			return true;
	return false;
}

static void keys(struct buf *out, const json_t *schema, const char *path);

/* What is below a key: of a map, of the elements of a list, of a map whose keys are names. */
static void below(struct buf *out, const json_t *schema, const char *path)
{
	const json_t *form = main_form(schema), *items = json_map(form, "items"),
		     *named = json_map(form, "additionalProperties"),
		     *any = json_list(items, "anyOf");
	_cleanup_free_ char *list = xasprintf("%s[]", path), *dict = xasprintf("%s.NAME", path);
	json_t *one;
	size_t i;

	keys(out, form, path);
	if (named)
		below(out, named, dict);
	if (items && !any)
		below(out, items, list);
	json_array_foreach(any, i, one)
		if (json_map(one, "properties"))
			below(out, one, list);
}

static void keys(struct buf *out, const json_t *schema, const char *path)
{
	json_t *value;
	const char *key;

	json_object_foreach(json_map(schema, "properties"), key, value) {
		_cleanup_free_ char *full = *path ? xasprintf("%s.%s", path, key) : xstrdup(key);
		_cleanup_buf_ struct buf term = { 0 }, form = { 0 };
		form_of(&form, value);
		buf_addc(&term, '*');
		scd_text(&term, full);
		buf_adds(&term, "* (");
		scd_text(&term, buf_text(&form));
		buf_adds(&term, is_required(schema, key) ? ", required)" : ")");
		scd_item(out, buf_text(&term),
			 json_text(value, "description") ? json_text(value, "description") : "");
		below(out, value, full);
	}
}

int man_recipe(struct buf *out, struct err **err)
{
	_cleanup_json_ json_t *schema = recipe_schema();

	if (!json_is_object(schema))
		return err_set(err, ERR_INTERNAL, "the recipe has no schema");
	scd_title(out, "pveprov-recipe", 5);
	scd_heading(out, "NAME");
	buf_adds(out, "pveprov-recipe - what is to be built, in one YAML file\n");
	scd_heading(out, "DESCRIPTION");
	scd_paragraphs(
		out,
		"A recipe is one YAML document: no anchors, no tags, no template language. In any "
		"value ${env:NAME} is replaced by a variable of the environment, ${file:PATH} by the "
		"content of a file, ${machine.interface.address} by a static address of the recipe "
		"itself. An unknown key is an error that names the nearest one; all errors of a file "
		"are reported at once, as file:line:column.\n\n"
		"Times are written 90s, 10m, 1h30m; sizes 2048 (MiB), 512Mi, 2Gi; addresses with "
		"their prefix, as 192.168.1.1/24.");
	scd_heading(out, "KEYS");
	buf_adds(out, "NAME stands for a name that you choose, [] for each element of a list.\n\n");
	keys(out, schema, "");
	scd_heading(out, "SEE ALSO");
	buf_adds(out, "*pveprov*(1), *pveprov-plan*(1), *pveprov-apply*(1)\n");
	return 0;
}
