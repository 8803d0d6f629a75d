#include "base/text.h"

#include <ctype.h>

bool text_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*s || (s[0] == '0' && s[1]))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	}
	if (n < min || n > max)
		return false;
	*ret = n;
	return true;
}

bool text_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t n;

	if (!text_to_u64(s + negative, 0, (uint64_t)INT64_MAX, &n))
		return false;
	int64_t v = negative ? -(int64_t)n : (int64_t)n;
	if (v < min || v > max)
		return false;
	*ret = v;
	return true;
}

bool text_to_hex(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	size_t len = strlen(s);

	if (len < 1 || len > 16)
		return false;
	for (; *s; s++) {
		if (!isxdigit((unsigned char)*s))
			return false;
		n = n << 4 | (uint64_t)(*s <= '9' ? *s - '0' : (*s | 32) - 'a' + 10);
	}
	if (n > max)
		return false;
	*ret = n;
	return true;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance with case folded, two neighbours swapped count as one; names longer than 63 bytes are never near. */
static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned rows[3][64];

	if (n > 63 || m > 63)
		return 64;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = MIN(MIN(above[j], row[j - 1]) + 1,
				     above[j - 1] + !same_letter(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
				row[j] = MIN(row[j], above2[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

/* The first candidate that starts with the name: it was cut short. Two letters say too little. */
static const char *completed(const char *name, const char *const *candidates)
{
	size_t len = strlen(name);

	for (; len > 2 && *candidates; candidates++)
		if (strncasecmp(name, *candidates, len) == 0)
			return *candidates;
	return NULL;
}

const char *text_nearest(const char *name, const char *const *candidates)
{
	const char *nearest = NULL;
	const char *const *all = candidates;
	unsigned best = (unsigned)MAX(strlen(name) / 3, (size_t)1) + 1;

	for (; *candidates; candidates++) {
		unsigned d = distance(name, *candidates);
		if (d < best) {
			best = d;
			nearest = *candidates;
		}
	}
	return nearest ? nearest : completed(name, all);
}

char *text_trim(char *s)
{
	s += strspn(s, " \t\r\n");
	size_t n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		s[--n] = '\0';
	return s;
}

bool text_consists_of(const char *s, const char *set)
{
	return *s && s[strspn(s, set)] == '\0';
}

char *text_duration(int64_t ms)
{
	if (ms < 60000)
		return xasprintf("%.1f s", (double)ms / 1000);
	return xasprintf("%" PRId64 " min %02" PRId64 " s", ms / 60000, ms / 1000 % 60);
}
