#include "test.h"
#include "fixture_router.h"
#include "base/clock.h"
#include "base/fs.h"
#include "render/validate.h"

struct seen {
	size_t n[3];
	struct buf refused; /* subjects and texts */
};

static void note(void *ctx, const struct validate_look *l)
{
	struct seen *s = ctx;

	s->n[l->verdict]++;
	if (l->verdict == VALIDATE_REFUSED)
		buf_addf(&s->refused, "%s %s: %s\n", l->tool, l->subject, l->text);
	if (l->verdict == VALIDATE_SKIPPED)
		print_message("# skipped %s of %s: %s\n", l->tool, l->subject, l->text);
}

static void seen_free(struct seen *s)
{
	buf_free(&s->refused);
}

/* Writes a rendered router, with one file replaced, and lets the tools look at it. */
static int look(void (*fixture)(struct fixture *), const char *replaced, const char *with,
		struct seen *seen, struct err **ret_err)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *dir = NULL;
	struct clock clock = clock_real(-1);
	struct validate_sink sink = { note, seen };
	struct fixture f;

	fixture(&f);
	assert_works(render_router(&f.recipe, &f.vm, &f.facts, &b, &err));
	assert_works(fs_temp_dir(NULL, "validate", &dir, &err));
	assert_works(validate_write(&b, dir, &err));
	if (replaced) {
		_cleanup_free_ char *path = fs_join(dir, replaced);
		assert_true(fs_exists(path));
		assert_works(fs_write(path, with, strlen(with), 0644, &err));
	}
	int r = validate_run(&b, dir, &clock, &sink, ret_err);
	assert_works(fs_remove_tree(dir, &err));
	return r;
}

static void a_broken_file_is_refused_by_its_tool(void **state UNUSED)
{
	static const struct {
		const char *tool, *path, *text, *said;
	} cases[] = {
		{ "nft", "/etc/nftables.conf",
		  "table inet router { chain c { iif \"nowhere\" accept; } }\n", "nft -c" },
		{ "dnsmasq", "/etc/dnsmasq-lan.conf", "interface=lan\nfrobnicate\n",
		  "dnsmasq --test" },
		{ "systemd-analyze", "/etc/systemd/system/nftables-lockdown.service",
		  "[Service]\nType=simple\n", "systemd-analyze verify" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(seen_free) struct seen seen = { 0 };
		_cleanup_err_ struct err *err = NULL;
		int r = look(fixture_home, cases[i].path, cases[i].text, &seen, &err);
		if (seen.n[VALIDATE_PASSED] + seen.n[VALIDATE_REFUSED] == 0)
			continue; /* no tool here; the reasons are printed */
		assert_int_equal(r, -1);
		assert_int_equal(err->kind, ERR_GUARD);
		assert_int_equal(seen.n[VALIDATE_REFUSED], 1);
		assert_non_null(strstr(buf_text(&seen.refused), cases[i].said));
	}
}

static void rendered_files_are_accepted(void **state UNUSED)
{
	static void (*const fixtures[])(struct fixture *) = { fixture_home, fixture_arch,
							      fixture_odd };

	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		_cleanup_(seen_free) struct seen seen = { 0 };
		_cleanup_err_ struct err *err = NULL;
		if (look(fixtures[i], NULL, NULL, &seen, &err) < 0)
			fail_msg("%s:\n%s", err->text, buf_text(&seen.refused));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_file_is_refused_by_its_tool),
		cmocka_unit_test(rendered_files_are_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
