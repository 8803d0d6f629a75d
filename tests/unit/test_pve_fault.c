#include "test.h"
#include "base/fs.h"
#include "data/json.h"
#include "pve/fault.h"

/* Every failed answer that was recorded, and every failed task, with what we make of it, is in one
 * golden file. */

static void describe(struct buf *out, const char *name, struct err *err)
{
	buf_addf(out, "%s\n  %s %d\n  %s\n", name, err_kind_name(err->kind), err->code, err->text);
	if (err->hint)
		buf_addf(out, "  hint: %s\n", err->hint);
}

static void one_recording(const json_t *j, struct buf *out)
{
	const json_t *request = json_map(j, "request");
	const char *body = json_text(j, "body");
	_cleanup_json_ json_t *answer = NULL;
	int status = (int)json_int(j, "status", 0);

	if (!request)
		return;
	if (body && starts_with(body, "{\""))
		assert_works(json_parse("recording", body, strlen(body), &answer, &err));
	_cleanup_err_ struct err *err = NULL;
	const char *exit_text = json_text(json_map(answer, "data"), "exitstatus");
	_cleanup_free_ char *what =
		xasprintf("%s %s", json_text(request, "method"), json_text(request, "path"));
	if (status >= 400)
		pve_fault_of_answer(what, "tester@pve!priv", status, json_text(j, "reason"),
				    json_text(answer, "message"), json_map(answer, "errors"), &err);
	else if (exit_text && !streq(exit_text, "OK"))
		pve_fault_of_task("task", exit_text, &err);
	if (err)
		describe(out, json_text(j, "name"), err);
}

static void every_recorded_failure_is_told_apart(void **state UNUSED)
{
	_cleanup_free_ char *recordings =
		xasprintf("%s/tests/recordings/pve-9.2.jsonl", getenv("SOURCE"));
	_cleanup_free_ char *golden = xasprintf("%s/pve/faults.txt", getenv("GOLDEN"));
	_cleanup_buf_ struct buf lines = { 0 }, out = { 0 }, expected = { 0 };

	assert_works(fs_read(recordings, 1 << 20, &lines, &err));
	for (char *line = lines.data; *line;) {
		_cleanup_json_ json_t *j = NULL;
		size_t n = strcspn(line, "\n");
		assert_works(json_parse("recording", line, n, &j, &err));
		one_recording(j, &out);
		line += n + (line[n] == '\n');
	}
	if (getenv("GOLDEN_UPDATE"))
		assert_works(fs_write(golden, out.data, out.len, 0644, &err));
	assert_works(fs_read(golden, 1 << 20, &expected, &err));
	if (!streq(buf_text(&expected), buf_text(&out)))
		fail_msg("%s differs; GOLDEN_UPDATE=1 writes it anew. Now:\n%s", golden,
			 buf_text(&out));
}

static const struct {
	int status;
	const char *reason;
	enum err_kind kind;
	int code;
} others[] = {
	{ 500, "can't lock file '/var/lock/pve-manager/pve-storage-vmstore' - got timeout",
	  ERR_BUSY, PVE_STORAGE_BUSY },
	{ 500, "cfs-lock 'storage-ceph' error: got lock request timeout", ERR_BUSY,
	  PVE_STORAGE_BUSY },
	{ 500, "VM 100 qga command 'guest-ping' failed - got timeout", ERR_BUSY,
	  PVE_AGENT_NOT_READY },
	{ 500, "No QEMU guest agent configured", ERR_CONFLICT, PVE_AGENT_OFF },
	{ 500, "VM is locked (snapshot-delete)", ERR_BUSY, PVE_LOCKED },
	{ 500, "unable to create VM 401: config file already exists", ERR_CONFLICT, PVE_EXISTS },
	{ 500, "bridge 'vmbr99' does not exist", ERR_NOT_FOUND, PVE_NO_BRIDGE },
	{ 500, "cluster not ready - no quorum?", ERR_UNREACHABLE, PVE_PROXY },
	{ 500,
	  "Agent error: Guest agent command failed, error was 'failed to open file '/x': No such "
	  "file or directory'",
	  ERR_NOT_FOUND, PVE_NO_SUCH },
	{ 595, "Connection refused", ERR_UNREACHABLE, PVE_PROXY },
	{ 596, "Connection timed out", ERR_UNREACHABLE, PVE_PROXY },
	{ 599, "Too many redirections", ERR_UNREACHABLE, PVE_PROXY },
	{ 503, "Service Unavailable", ERR_INTERNAL, 503 },
	{ 500, "", ERR_INTERNAL, 500 },
};

/* Before pve-http-server 5.2.0 the reason phrase is all there is. */
static void the_reason_phrase_alone_is_enough(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_err_ struct err *err = NULL;
		assert_int_equal(pve_fault_of_answer("call", NULL, others[i].status,
						     others[i].reason, NULL, NULL, &err),
				 -1);
		if (err->kind != others[i].kind || err->code != others[i].code)
			fail_msg("'%s': %s %d", others[i].reason, err_kind_name(err->kind),
				 err->code);
		assert_int_equal(pve_outcome_unknown(err), err->code == PVE_PROXY);
	}
}

static void a_missing_privilege_is_granted_by_one_line(void **state UNUSED)
{
	_cleanup_err_ struct err *err = NULL;

	pve_fault_of_answer("call", "limited@pve", 403,
			    "Permission check failed (/vms/100, VM.Snapshot|VM.Snapshot.Rollback)",
			    NULL, NULL, &err);
	assert_string_equal(
		err->hint,
		"on the node: pveum role add pveprov-VM.Snapshot --privs VM.Snapshot; "
		"pveum acl modify /vms/100 --roles pveprov-VM.Snapshot --users 'limited@pve'");
}

static void a_servers_words_cannot_steer_a_terminal(void **state UNUSED)
{
	_cleanup_err_ struct err *err = NULL;

	pve_fault_of_task("task", "bad\x1b[31m\r\n  thing \n", &err);
	assert_string_equal(err->text, "task: bad?[31m thing");
	assert_int_equal(err->kind, ERR_TASK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_failure_is_told_apart),
		cmocka_unit_test(the_reason_phrase_alone_is_enough),
		cmocka_unit_test(a_missing_privilege_is_granted_by_one_line),
		cmocka_unit_test(a_servers_words_cannot_steer_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
