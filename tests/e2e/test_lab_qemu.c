/*
 * Real machines of the lab, below the API: a clone boots, its agent answers, its SSH port is
 * reached through dial(), it finds the repository and the encrypted resolver, goes off, and back to
 * a snapshot. Needs root.
 */
#include "data/addr.h"
#include "data/digest.h"
#include "data/json.h"
#include "lab/hypervisor.h"
#include "lab/world.h"
#include "test.h"

#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

enum { SKIP = 77, BOOT_MS = 180000, LOOK_MS = 1000 };

static struct {
	struct event_base *base;
	struct clock clock;
	struct hypervisor *h;
	int64_t start_ms;
	int stops; /* how often a machine went off by itself */
} lab;

static void on_stopped(void *ctx, int vmid)
{
	(void)ctx;
	(void)vmid;
	lab.stops++;
}

struct outcome {
	bool done;
	char *error;
	json_t *result;
};

static void say(const char *what)
{
	fprintf(stderr, "%7.1f s  %s\n", (double)(clock_now_ms(&lab.clock) - lab.start_ms) / 1000,
		what);
}

static void on_line(void *ctx, enum log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	say(text);
}

static void on_done(void *ctx, const char *error, const json_t *result)
{
	struct outcome *o = ctx;

	o->done = true;
	o->error = xstrdup_null(error);
	o->result = json_deep_copy(result);
	event_base_loopbreak(lab.base);
}

/* NULL where it went well; else the error's text, malloc'd. */
static char *request(const struct hv_request *r, json_t **ret)
{
	struct outcome o = { 0 };

	lab.h->ops->begin(lab.h, r, NULL, on_done, &o);
	while (!o.done)
		event_base_dispatch(lab.base);
	if (ret)
		*ret = json_incref(o.result);
	json_decref(o.result);
	return o.error;
}

static void must(const struct hv_request *r, json_t **ret)
{
	_cleanup_free_ char *error = request(r, ret);

	if (error)
		fail_msg("request %d: %s", (int)r->op, error);
}

static json_t *agent(int vmid, const char *text)
{
	_cleanup_json_ json_t *command = json_loads(text, 0, NULL);
	const struct hv_request r = { .op = HV_AGENT, .vmid = vmid, .agent = command };
	json_t *result = NULL;

	assert_non_null(command);
	must(&r, &result);
	return result;
}

static void wait_agent(int vmid)
{
	_cleanup_json_ json_t *ping = json_pack("{s:s}", "execute", "guest-ping");
	const struct hv_request r = { .op = HV_AGENT, .vmid = vmid, .agent = ping };
	int64_t end = clock_now_ms(&lab.clock) + BOOT_MS;

	for (;;) {
		_cleanup_free_ char *error = request(&r, NULL);
		if (!error)
			return;
		assert_string_equal(error, "QEMU guest agent is not running");
		assert_true(clock_now_ms(&lab.clock) < end);
	}
}

/* The output of a command in the guest; its exit status must be 0. */
static char *guest_exec(int vmid, const char *script)
{
	_cleanup_json_ json_t *command = json_pack("{s:s, s:{s:s, s:[s,s], s:b}}", "execute",
						   "guest-exec", "arguments", "path", "/bin/sh",
						   "arg", "-c", script, "capture-output", 1),
			      *pid = NULL;
	const struct hv_request start = { .op = HV_AGENT, .vmid = vmid, .agent = command };
	int64_t end = clock_now_ms(&lab.clock) + BOOT_MS;

	must(&start, &pid);
	_cleanup_free_ char *ask =
		xasprintf("{\"execute\":\"guest-exec-status\",\"arguments\":{\"pid\":%" PRId64 "}}",
			  json_int(pid, "pid", 0));
	while (clock_now_ms(&lab.clock) < end) {
		_cleanup_json_ json_t *status = agent(vmid, ask);

		if (!json_flag(status, "exited", false)) {
			poll(NULL, 0, 100);
			continue;
		}
		_cleanup_buf_ struct buf out = { 0 };
		const char *data = json_text(status, "out-data");
		if (data)
			digest_unbase64(data, &out);
		if (json_int(status, "exitcode", -1) != 0) {
			const char *e = json_text(status, "err-data");
			_cleanup_buf_ struct buf text = { 0 };
			if (e)
				digest_unbase64(e, &text);
			fail_msg("'%s': status %d: %s%s", script,
				 (int)json_int(status, "exitcode", -1), buf_text(&out),
				 buf_text(&text));
		}
		buf_text(&out);
		return buf_take(&out);
	}
	fail_msg("'%s' took too long", script);
	return NULL;
}

