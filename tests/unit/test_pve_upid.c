#include "test.h"
#include "pve/upid.h"

static void a_upid_is_its_parts(void **state UNUSED)
{
	static const char text[] = "UPID:pve:0000243D:0003253C:6B00DAFE:qmclone:9000:root@pam!ci:";
	struct pve_upid u;

	assert_true(pve_upid_parse(text, &u));
	assert_string_equal(u.node, "pve");
	assert_int_equal(u.pid, 0x243D);
	assert_int_equal(u.pstart, 206140);
	assert_int_equal(u.start_s, 1795218174);
	assert_string_equal(u.type, "qmclone");
	assert_string_equal(u.id, "9000");
	assert_string_equal(u.user, "root@pam!ci");
	_cleanup_free_ char *again = pve_upid_text(&u);
	assert_string_equal(again, text);
}

static void the_id_may_be_empty_and_pstart_longer(void **state UNUSED)
{
	struct pve_upid u;

	assert_true(
		pve_upid_parse("UPID:pve:00003A2F:1F9A5C3D7:65F1C2AB:aptupdate::root@pam:", &u));
	assert_string_equal(u.id, "");
	assert_int_equal(u.pstart, 0x1F9A5C3D7);
}

static void anything_else_is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		"UPID:",
		"UPID:pve:0000243D:0003253C:6B00DAFE:qmclone:9000:root@pam!ci",
		"UPID:pve:0000243D:0003253C:6B00DAFE:qmclone:9000:root@pam!ci::",
		"UPID:pve:0000243D:0003253C:6B00DAFE:qmclone:9000:root@pam:x",
		"UPID:pve:243D:0003253C:6B00DAFE:qmclone:9000:root@pam:",
		"UPID:pve:0000243G:0003253C:6B00DAFE:qmclone:9000:root@pam:",
		"UPID:pve:0000243D:0003253C:6B00DAFE::9000:root@pam:",
		"UPID::0000243D:0003253C:6B00DAFE:qmclone:9000:root@pam:",
		"UPID:../x:0000243D:0003253C:6B00DAFE:qmclone:9000:root@pam:",
		"UPID:pve:0000243D:0003253C:6B00DAFE:qm clone:9000:root@pam:",
		"upid:pve:0000243D:0003253C:6B00DAFE:qmclone:9000:root@pam:",
	};
	struct pve_upid u = { .pid = 7 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (pve_upid_parse(bad[i], &u))
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(u.pid, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(a_upid_is_its_parts),
		cmocka_unit_test(the_id_may_be_empty_and_pstart_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
