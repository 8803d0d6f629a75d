#include "data/field_scalar.h"

/* Numbers and words may also be written as "${env:NAME}". */
static const char substitution[] = "^\\$\\{[^}]+\\}$";

static json_t *or_substitution(json_t *schema)
{
	return json_pack("{s:[o,{s:s,s:s}]}", "anyOf", schema, "type", "string", "pattern",
			 substitution);
}

static json_t *one_line(const struct field *f)
{
	json_t *s = json_pack("{s:s}", "type", "string");

	if (f->min)
		json_object_set_new(s, "minLength", json_integer(f->min));
	if (f->max)
		json_object_set_new(s, "maxLength", json_integer(f->max));
	return s;
}

static json_t *number(const struct field *f)
{
	json_t *s = json_pack("{s:s,s:I}", "type", "integer", "minimum", (json_int_t)f->min);

	if (f->max)
		json_object_set_new(s, "maximum", json_integer(f->max));
	return s;
}

static json_t *words(const struct field *f)
{
	json_t *list = json_array();

	for (size_t i = 0; f->names[i]; i++)
		json_array_append_new(list, json_string(f->names[i]));
	return json_pack("{s:o}", "enum", list);
}

static json_t *scalar(const struct field *f)
{
	switch (f->type) {
	case FIELD_TEXT:
		return one_line(f);
	case FIELD_NAME: {
		json_t *s = one_line(f);
		json_object_set_new(s, "pattern",
				    json_string("^([A-Za-z][A-Za-z0-9_-]*|\\$\\{[^}]+\\})$"));
		return s;
	}
	case FIELD_BOOL:
		return or_substitution(json_pack("{s:s}", "type", "boolean"));
	case FIELD_INT:
		return or_substitution(number(f));
	case FIELD_SIZE_MIB:
		return json_pack("{s:[o,{s:s,s:s}]}", "anyOf", number(f), "type", "string",
				 "pattern", "^([0-9]+(Mi|Gi|Ti)?|\\$\\{[^}]+\\})$");
	case FIELD_ENUM:
		return or_substitution(words(f));
	default:
		return json_pack("{s:s}", "type", "string");
	}
}

static json_t *texts(void)
{
	json_t *one = json_pack("{s:[s,s]}", "type", "string", "integer");

	return json_pack("{s:[O,{s:s,s:o}]}", "anyOf", one, "type", "array", "items", one);
}

static json_t *items(const struct field *f)
{
	json_t *element = f->parse ? f->schema() : field_schema(f->fields);
	bool list = f->type == FIELD_LIST;
	json_t *s = json_pack("{s:s,s:o}", "type", list ? "array" : "object",
			      list ? "items" : "additionalProperties", element);

	if (f->max) {
		json_object_set_new(s, list ? "minItems" : "minProperties", json_integer(f->min));
		json_object_set_new(s, list ? "maxItems" : "maxProperties", json_integer(f->max));
	}
	return s;
}

json_t *field_value_schema(const struct field *f)
{
	if (field_is_scalar(f->type))
		return scalar(f);
	switch (f->type) {
	case FIELD_TEXTS:
		return texts();
	case FIELD_MAP:
	case FIELD_MAP_PTR:
		return field_schema(f->fields);
	case FIELD_LIST:
	case FIELD_DICT:
		return items(f);
	case FIELD_CUSTOM:
		return f->schema();
	default: /* FIELD_KEY, FIELD_POS: not values */
		abort();
	}
}

static bool is_key(const struct field *f)
{
	return f->type != FIELD_KEY && f->type != FIELD_POS;
}

json_t *field_schema(const struct field *fields)
{
	json_t *properties = json_object(), *required = json_array();

	for (const struct field *f = fields; f->key; f++) {
		if (!is_key(f))
			continue;
		json_t *s = field_value_schema(f);
		if (f->help)
			json_object_set_new(s, "description", json_string(f->help));
		json_object_set_new(properties, f->key, s);
		if (f->required)
			json_array_append_new(required, json_string(f->key));
	}
	json_t *s = json_pack("{s:s,s:b,s:o}", "type", "object", "additionalProperties", 0,
			      "properties", properties);
	if (json_array_size(required))
		json_object_set(s, "required", required);
	json_decref(required);
	return s;
}
