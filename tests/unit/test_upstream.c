#include "base/fs.h"
#include "base/strv.h"
#include "lab/upstream.h"
#include "lab/web.h"
#include "test.h"

static void files_of_the_repository(void **state)
{
	static const struct {
		const char *path, *file;
	} cases[] = {
		{ "/", NULL },
		{ "/debian/", NULL },
		{ "/debian/./", NULL },
		{ "/debian/Release", "/r/Release" },
		{ "/debian/./Packages.gz", "/r/Packages.gz" },
		{ "/debian/./git_1%253a2.47_amd64.deb", "/r/git_1%3a2.47_amd64.deb" },
		{ "/debian/./a+b~1.deb", "/r/a+b~1.deb" },
		{ "/debian/../server.key", NULL },
		{ "/debian/./../server.key", NULL },
		{ "/debian/%2e%2e%2fserver.key", NULL },
		{ "/debian/.hidden", NULL },
		{ "/debian/a/b", NULL },
		{ "/debian/a%00.deb", NULL },
		{ "/other/Release", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *file = web_file("/r", cases[i].path);

		if (!streq_null(file, cases[i].file))
			fail_msg("'%s' gives '%s'", cases[i].path, file ? file : "nothing");
	}
}

/* Every resolver's name and address is on the certificate that the image's recipe makes. */
static void certificate_names(void **state)
{
	_cleanup_free_ char *path = fs_join(getenv("SOURCE"), "pveprov/lab/image/names");
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_strv_ struct strv names = { 0 };

	(void)state;
	assert_works(fs_read(path, 65536, &text, &err));
	strv_split(&names, buf_text(&text), "\n");
	for (const struct upstream_host *h = upstream_hosts(); h->name; h++) {
		if (streq(h->name, "example.com") || streq(h->name, "six.example.com"))
			continue; /* plain HTTP */
		if (!strv_contains(&names, h->name))
			fail_msg("'%s' is not in image/names", h->name);
		for (size_t i = 0; i < ARRAY_SIZE(h->addresses) && h->addresses[i]; i++)
			if (starts_with(h->name, "dns.") && !strv_contains(&names, h->addresses[i]))
				fail_msg("'%s' of '%s' is not in image/names", h->addresses[i],
					 h->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_the_repository),
		cmocka_unit_test(certificate_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
