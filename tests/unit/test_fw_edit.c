#include "test.h"
#include "firewall/fw_edit.h"

/* A list whose rules are single letters: the port tells them apart. */
static struct fw_list letters(struct arena *a, const char *text)
{
	struct fw_list l = { .v = arena_array(a, strlen(text), sizeof(*l.v)) };

	for (; *text; text++)
		l.v[l.n++].rule = (struct fw_rule){
			.enabled = true, .type = FW_IN, .action = "ACCEPT", .dport = arena_strndup(a, text, 1)
		};
	return l;
}

static size_t writes_between(struct arena *a, const struct fw_list *live, const struct fw_list *target)
{
	struct fw_edits e = fw_edit_plan(a, live, target);
	struct fw_list now = *live;

	for (size_t i = 0; i < e.n; i++)
		now = fw_edit_apply(a, &now, &e.v[i]);
	assert_true(fw_list_equal(&now, target));
	return e.n;
}

/* A list whose last rule shuts everything: what lets us in, 'a', is there at any moment, where it is in both lists. */
static void what_is_new_comes_before_what_goes(void **state UNUSED)
{
	static const struct {
		const char *live, *target;
	} rows[] = { { "a", "az" }, { "az", "baz" }, { "az", "bcaz" }, { "pabz", "acdbz" }, { "pqaz", "abcqz" }, { "xyaz", "az" },
		   { "abz", "caz" }, { "bacz", "dbaz" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct fw_list now = letters(&a, rows[i].live), target = letters(&a, rows[i].target);
		struct fw_edits e = fw_edit_plan(&a, &now, &target);
		for (size_t k = 0; k < e.n; k++) {
			size_t n = 0;
			now = fw_edit_apply(&a, &now, &e.v[k]);
			while (n < now.n && !streq(now.v[n].rule.dport, "a"))
				n++;
			if (n == now.n)
				fail_msg("'%s' -> '%s': 'a' is gone after %zu of %zu", rows[i].live, rows[i].target, k + 1, e.n);
		}
	}
}

static void lists_become_equal_with_few_writes(void **state UNUSED)
{
	static const struct {
		const char *live, *target;
		size_t writes;
	} rows[] = {
		{ "", "", 0 },	       { "abc", "abc", 0 },  { "", "abc", 3 },	    { "abc", "", 3 },
		{ "abc", "xabc", 1 },  { "abc", "axbc", 2 }, { "abc", "abcx", 2 },  { "abc", "abx", 1 },
		{ "abc", "bca", 1 },   { "abc", "cab", 1 },  { "abcd", "abdc", 1 }, { "abc", "ac", 1 },
		{ "abc", "xyz", 3 },   { "abcd", "xbcd", 1 }, { "aab", "aba", 1 },  { "abcde", "badce", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct fw_list live = letters(&a, rows[i].live), target = letters(&a, rows[i].target);
		size_t n = writes_between(&a, &live, &target);
		if (n != rows[i].writes)
			fail_msg("'%s' -> '%s': %zu writes, expected %zu", rows[i].live, rows[i].target, n,
				 rows[i].writes);
	}
}

/* A small deterministic generator: the same lists in every run. */
static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16 & 0x7fff;
}

static void random_list(unsigned *seed, unsigned letters_used, char text[static 16])
{
	size_t n = next_random(seed) % 12;

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + next_random(seed) % letters_used);
	text[n] = '\0';
}

/*
 * The fewest calls by insertions, deletions and updates in place: a rule that comes before all that stay is one call, any
 * other one and a move.
 */
static size_t fewest(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), cost[2][17][17];

	for (size_t i = n + 1; i-- > 0;)
		for (size_t j = m + 1; j-- > 0;)
			for (size_t behind = 0; behind < 2; behind++) {
				size_t go = i < n ? cost[behind][i + 1][j] + 1 : SIZE_MAX;
				size_t come = j < m ? cost[behind][i][j + 1] + 1 + behind : SIZE_MAX;
				size_t pair = i < n && j < m ? cost[1][i + 1][j + 1] + (a[i] != b[j]) : SIZE_MAX;
				cost[behind][i][j] = i == n && j == m ? 0 : MIN(pair, MIN(go, come));
			}
	return cost[0][0][0];
}

/* Property: equal at the end, and never more writes than the edit distance with one move for each insertion behind another. */
static void writes_stay_below_distance_and_moves(void **state UNUSED)
{
	unsigned seed = 7;

	for (int i = 0; i < 20000; i++) {
		_cleanup_arena_ struct arena a = { 0 };
		char x[16], y[16];
		random_list(&seed, 2 + (unsigned)i % 8, x); /* few letters: many rules are the same */
		random_list(&seed, 2 + (unsigned)i % 8, y);
		struct fw_list live = letters(&a, x), target = letters(&a, y);
		size_t n = writes_between(&a, &live, &target), limit = fewest(x, y);
		if (n > limit)
			fail_msg("'%s' -> '%s': %zu writes where %zu suffice", x, y, n, limit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_become_equal_with_few_writes),
		cmocka_unit_test(what_is_new_comes_before_what_goes),
		cmocka_unit_test(writes_stay_below_distance_and_moves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
