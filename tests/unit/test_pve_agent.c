#include "pve_stub.h"
#include "pve/agent.h"

#include <pthread.h>
#include <stdatomic.h>

#define AT "/nodes/pve/qemu/110/agent/"
#define NOT_READY                                                                                  \
	{                                                                                          \
		"POST " AT "ping", "", 500, .reason = "QEMU guest agent is not running",           \
					    .ms = 3000                                             \
	}
#define STATUS(text)                                                                               \
	{                                                                                          \
		"GET /nodes/pve/qemu/110/status/current", .status = 200,                           \
							  .answer = "{\"data\":{" text "}}"        \
	}
#define RUNS STATUS("\"status\":\"running\",\"qmpstatus\":\"running\",\"agent\":1,\"uptime\":12")

static const struct pve_vm vm = { "pve", 110 };

static void a_stopped_vm_ends_the_wait(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "POST " AT "ping", "", 500, .reason = "VM 110 is not running" },
		NOT_READY,
		STATUS("\"status\":\"stopped\""),
	};
	_cleanup_err_ struct err *err = NULL, *second = NULL;
	STUB(s, c, steps);

	assert_int_equal(pve_agent_wait(c, vm, 60000, &err), -1);
	assert_true(pve_is(err, PVE_VM_STOPPED));
	assert_int_equal(pve_agent_wait(c, vm, 60000, &second), -1);
	assert_true(pve_is(second, PVE_VM_STOPPED));
	stub_close_all(&s, c);
}

static void a_disabled_option_ends_the_wait(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		NOT_READY,
		STATUS("\"status\":\"running\",\"qmpstatus\":\"running\""),
		{ "POST " AT "ping", "", 500, .reason = "No QEMU guest agent configured" },
	};
	_cleanup_err_ struct err *err = NULL, *second = NULL;
	STUB(s, c, steps);

	assert_int_equal(pve_agent_wait(c, vm, 60000, &err), -1);
	assert_true(pve_is(err, PVE_AGENT_OFF));
	assert_int_equal(pve_agent_wait(c, vm, 60000, &second), -1);
	assert_true(pve_is(second, PVE_AGENT_OFF));
	stub_close_all(&s, c);
}

static void a_guest_that_still_boots_is_waited_for(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		NOT_READY,
		RUNS,
		{ "POST " AT "ping", "", 596, .reason = "Connection timed out", .ms = 30000 },
		NOT_READY,
		{ "POST " AT "ping", "", 200, .answer = "{\"data\":{\"result\":{}}}" },
	};
	STUB(s, c, steps);

	assert_works(pve_agent_wait(c, vm, 60000, &err));
	stub_close_all(&s, c);
}

static void a_guest_without_agent_meets_the_limit(void **state UNUSED)
{
	static const struct stub_step steps[] = { NOT_READY, RUNS,	NOT_READY,
						  NOT_READY, NOT_READY, RUNS };
	_cleanup_err_ struct err *err = NULL;
	STUB(s, c, steps);

	assert_int_equal(pve_agent_wait(c, vm, 10000, &err), -1);
	assert_int_equal(err->kind, ERR_TIMEOUT);
	assert_true(pve_is(err, PVE_AGENT_NOT_READY));
	assert_non_null(strstr(err->text, "did not answer within 10 s (the VM runs, up 12 s)"));
	stub_close_all(&s, c);
}

static void a_missing_privilege_ends_the_wait(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "POST " AT "ping", "", 403,
		  .reason = "Permission check failed (/vms/110, "
			    "VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)" },
	};
	STUB(s, c, steps);

	assert_fails(pve_agent_wait(c, vm, 10000, &err), ERR_AUTH, "VM.GuestAgent.Audit");
	stub_close_all(&s, c);
}

