#include "pve_stub.h"
#include "pve/vm.h"

#define UPID	"UPID:pve:0000243D:0003253C:6B00DAFE:qmstart:100:root@pam!ci:"
#define IN_PATH "UPID%3Apve%3A0000243D%3A0003253C%3A6B00DAFE%3Aqmstart%3A100%3Aroot%40pam%21ci%3A"
#define START	"POST /nodes/pve/qemu/100/status/start"
#define STARTED                                                                                    \
	{                                                                                          \
		START, .status = 200, .answer = "{\"data\":\"" UPID "\"}"                          \
	}
#define LOOK	   "GET /nodes/pve/tasks/" IN_PATH "/status"
#define LOG(start) "GET /nodes/pve/tasks/" IN_PATH "/log?start=" start "&limit=500"
#define RUNNING                                                                                    \
	{                                                                                          \
		LOOK, .status = 200,                                                               \
		      .answer = "{\"data\":{\"status\":\"running\",\"upid\":\"" UPID "\"}}"        \
	}
#define ENDED(text)                                                                                \
	{                                                                                          \
		LOOK, .status = 200,                                                               \
		      .answer = "{\"data\":{\"status\":\"stopped\",\"exitstatus\":\"" text "\"}}"  \
	}

static const struct pve_vm vm = { "pve", 100 };

struct seen {
	struct strv lines;
	struct strv upids;
};

static void on_line(void *ctx, const char *text)
{
	strv_add(&((struct seen *)ctx)->lines, text);
}

static void on_started(void *ctx, const char *upid)
{
	strv_add(&((struct seen *)ctx)->upids, upid);
}

static void a_task_is_waited_for_with_growing_pauses(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		STARTED,
		RUNNING,
		{ LOOK, .status = 200, .answer = "{\"data\":{\"status\":\"running\"}}",
		  .ms = 4000 },
		RUNNING,
		ENDED("OK"),
	};
	struct pve_task_result r = { 0 };
	struct pve_watch w = { .ret_result = &r };
	struct pve_counters n;
	STUB(s, c, steps);

	assert_works(pve_vm_start(c, vm, 0, &w, &err));
	/* 10 | 30+10 | 30+4000 | 500+10 (never more than 0.5 s) | 183+10 (4 %) */
	assert_in_range(s.now_ms, 4780, 4790);
	assert_int_equal(r.elapsed_ms, s.now_ms - 10);
	assert_int_equal(r.warnings, 0);
	pve_client_counters(c, &n);
	assert_int_equal(n.tasks, 1);
	assert_int_equal(n.task_ms, r.elapsed_ms);
	stub_close_all(&s, c);
}

static void warnings_are_success(void **state UNUSED)
{
	static const struct stub_step steps[] = { STARTED, ENDED("WARNINGS: 3") };
	struct pve_task_result r = { 0 };
	struct pve_watch w = { .ret_result = &r };
	STUB(s, c, steps);

	assert_works(pve_vm_start(c, vm, 0, &w, &err));
	assert_int_equal(r.warnings, 3);
	stub_close_all(&s, c);
}

static void a_failed_task_carries_the_tail_of_its_log(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		STARTED,
		ENDED("start failed: QEMU exited with code 1"),
		{ LOG("0"), .status = 200,
		  .answer = "{\"total\":3,\"data\":[{\"n\":1,\"t\":\"kvm: -device vfio-pci: no "
			    "such group\"},{\"n\":2,\"t\":\"\"},"
			    "{\"n\":3,\"t\":\"TASK ERROR: start failed: QEMU exited with code "
			    "1\"}]}" },
	};
	_cleanup_err_ struct err *err = NULL;
	STUB(s, c, steps);

	assert_int_equal(pve_vm_start(c, vm, 0, NULL, &err), -1);
	assert_int_equal(err->kind, ERR_TASK);
	assert_string_equal(
		err->text,
		"start VM 100: task qmstart of 100: start failed: QEMU exited with code 1 "
		"(log: kvm: -device vfio-pci: no such group)");
	assert_string_equal(err->hint, "the whole log: pveprov task log " UPID);
	stub_close_all(&s, c);
}