static char *guest_address(int vmid)
{
	_cleanup_json_ json_t *list = agent(vmid, "{\"execute\":\"guest-network-get-interfaces\"}");
	size_t i, n;
	json_t *nic, *address;

	json_array_foreach(list, i, nic)
		json_array_foreach(json_list(nic, "ip-addresses"), n, address)
			if (streq_null(json_text(address, "ip-address-type"), "ipv4") &&
			    starts_with(json_text(address, "ip-address"), "10.20.0."))
				return xstrdup(json_text(address, "ip-address"));
	fail_msg("no address on vmbr0");
	return NULL;
}

static void assert_banner(const char *host)
{
	char banner[8] = { 0 };
	_cleanup_close_ int fd = lab.h->ops->dial(lab.h, host, 22);

	assert_true(fd >= 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	assert_int_equal(poll(&p, 1, 30000), 1);
	assert_true(read(fd, banner, 7) == 7);
	assert_string_equal(banner, "SSH-2.0");
}

static json_t *config(void)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s}", "name",
			 "router", "machine", "q35", "cores", 2, "memory", 512, "agent", "1",
			 "net0", "virtio=BC:24:11:00:00:10,bridge=vmbr0", "net1",
			 "virtio=BC:24:11:00:00:11,bridge=vmbr1", "ipconfig0", "ip=dhcp", "ciuser",
			 "root", "ide2", "local:vm-100-cloudinit,media=cdrom", "ciupgrade", 0,
			 "hostpci0", "0000:01:00,pcie=1");
}

static void refusals(void **state)
{
	_cleanup_json_ json_t *c = config();
	const struct hv_request start = { .op = HV_START, .vmid = 100, .config = c };
	_cleanup_free_ char *no_disk = request(&start, NULL);
	const struct hv_request clone = {
		.op = HV_CLONE, .vmid = 100, .source_vmid = 9000, .linked = true
	};

	(void)state;
	assert_string_equal(no_disk, "VM 100 has no disk on this node");
	must(&clone, NULL);
	_cleanup_free_ char *no_bridge = request(&start, NULL);
	assert_string_equal(no_bridge, "bridge 'vmbr1' does not exist");

	_cleanup_json_ json_t *ping = json_pack("{s:s}", "execute", "guest-ping");
	const struct hv_request off = { .op = HV_AGENT, .vmid = 100, .agent = ping };
	_cleanup_free_ char *not_running = request(&off, NULL);
	assert_string_equal(not_running, "VM 100 is not running");

	json_object_set_new(c, "net1", json_string("virtio=BC:24:11:00:00:11,bridge=vmbr0"));
	json_object_set_new(c, "memory", json_integer(1));
	_cleanup_free_ char *no_memory = request(&start, NULL);
	assert_non_null(no_memory);
	say(no_memory);
	assert_string_equal(lab.h->ops->status(lab.h, 100), "stopped");
}

static void boots(void **state)
{
	_cleanup_json_ json_t *c = config();
	_cleanup_json_ json_t *net =
		json_loads("[{\"iface\":\"eno1\",\"type\":\"eth\"},"
			   "{\"iface\":\"vmbr0\",\"type\":\"bridge\",\"autostart\":1,\"bridge_"
			   "ports\":\"eno1\",\"cidr\":\"10.20.0.2/24\","
			   "\"gateway\":\"10.20.0.1\"},"
			   "{\"iface\":\"vmbr1\",\"type\":\"bridge\",\"autostart\":1,\"bridge_"
			   "ports\":\"\",\"cidr\":\"192.168.1.2/24\"}]",
			   0, NULL);
	const struct hv_request network = { .op = HV_NETWORK, .network = net };
	const struct hv_request snapshot = { .op = HV_SNAPSHOT, .vmid = 100, .snapshot = "init" };
	const struct hv_request start = { .op = HV_START, .vmid = 100, .config = c };

	(void)state;
	must(&network, NULL);
	must(&snapshot, NULL);
	must(&start, NULL);
	say("started");
	assert_string_equal(lab.h->ops->status(lab.h, 100), "running");
	wait_agent(100);
	say("agent");
	_cleanup_free_ char *address = guest_address(100);
	say(address);
	free(guest_exec(
		100, "cloud-init status --wait >/dev/null; test -s /run/cloud-init/result.json"));
	say("cloud-init");
	assert_banner(address);
	say("ssh banner");
	free(guest_exec(100, "test $(nproc) = 2"));
	_cleanup_free_ char *cards =
		guest_exec(100, "for f in 0 1 2 3; do readlink -e "
				"/sys/bus/pci/devices/0000:01:00.$f/driver; done; ip -br link");
	say(cards);
	assert_non_null(strstr(cards, "e1000e"));
}

