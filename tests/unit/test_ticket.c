#include "base/fs.h"
#include "cli/context.h"
#include "cli/ticket.h"
#include "test.h"

#include <dirent.h>
#include <sys/stat.h>

static char *dir;

static int make_dir(void **state UNUSED)
{
	if (fs_temp_dir(NULL, "pveprov-test", &dir, NULL) < 0)
		return -1;
	setenv("XDG_RUNTIME_DIR", dir, 1);
	return 0;
}

static int remove_dir(void **state UNUSED)
{
	fs_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

static const char endpoint[] = "https://pve:8006", user[] = "root@pam";

static void write_one(void)
{
	_cleanup_secret_ struct secret ticket = { 0 }, csrf = { 0 };

	secret_set(&ticket, "PVE:root@pam:1::x", 17);
	secret_set(&csrf, "1:y", 3);
	assert_works(ticket_write(endpoint, user, 1000, &ticket, &csrf, &err));
}

static bool can_read(const char *where, const char *who, int64_t now_s)
{
	_cleanup_secret_ struct secret ticket = { 0 }, csrf = { 0 };
	bool found = ticket_read(where, who, now_s, &ticket, &csrf);

	assert_int_equal(secret_is_set(&ticket), found);
	if (found) {
		assert_string_equal(ticket.text, "PVE:root@pam:1::x");
		assert_string_equal(csrf.text, "1:y");
	}
	return found;
}

/* The only file in the runtime directory. malloc'd. */
static char *file_of_ticket(void)
{
	_cleanup_free_ char *where = context_runtime_path("");
	DIR *d = opendir(where);
	char *path = NULL;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (starts_with(e->d_name, "ticket-"))
			path = fs_join(where, e->d_name);
	closedir(d);
	assert_non_null(path);
	return path;
}

static void a_ticket_is_found_for_its_server_user_and_time(void **state UNUSED)
{
	write_one();
	assert_true(can_read(endpoint, user, 1000));
	assert_true(can_read(endpoint, user, 1000 + 7000));
	assert_false(can_read(endpoint, user, 1000 + 7200));
	assert_false(can_read(endpoint, user, 999)); /* the clock was set back */
	assert_false(can_read("https://other:8006", user, 1000));
	assert_false(can_read(endpoint, "tester@pve", 1000));
	ticket_remove(endpoint, user);
	assert_false(can_read(endpoint, user, 1000));
	ticket_remove(endpoint, user);
}

static void a_file_that_others_could_have_made_does_not_count(void **state UNUSED)
{
	write_one();
	_cleanup_free_ char *path = file_of_ticket(), *elsewhere = xasprintf("%s/real", dir);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(can_read(endpoint, user, 1000));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_false(can_read(endpoint, user, 1000));
	unlink(path);
}

static void a_broken_file_is_none(void **state UNUSED)
{
	static const char *const texts[] = { "", "1000\n", "1000\nticket\n", "x\nticket\ncsrf\n",
					     "1000\na\nb\nc\n" };

	write_one();
	_cleanup_free_ char *path = file_of_ticket();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_works(fs_write(path, texts[i], strlen(texts[i]), 0600, &err));
		assert_false(can_read(endpoint, user, 1000));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_is_found_for_its_server_user_and_time),
		cmocka_unit_test(a_file_that_others_could_have_made_does_not_count),
		cmocka_unit_test(a_broken_file_is_none),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