static void the_log_is_followed_line_by_line(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		STARTED,
		{ LOG("0"), .status = 200,
		  .answer = "{\"total\":1,\"data\":[{\"n\":1,\"t\":\"no content\"}]}" },
		{ LOG("0"), .status = 200,
		  .answer = "{\"total\":2,\"data\":[{\"n\":1,\"t\":\"one\"},{\"n\":2,\"t\":\"two\"}"
			    "]}" },
		{ LOG("2"), .status = 200,
		  .answer = "{\"total\":3,\"data\":[{\"n\":3,\"t\":\"TASK OK\"}]}" },
		ENDED("OK"),
	};
	struct seen seen = { 0 };
	struct pve_watch w = { .started = on_started, .line = on_line, .ctx = &seen };
	STUB(s, c, steps);

	assert_works(pve_vm_start(c, vm, 0, &w, &err));
	assert_int_equal(seen.upids.n, 1);
	assert_string_equal(seen.upids.v[0], UPID);
	_cleanup_free_ char *lines = strv_join(&seen.lines, "|");
	assert_string_equal(lines, "one|two|TASK OK");
	strv_free(&seen.lines);
	strv_free(&seen.upids);
	stub_close_all(&s, c);
}

/* An aborted task's log just ends; a line of a program may look like an end. */
static void the_status_decides_not_the_log(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		STARTED,
		{ LOG("0"), .status = 200, .answer = "{\"data\":[{\"n\":1,\"t\":\"TASK OK\"}]}" },
		RUNNING,
		{ LOG("1"), .status = 200,
		  .answer = "{\"data\":[{\"n\":2,\"t\":\"received interrupt\"}]}", .ms = 2500 },
		ENDED("unexpected status"),
		{ LOG("2"), .status = 200, .answer = "{\"data\":[]}" },
	};
	struct seen seen = { 0 };
	struct pve_watch w = { .line = on_line, .ctx = &seen };
	_cleanup_err_ struct err *err = NULL;
	STUB(s, c, steps);

	assert_int_equal(pve_vm_start(c, vm, 0, &w, &err), -1);
	assert_true(pve_is(err, PVE_TASK_ABORTED));
	strv_free(&seen.lines);
	strv_free(&seen.upids);
	stub_close_all(&s, c);
}

static void a_failed_poll_is_not_a_failed_task(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		STARTED,
		{ LOOK, .status = 400, .reason = "Parameter verification failed.",
		  .answer = "{\"data\":null,\"errors\":{\"upid\":\"no such task\"}}" },
		{ LOOK, .kind = ERR_TIMEOUT, .ms = 90000 },
		{ LOOK, .status = 596, .reason = "Connection timed out" },
		{ LOOK, .status = 596, .reason = "Connection timed out" },
		{ LOOK, .status = 596, .reason = "Connection timed out" },
		{ LOOK, .status = 500, .reason = "something else" },
		ENDED("OK"),
	};
	STUB(s, c, steps);

	assert_works(pve_vm_start(c, vm, 0, NULL, &err));
	stub_close_all(&s, c);
}

static void a_task_that_stays_unknown_or_hidden_is_given_up(void **state UNUSED)
{
	static const struct stub_step unknown[] = {
		{ LOOK, .status = 400, .reason = "x",
		  .answer = "{\"errors\":{\"upid\":\"no such task\"}}" },
		{ LOOK, .status = 400, .reason = "x",
		  .answer = "{\"errors\":{\"upid\":\"no such task\"}}", .ms = 5000 },
	};
	static const struct stub_step hidden[] = {
		{ LOOK, .status = 403, .reason = "Permission check failed (/, Sys.Audit)" }
	};
	struct stub s;
	struct pve_client *c = stub_open(&s, unknown, ARRAY_SIZE(unknown), NULL);

	assert_fails(pve_task_wait(c, UPID, NULL, &err), ERR_NOT_FOUND, "no such task");
	stub_close_all(&s, c);
	c = stub_open(&s, hidden, ARRAY_SIZE(hidden), NULL);
	assert_fails(pve_task_wait(c, UPID, NULL, &err), ERR_AUTH, "Permission check failed");
	assert_fails(pve_task_wait(c, "UPID:nonsense", NULL, &err), ERR_USAGE,
		     "is not the UPID of a task");
	stub_close_all(&s, c);
}

