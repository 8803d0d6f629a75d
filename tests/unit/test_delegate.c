#include "lab/delegate.h"
#include "test.h"

static struct delegate_state state;

static int set_up(void **s)
{
	(void)s;
	state = (struct delegate_state){ 0 };
	assert_true(addr_parse("2a0c:5a80:100::", &state.pool));
	return 0;
}

/* A message of `type` from client `duid` that asks for a prefix, as systemd-networkd sends it. */
static size_t ask(uint8_t type, uint8_t duid, bool for_us, bool rapid, uint8_t *m)
{
	const uint8_t head[] = { type, 0xaa, 0xbb, 0xcc, 0, 1, 0, 4, 0, 2, 0, duid };
	const uint8_t server[] = { 0, 2, 0, 10, 0, 3, 0, 1, 0x02, 0x50, 0x76, 0x70, 0x72, 0x76 };
	const uint8_t pd[] = { 0, 25, 0, 12, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0 };
	const uint8_t na[] = { 0, 3, 0, 12, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0 };
	size_t n = 0;

	memcpy(m, head, sizeof(head));
	n += sizeof(head);
	if (for_us) {
		memcpy(m + n, server, sizeof(server));
		n += sizeof(server);
	}
	if (rapid) {
		memcpy(m + n, "\0\16\0\0", 4);
		n += 4;
	}
	memcpy(m + n, pd, sizeof(pd));
	memcpy(m + n + sizeof(pd), na, sizeof(na));
	return n + sizeof(pd) + sizeof(na);
}

static const uint8_t *find(const uint8_t *m, size_t len, unsigned code, size_t *ret_len)
{
	for (size_t at = 4; at + 4 <= len;) {
		*ret_len = (size_t)m[at + 2] << 8 | m[at + 3];
		if (((unsigned)m[at] << 8 | m[at + 1]) == code)
			return m + at + 4;
		at += 4 + *ret_len;
	}
	return NULL;
}

static void assert_prefix(const uint8_t *m, size_t len, const char *expected)
{
	size_t n;
	const uint8_t *pd = find(m, len, 25, &n);
	struct addr a = { .family = 6 };
	char text[ADDR_TEXT_MAX];

	assert_non_null(pd);
	assert_int_equal(n, 41);
	assert_memory_equal(pd, "\1\2\3\4", 4);
	assert_int_equal(pd[24], DELEGATE_PREFIX);
	memcpy(a.bytes, pd + 25, 16);
	assert_string_equal(addr_text(&a, text), expected);
}

static void malformed(void **s)
{
	uint8_t m[512], out[512];
	struct addr prefix = { 0 };
	size_t len = ask(3, 1, true, false, m);

	(void)s;
	for (size_t cut = 0; cut < len; cut++)
		if (delegate_answer(&state, m, cut, out, sizeof(out), &prefix) > 0)
			assert_true(
				cut >=
				12); /* the client's id was whole, and an option had just ended */
	m[7] = 0xff;
	assert_int_equal(delegate_answer(&state, m, len, out, sizeof(out), &prefix), 0);
}

static void dialogue(void **s)
{
	uint8_t m[512], out[512];
	struct addr prefix = { 0 };
	size_t n, len = delegate_answer(&state, m, ask(1, 1, false, false, m), out, sizeof(out),
					&prefix);

	(void)s;
	assert_int_equal(out[0], 2);
	assert_memory_equal(out + 1, "\xaa\xbb\xcc", 3);
	assert_prefix(out, len, "2a0c:5a80:100::");
	assert_int_equal(prefix.family, 0);
	/* No address: status 2 inside the association. */
	const uint8_t *na = find(out, len, 3, &n);
	assert_non_null(na);
	assert_memory_equal(na + 12, "\0\15\0\2\0\2", 6);

	len = delegate_answer(&state, m, ask(3, 1, true, false, m), out, sizeof(out), &prefix);
	assert_int_equal(out[0], 7);
	assert_prefix(out, len, "2a0c:5a80:100::");
	assert_int_equal(prefix.family, 6);
	assert_int_equal(
		delegate_answer(&state, m, ask(3, 1, false, false, m), out, sizeof(out), &prefix),
		0);

	/* Another client gets another prefix, the first keeps its own. */
	len = delegate_answer(&state, m, ask(1, 2, false, true, m), out, sizeof(out), &prefix);
	assert_int_equal(out[0], 7);
	assert_non_null(find(out, len, 14, &n));
	assert_prefix(out, len, "2a0c:5a80:100:100::");
	len = delegate_answer(&state, m, ask(5, 1, true, false, m), out, sizeof(out), &prefix);
	assert_prefix(out, len, "2a0c:5a80:100::");

	prefix = (struct addr){ 0 };
	len = delegate_answer(&state, m, ask(8, 1, true, false, m), out, sizeof(out), &prefix);
	assert_int_equal(out[0], 7);
	assert_null(find(out, len, 25, &n));
	assert_int_equal(prefix.family, 0);
}

static void full(void **s)
{
	uint8_t m[512], out[512];
	struct addr prefix = { 0 };

	(void)s;
	for (uint8_t i = 1; i <= DELEGATE_CLIENTS; i++)
		assert_true(delegate_answer(&state, m, ask(1, i, false, false, m), out, sizeof(out),
					    &prefix) > 0);
	assert_int_equal(
		delegate_answer(&state, m, ask(1, 99, false, false, m), out, sizeof(out), &prefix),
		0);
	assert_int_equal(delegate_answer(&state, m, ask(1, 1, false, false, m), out, 16, &prefix),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(malformed, set_up),
		cmocka_unit_test_setup(dialogue, set_up),
		cmocka_unit_test_setup(full, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
