#include "test.h"
#include "data/digest.h"

static void digests_are_those_of_the_standards(void **state UNUSED)
{
	char sha1[DIGEST_SHA1_HEX], sha256[DIGEST_SHA256_HEX];

	/* FIPS 180-2, appendices A and B */
	assert_string_equal(digest_sha1("abc", 3, sha1),
			    "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_string_equal(digest_sha256("abc", 3, sha256),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(digest_sha1("", 0, sha1), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void base64_goes_both_ways(void **state UNUSED)
{
	/* RFC 4648, section 10 */
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		_cleanup_buf_ struct buf back = { 0 };
		_cleanup_free_ char *text = digest_base64(pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(text, pairs[i][1]);
		assert_int_equal(digest_unbase64(text, &back), 0);
		assert_string_equal(buf_text(&back), pairs[i][0]);
	}
	_cleanup_buf_ struct buf spaced = { 0 };
	assert_int_equal(digest_unbase64(" Zm9v\r\nYg = =\n", &spaced), 0);
	assert_string_equal(buf_text(&spaced), "foob");
}

static void strange_base64_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "Z",	   "Zg",   "Zg=",  "Zh==", "Zm9=", "Zg==Zg==",
					   "Zg=v", "====", "Z===", "Zm9_", "=" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		if (digest_unbase64(bad[i], &out) == 0)
			fail_msg("'%s' was taken", bad[i]);
	}
}

static void base64url_has_no_padding(void **state UNUSED)
{
	_cleanup_free_ char *text = digest_base64url("\xff\xfe\xfd\xfb", 4);

	assert_string_equal(text, "__79-w");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_standards),
		cmocka_unit_test(strange_base64_is_refused),
		cmocka_unit_test(base64_goes_both_ways),
		cmocka_unit_test(base64url_has_no_padding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
