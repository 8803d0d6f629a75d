/* The journal remembers running tasks over a crash, and keeps two runs apart. */
#include "base/fs.h"
#include "plan/journal.h"
#include "test.h"

#include <sys/stat.h>

#define UPID1 "UPID:pve:00001234:00000001:66000000:qmclone:9000:root@pam!ci:"
#define UPID2 "UPID:pve:00001235:00000002:66000001:qmstart:100:root@pam!ci:"

static char *dir;
static int64_t now;
static struct clock clock_;

static int setup(void **state)
{
	(void)state;
	clock_ = clock_fake(&now);
	return fs_temp_dir(NULL, "journal", &dir, NULL);
}

static int teardown(void **state)
{
	(void)state;
	fs_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

static void test_a_crash_leaves_running_tasks(void **state)
{
	(void)state;
	struct journal *j = NULL;
	const struct journal_task *left;
	struct stat st;
	_cleanup_free_ char *path = fs_join(dir, "home.jsonl");

	assert_works(journal_open(dir, "home", "d1", &clock_, &j, &err));
	assert_int_equal(journal_left(j, &left), 0);
	assert_works(journal_task_started(j, "clone router", UPID1, &err));
	assert_works(journal_task_started(j, "start router", UPID2, &err));
	assert_works(journal_task_ended(j, UPID1, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	journal_close(j);

	/* a line that the crash cut off */
	FILE *f = fopen(path, "ae");
	assert_non_null(f);
	fputs("{\"started\":\"UPID:pve:0", f);
	fclose(f);

	assert_works(journal_open(dir, "home", "d2", &clock_, &j, &err));
	assert_int_equal(journal_left(j, &left), 1);
	assert_string_equal(left[0].upid, UPID2);
	assert_string_equal(left[0].step, "start router");
	assert_true(journal_recipe_changed(j));
	assert_works(journal_finish(j, &err));
	journal_close(j);
	assert_false(fs_exists(path));
}

static void test_one_run_at_a_time(void **state)
{
	(void)state;
	struct journal *j = NULL, *other = NULL;

	assert_works(journal_open(dir, "home", "d", &clock_, &j, &err));
	assert_fails(journal_open(dir, "home", "d", &clock_, &other, &err), ERR_BUSY,
		     "another run");
	assert_works(journal_open(dir, "work", "d", &clock_, &other, &err));
	journal_close(other);
	journal_close(j);
	assert_works(journal_open(dir, "home", "d", &clock_, &j, &err));
	journal_close(j);
}

static void test_no_journal(void **state)
{
	(void)state;
	const struct journal_task *left;

	assert_works(journal_task_started(NULL, "a", UPID1, &err));
	assert_works(journal_task_ended(NULL, UPID1, &err));
	assert_int_equal(journal_left(NULL, &left), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_crash_leaves_running_tasks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_run_at_a_time, setup, teardown),
		cmocka_unit_test(test_no_journal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
