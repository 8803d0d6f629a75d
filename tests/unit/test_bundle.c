#include "test.h"
#include "guest/bundle.h"

#include <archive.h>
#include <archive_entry.h>

static void paths_that_could_leave_the_staging_directory_are_refused(void **state UNUSED)
{
	static const char *const bad[] = { "",	       "/",	  "etc/x",    "/etc/../x",
					   "/..",      "/etc//x", "/etc/",    "/./x",
					   "/etc/x/.", "/etc/..", "/etc/\nx", "//etc" };
	_cleanup_bundle_ struct bundle b = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_fails(bundle_text(&b, bad[i], 0644, "", &err), ERR_INTERNAL,
			     "not absolute and normalised");
		assert_fails(bundle_absent(&b, bad[i], &err), ERR_INTERNAL, "not absolute");
	}
	assert_int_equal(b.n_files + b.absent.n, 0);
	assert_works(bundle_text(&b, "/etc/..x/...", 0644, "", &err));
}

static void a_path_is_there_once(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };

	assert_works(bundle_text(&b, "/etc/a", 0644, "1", &err));
	assert_fails(bundle_link(&b, "/etc/a", "b", &err), ERR_INTERNAL,
		     "'/etc/a' is in the bundle twice");
	assert_works(bundle_absent(&b, "/etc/netplan", &err));
	assert_works(bundle_absent(&b, "/etc/netplan", &err));
	assert_int_equal(b.absent.n, 1);
}

static void fill(struct bundle *b, bool backwards)
{
	static const char *const paths[] = { "/a/2", "/a/10", "/b", "/c" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *path = paths[backwards ? ARRAY_SIZE(paths) - 1 - i : i];
		assert_works(bundle_text(b, path, 0640, path, &err));
	}
	assert_works(bundle_file(b, "/bin", 04755, "\0\1", 2, &err));
	assert_works(bundle_link(b, "/link", "../x", &err));
}

static void files_are_sorted_and_found(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };

	fill(&b, false);
	for (size_t i = 1; i < b.n_files; i++)
		assert_true(strcmp(b.files[i - 1].path, b.files[i].path) < 0);
	assert_string_equal(bundle_get(&b, "/a/10")->data, "/a/10");
	assert_null(bundle_get(&b, "/a/1"));
	assert_null(bundle_get(&b, "/z"));
}

static void the_same_bundle_gives_the_same_bytes(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 }, c = { 0 };
	_cleanup_buf_ struct buf one = { 0 }, two = { 0 };

	fill(&b, false);
	fill(&c, true);
	assert_works(bundle_tar(&b, &one, &err));
	assert_works(bundle_tar(&c, &two, &err));
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
}

static void the_tar_holds_what_went_in(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_buf_ struct buf tar = { 0 };
	struct archive_entry *e;
	char data[16] = "";
	size_t n = 0;

	fill(&b, false);
	assert_works(bundle_tar(&b, &tar, &err));
	struct archive *a = archive_read_new();
	archive_read_support_format_tar(a);
	assert_int_equal(archive_read_open_memory(a, tar.data, tar.len), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		const struct bundle_file *f = &b.files[n++];
		assert_string_equal(archive_entry_pathname(e), f->path + 1);
		assert_int_equal(archive_entry_perm(e), f->mode);
		assert_int_equal(archive_entry_uid(e), 0);
		assert_int_equal(archive_entry_mtime(e), 0);
		if (f->link) {
			assert_string_equal(archive_entry_symlink(e), f->data);
			continue;
		}
		assert_int_equal(archive_read_data(a, data, sizeof(data)), f->len);
		assert_memory_equal(data, f->data, f->len);
	}
	archive_read_free(a);
	assert_int_equal(n, b.n_files);
}

static void a_tar_beyond_the_ceiling_is_an_error(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_buf_ struct buf tar = { .ceiling = 1000 };

	fill(&b, false);
	assert_fails(bundle_tar(&b, &tar, &err), ERR_INTERNAL, "too large");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_that_could_leave_the_staging_directory_are_refused),
		cmocka_unit_test(a_path_is_there_once),
		cmocka_unit_test(files_are_sorted_and_found),
		cmocka_unit_test(the_same_bundle_gives_the_same_bytes),
		cmocka_unit_test(the_tar_holds_what_went_in),
		cmocka_unit_test(a_tar_beyond_the_ceiling_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
