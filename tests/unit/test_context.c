#include "cli/context.h"
#include "cli/context_file.h"
#include "base/fs.h"
#include "data/json.h"
#include "test.h"

#include <sys/stat.h>

static char *dir;

static int make_dir(void **state UNUSED)
{
	if (fs_temp_dir(NULL, "pveprov-test", &dir, NULL) < 0)
		return -1;
	setenv("XDG_CONFIG_HOME", dir, 1);
	setenv("XDG_RUNTIME_DIR", dir, 1);
	unsetenv("PVEPROV_CONTEXT");
	unsetenv("PROXMOX_VE_ENDPOINT");
	unsetenv("PROXMOX_VE_API_TOKEN");
	unsetenv("PROXMOX_VE_USERNAME");
	unsetenv("PROXMOX_VE_PASSWORD");
	unsetenv("PVEPROV_LAB");
	return 0;
}

static int remove_dir(void **state UNUSED)
{
	fs_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

static void write_config(const char *text, mode_t mode)
{
	_cleanup_free_ char *path = context_config_path("config.yaml");
	_cleanup_free_ char *folder = xasprintf("%s/pveprov", dir);

	assert_works(fs_mkdirs(folder, 0700, &err));
	assert_works(fs_write(path, text, strlen(text), mode, &err));
}

static const char two[] =
	"current: home\n"
	"contexts:\n"
	"  home:\n"
	"    endpoint: https://pve:8006\n"
	"    fingerprint: \"AA:BB\"\n"
	"    user: root@pam\n"
	"    password: { cmd: [printf, 'hunter2\\nrest'] }\n"
	"    ssh: { user: admin, key: ~/.ssh/id, proxy: \"ssh -W %h:%p root@pve\" }\n"
	"  work:\n"
	"    endpoint: https://work:8006\n"
	"    node: n2\n"
	"    token: env:WORK_TOKEN\n";

static void the_file_names_contexts(void **state UNUSED)
{
	_cleanup_context_ struct context home = { 0 }, work = { 0 };
	_cleanup_secret_ struct secret password = { 0 }, token = { 0 };
	struct clock clock = clock_real(-1);

	write_config(two, 0644);
	assert_works(context_load(NULL, &home, &err));
	assert_string_equal(home.name, "home");
	assert_string_equal(home.endpoint, "https://pve:8006");
	assert_string_equal(home.ssh.proxy, "ssh -W %h:%p root@pve");
	assert_works(context_secret_read(&home.password, "password", &clock, &password, &err));
	assert_string_equal(password.text, "hunter2");
	assert_works(context_load("work", &work, &err));
	assert_string_equal(work.node, "n2");
	unsetenv("WORK_TOKEN");
	assert_fails(context_secret_read(&work.token, "token of 'work'", &clock, &token, &err),
		     ERR_AUTH, "token of 'work': the variable 'WORK_TOKEN' is not set");
	setenv("WORK_TOKEN", "a@pve!b=c", 1);
	assert_works(context_secret_read(&work.token, "token", &clock, &token, &err));
	assert_string_equal(token.text, "a@pve!b=c");
	setenv("PVEPROV_CONTEXT", "work", 1);
	context_free(&home);
	assert_works(context_load(NULL, &home, &err));
	unsetenv("PVEPROV_CONTEXT");
	assert_string_equal(home.name, "work");
}

static void wrong_files_are_refused(void **state UNUSED)
{
	static const struct {
		const char *file;
		mode_t mode;
		const char *name;
		enum err_kind kind;
		const char *text;
	} cases[] = {
		{ two, 0600, "wrok", ERR_NOT_FOUND, "no context 'wrok'" },
		{ "contexts:\n  a: { endpoint: x, token: secret }\n", 0640, NULL, ERR_GUARD,
		  "others may read it (mode 0640)" },
		{ "contexts:\n  a: { endpiont: x }\n", 0600, NULL, ERR_RECIPE, "config.yaml:2:8" },
		{ "contexts:\n  a: { endpoint: x, token: { cmd: [] } }\n", 0600, NULL, ERR_RECIPE,
		  "names no program" },
		{ "contexts:\n  a: { endpoint: x }\n  b: { endpoint: y }\n", 0600, NULL, ERR_USAGE,
		  "no 'current'" },
		{ "current: [\n", 0600, NULL, ERR_RECIPE, "config.yaml:" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_context_ struct context c = { 0 };
		write_config(cases[i].file, cases[i].mode);
		assert_fails(context_load(cases[i].name, &c, &err), cases[i].kind, cases[i].text);
	}
}

static void no_file_is_a_hint(void **state UNUSED)
{
	_cleanup_free_ char *path = context_config_path("config.yaml");
	_cleanup_context_ struct context c = { 0 };
	_cleanup_err_ struct err *e = NULL;

	unlink(path);
	assert_int_equal(context_load(NULL, &c, &e), -1);
	assert_int_equal(e->kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e->hint, "auth login"));
}

static void the_environment_is_enough(void **state UNUSED)
{
	_cleanup_context_ struct context c = { 0 };

	setenv("PROXMOX_VE_ENDPOINT", "https://env:8006/", 1);
	setenv("PROXMOX_VE_API_TOKEN", "a@pve!b=c", 1);
	assert_works(context_load(NULL, &c, &err));
	assert_string_equal(c.endpoint, "https://env:8006/");
	assert_true(context_secret_is_set(&c.token));
	assert_false(context_secret_is_set(&c.password));
	unsetenv("PROXMOX_VE_ENDPOINT");
	unsetenv("PROXMOX_VE_API_TOKEN");
}

static void a_context_is_added_and_the_others_stay(void **state UNUSED)
{
	_cleanup_free_ char *path = context_config_path("config.yaml");
	_cleanup_json_ json_t *lab =
		json_pack("{s:s, s:s}", "endpoint", "https://new:8006", "token", "file:/x");
	_cleanup_context_ struct context c = { 0 }, old = { 0 };
	struct stat st;

	write_config(two, 0600);
	assert_works(context_file_put(path, "new", lab, &err));
	assert_works(context_load(NULL, &c, &err));
	assert_string_equal(c.name, "new");
	assert_string_equal(c.token.file, "/x");
	assert_works(context_load("home", &old, &err));
	assert_string_equal(old.password.argv[0], "printf");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void write_lab(const char *accounts, int pid, mode_t mode)
{
	_cleanup_free_ char *path = context_runtime_path("lab.json"),
			    *folder = xasprintf("%s/pveprov", dir);
	_cleanup_free_ char *text =
		xasprintf("{\"version\": 1, \"pid\": %d, \"endpoint\": \"https://127.0.0.1:1\","
			  "\"fingerprint\": \"AA\", \"ssh_key\": \"/lab/key\", \"proxy_command\": "
			  "\"lab connect %%h %%p\","
			  "\"accounts\": [%s]}",
			  pid, accounts);

	assert_works(fs_mkdirs(folder, 0700, &err));
	assert_works(fs_write(path, text, strlen(text), mode, &err));
}

static const char accounts[] =
	"{\"token\": \"tester@pve!priv\", \"secret\": \"s1\", \"privsep\": true},"
	"{\"token\": \"root@pam!ci\", \"secret\": \"s2\", \"privsep\": false},"
	"{\"user\": \"root@pam\", \"password\": \"p1\"},"
	"{\"user\": \"tester@pve\", \"password\": \"p2\"}";

static void the_lab_offers_its_accounts(void **state UNUSED)
{
	static const struct {
		const char *account, *token, *user, *password;
	} cases[] = {
		{ NULL, "root@pam!ci=s2", "root@pam", "p1" },
		{ "tester@pve!priv", "tester@pve!priv=s1", "root@pam", "p1" },
		{ "tester@pve", NULL, "tester@pve", "p2" },
	};

	write_lab(accounts, (int)getpid(), 0600);
	assert_true(context_lab_runs());
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_context_ struct context c = { 0 };
		assert_works(context_load_lab(cases[i].account, &c, &err));
		assert_true(streq_null(c.token.text.text, cases[i].token));
		assert_string_equal(c.user, cases[i].user);
		assert_string_equal(c.password.text.text, cases[i].password);
		assert_string_equal(c.ssh.proxy, "lab connect %h %p");
		assert_string_equal(c.ssh.key, "/lab/key");
	}
	_cleanup_context_ struct context c = { 0 };
	assert_fails(context_load_lab("nobody@pam", &c, &err), ERR_NOT_FOUND,
		     "the lab has no account 'nobody@pam'");
	_cleanup_json_ json_t *lab = NULL;
	assert_works(context_lab_describe(&lab, &err));
	_cleanup_free_ char *text = json_dumps(lab, 0);
	assert_null(strstr(text, "s2"));
	assert_null(strstr(text, "p1"));
}

static void a_lab_that_does_not_run_is_none(void **state UNUSED)
{
	_cleanup_context_ struct context c = { 0 };

	write_lab(accounts, INT32_MAX, 0600); /* no process has this number */
	assert_false(context_lab_runs());
	assert_fails(context_load_lab(NULL, &c, &err), ERR_NOT_FOUND, "no lab runs");
	write_lab(accounts, (int)getpid(), 0644);
	assert_fails(context_load_lab(NULL, &c, &err), ERR_GUARD, "not a private file");
	write_lab("", (int)getpid(), 0600);
	assert_fails(context_load_lab(NULL, &c, &err), ERR_NOT_FOUND, "no account");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_names_contexts),
		cmocka_unit_test(wrong_files_are_refused),
		cmocka_unit_test(no_file_is_a_hint),
		cmocka_unit_test(the_environment_is_enough),
		cmocka_unit_test(a_context_is_added_and_the_others_stay),
		cmocka_unit_test(the_lab_offers_its_accounts),
		cmocka_unit_test(a_lab_that_does_not_run_is_none),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
