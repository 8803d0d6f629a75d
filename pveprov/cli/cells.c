/* The cell texts of output.h. Proxmox sends numbers as numbers or as text. */
#include "cli/output.h"
#include "base/text.h"

static double number(const json_t *value)
{
	if (json_is_string(value)) {
		int64_t n;
		return text_to_i64(json_string_value(value), INT64_MIN, INT64_MAX, &n) ? (double)n
										       : 0;
	}
	return json_is_true(value) ? 1 : json_number_value(value);
}

char *output_bytes(const json_t *value)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double n = number(value);
	size_t u = 0;

	for (; n >= 1024 && u + 1 < ARRAY_SIZE(units); u++)
		n /= 1024;
	return xasprintf("%.*f %s", u ? 1 : 0, n, units[u]);
}

char *output_seconds(const json_t *value)
{
	int64_t s = (int64_t)number(value), m = s / 60, h = m / 60, d = h / 24;

	if (s <= 0)
		return xstrdup("-");
	if (d)
		return xasprintf("%" PRId64 " d %02" PRId64 " h", d, h % 24);
	if (h)
		return xasprintf("%" PRId64 " h %02" PRId64 " min", h, m % 60);
	return m ? xasprintf("%" PRId64 " min %02" PRId64 " s", m, s % 60)
		 : xasprintf("%" PRId64 " s", s);
}

char *output_yes(const json_t *value)
{
	return xstrdup(number(value) != 0 ? "yes" : "no");
}

char *output_time(const json_t *value)
{
	time_t t = (time_t)number(value);
	char text[32];
	struct tm tm;

	if (t <= 0 || !gmtime_r(&t, &tm))
		return xstrdup("-");
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(text);
}