/* As recorded. */
#define ETH0(addresses)                                                                            \
	"{\"data\":{\"result\":[{\"ip-addresses\":[{\"ip-address-type\":\"ipv4\",\"prefix\":8,"    \
	"\"ip-address\":\"127.0.0.1\"},{\"ip-address-type\":\"ipv6\",\"prefix\":128,\"ip-"         \
	"address\":\"::1\"}],"                                                                     \
	"\"hardware-address\":\"00:00:00:00:00:00\",\"name\":\"lo\"},{\"name\":\"eth0\","          \
	"\"hardware-address\":"                                                                    \
	"\"bc:24:11:b9:5b:d2\",\"ip-addresses\":[" addresses "]},{\"name\":\"tun0\"}]}}"
#define V6                                                                                         \
	"{\"ip-address-type\":\"ipv6\",\"ip-address\":\"fe80::be24:11ff:feb9:5bd2%eth0\","         \
	"\"prefix\":64}"
#define V4	   "{\"ip-address-type\":\"ipv4\",\"prefix\":24,\"ip-address\":\"10.99.0.50\"}"
#define OTHER	   "{\"ip-address-type\":\"ipv4\",\"prefix\":24,\"ip-address\":\"10.98.0.7\"}"
#define INTERFACES "GET " AT "network-get-interfaces"

static void interfaces_are_typed(void **state UNUSED)
{
	static const struct stub_step steps[] = { { INTERFACES, .status = 200,
						    .answer = ETH0(V4 "," V6) } };
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_guest_nic *nics;
	char text[ADDR_TEXT_MAX], mac[ADDR_MAC_TEXT_MAX];
	size_t n;
	STUB(s, c, steps);

	assert_works(pve_agent_interfaces(c, vm, &a, &nics, &n, &err));
	assert_int_equal(n, 3);
	assert_string_equal(nics[1].name, "eth0");
	assert_string_equal(addr_mac_text(&nics[1].mac, mac), "bc:24:11:b9:5b:d2");
	assert_int_equal(nics[1].n_addrs, 2);
	assert_string_equal(addr_cidr_text(&nics[1].addrs[0], text), "10.99.0.50/24");
	assert_string_equal(addr_cidr_text(&nics[1].addrs[1], text),
			    "fe80::be24:11ff:feb9:5bd2/64");
	assert_false(nics[2].has_mac);
	assert_int_equal(nics[2].n_addrs, 0);
	stub_close_all(&s, c);
}

static void an_address_counts_when_it_was_seen_twice(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ INTERFACES, .status = 500, .reason = "QEMU guest agent is not running",
		  .ms = 3000 },
		{ INTERFACES, .status = 200, .answer = ETH0(V6) },
		{ INTERFACES, .status = 200, .answer = ETH0(V6 "," V4) },
		{ INTERFACES, .status = 200, .answer = ETH0(V6) },
		{ INTERFACES, .status = 200, .answer = ETH0(V6 "," OTHER "," V4) },
		{ INTERFACES, .status = 200, .answer = ETH0(V6 "," V4) },
		{ INTERFACES, .status = 200, .answer = ETH0(V4 "," V6) },
	};
	struct pve_address_want want = { .family = 4 };
	struct addr_cidr got;
	char text[ADDR_TEXT_MAX];
	STUB(s, c, steps);

	assert_true(addr_mac_parse("BC:24:11:B9:5B:D2", &want.mac));
	assert_works(pve_agent_wait_address(c, vm, &want, 60000, &got, &err));
	assert_string_equal(addr_cidr_text(&got, text), "10.99.0.50/24");
	stub_close_all(&s, c);
}

static void the_limit_lists_what_was_seen(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ INTERFACES, .status = 200, .answer = ETH0(V4) },
		{ INTERFACES, .status = 200, .answer = ETH0(V4), .ms = 5000 },
	};
	struct pve_address_want want = { 0 };
	struct addr_cidr got, net;
	_cleanup_err_ struct err *err = NULL;
	STUB(s, c, steps);

	assert_true(addr_mac_parse("bc:24:11:b9:5b:d2", &want.mac));
	assert_true(addr_cidr_parse("192.168.1.0/24", &net));
	want.within = &net;
	assert_int_equal(pve_agent_wait_address(c, vm, &want, 5000, &got, &err), -1);
	assert_string_equal(err->text,
			    "no address on the NIC bc:24:11:b9:5b:d2 of VM 110 within 5 s; seen: "
			    "eth0 bc:24:11:b9:5b:d2 10.99.0.50/24; tun0 without MAC");
	stub_close_all(&s, c);
}

