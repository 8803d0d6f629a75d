#include "test.h"
#include "pve/params.h"

static void values_are_encoded_and_keys_may_repeat(void **state UNUSED)
{
	_cleanup_pve_params_ struct pve_params p = { 0 }, more = { 0 };

	pve_params_add(&p, "command", "/bin/sh");
	pve_params_add(&p, "command", "a b&c=d+\xc3\xbc\n");
	pve_params_add(&p, "left-out", NULL);
	pve_params_add(&p, "empty", "");
	pve_params_add_bool(&p, "onboot", true);
	pve_params_add_bool(&p, "protection", false);
	pve_params_add_int(&more, "memory", 2048);
	pve_params_add_all(&p, &more);
	pve_params_add_all(&p, NULL);
	assert_string_equal(buf_text(&p.encoded),
			    "command=%2Fbin%2Fsh&command=a%20b%26c%3Dd%2B%C3%BC%0A&empty=&onboot=1"
			    "&protection=0&memory=2048");
}

static void a_long_value_is_kept_whole(void **state UNUSED)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };
	char value[3001];

	memset(value, '/', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	pve_params_add(&p, "a", "1");
	pve_params_add(&p, "b", value);
	assert_int_equal(p.encoded.len, strlen("a=1&b=") + 9000);
	assert_false(p.encoded.overflow);
}

static void segments_of_a_path_are_encoded(void **state UNUSED)
{
	_cleanup_free_ char *path =
		pve_path("/nodes/%s/qemu/%u/100%%/%s", "a/../b", 100u, "UPID:pve:0:");

	assert_string_equal(path, "/nodes/a%2F..%2Fb/qemu/100/100%/UPID%3Apve%3A0%3A");
}

static void percent_encoding_goes_both_ways(void **state UNUSED)
{
	_cleanup_free_ char *coded = pve_percent_encode("ssh-ed25519 AAAA+/= me\n");
	_cleanup_free_ char *back = pve_percent_decode(coded);
	_cleanup_free_ char *broken = pve_percent_decode("100%, %zz, %4, %00, %");

	assert_string_equal(coded, "ssh-ed25519%20AAAA%2B%2F%3D%20me%0A");
	assert_string_equal(back, "ssh-ed25519 AAAA+/= me\n");
	assert_string_equal(broken, "100%, %zz, %4, %00, %");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_encoded_and_keys_may_repeat),
		cmocka_unit_test(a_long_value_is_kept_whole),
		cmocka_unit_test(segments_of_a_path_are_encoded),
		cmocka_unit_test(percent_encoding_goes_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
