#include "cli/yaml.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/json.h"

/* A word that no YAML version reads as something else than this text. */
static bool is_plain(const char *s)
{
	static const char *const reserved[] = { "true", "false", "yes", "no", "on",
						"off",	"null",	 "y",	"n" };

	if (!*s || !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/_", *s))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (!strcasecmp(s, reserved[i]))
			return false;
	return text_consists_of(
		s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@+-");
}

static void scalar(struct buf *out, const json_t *value)
{
	if (json_is_string(value) && is_plain(json_string_value(value))) {
		buf_adds(out, json_string_value(value));
		return;
	}
	_cleanup_free_ char *text =
		json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT); /* JSON's quoting is YAML's */
	buf_adds(out, text ? text : "null");
}

static void block(struct buf *out, const json_t *value, int depth, bool inline_first);

static bool is_block(const json_t *value)
{
	return json_object_size(value) > 0 || json_array_size(value) > 0;
}

static void member(struct buf *out, const char *key, const json_t *value, int depth)
{
	_cleanup_json_ json_t *name = json_string(key);

	scalar(out, name);
	buf_addc(out, ':');
	if (is_block(value)) {
		buf_addc(out, '\n');
		block(out, value, depth + 1, false);
	} else {
		buf_addc(out, ' ');
		scalar(out, value);
		buf_addc(out, '\n');
	}
}

/* inline_first: the first line goes on behind "- ". */
static void block(struct buf *out, const json_t *value, int depth, bool inline_first)
{
	_cleanup_strv_ struct strv keys = { 0 };
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach((json_t *)value, key, item)
		strv_add(&keys, key);
	strv_sort(&keys);
	for (i = 0; i < keys.n; i++) {
		buf_addf(out, "%*s", i || !inline_first ? 2 * depth : 0, "");
		member(out, keys.v[i], json_object_get(value, keys.v[i]), depth);
	}
	json_array_foreach(value, i, item) {
		buf_addf(out, "%*s- ", i || !inline_first ? 2 * depth : 0, "");
		if (is_block(item)) {
			block(out, item, depth + 1, true);
		} else {
			scalar(out, item);
			buf_addc(out, '\n');
		}
	}
}

void yaml_write(struct buf *out, const json_t *value)
{
	if (is_block(value)) {
		block(out, value, 0, false);
		return;
	}
	scalar(out, value);
	buf_addc(out, '\n');
}
