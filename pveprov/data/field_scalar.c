#include "data/field_scalar.h"
#include "base/text.h"

static bool parse_text(const struct field *f, const char *text, void *member)
{
	size_t len = strlen(text);

	if (len < (size_t)f->min || len > (f->max ? (size_t)f->max : (size_t)FIELD_TEXT_MAX))
		return false;
	*(const char **)member = text;
	return true;
}

static bool parse_lines(const struct field *f UNUSED, const char *text, void *member)
{
	*(const char **)member = text;
	return true;
}

static bool parse_name(const struct field *f, const char *text, void *member)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char others[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	return *text && strchr(letters, *text) && text_consists_of(text, others) &&
	       parse_text(f, text, member);
}

static bool parse_bool(const struct field *f UNUSED, const char *text, void *member)
{
	bool yes = streq(text, "true");

	if (!yes && !streq(text, "false"))
		return false;
	*(bool *)member = yes;
	return true;
}

static bool in_limits(const struct field *f, int64_t n)
{
	return n >= f->min && (!f->max || n <= f->max);
}

static bool parse_int(const struct field *f, const char *text, void *member)
{
	int64_t n;

	if (!text_to_i64(text, INT64_MIN, INT64_MAX, &n) || !in_limits(f, n))
		return false;
	*(int64_t *)member = n;
	return true;
}

struct unit {
	const char *name;
	int64_t factor;
};

/* A number and its unit at *text, which moves on; `first` is the first unit allowed, and the next
 * one afterwards. */
static bool take_quantity(const char **text, const struct unit *units, size_t n, size_t *first,
			  int64_t *sum)
{
	char digits[20];
	size_t len = strspn(*text, "0123456789");
	uint64_t value;

	if (len >= sizeof(digits))
		return false;
	memcpy(digits, *text, len);
	digits[len] = '\0';
	if (!text_to_u64(digits, 0, INT64_MAX, &value))
		return false;
	*text += len;
	size_t unit_len = strcspn(*text, "0123456789");
	for (size_t i = *first; i < n; i++) {
		int64_t product;
		if (strlen(units[i].name) != unit_len ||
		    strncmp(units[i].name, *text, unit_len) != 0)
			continue;
		*text += unit_len;
		*first = i + 1;
		return !__builtin_mul_overflow((int64_t)value, units[i].factor, &product) &&
		       !__builtin_add_overflow(*sum, product, sum);
	}
	return false;
}

static bool parse_size(const struct field *f, const char *text, void *member)
{
	static const struct unit units[] = {
		{ "Ti", 1 << 20 }, { "Gi", 1 << 10 }, { "Mi", 1 }, { "", 1 }
	};
	size_t first = 0;
	int64_t mib = 0;

	if (!take_quantity(&text, units, ARRAY_SIZE(units), &first, &mib) || *text ||
	    !in_limits(f, mib))
		return false;
	*(int64_t *)member = mib;
	return true;
}

static bool parse_duration(const struct field *f, const char *text, void *member)
{
	static const struct unit units[] = {
		{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
	};
	size_t first = 0;
	int64_t ms = 0;

	do {
		if (!take_quantity(&text, units, ARRAY_SIZE(units), &first, &ms))
			return false;
	} while (*text);
	if (!in_limits(f, ms))
		return false;
	*(int64_t *)member = ms;
	return true;
}

static bool parse_addr(const struct field *f UNUSED, const char *text, void *member)
{
	return addr_parse(text, member);
}

static bool parse_cidr(const struct field *f UNUSED, const char *text, void *member)
{
	return addr_cidr_parse(text, member);
}

static bool parse_range(const struct field *f UNUSED, const char *text, void *member)
{
	return addr_range_parse(text, member);
}

static bool parse_mac(const struct field *f UNUSED, const char *text, void *member)
{
	return addr_mac_parse(text, member);
}

static bool parse_enum(const struct field *f, const char *text, void *member)
{
	for (int i = 0; f->names[i]; i++) {
		if (!streq(f->names[i], text))
			continue;
		*(int *)member = i;
		return true;
	}
	return false;
}

static const struct {
	bool (*parse)(const struct field *f, const char *text, void *member);
	const char *expects;
} scalars[] = {
	[FIELD_TEXT] = { parse_text, "text" },
	[FIELD_LINES] = { parse_lines, "text" },
	[FIELD_NAME] = { parse_name, "a name (letters, digits, '-', '_', a letter first" },
	[FIELD_BOOL] = { parse_bool, "true or false" },
	[FIELD_INT] = { parse_int, "a whole number" },
	[FIELD_SIZE_MIB] = { parse_size, "a size like 2048, 2048Mi or 2Gi" },
	[FIELD_DURATION] = { parse_duration, "a duration like 90s, 10m or 1h30m" },
	[FIELD_ADDR] = { parse_addr, "an address like 192.168.1.1" },
	[FIELD_CIDR] = { parse_cidr, "an address with its prefix like 192.168.1.1/24" },
	[FIELD_RANGE] = { parse_range, "an address range like 192.168.1.10-192.168.1.250" },
	[FIELD_MAC] = { parse_mac, "a MAC address like bc:24:11:00:00:01" },
	[FIELD_ENUM] = { parse_enum, "one of" },
};

bool field_is_scalar(enum field_type type)
{
	return type < ARRAY_SIZE(scalars) && scalars[type].parse;
}

bool field_scalar_parse(const struct field *f, const char *text, void *member)
{
	return scalars[f->type].parse(f, text, member);
}

static void expects_limits(const struct field *f, const char *unit, struct buf *out)
{
	if (f->max)
		buf_addf(out, " from %" PRId64 " to %" PRId64 "%s", f->min, f->max, unit);
	else if (f->min)
		buf_addf(out, " of at least %" PRId64 "%s", f->min, unit);
}

char *field_expects(const struct field *f)
{
	struct buf out = { 0 };

	buf_adds(&out, scalars[f->type].expects);
	switch (f->type) {
	case FIELD_TEXT:
		expects_limits(f, " bytes", &out);
		break;
	case FIELD_NAME:
		if (f->max)
			buf_addf(&out, ", at most %" PRId64, f->max);
		buf_addc(&out, ')');
		break;
	case FIELD_INT:
		expects_limits(f, "", &out);
		break;
	case FIELD_SIZE_MIB:
		expects_limits(f, " MiB", &out);
		break;
	case FIELD_ENUM:
		for (size_t i = 0; f->names[i]; i++)
			buf_addf(&out, "%s %s", i ? "," : "", f->names[i]);
		break;
	default: /* nothing to add */
		break;
	}
	return buf_take(&out);
}
