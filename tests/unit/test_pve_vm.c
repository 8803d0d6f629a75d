#include "pve_stub.h"
#include "pve/cluster.h"
#include "pve/snapshot.h"
#include "pve/vm.h"

#define UPID(type, id) "UPID:pve:0000243D:0003253C:6B00DAFE:" type ":" id ":root@pam!ci:"
#define JOB(call, body, type, id)                                                                  \
	{ call, body, 200, .answer = "{\"data\":\"" UPID(type, id) "\"}" },                        \
	{                                                                                          \
		"GET /nodes/pve/tasks/*",                                                          \
			.status = 200,                                                             \
			.answer = "{\"data\":{\"status\":\"stopped\",\"exitstatus\":\"OK\"}}"      \
	}
#define AT "/nodes/pve/qemu/100"

static const struct pve_vm vm = { "pve", 100 };

static void every_verb_sends_what_the_server_wants(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		JOB("POST /nodes/pve/qemu/9000/clone",
		    "newid=100&name=router&description=ours&full=0", "qmclone", "9000"),
		JOB("POST /nodes/pve/qemu/9000/clone",
		    "newid=101&full=1&storage=vmstore&format=qcow2", "qmclone", "9000"),
		JOB("POST /nodes/pve/qemu", "vmid=100&memory=512", "qmcreate", "100"),
		JOB("POST " AT "/status/start", "timeout=120", "qmstart", "100"),
		JOB("POST " AT "/status/stop", "", "qmstop", "100"),
		JOB("POST " AT "/status/shutdown", "timeout=180", "qmshutdown", "100"),
		JOB("POST " AT "/status/shutdown", "timeout=5&forceStop=1", "qmshutdown", "100"),
		JOB("POST " AT "/status/reboot", "", "qmreboot", "100"),
		JOB("POST " AT "/status/reset", "", "qmreset", "100"),
		JOB("POST " AT "/status/suspend", "", "qmpause", "100"),
		JOB("POST " AT "/status/suspend", "todisk=1", "qmsuspend", "100"),
		JOB("POST " AT "/status/resume", "", "qmresume", "100"),
		JOB("DELETE " AT "?purge=1", NULL, "qmdestroy", "100"),
		JOB("PUT " AT "/resize", "disk=scsi0&size=%2B1G", "resize", "100"),
		JOB("POST " AT "/template", "", "qmtemplate", "100"),
		JOB("POST " AT "/snapshot", "snapname=init&description=clean&vmstate=0",
		    "qmsnapshot", "100"),
		JOB("POST " AT "/snapshot/init/rollback", "", "qmrollback", "100"),
		JOB("POST " AT "/snapshot/init/rollback", "start=1", "qmrollback", "100"),
		JOB("DELETE " AT "/snapshot/init", NULL, "qmdelsnapshot", "100"),
	};
	static const struct pve_vm template = { "pve", 9000 };
	_cleanup_pve_params_ struct pve_params p = { 0 };
	STUB(s, c, steps);

	pve_params_add_int(&p, "memory", 512);
	assert_works(pve_vm_clone(
		c, template,
		&(struct pve_clone){ .new_id = 100, .name = "router", .description = "ours" }, NULL,
		&err));
	assert_works(pve_vm_clone(
		c, template,
		&(struct pve_clone){
			.new_id = 101, .full = true, .storage = "vmstore", .format = "qcow2" },
		NULL, &err));
	assert_works(pve_vm_create(c, vm, &p, NULL, &err));
	assert_works(pve_vm_start(c, vm, 120, NULL, &err));
	assert_works(pve_vm_stop(c, vm, NULL, &err));
	assert_works(pve_vm_shutdown(c, vm, 0, false, NULL, &err));
	assert_works(pve_vm_shutdown(c, vm, 5, true, NULL, &err));
	assert_works(pve_vm_reboot(c, vm, 0, NULL, &err));
	assert_works(pve_vm_reset(c, vm, NULL, &err));
	assert_works(pve_vm_suspend(c, vm, false, NULL, &err));
	assert_works(pve_vm_suspend(c, vm, true, NULL, &err));
	assert_works(pve_vm_resume(c, vm, NULL, &err));
	assert_works(pve_vm_delete(c, vm, true, NULL, &err));
	assert_works(pve_vm_resize(c, vm, "scsi0", "+1G", NULL, &err));
	assert_works(pve_vm_template(c, vm, NULL, &err));
	assert_works(pve_snapshot_create(c, vm, "init", "clean", false, NULL, &err));
	assert_works(pve_snapshot_rollback(c, vm, "init", false, NULL, &err));
	assert_works(pve_snapshot_rollback(c, vm, "init", true, NULL, &err));
	assert_works(pve_snapshot_delete(c, vm, "init", NULL, &err));
	stub_close_all(&s, c);
}