/* QEMU fails by an assertion of its own while the guest boots: it is there again, and nobody was
 * told otherwise. */
static void survives_qemu(void **state)
{
	const struct hv_request reset = { .op = HV_RESET, .vmid = 100 };
	_cleanup_json_ json_t *about = lab.h->ops->describe(lab.h);

	(void)state;
	must(&reset, NULL);
	pid_t pid = (pid_t)json_int(json_map(about, "processes"), "100", 0);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGABRT), 0);
	wait_agent(100);
	say("agent, after QEMU had failed");
	assert_int_equal(lab.stops, 0);
	assert_string_equal(lab.h->ops->status(lab.h, 100), "running");
	free(guest_exec(
		100, "cloud-init status --wait >/dev/null; test -s /run/cloud-init/result.json"));
}

/* What a router finds at the other end of its cables. */
static void reaches_the_internet(void **state)
{
	(void)state;
	free(guest_exec(100, "ping -c1 -W5 1.1.1.1"));
	free(guest_exec(100, "host one.one.one.one | grep -q 1.1.1.1"));
	free(guest_exec(100, "! host nowhere.example.org"));
	free(guest_exec(100, "curl -fsS http://www.example.com/ | grep -q made-up"));
	free(guest_exec(100,
			"curl -fsS --doh-url https://cloudflare-dns.com/dns-query --resolve "
			"cloudflare-dns.com:443:1.1.1.1 http://example.com/ | grep -q made-up"));
	say("internet, resolver");
	free(guest_exec(
		100,
		"apt-get update 2>&1 && apt-get install -y --no-install-recommends nftables 2>&1"));
	say("apt");
	free(guest_exec(
		100, "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "
		     "dnscrypt-proxy "
		     "2>&1 && systemctl stop dnscrypt-proxy.socket dnscrypt-proxy.service && "
		     "printf '%s\\n' \"server_names = ['made-up']\" \"listen_addresses = "
		     "['127.0.0.1:5353']\" "
		     "\"ignore_system_dns = true\" \"netprobe_timeout = 0\" \"[static.'made-up']\" "
		     "\"stamp = "
		     "'sdns://AgcAAAAAAAAABzEuMS4xLjEAEmNsb3VkZmxhcmUtZG5zLmNvbQovZG5zLXF1ZXJ5'\" "
		     "> /root/d.toml && (timeout 60 dnscrypt-proxy -config /root/d.toml > "
		     "/root/d.log 2>&1 &) "
		     "; for i in $(seq 100); do host -p 5353 one.one.one.one 127.0.0.1 | grep "
		     "1.1.1.1 && exit 0; "
		     "sleep 0.2; done; cat /root/d.log; exit 1"));
	say("dnscrypt-proxy over DoH");
	/* The card's first port: a lease, a router advertisement and a delegated prefix from the
	 * provider. */
	free(guest_exec(
		100,
		"cd /run/systemd/network && "
		"printf '[Match]\\nName=enp1s0f0\\n[Network]\\nDHCP=yes\\nIPv6AcceptRA=yes\\n"
		"[IPv6AcceptRA]\\nDHCPv6Client=always\\n[DHCPv6]\\nPrefixDelegationHint=::/56\\n"
		"WithoutRA=solicit\\n' > 50-wan.network && "
		"printf '[Match]\\nName=enp1s0f1\\n[Network]\\nDHCPPrefixDelegation=yes\\n"
		"ConfigureWithoutCarrier=yes\\n[DHCPPrefixDelegation]\\nUplinkInterface=enp1s0f0\\n"
		"Token=static:::1\\n' > 50-lan.network && networkctl reload && "
		"for i in $(seq 150); do ip -4 -br addr show dev enp1s0f0 | grep -q 84.20.16. && "
		"ip -6 -br addr show dev enp1s0f0 | grep -q 2a0c:5a80:0:1: && "
		"ip -6 addr show dev enp1s0f1 -tentative | grep -q 2a0c:5a80:100: && exit 0; "
		"sleep 0.2; done; ip addr; journalctl -u systemd-networkd | tail -20; exit 1"));
	say("wan lease, prefix");
	free(guest_exec(
		100,
		"ping -6 -c1 -W5 2606:4700:4700::1111 && curl -6fsS http://six.example.com/ && "
		"ping -6 -c1 -W5 -I $(ip -6 -br addr show dev enp1s0f1 | grep -o "
		"'2a0c:5a80:100:[^/]*') "
		"2a0c:5a80:0:80::10"));
	/* A port with a cable that comes up after the one without shows that this one had its time. */
	free(guest_exec(100, "cd /sys/class/net && test $(cat enp1s0f0/carrier) = 1 && "
			     "ip link set enp1s0f2 up && ip link set enp1s0f1 down && ip link set enp1s0f1 up && "
			     "for i in $(seq 150); do test $(cat enp1s0f1/carrier) = 1 && break; sleep 0.2; done; "
			     "test $(cat enp1s0f1/carrier) = 1 && test $(cat enp1s0f2/carrier) = 0"));
}

