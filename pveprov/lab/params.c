#include "lab/params.h"
#include "lab/format.h"
#include "data/json.h"

#include <ctype.h>

/* Whether `name` is `pattern`, or net3 for "net[n]". */
static bool name_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (streq(pattern, name))
		return true;
	if (n < 4 || !streq(pattern + n - 3, "[n]") || strncmp(pattern, name, n - 3) != 0)
		return false;
	name += n - 3;
	return isdigit(name[0]) && (!name[1] || (name[0] != '0' && isdigit(name[1]) && !name[2]));
}

const struct api_param *params_find(const struct api_endpoint *e, const char *name)
{
	for (size_t i = 0; i < e->n_params; i++)
		if (name_matches(api_param(e->params[i])->name, name))
			return api_param(e->params[i]);
	return NULL;
}

const struct api_endpoint *params_endpoint(const char *method, const char *path)
{
	for (size_t i = 0; i < api_n_endpoints; i++)
		if (streq(api_endpoints[i].method, method) && streq(api_endpoints[i].path, path))
			return &api_endpoints[i];
	abort();
}

static void check_list(const struct api_param *p, const char *name, const json_t *value,
		       json_t *errors)
{
	struct api_param item = *p;
	json_t *one;
	size_t i;

	item.type = API_TEXT;
	json_array_foreach(value, i, one) {
		_cleanup_buf_ struct buf why = { 0 };
		if (json_is_string(one) &&
		    !format_check_value(&item, json_string_value(one), &why)) {
			char *key = xasprintf("%s[%zu]", name, i);
			json_object_set_new(errors, key, json_string(buf_text(&why)));
			free(key);
		}
	}
}

static void check_one(const struct api_param *p, const char *name, const json_t *value,
		      json_t *errors)
{
	_cleanup_buf_ struct buf why = { 0 };
	json_t *list;

	if (p->type == API_LIST) {
		list = json_is_array(value) ? json_deep_copy(value) : json_pack("[O]", value);
		check_list(p, name, list, errors);
		json_decref(list);
	} else if (!json_is_string(value)) {
		json_object_set_new(errors, name,
				    json_sprintf("type check ('string') failed - got %s",
						 json_is_array(value) ? "ARRAY" : "HASH"));
	} else if (!format_check_value(p, json_string_value(value), &why)) {
		json_object_set_new(errors, name, json_string(buf_text(&why)));
	}
}

void params_check(const struct api_endpoint *e, const json_t *params, json_t *errors)
{
	const char *name;
	json_t *value;

	for (size_t i = 0; i < e->n_params; i++) {
		const struct api_param *p = api_param(e->params[i]);
		value = json_object_get(params, p->name);
		if (!value && !p->optional)
			json_object_set_new(
				errors, p->name,
				json_string("property is missing and it is not optional"));
		if (value && p->requires && !json_object_get(params, p->requires))
			json_object_set_new(
				errors, p->requires,
				json_sprintf("missing property - '%s' requires this property",
					     p->name));
	}
	json_object_foreach((json_t *)(uintptr_t)params, name, value) {
		const struct api_param *p = params_find(e, name);
		if (p)
			check_one(p, name, value, errors);
		else
			json_object_set_new(
				errors, name,
				json_string(
					"property is not defined in schema and the schema does not "
					"allow additional properties"));
	}
}
