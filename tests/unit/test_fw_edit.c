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

static void random_list(unsigned *seed, char text[static 16])
{
	size_t n = next_random(seed) % 12;

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + next_random(seed) % 8);
	text[n] = '\0';
}

static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(b), row[17];

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = MIN(MIN(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[n];
}

/* Property: equal at the end, and never more writes than the edit distance and one move for each insertion. */
static void writes_stay_below_distance_and_moves(void **state UNUSED)
{
	unsigned seed = 7;

	for (int i = 0; i < 5000; i++) {
		_cleanup_arena_ struct arena a = { 0 };
		char x[16], y[16];
		random_list(&seed, x);
		random_list(&seed, y);
		struct fw_list live = letters(&a, x), target = letters(&a, y);
		size_t n = writes_between(&a, &live, &target), moves = 0;
		struct fw_edits e = fw_edit_plan(&a, &live, &target);
		for (size_t k = 0; k < e.n; k++)
			moves += e.v[k].kind == FW_EDIT_MOVE;
		if (n - moves > distance(x, y))
			fail_msg("'%s' -> '%s': %zu writes, %zu of them moves, distance %zu", x, y, n, moves,
				 distance(x, y));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_become_equal_with_few_writes),
		cmocka_unit_test(writes_stay_below_distance_and_moves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