static void the_limit_names_the_task(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		STARTED,
		RUNNING,
		{ LOOK, .status = 200, .answer = "{\"data\":{\"status\":\"running\"}}",
		  .ms = 5000 },
	};
	struct pve_watch w = { .timeout_ms = 5000 };
	_cleanup_err_ struct err *err = NULL;
	STUB(s, c, steps);

	assert_int_equal(pve_vm_start(c, vm, 0, &w, &err), -1);
	assert_int_equal(err->kind, ERR_TIMEOUT);
	assert_string_equal(err->text, "start VM 100: task qmstart of '100' took longer than 5 s");
	assert_string_equal(err->hint, "it may still run: pveprov task wait " UPID);
	stub_close_all(&s, c);
}

static void a_busy_server_is_asked_again(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ START, .status = 500, .reason = "VM is locked (backup)" },
		STARTED,
		ENDED("can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"),
		{ LOG("0"), .status = 200, .answer = "{\"data\":[]}" },
		{ START, .status = 200,
		  .answer = "{\"data\":\"UPID:pve:0000243E:0003253D:6B00DAFF:qmstart:100:root@pam!"
			    "ci:\"}" },
		{ "GET /nodes/pve/tasks/UPID%3Apve%3A0000243E%3A*", .status = 200,
		  .answer = "{\"data\":{\"status\":\"stopped\",\"exitstatus\":\"OK\"}}" },
		{ START, .status = 500, .reason = "VM is locked (backup)" },
	};
	struct pve_watch once = { .busy_ms = -1 };
	struct seen seen = { 0 };
	struct pve_watch w = { .started = on_started, .ctx = &seen };
	STUB(s, c, steps);

	assert_works(pve_vm_start(c, vm, 0, &w, &err));
	assert_int_equal(seen.upids.n, 2);
	assert_fails(pve_vm_start(c, vm, 0, &once, &err), ERR_BUSY,
		     "start VM 100: POST /nodes/pve/qemu/100/status/start: "
		     "VM is locked (backup)");
	strv_free(&seen.upids);
	stub_close_all(&s, c);
}

/* 1700003600 is the stub's hour ahead of our clock: since is that of the server. */
#define LIST "GET /nodes/pve/tasks?limit=200&source=all&since=*"
#define ENTRY(upid, type, id, user, start)                                                         \
	"{\"upid\":\"" upid "\",\"node\":\"pve\",\"type\":\"" type "\",\"id\":\"" id               \
	"\",\"user\":\"" user "\","                                                                \
	"\"tokenid\":\"ci\",\"starttime\":" start "}"

static void a_task_whose_answer_was_lost_is_found_again(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /version", .status = 200, .answer = "{\"data\":{}}" },
		{ START, .status = 596, .reason = "Connection timed out", .ms = 30000 },
		{ LIST, .status = 200,
		  .answer =
			  "{\"data\":[" ENTRY("UPID:other1:", "qmstart", "101", "root@pam", "1700003600") "," ENTRY(
				  "UPID:other2:", "qmstop", "100", "root@pam",
				  "1700003600") "," ENTRY("UPID:other3:", "qmstart", "100",
							  "eve@pve",
							  "1700003600") "," ENTRY("UPID:other4:",
										  "qmstart", "100",
										  "root@pam",
										  "1700003000") "]"
												"}" },
		{ LIST, .status = 200,
		  .answer = "{\"data\":[" ENTRY(UPID, "qmstart", "100", "root@pam",
						"1700003601") "]}" },
		ENDED("OK"),
	};
	STUB(s, c, steps);

	assert_works(pve_get(c, "/version", NULL, NULL, &err));
	assert_works(pve_vm_start(c, vm, 0, NULL, &err));
	stub_close_all(&s, c);
}