static void a_change_carries_its_digest_and_waits_for_the_lock(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "PUT " AT "/config", "memory=256&digest=8a42", 500,
		  .reason = "VM is locked (clone)" },
		{ "PUT " AT "/config", "memory=256&digest=8a42", 500, .ms = 10000,
		  .reason = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout" },
		{ "PUT " AT "/config", "memory=256&digest=8a42", 200, .answer = "{\"data\":null}" },
		{ "PUT " AT "/config", "memory=256&digest=8a42", 500,
		  .reason = "checksum mismatch (file change by other user?)" },
		{ "PUT " AT "/config", "memory=256", 500, .reason = "VM is locked (clone)" },
	};
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_err_ struct err *err = NULL;
	STUB(s, c, steps);

	pve_params_add_int(&p, "memory", 256);
	assert_int_equal(pve_vm_set(c, vm, &p, "8a42", 0, &err), 0);
	assert_int_equal(pve_vm_set(c, vm, &p, "8a42", 0, &err), -1);
	assert_int_equal(err->kind, ERR_CONFLICT);
	assert_true(pve_is(err, PVE_CHANGED));
	assert_string_equal(err->text, "configure VM 100: PUT " AT
				       "/config: checksum mismatch (file change by other user?)");
	assert_int_equal(pve_vm_set(c, vm, &p, NULL, -1, &err), -1);
	assert_true(pve_is(err, PVE_LOCKED));
	stub_close_all(&s, c);
}

static void status_and_configuration_are_read(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET " AT "/status/current", .status = 200,
		  .answer = "{\"data\":{\"vmid\":100,\"agent\":1,\"status\":\"running\","
			    "\"qmpstatus\":\"paused\",\"lock\":\"snapshot\","
			    "\"uptime\":12,\"pid\":12320,\"name\":\"lab\"}}" },
		{ "GET " AT "/status/current", .status = 200, .answer = "{\"data\":{}}" },
		{ "GET " AT "/config", .status = 200,
		  .answer = "{\"data\":{\"memory\":\"256\",\"digest\":\"8a42\"}}" },
		{ "GET " AT "/config?current=1", .status = 200,
		  .answer = "{\"data\":{\"memory\":\"128\"}}" },
		{ "GET " AT "/config", .status = 200, .answer = "{\"data\":[]}" },
		{ "GET " AT "/pending", .status = 200,
		  .answer = "{\"data\":[{\"key\":\"memory\",\"value\":\"256\",\"pending\":\"300\"}]"
			    "}" },
		{ "GET " AT "/feature?feature=snapshot", .status = 200,
		  .answer = "{\"data\":{\"hasFeature\":1,\"nodes\":[\"pve\"]}}" },
		{ "GET " AT "/feature?feature=clone", .status = 200,
		  .answer = "{\"data\":{\"hasFeature\":\"\",\"nodes\":[]}}" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_json_ json_t *config = NULL, *current = NULL, *pending = NULL;
	struct pve_vm_status st;
	bool has;
	STUB(s, c, steps);

	assert_works(pve_vm_status(c, vm, &a, &st, &err));
	assert_true(st.running && st.paused && st.agent_enabled);
	assert_string_equal(st.lock, "snapshot");
	assert_int_equal(st.uptime_s, 12);
	assert_fails(pve_vm_status(c, vm, &a, &st, &err), ERR_INTERNAL,
		     "status of VM 100: text 'status' is missing");
	assert_works(pve_vm_config(c, vm, false, &config, &err));
	assert_string_equal(json_text(config, "memory"), "256");
	assert_works(pve_vm_config(c, vm, true, &current, &err));
	json_t *none = NULL;
	assert_fails(pve_vm_config(c, vm, false, &none, &err), ERR_INTERNAL, "of another kind");
	assert_null(none);
	assert_works(pve_vm_pending(c, vm, &pending, &err));
	assert_works(pve_vm_feature(c, vm, "snapshot", &has, &err));
	assert_true(has);
	assert_works(pve_vm_feature(c, vm, "clone", &has, &err));
	assert_false(has);
	stub_close_all(&s, c);
}