#define EXEC	    "POST " AT "exec"
#define EXEC_STATUS "GET " AT "exec-status?pid=202"
#define PID                                                                                        \
	{                                                                                          \
		EXEC, .status = 200, .answer = "{\"data\":{\"pid\":202}}"                          \
	}

static void a_program_runs_with_any_bytes(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		/* The server takes text, so a byte goes as its code point: fe is U+00FE, in UTF-8
		   c3 be. */
		{ EXEC, "command=%2Fbin%2Fsh&command=-c&command=%C3%BC&input-data=a%00%C3%BE", 200,
		  .answer = "{\"data\":{\"pid\":202}}" },
		{ EXEC_STATUS, .status = 200, .answer = "{\"data\":{\"exited\":0}}" },
		{ EXEC_STATUS, .status = 200,
		  .answer = "{\"data\":{\"exited\":1,\"exitcode\":3,\"out-data\":"
			    "\"\\u00c3\\u00bc\\u0000\\u00fe\\n\",\"err-data\":"
			    "\"err\\n\",\"out-truncated\":0,\"err-truncated\":0}}" },
	};
	static const char *const argv[] = { "/bin/sh", "-c", "\xc3\xbc", NULL };
	struct pve_agent_exec x = { .argv = argv, .input = "a\0\xfe", .input_len = 3 };
	_cleanup_pve_agent_output_ struct pve_agent_output o = { 0 };
	STUB(s, c, steps);

	assert_works(pve_agent_exec(c, vm, &x, &o, &err));
	assert_int_equal(o.status, 3);
	assert_int_equal(o.out.len, 5);
	assert_memory_equal(o.out.data, "\xc3\xbc\0\xfe\n", 5);
	assert_string_equal(buf_text(&o.err), "err\n");
	assert_false(o.truncated);
	stub_close_all(&s, c);
}

static void output_that_the_server_decoded_stays_as_it_is(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		PID,
		{ EXEC_STATUS, .status = 200,
		  .answer = "{\"data\":{\"exited\":1,\"signal\":15,\"out-data\":\"gr\\u00fc\\u00df "
			    "\\u20ac\"}}" },
	};
	static const char *const argv[] = { "date", NULL };
	_cleanup_pve_agent_output_ struct pve_agent_output o = { 0 };
	STUB(s, c, steps);

	assert_works(pve_agent_exec(c, vm, &(struct pve_agent_exec){ .argv = argv }, &o, &err));
	assert_string_equal(buf_text(&o.out), "grüß €");
	assert_int_equal(o.status, 143);
	stub_close_all(&s, c);
}

static void a_program_that_does_not_end_meets_the_limit(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		PID,
		{ EXEC_STATUS, .status = 200, .answer = "{\"data\":{\"exited\":0}}", .ms = 2000 },
	};
	static const char *const argv[] = { "sleep", "99", NULL };
	struct pve_agent_exec x = { .argv = argv, .timeout_ms = 2000 };
	_cleanup_pve_agent_output_ struct pve_agent_output o = { 0 };
	_cleanup_err_ struct err *err = NULL;
	STUB(s, c, steps);

	assert_int_equal(pve_agent_exec(c, vm, &x, &o, &err), -1);
	assert_int_equal(err->kind, ERR_TIMEOUT);
	assert_string_equal(err->text,
			    "'sleep' through the agent of VM 110: 'sleep' took longer than 2 s");
	assert_string_equal(err->hint, "it still runs in the guest, as process 202");
	stub_close_all(&s, c);
}