static void a_call_that_left_no_task_fails_as_it_did(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /version", .status = 200, .answer = "{\"data\":{}}" },
		{ START, .kind = ERR_UNREACHABLE },
		{ LIST, .status = 200, .answer = "{\"data\":[]}" },
		{ LIST, .status = 200, .answer = "{\"data\":[]}", .ms = 20000 },
	};
	_cleanup_err_ struct err *err = NULL;
	STUB(s, c, steps);

	pve_get(c, "/version", NULL, NULL, NULL);
	assert_int_equal(pve_vm_start(c, vm, 0, NULL, &err), -1);
	assert_int_equal(err->kind, ERR_UNREACHABLE);
	assert_true(pve_outcome_unknown(err));
	assert_string_equal(err->hint, "no task 'qmstart' of '100' was found: look whether it was "
				       "done before it is repeated");
	stub_close_all(&s, c);
}

static void work_without_a_task_is_done_work(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "PUT /nodes/pve/qemu/100/resize", "disk=scsi0&size=%2B1G", 200,
		  .answer = "{\"data\":null}" },
		{ START, .status = 200, .answer = "{\"data\":\"nonsense\"}" },
	};
	STUB(s, c, steps);

	assert_works(pve_vm_resize(c, vm, "scsi0", "+1G", NULL, &err));
	assert_fails(pve_vm_start(c, vm, 0, NULL, &err), ERR_INTERNAL,
		     "'nonsense' is not the UPID of a task");
	stub_close_all(&s, c);
}

static void detached_is_started_only(void **state UNUSED)
{
	static const struct stub_step steps[] = { STARTED };
	struct pve_watch w = { .detach = true };
	STUB(s, c, steps);

	assert_works(pve_vm_start(c, vm, 0, &w, &err));
	stub_close_all(&s, c);
}

static void lists_say_how_tasks_ended(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /nodes/pve/tasks?limit=3&source=all&vmid=100&errors=1", .status = 200,
		  .answer = "{\"total\":2,\"data\":[{\"tokenid\":\"ci\",\"node\":\"pve\",\"id\":"
			    "\"100\",\"user\":\"root@pam\","
			    "\"starttime\":1795218432,\"status\":\"start failed: QEMU exited with "
			    "code 1\",\"upid\":\"" UPID "\","
			    "\"endtime\":1795218434,\"type\":\"qmstart\"},{\"upid\":\"UPID:x:\","
			    "\"type\":\"vzdump\"},{\"x\":1}]}" },
		{ "DELETE /nodes/pve/tasks/" IN_PATH, .status = 200, .answer = "{\"data\":null}" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_task_filter f = { .vm = 100, .errors = true, .limit = 3 };
	struct pve_task *tasks;
	size_t n;
	STUB(s, c, steps);

	assert_works(pve_task_list(c, "pve", &f, &a, &tasks, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(tasks[0].status, "start failed: QEMU exited with code 1");
	assert_string_equal(tasks[0].user, "root@pam!ci");
	assert_int_equal(tasks[0].end_s, 1795218434);
	assert_null(tasks[1].status);
	assert_null(tasks[1].user);
	assert_works(pve_task_stop(c, UPID, &err));
	stub_close_all(&s, c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_task_carries_the_tail_of_its_log),
		cmocka_unit_test(a_failed_poll_is_not_a_failed_task),
		cmocka_unit_test(a_task_that_stays_unknown_or_hidden_is_given_up),
		cmocka_unit_test(the_limit_names_the_task),
		cmocka_unit_test(a_busy_server_is_asked_again),
		cmocka_unit_test(a_task_whose_answer_was_lost_is_found_again),
		cmocka_unit_test(a_call_that_left_no_task_fails_as_it_did),
		cmocka_unit_test(the_status_decides_not_the_log),
		cmocka_unit_test(the_log_is_followed_line_by_line),
		cmocka_unit_test(a_task_is_waited_for_with_growing_pauses),
		cmocka_unit_test(warnings_are_success),
		cmocka_unit_test(work_without_a_task_is_done_work),
		cmocka_unit_test(detached_is_started_only),
		cmocka_unit_test(lists_say_how_tasks_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