static void the_cluster_is_one_read(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /cluster/resources?type=vm", .status = 200,
		  .answer =
			  "{\"data\":[{\"node\":\"pve\",\"name\":\"vm100\",\"type\":\"qemu\","
			  "\"status\":\"stopped\",\"vmid\":100,"
			  "\"maxcpu\":2,\"template\":0,\"maxmem\":268435456,\"lock\":\"backup\"},"
			  "{\"node\":\"pve\",\"name\":\"ct\",\"type\":\"lxc\",\"vmid\":300},"
			  "{\"node\":\"two\",\"name\":\"tpl\",\"type\":\"qemu\",\"vmid\":9000,"
			  "\"template\":1,\"tags\":\"a;b\"},"
			  "{\"node\":\"two\",\"name\":\"tpl\",\"type\":\"qemu\",\"vmid\":9001}]}" },
		{ "GET /cluster/nextid", .status = 200, .answer = "{\"data\":\"101\"}" },
		{ "GET /cluster/nextid", .status = 200, .answer = "{\"data\":null}" },
		{ "GET /cluster/status", .status = 200,
		  .answer = "{\"data\":[{\"type\":\"cluster\",\"name\":\"c\"},{\"type\":\"node\","
			    "\"online\":1,\"name\":\"pve\","
			    "\"ip\":\"10.99.0.2\",\"local\":1}]}" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_vm_entry *vms;
	const struct pve_vm_entry *one;
	struct pve_member *members;
	uint32_t id;
	size_t n;
	STUB(s, c, steps);

	assert_works(pve_cluster_vms(c, &a, &vms, &n, &err));
	assert_int_equal(n, 3);
	assert_string_equal(vms[0].lock, "backup");
	assert_true(vms[1].template);
	assert_string_equal(vms[1].tags, "a;b");
	assert_true(vms[0].cpus > 1.9 && vms[0].cpus < 2.1);
	assert_works(pve_cluster_find(vms, n, "9001", &one, &err));
	assert_string_equal(one->node, "two");
	assert_works(pve_cluster_find(vms, n, "vm100", &one, &err));
	assert_int_equal(one->id, 100);
	assert_fails(pve_cluster_find(vms, n, "tpl", &one, &err), ERR_CONFLICT,
		     "VMs 9000 and 9001 are both named 'tpl'");
	assert_fails(pve_cluster_find(vms, n, "300", &one, &err), ERR_NOT_FOUND, "no VM '300'");
	_cleanup_err_ struct err *err = NULL;
	assert_int_equal(pve_cluster_find(vms, n, "vm10O", &one, &err), -1);
	assert_string_equal(err->hint, "did you mean 'vm100'?");
	assert_int_equal(pve_cluster_next_id(c, &id, NULL), 0);
	assert_int_equal(id, 101);
	assert_int_equal(pve_cluster_next_id(c, &id, NULL), -1);
	assert_int_equal(pve_cluster_members(c, &a, &members, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_true(members[0].local);
	assert_string_equal(members[0].address, "10.99.0.2");
	stub_close_all(&s, c);
}

static void snapshots_are_listed_oldest_first(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET " AT "/snapshot", .status = 200,
		  .answer = "{\"data\":[{\"parent\":\"init\",\"snaptime\":1795218181,\"name\":"
			    "\"second\",\"description\":\"hello\","
			    "\"vmstate\":1},{\"snaptime\":1795217890,\"name\":\"init\",\"vmstate\":"
			    "0,\"description\":\"\"},"
			    "{\"name\":\"current\",\"parent\":\"second\",\"running\":0,"
			    "\"description\":\"You are here!\"}]}" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_snapshot *list;
	const char *parent;
	size_t n;
	STUB(s, c, steps);

	assert_works(pve_snapshot_list(c, vm, &a, &list, &n, &parent, &err));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "init");
	assert_null(list[0].parent);
	assert_string_equal(list[1].name, "second");
	assert_true(list[1].with_memory);
	assert_string_equal(parent, "second");
	stub_close_all(&s, c);
}

static void names_of_snapshots_are_checked(void **state UNUSED)
{
	static const char *const bad[] = {
		"", "a", "1a", "a b", "current", "_a", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde"
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(pve_snapshot_name_ok(bad[i]));
	assert_true(pve_snapshot_name_ok("init"));
	assert_true(pve_snapshot_name_ok("a_-9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_carries_its_digest_and_waits_for_the_lock),
		cmocka_unit_test(names_of_snapshots_are_checked),
		cmocka_unit_test(every_verb_sends_what_the_server_wants),
		cmocka_unit_test(status_and_configuration_are_read),
		cmocka_unit_test(the_cluster_is_one_read),
		cmocka_unit_test(snapshots_are_listed_oldest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
