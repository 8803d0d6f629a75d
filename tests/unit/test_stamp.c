#include "test.h"
#include "recipe/recipe.h"
#include "render/stamp.h"

/* Vectors: the published list of public resolvers, and the example of dnsstamps 1.4. */
static void known_servers_have_their_published_stamps(void **state UNUSED)
{
	_cleanup_free_ char *cloudflare =
		stamp_doh("1.0.0.1", "dns.cloudflare.com", "/dns-query", 7);

	assert_string_equal(
		cloudflare,
		"sdns://AgcAAAAAAAAABzEuMC4wLjEAEmRucy5jbG91ZGZsYXJlLmNvbQovZG5zLXF1ZXJ5");
}

static void a_stamp_gives_its_address(void **state UNUSED)
{
	static const char *const dnscrypt =
		"sdns://"
		"AQEAAAAAAAAACTEyNy4wLjAuMSDLatxcKflVEAtlvxKU_"
		"laEV5qzSZzJeY8A0Bu1wamixxsyLmRuc2NyeXB0LWNlcnQuZXhhbXBsZS5jb20";
	_cleanup_free_ char *one = NULL, *two = NULL, *three = NULL;
	_cleanup_free_ char *six =
		stamp_doh("[2620:fe::fe]:8443", "dns.quad9.net", "/dns-query", 3);

	assert_works(stamp_check(dnscrypt, &one, &err));
	assert_string_equal(one, "127.0.0.1:443");
	assert_works(stamp_check(six, &two, &err));
	assert_string_equal(two, "[2620:fe::fe]:8443");
	six[strlen(six) - 1] = '!';
	assert_fails(stamp_check(six, &three, &err), ERR_RECIPE, "is no DNS stamp");
}

static void stamps_without_use_are_refused(void **state UNUSED)
{
	_cleanup_free_ char *no_address = stamp_doh("", "dns.quad9.net", "/", 0);
	_cleanup_free_ char *name = stamp_doh("dns.quad9.net", "dns.quad9.net", "/", 0);
	_cleanup_free_ char *quote = stamp_doh("1.1.1.1'\n", "x", "/", 0);
	const char *const bad[] = { no_address, name, quote };
	char *address = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fails(stamp_check(bad[i], &address, &err), ERR_RECIPE,
			     "has no address in it");
	assert_fails(stamp_check("sdns://AgcAAAAAAAAA_zEuMC4wLjE", &address, &err), ERR_RECIPE,
		     "is cut off");
	assert_fails(stamp_check("sdns://BQcAAAAAAAAABzEuMC4wLjE", &address, &err), ERR_RECIPE,
		     "for protocol 5");
	assert_null(address);
}

static void the_table_is_sorted_and_usable(void **state UNUSED)
{
	const char *const *names = recipe_resolver_names;

	for (size_t i = 0; names[i]; i++) {
		const struct stamp_resolver *r = stamp_resolver(names[i]);
		_cleanup_free_ char *address = NULL;
		assert_non_null(r);
		if (i)
			assert_true(strcmp(names[i - 1], names[i]) < 0);
		_cleanup_free_ char *stamp = stamp_doh(r->address, r->host, r->path, r->promises);
		assert_works(stamp_check(stamp, &address, &err));
	}
	assert_null(stamp_resolver("nobody"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_without_use_are_refused),
		cmocka_unit_test(known_servers_have_their_published_stamps),
		cmocka_unit_test(a_stamp_gives_its_address),
		cmocka_unit_test(the_table_is_sorted_and_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
