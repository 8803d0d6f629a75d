/* The cache of guest images with recipes that are three lines long, and the directories of running
 * labs. */
#include "base/fs.h"
#include "lab/image.h"
#include "lab/qemu_dir.h"
#include "test.h"

#include <fcntl.h>
#include <sys/file.h>

static char *dir, *script, *cache;

static int set_up(void **state)
{
	(void)state;
	assert_works(fs_temp_dir(NULL, "image", &dir, &err));
	script = fs_join(dir, "build");
	cache = fs_join(dir, "cache");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_works(fs_remove_tree(dir, &err));
	free(dir);
	free(script);
	free(cache);
	return 0;
}

static void recipe(const char *text)
{
	assert_works(fs_write(script, text, strlen(text), 0700, &err));
}

static void on_line(void *ctx, enum log_level level, const char *text)
{
	(void)level;
	buf_addf(ctx, "%s\n", text);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *part;
	} bad[] = {
		{ "#!/bin/sh\nexit 3\n", "--digest' failed with status 3" },
		{ "#!/bin/sh\necho '../../etc'\n", "--digest' failed with status 0" },
		{ "#!/bin/sh\n[ \"$1\" = --digest ] && echo abc && exit\necho 'image: no mirror' "
		  ">&2\nexit 1\n",
		  "could not be built" },
	};
	const struct clock clock = clock_real(-1);
	struct image i = { 0 };

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(bad); n++) {
		recipe(bad[n].text);
		assert_fails(image_get(cache, script, &clock, NULL, &i, &err), ERR_INTERNAL,
			     bad[n].part);
	}
}

/* Built once; the second time only its name is asked for. */
static void built_once(void **state)
{
	const struct clock clock = clock_real(-1);
	_cleanup_buf_ struct buf said = { 0 };
	const struct log log = { on_line, &said };
	_cleanup_image_ struct image first = { 0 }, second = { 0 };

	(void)state;
	recipe("#!/bin/sh\n[ \"$1\" = --digest ] && echo abc123 && exit\n"
	       "echo 'image: working' >&2; echo noise\nmkdir \"$1/abc123\"\n");
	assert_works(image_get(cache, script, &clock, &log, &first, &err));
	assert_string_equal(buf_text(&said), "image: working\n");
	assert_true(fs_exists(first.dir));
	assert_non_null(strstr(first.disk, "/cache/abc123/disk.qcow2"));
	assert_works(image_get(cache, script, &clock, &log, &second, &err));
	assert_string_equal(buf_text(&said), "image: working\n");
	assert_string_equal(first.dir, second.dir);
}

/* A directory that nobody holds is removed with what is in it; one that is in use stays. */
static void abandoned_labs(void **state)
{
	struct qemu_dir mine = { .lock_fd = -1 }, other = { .lock_fd = -1 };
	_cleanup_free_ char *labs = fs_join(dir, "labs"), *left = fs_join(labs, "run.left"),
			    *disk = fs_join(left, "100/disk"), *machine = fs_join(left, "100");

	(void)state;
	assert_works(fs_mkdirs(machine, 0700, &err));
	assert_works(fs_write(disk, "x", 1, 0600, &err));
	assert_works(qemu_dir_open(labs, &mine, &err));
	assert_false(fs_exists(left));
	assert_works(qemu_dir_open(labs, &other, &err));
	assert_true(fs_exists(mine.path));
	assert_string_not_equal(mine.path, other.path);
	_cleanup_free_ char *gone = xstrdup(mine.path);
	qemu_dir_close(&mine);
	assert_false(fs_exists(gone));
	assert_true(fs_exists(other.path));
	qemu_dir_close(&other);
	qemu_dir_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(built_once),
		cmocka_unit_test(abandoned_labs),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
