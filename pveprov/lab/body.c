#include "lab/body.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes %XX and '+'; malloc'd. */
static char *decode(const char *text, size_t len, size_t *ret_len)
{
	char *out = xmalloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && i + 2 < len && hex_digit(text[i + 1]) >= 0 &&
		    hex_digit(text[i + 2]) >= 0) {
			out[n++] = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
			i += 2;
		} else {
			out[n++] = text[i] == '+' ? ' ' : text[i];
		}
	}
	out[n] = '\0';
	*ret_len = n;
	return out;
}

static json_t *text_value(const char *text, size_t len)
{
	json_t *j = json_stringn(text, len);
	char *latin;
	size_t n = 0;

	if (j)
		return j;
	latin = xmalloc(2 * len + 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 0x80) {
			latin[n++] = (char)(0xc0 | (c >> 6));
			c = (unsigned char)(0x80 | (c & 0x3f));
		}
		latin[n++] = (char)c;
	}
	j = json_stringn(latin, n);
	free(latin);
	return j;
}

static void add(json_t *params, const char *name, json_t *value)
{
	json_t *old = json_object_get(params, name);

	if (!old) {
		json_object_set_new(params, name, value);
	} else if (json_is_array(old)) {
		json_array_append_new(old, value);
	} else {
		json_t *both = json_array();
		json_array_append(both, old);
		json_array_append_new(both, value);
		json_object_set_new(params, name, both);
	}
}

void body_form(json_t *params, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *amp = memchr(text, '&', (size_t)(end - text));
		const char *stop = amp ? amp : end;
		const char *eq = memchr(text, '=', (size_t)(stop - text));
		size_t name_len, value_len = 0;
		char *name = decode(text, (size_t)((eq ? eq : stop) - text), &name_len);
		char *value =
			eq ? decode(eq + 1, (size_t)(stop - eq - 1), &value_len) : xstrdup("");
		if (name_len)
			add(params, name, text_value(value, value_len));
		free(name);
		free(value);
		text = stop + 1;
	}
}

/* What Proxmox makes of a JSON value: text, or an array of texts. */
static json_t *plain(const json_t *j)
{
	char number[64];

	switch (json_typeof(j)) {
	case JSON_TRUE:
		return json_string("1");
	case JSON_FALSE:
		return json_string("0");
	case JSON_INTEGER:
		return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(j));
	case JSON_REAL:
		snprintf(number, sizeof(number), "%.15g", json_real_value(j));
		return json_string(number);
	case JSON_ARRAY: {
		json_t *list = json_array(), *item;
		size_t i;
		json_array_foreach(j, i, item)
			json_array_append_new(list, plain(item));
		return list;
	}
	case JSON_STRING:
	case JSON_OBJECT:
	case JSON_NULL:
		break;
	}
	return json_deep_copy(j);
}

bool body_json(json_t *params, const char *text, size_t len, size_t *ret_offset)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, 0, &why), *value;
	const char *name;

	if (!json_is_object(root)) {
		*ret_offset = root || why.position < 0 ? 0 : MIN((size_t)why.position, len);
		json_decref(root);
		return false;
	}
	json_object_foreach(root, name, value)
		if (!json_is_null(value))
			json_object_set_new(params, name, plain(value));
	json_decref(root);
	return true;
}
