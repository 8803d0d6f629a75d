#include "data/json.h"
#include "base/text.h"

/* Nesting of what Proxmox, QEMU or prometheus ever send is below ten. */
enum { JSON_DEPTH_MAX = 64 };

/* jansson's own limit is 2,048 levels of recursion, which is much for a thread's stack. */
static bool too_deep(const char *text, size_t len)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return false;
}

int json_parse(const char *what, const char *text, size_t len, json_t **ret, struct err **err)
{
	json_error_t fault;

	if (too_deep(text, len))
		return err_set(err, ERR_INTERNAL, "%s: JSON nested deeper than %d levels", what,
			       JSON_DEPTH_MAX);
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &fault);
	if (!j)
		return err_set(err, ERR_INTERNAL, "%s: not JSON at line %d, column %d: %s", what,
			       fault.line, fault.column, fault.text);
	*ret = j;
	return 0;
}

const char *json_text(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	const char *text = json_string_value(v);

	return text && strlen(text) == json_string_length(v) ? text : NULL;
}

int json_need_text(const json_t *object, const char *key, const char **ret, struct err **err)
{
	const char *text = json_text(object, key);

	if (!text)
		return err_set(err, ERR_INTERNAL, "text '%s' is missing in the answer", key);
	*ret = text;
	return 0;
}

int64_t json_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(object, key);
	int64_t n;

	if (json_is_integer(v))
		return json_integer_value(v);
	if (json_is_string(v) && text_to_i64(json_string_value(v), INT64_MIN, INT64_MAX, &n))
		return n;
	return otherwise;
}

bool json_flag(const json_t *object, const char *key, bool otherwise)
{
	const json_t *v = json_object_get(object, key);

	if (json_is_boolean(v))
		return json_is_true(v);
	int64_t n = json_int(object, key, -1);
	return n == 0 || n == 1 ? n == 1 : otherwise;
}

json_t *json_list(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_array(v) ? v : NULL;
}

json_t *json_map(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_object(v) ? v : NULL;
}

char *json_dump_text(const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (!text) /* only out of memory: our values are always encodable */
		abort();
	return text;
}
