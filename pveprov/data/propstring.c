#include "data/propstring.h"
#include "data/addr.h"

static struct propstring_item *find(const struct propstring *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->items[i].key, key))
			return &p->items[i];
	return NULL;
}

static void append(struct propstring *p, char *key, char *value, bool bare)
{
	p->items = xrealloc(p->items, p->n + 1, sizeof(*p->items));
	p->items[p->n++] = (struct propstring_item){ .key = key, .value = value, .bare = bare };
}

/* Adds one comma-separated part; the reason when it is refused, else NULL. */
static const char *add_part(struct propstring *p, const char *part, size_t len,
			    const char *default_key)
{
	const char *equals = memchr(part, '=', len);

	if (equals == part)
		return "an empty key";
	if (!equals && !default_key)
		return "a value without a key";
	_cleanup_free_ char *key =
		equals ? xstrndup(part, (size_t)(equals - part)) : xstrdup(default_key);
	if (find(p, key))
		return "a key given twice";
	if (p->n == PROPSTRING_ITEMS_MAX)
		return "too many items";
	const char *value = equals ? equals + 1 : part;
	append(p, TAKE_PTR(key), xstrndup(value, len - (size_t)(value - part)), !equals);
	return NULL;
}

int propstring_parse(const char *text, const char *default_key, struct propstring *ret,
		     struct err **err)
{
	_cleanup_propstring_ struct propstring p = { 0 };

	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return err_set(err, ERR_INTERNAL,
				       "property string has control character 0x%02x",
				       (unsigned char)*c);
	for (const char *part = text; *part;) {
		size_t len = strcspn(part, ",");
		if (strspn(part, " ") < len) {
			const char *why = add_part(&p, part, len, default_key);
			if (why)
				return err_set(err, ERR_INTERNAL,
					       "property string '%.200s' has %s at offset %zu",
					       text, why, (size_t)(part - text));
		}
		part += len + (part[len] == ',');
	}
	*ret = p;
	p = (struct propstring){ 0 };
	return 0;
}

const char *propstring_get(const struct propstring *p, const char *key)
{
	const struct propstring_item *item = find(p, key);

	return item ? item->value : NULL;
}

/* 1 or 0 for the words that Proxmox takes for a boolean, -1 for others. */
static int flag_word(const char *value)
{
	static const char *const words[] = { "0", "1", "off", "on", "no", "yes", "false", "true" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(value, words[i]) == 0)
			return (int)(i & 1);
	return -1;
}

bool propstring_flag(const struct propstring *p, const char *key, bool otherwise)
{
	const char *value = propstring_get(p, key);
	int flag = value ? flag_word(value) : -1;

	return flag < 0 ? otherwise : flag;
}

void propstring_set(struct propstring *p, const char *key, const char *value)
{
	struct propstring_item *item = find(p, key);

	if (!item) {
		if (value)
			append(p, xstrdup(key), xstrdup(value), false);
		return;
	}
	if (value) {
		char *copy = xstrdup(value); /* value may be the old one */
		free(item->value);
		item->value = copy;
		return;
	}
	free(item->key);
	free(item->value);
	size_t at = (size_t)(item - p->items);
	memmove(item, item + 1, (--p->n - at) * sizeof(*item));
}

static bool same_value(const char *a, const char *b)
{
	struct addr_mac ma, mb;

	if (streq(a, b))
		return true;
	if (addr_mac_parse(a, &ma) && addr_mac_parse(b, &mb))
		return addr_mac_equal(&ma, &mb);
	return flag_word(a) >= 0 && flag_word(a) == flag_word(b);
}

bool propstring_equal(const struct propstring *a, const struct propstring *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const char *other = propstring_get(b, a->items[i].key);
		if (!other || !same_value(a->items[i].value, other))
			return false;
	}
	return true;
}

char *propstring_text(const struct propstring *p)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < p->n; i++) {
		if (i)
			buf_addc(&out, ',');
		if (!p->items[i].bare)
			buf_addf(&out, "%s=", p->items[i].key);
		buf_adds(&out, p->items[i].value);
	}
	return buf_take(&out);
}

void propstring_free(struct propstring *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].key);
		free(p->items[i].value);
	}
	free(p->items);
	*p = (struct propstring){ 0 };
}