static void a_lost_look_is_repeated_and_a_lost_result_said(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		PID,
		{ EXEC_STATUS, .kind = ERR_UNREACHABLE },
		{ EXEC_STATUS, .status = 200,
		  .answer = "{\"data\":{\"exited\":1,\"exitcode\":0}}" },
		PID,
		{ EXEC_STATUS, .kind = ERR_UNREACHABLE },
		{ EXEC_STATUS, .status = 500, .reason = "Agent error: PID ld does not exist" },
		{ EXEC, .status = 596, .reason = "Broken pipe", .ms = 5000 },
	};
	static const char *const argv[] = { "date", NULL };
	struct pve_agent_exec x = { .argv = argv };
	_cleanup_pve_agent_output_ struct pve_agent_output o = { 0 };
	STUB(s, c, steps);

	assert_works(pve_agent_exec(c, vm, &x, &o, &err));
	assert_fails(pve_agent_exec(c, vm, &x, &o, &err), ERR_NOT_FOUND, "its result was lost");
	assert_fails(pve_agent_exec(c, vm, &x, &o, &err), ERR_UNREACHABLE, "Broken pipe");
	stub_close_all(&s, c);
}

static void too_much_is_refused_on_both_ways(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		PID,
		{ EXEC_STATUS, .status = 200,
		  .answer = "{\"data\":{\"exited\":1,\"exitcode\":0,\"out-data\":\"12345\"}}" },
		{ "GET " AT "file-read?file=%2Fx", .status = 200,
		  .answer = "{\"data\":{\"content\":\"12345\",\"bytes-read\":5}}" },
	};
	static const char *const argv[] = { "cat", NULL };
	static char much[65537];
	struct pve_agent_exec x = { .argv = argv, .output_max = 4 };
	_cleanup_pve_agent_output_ struct pve_agent_output o = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	STUB(s, c, steps);

	assert_fails(pve_agent_exec(c, vm, &x, &o, &err), ERR_INTERNAL,
		     "output is larger than 4 bytes");
	assert_fails(pve_agent_read(c, vm, "/x", 4, &b, &err), ERR_INTERNAL,
		     "'/x' of VM 110 is larger than 4 bytes");
	x.input = much;
	x.input_len = sizeof(much);
	assert_fails(pve_agent_exec(c, vm, &x, &o, &err), ERR_USAGE, "the agent takes 65536");
	assert_fails(pve_agent_write(c, vm, "/x", much, 46081, &err), ERR_USAGE,
		     "writes at most 46080 at once");
	stub_close_all(&s, c);
}

static void files_carry_any_bytes(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "POST " AT "file-write", "file=%2Ftmp%2Fy.bin&content=AAFiaW5hcnn%2F&encode=0",
		  200, .answer = "{\"data\":null}" },
		{ "GET " AT "file-read?file=%2Ftmp%2Fy.bin", .status = 200,
		  .answer = "{\"data\":{\"content\":\"\\u0000\\u0001binary\\u00ff\",\"bytes-read\":"
			    "9}}" },
		{ "GET " AT "file-read?file=%2Fno", .status = 500,
		  .reason = "Agent error: failed to open file '/no' (mode: 'r'): No such file or "
			    "directory" },
	};
	_cleanup_buf_ struct buf b = { 0 };
	STUB(s, c, steps);

	assert_works(pve_agent_write(c, vm, "/tmp/y.bin", "\0\1binary\xff", 9, &err));
	assert_works(pve_agent_read(c, vm, "/tmp/y.bin", 100, &b, &err));
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.data, "\0\1binary\xff", 9);
	assert_fails(pve_agent_read(c, vm, "/no", 100, &b, &err), ERR_NOT_FOUND,
		     "read '/no' through the agent of VM 110");
	stub_close_all(&s, c);
}

