#include "test.h"
#include "base/fs.h"
#include "data/iso.h"

static const struct iso_file seed[] = {
	{ "meta-data", "instance-id: 1\n", 15 },
	{ "user-data", "#cloud-config\n", 14 },
	{ "network-config", "", 0 },
};

/* The primary volume descriptor is block 16, the Joliet one 17 or later (ECMA-119, 8.4). */
static void the_image_is_a_cidata_volume(void **state)
{
	_cleanup_free_ char *path = fs_join(*state, "a.iso");
	_cleanup_buf_ struct buf image = { 0 };

	assert_works(iso_write(path, "cidata", seed, ARRAY_SIZE(seed), &err));
	assert_works(fs_read(path, 16 << 20, &image, &err));
	assert_int_equal(image.len % 2048, 0);
	const char *pvd = image.data + 16 * 2048;
	assert_memory_equal(pvd, "\1CD001", 6);
	assert_memory_equal(pvd + 40, "cidata                          ", 32);
	const char *svd = memmem(image.data, image.len, "\2CD001", 6);
	assert_non_null(svd);
	assert_memory_equal(svd + 88, "%/E", 3); /* Joliet, level 3 */
	assert_non_null(memmem(image.data, image.len, "#cloud-config\n", 14));
	/* Rock Ridge names keep their case */
	assert_non_null(memmem(image.data, image.len, "network-config", 14));
}

static void the_same_files_give_the_same_bytes(void **state)
{
	_cleanup_free_ char *one = fs_join(*state, "1.iso"), *two = fs_join(*state, "2.iso");
	_cleanup_buf_ struct buf a = { 0 }, b = { 0 };

	assert_works(iso_write(one, "cidata", seed, ARRAY_SIZE(seed), &err));
	assert_works(iso_write(two, "cidata", seed, ARRAY_SIZE(seed), &err));
	assert_works(fs_read(one, 16 << 20, &a, &err));
	assert_works(fs_read(two, 16 << 20, &b, &err));
	assert_int_equal(a.len, b.len);
	for (size_t i = 0; i < a.len; i++)
		if (a.data[i] != b.data[i])
			fail_msg("byte %zu (block %zu) differs", i, i / 2048);
	/* the clock of the build appears nowhere: every date is that of 1980 */
	assert_memory_equal(a.data + 16 * 2048 + 813, "19800101", 8);
	time_t now = time(NULL);
	char year[8];
	strftime(year, sizeof(year), "%Y", &(struct tm){ .tm_year = (int)(now / 31556952) + 70 });
	assert_null(memmem(a.data, a.len, year, 4));
}

static void two_files_of_one_name_are_refused(void **state)
{
	const struct iso_file twice[] = { { "a", "1", 1 }, { "a", "2", 1 } };
	_cleanup_free_ char *path = fs_join(*state, "bad.iso");

	assert_fails(iso_write(path, "cidata", twice, 2, &err), ERR_INTERNAL, "bad.iso': a: ");
	assert_false(fs_exists(path));
}

static int make_dir(void **state)
{
	return fs_temp_dir(NULL, "pveprov-iso", (char **)state, NULL);
}

static int remove_dir(void **state)
{
	int r = fs_remove_tree(*state, NULL);

	free(*state);
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_files_of_one_name_are_refused),
		cmocka_unit_test(the_image_is_a_cidata_volume),
		cmocka_unit_test(the_same_files_give_the_same_bytes),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
