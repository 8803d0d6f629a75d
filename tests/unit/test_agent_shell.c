#include "test.h"
#include "base/fs.h"
#include "base/proc.h"
#include "guest/agent_shell.h"
#include "pve/agent.h"

#include <sys/stat.h>

/* The agent of this test runs programs here; limits are the API's. */
static bool truncate_output;
static size_t largest_write;

int pve_agent_exec(struct pve_client *c UNUSED, struct pve_vm vm, const struct pve_agent_exec *x,
		   struct pve_agent_output *ret, struct err **err)
{
	struct clock clock = clock_real(-1);
	struct proc_result r = { 0 };

	assert_string_equal(vm.node, "pve");
	assert_int_equal(vm.id, 100);
	assert_true(x->input_len <= PVE_AGENT_INPUT_MAX);
	assert_null(x->input ? memchr(x->input, 0, x->input_len) : NULL);
	if (proc_run(&(struct proc_spec){ .argv = x->argv, .input = x->input, .input_len = x->input_len }, &clock, &r,
		     err) < 0)
		return -1;
	*ret = (struct pve_agent_output){ .status = r.status, .out = r.out, .err = r.err, .truncated = truncate_output };
	return 0;
}

void pve_agent_output_free(struct pve_agent_output *o)
{
	buf_free(&o->out);
	buf_free(&o->err);
}

int pve_agent_write(struct pve_client *c UNUSED, struct pve_vm vm UNUSED, const char *path, const void *data, size_t len,
		    struct err **err)
{
	FILE *f = fopen(path, "w");

	largest_write = MAX(largest_write, len);
	if (!f)
		return err_set_errno(err, ERR_INTERNAL, "cannot open '%s'", path);
	fwrite(data, 1, len, f);
	fclose(f);
	return 0;
}

int pve_agent_read(struct pve_client *c UNUSED, struct pve_vm vm UNUSED, const char *path, size_t max, struct buf *out,
		   struct err **err)
{
	return fs_read(path, max, out, err);
}

static struct shell *open_shell(void)
{
	static struct clock clock;
	struct shell *s = NULL;

	clock = clock_real(-1);
	assert_works(agent_shell_open(NULL, "pve", 100, &clock, &s, &err));
	return s;
}

static void limits_of_the_agent_are_errors(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_free_ char *big = xcalloc(1, PVE_AGENT_INPUT_MAX + 1);
	const char *argv[] = { "echo", "12345", NULL };
	struct shell_exec x = { .argv = argv, .input = big, .input_len = PVE_AGENT_INPUT_MAX + 1 };

	assert_fails(shell_exec(s, &x, &(struct shell_result){ 0 }, &err), ERR_USAGE, "agent of VM 100: 'echo' cannot get 65537");
	truncate_output = true;
	assert_fails(shell_check(s, &(struct shell_exec){ .argv = argv }, NULL, &err), ERR_INTERNAL, "was truncated");
	truncate_output = false;
	assert_fails(shell_check(s, &(struct shell_exec){ .argv = argv, .output_max = 3 }, NULL, &err), ERR_INTERNAL,
		     "printed more than 3 bytes");
}

static void programs_tell_status_and_both_outputs(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_shell_result_ struct shell_result r = { 0 };

	assert_works(shell_script(s, "echo \"$1\"; echo oops >&2; exit 3\n", (const char *[]){ "a b", NULL }, 0, &r, &err));
	assert_int_equal(r.status, 3);
	assert_string_equal(buf_text(&r.out), "a b\n");
	assert_string_equal(buf_text(&r.err), "oops\n");
}

static void a_large_file_is_put_together(void **state UNUSED)
{
	_cleanup_shell_ struct shell *s = open_shell();
	_cleanup_free_ char *dir = NULL;
	_cleanup_buf_ struct buf back = { 0 };
	unsigned char data[150001];
	struct stat st;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 2654435761u >> 11);
	assert_works(fs_temp_dir(NULL, "pveprov-agent", &dir, &err));
	_cleanup_free_ char *path = fs_join(dir, "it's a file");
	assert_works(shell_write_file(s, path, 0640, data, sizeof(data), &err));
	assert_int_equal(largest_write, 46080);
	assert_works(shell_read_file(s, path, sizeof(data), &back, &err));
	assert_int_equal(back.len, sizeof(data));
	assert_memory_equal(back.data, data, sizeof(data));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_works(shell_write_file(s, path, 0600, "", 0, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_fails(shell_write_file(s, "/nonexistent/f", 0600, "x", 1, &err), ERR_INTERNAL, "cannot write '/nonexistent/f'");
	assert_works(fs_remove_tree(dir, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_of_the_agent_are_errors),
		cmocka_unit_test(programs_tell_status_and_both_outputs),
		cmocka_unit_test(a_large_file_is_put_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