static void goes_back(void **state)
{
	_cleanup_json_ json_t *c = config();
	const struct hv_request save = { .op = HV_SAVE, .vmid = 100, .snapshot = "built" };
	const struct hv_request load = {
		.op = HV_LOAD, .vmid = 100, .snapshot = "built", .config = c
	};
	const struct hv_request stop = { .op = HV_STOP, .vmid = 100 };
	const struct hv_request suspend = { .op = HV_SUSPEND, .vmid = 100 };
	const struct hv_request resume = { .op = HV_RESUME, .vmid = 100 };
	const struct hv_request rollback = { .op = HV_ROLLBACK, .vmid = 100, .snapshot = "init" };
	const struct hv_request shutdown = { .op = HV_SHUTDOWN, .vmid = 100, .timeout_ms = 60000 };
	const struct hv_request start = { .op = HV_START, .vmid = 100, .config = c };

	(void)state;
	free(guest_exec(100, "echo 1 > /root/mark; sync"));
	must(&save, NULL);
	say("saved");
	free(guest_exec(100, "rm /root/mark; sync"));
	must(&suspend, NULL);
	poll(NULL, 0, 100);
	assert_string_equal(lab.h->ops->status(lab.h, 100), "paused");
	must(&resume, NULL);
	must(&load, NULL);
	wait_agent(100);
	free(guest_exec(100, "test -e /root/mark"));
	say("loaded");
	must(&stop, NULL);
	assert_string_equal(lab.h->ops->status(lab.h, 100), "stopped");
	must(&load, NULL);
	wait_agent(100);
	free(guest_exec(100, "test -e /root/mark"));
	say("loaded into a new QEMU");
	must(&shutdown, NULL);
	say("shut down");
	assert_string_equal(lab.h->ops->status(lab.h, 100), "stopped");
	must(&rollback, NULL);
	must(&start, NULL);
	wait_agent(100);
	free(guest_exec(100, "! test -e /root/mark"));
	say("rolled back, agent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),	 cmocka_unit_test(boots),
		cmocka_unit_test(survives_qemu), cmocka_unit_test(reaches_the_internet),
		cmocka_unit_test(goes_back),
	};
	const char *ports[] = { "eno1" };
	struct world_interface nics[] = {
		{ .name = "eno1" },
		{ .name = "vmbr0", .type = 1, .autostart = true, .ports = { ports, 1 } }
	};
	struct world_machine machines[] = {
		{ .id = "9000", .image = "debian", .is_template = true, .disk_mib = 4096 }
	};
	struct world world = { .interfaces = { nics, 2 }, .machines = { machines, 1 } };
	const struct log log = { .line = on_line };
	_cleanup_err_ struct err *e = NULL;

	if (geteuid() != 0) {
		fprintf(stderr, "skipped: needs root\n");
		return SKIP;
	}
	addr_cidr_parse("10.20.0.2/24", &nics[1].cidr);
	addr_parse("10.20.0.1", &nics[1].gateway);
	addr_parse("10.20.0.1", &nics[1].dhcp_router);
	addr_parse("10.20.0.1", &nics[1].dhcp_dns);
	addr_range_parse("10.20.0.100-10.20.0.199", &nics[1].dhcp);
	lab.base = event_base_new();
	lab.clock = clock_real(-1);
	lab.start_ms = clock_now_ms(&lab.clock);
	if (hypervisor_qemu.open(&world, lab.base, &lab.clock, &log, &lab.h, &e) < 0) {
		fprintf(stderr, "%s%s%s\n", e->text, e->hint ? ": " : "", e->hint ? e->hint : "");
		return 1;
	}
	lab.h->stopped = on_stopped;
	say("lab is up");
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	lab.h->ops->close(lab.h);
	say("lab is down");
	event_base_free(lab.base);
	return failed;
}
