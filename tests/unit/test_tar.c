/* libarchive, which shares nothing with our writer, reads what it wrote. */
#include "guest/tar.h"
#include "test.h"

#include <archive.h>
#include <archive_entry.h>

static char *repeated(const char *part, size_t n)
{
	_cleanup_buf_ struct buf b = { 0 };

	while (n--)
		buf_adds(&b, part);
	return buf_take(&b);
}

static void check(const struct tar_entry *e)
{
	_cleanup_buf_ struct buf tar = { 0 };
	struct archive *a = archive_read_new();
	struct archive_entry *seen;

	tar_add(&tar, e);
	tar_end(&tar);
	assert_int_equal(tar.len % 512, 0);
	archive_read_support_format_tar(a);
	assert_int_equal(archive_read_open_memory(a, tar.data, tar.len), ARCHIVE_OK);
	assert_int_equal(archive_read_next_header(a, &seen), ARCHIVE_OK);
	assert_string_equal(archive_entry_pathname(seen), e->path);
	assert_int_equal(archive_entry_perm(seen), e->mode);
	assert_string_equal(archive_entry_uname(seen), "root");
	if (e->link) {
		assert_string_equal(archive_entry_symlink(seen), e->data);
	} else {
		_cleanup_free_ char *data = xcalloc(e->len + 1, 1);
		assert_int_equal(archive_entry_size(seen), e->len);
		assert_int_equal(archive_read_data(a, data, e->len + 1), e->len);
		assert_memory_equal(data, e->data, e->len);
	}
	assert_int_equal(archive_read_next_header(a, &seen), ARCHIVE_EOF);
	archive_read_free(a);
}

static void any_length_of_file_is_kept(void **state UNUSED)
{
	static const size_t lengths[] = { 0, 1, 511, 512, 513, 100000 };
	_cleanup_free_ char *data = repeated("x", 100000);

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		check(&(struct tar_entry){
			.path = "etc/file", .mode = 0640, .data = data, .len = lengths[i] });
}

static void any_length_of_path_is_kept(void **state UNUSED)
{
	_cleanup_free_ char *name = repeated("n", 100), *too_long = repeated("n", 101),
			    *deep = repeated("dir/", 60), *wide = repeated("w", 156);
	char *paths[] = { xasprintf("%s", name),
			  xasprintf("%s", too_long),
			  xasprintf("a/%s", name),
			  xasprintf("%sfile", deep),
			  xasprintf("%s/%s", wide, name),
			  xasprintf("a/%s", too_long),
			  NULL };

	for (size_t i = 0; paths[i]; i++) {
		check(&(struct tar_entry){
			.path = paths[i], .mode = 0600, .data = "abc", .len = 3 });
		check(&(struct tar_entry){
			.path = paths[i], .mode = 0777, .link = true, .data = "../x", .len = 4 });
		check(&(struct tar_entry){ .path = "etc/link",
					   .mode = 0777,
					   .link = true,
					   .data = paths[i],
					   .len = strlen(paths[i]) });
	}
	for (size_t i = 0; paths[i]; i++)
		free(paths[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_of_file_is_kept),
		cmocka_unit_test(any_length_of_path_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