static void the_operating_system_is_told(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET " AT "get-osinfo", .status = 200,
		  .answer = "{\"data\":{\"result\":{\"machine\":\"x86_64\",\"id\":\"arch\","
			    "\"pretty-name\":\"Arch Linux\","
			    "\"kernel-release\":\"6.12.1-arch1-1\",\"name\":\"Arch Linux\"}}}" },
		{ "GET " AT "get-osinfo", .status = 200, .answer = "{\"data\":{\"result\":{}}}" },
		{ "GET " AT "get-osinfo", .status = 200, .answer = "{\"data\":{}}" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_osinfo os;
	STUB(s, c, steps);

	assert_works(pve_agent_osinfo(c, vm, &a, &os, &err));
	assert_string_equal(os.id, "arch");
	assert_null(os.version_id);
	assert_fails(pve_agent_osinfo(c, vm, &a, &os, &err), ERR_INTERNAL, "text 'id' is missing");
	assert_fails(pve_agent_osinfo(c, vm, &a, &os, &err), ERR_INTERNAL,
		     "get-osinfo gave no result");
	stub_close_all(&s, c);
}

/* A stand-in that notices two agent calls at once on one node, and knows that two nodes do not wait
 * for each other. */
struct crowd {
	struct http http;
	atomic_int inside[2];
	atomic_bool together[2];
};

static int crowd_exchange(struct http *h, const struct http_request *q, struct http_response *ret,
			  struct err **err UNUSED)
{
	struct crowd *w = (struct crowd *)h;
	int node = strstr(q->target, "/nodes/b/") ? 1 : 0;

	if (++w->inside[node] > 1)
		w->together[node] = true;
	sched_yield();
	w->inside[node]--;
	ret->status = 200;
	ret->reason = xstrdup("OK");
	buf_adds(&ret->body, "{\"data\":{}}");
	return 0;
}

struct caller {
	struct pve_client *client;
	const char *node;
};

static void *ping_often(void *arg)
{
	struct caller *k = arg;

	for (int i = 0; i < 200; i++)
		pve_agent_ping(k->client, (struct pve_vm){ k->node, 100 }, NULL);
	return NULL;
}

static void one_call_per_node_is_in_flight(void **state UNUSED)
{
	static const struct http_ops ops = { crowd_exchange, stub_counters, stub_close };
	struct crowd w = { .http.ops = &ops };
	struct secret token = { (char *)"SECRET", 6 };
	struct clock clock = clock_real(-1);
	struct pve_options o = {
		.endpoint = "pve",
		.login = { .user = "root@pam!ci", .token = &token },
		.http = &w.http,
		.clock = &clock,
	};
	_cleanup_pve_client_ struct pve_client *c = NULL;
	pthread_t threads[4];

	assert_works(pve_client_new(&o, &c, &err));
	struct caller k[] = { { c, "a" }, { c, "a" }, { c, "b" }, { c, "b" } };
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ping_often, &k[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_false(w.together[0]);
	assert_false(w.together[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stopped_vm_ends_the_wait),
		cmocka_unit_test(a_disabled_option_ends_the_wait),
		cmocka_unit_test(a_guest_without_agent_meets_the_limit),
		cmocka_unit_test(a_missing_privilege_ends_the_wait),
		cmocka_unit_test(a_guest_that_still_boots_is_waited_for),
		cmocka_unit_test(the_limit_lists_what_was_seen),
		cmocka_unit_test(interfaces_are_typed),
		cmocka_unit_test(an_address_counts_when_it_was_seen_twice),
		cmocka_unit_test(a_program_that_does_not_end_meets_the_limit),
		cmocka_unit_test(a_lost_look_is_repeated_and_a_lost_result_said),
		cmocka_unit_test(too_much_is_refused_on_both_ways),
		cmocka_unit_test(a_program_runs_with_any_bytes),
		cmocka_unit_test(output_that_the_server_decoded_stays_as_it_is),
		cmocka_unit_test(files_carry_any_bytes),
		cmocka_unit_test(the_operating_system_is_told),
		cmocka_unit_test(one_call_per_node_is_in_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
