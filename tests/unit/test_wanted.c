/* A machine's configuration, compared by meaning. */
#include "base/buf.h"
#include "pve/params.h"
#include "step/wanted.h"
#include "test.h"

#define KEY1                                                                                       \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBJtJkSx3pnZ0oB9CzWgJ9J1GqHbzkBtjz0sIjAqZT0a "        \
	"me@laptop"
#define KEY2                                                                                       \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKJtJkSx3pnZ0oB9CzWgJ9J1GqHbzkBtjz0sIjAqZT0b me@desk"

static struct recipe_nic nics[2];
static struct recipe_passthrough card = { .device = "01:00", .pcie = true };
static struct recipe recipe;
static struct recipe_vm vm;
static struct strv keys;
static const char *hostpci[1];
static struct wanted_facts facts;

static int setup(void **state)
{
	(void)state;
	addr_mac_parse("bc:24:11:aa:bb:01", &nics[0].mac);
	addr_mac_parse("bc:24:11:aa:bb:02", &nics[1].mac);
	nics[0].name = "vm0";
	nics[0].bridge = "vmbr0";
	nics[0].model = "virtio";
	nics[0].addressing = RECIPE_ADDRESS_DHCP;
	nics[1] = (struct recipe_nic){ .name = "vm1",
				       .bridge = "vmbr1",
				       .model = "virtio",
				       .mac = nics[1].mac,
				       .addressing = RECIPE_ADDRESS_STATIC };
	addr_cidr_parse("192.168.1.1/24", &nics[1].address);
	recipe = (struct recipe){ .name = "home", .ssh = { .user = "root" } };
	vm = (struct recipe_vm){ .name = "router",
				 .id = 100,
				 .machine = "q35",
				 .cores = 2,
				 .memory_mib = 2048,
				 .balloon_mib = 0,
				 .onboot = true,
				 .nics = nics,
				 .n_nics = 2,
				 .passthrough = &card,
				 .n_passthrough = 1 };
	hostpci[0] = "0000:01:00,pcie=1";
	strv_free(&keys);
	strv_add(&keys, KEY1);
	strv_add(&keys, KEY2);
	facts = (struct wanted_facts){
		.recipe = &recipe, .vm = &vm, .keys = &keys, .hostpci = hostpci
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	strv_free(&keys);
	return 0;
}

/* As a server would send it: other order, other letter case, other types, further keys. */
static json_t *same(void)
{
	_cleanup_free_ char *encoded = pve_percent_encode(KEY2 "\n" KEY1 "\n");
	json_t *live = json_pack(
		"{s:s, s:s, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s}",
		"name", "router", "machine", "pc-q35-9.2+pve1", "cores", 2, "memory", "2048",
		"balloon", "0", "onboot", 1, "net0",
		"bridge=vmbr0,virtio=BC:24:11:AA:BB:01,queues=4", "net1",
		"virtio=bc:24:11:aa:bb:02,bridge=vmbr1", "ipconfig0", "ip=dhcp", "ipconfig1",
		"ip=192.168.1.1/24", "hostpci0", "pcie=on,host=01:00", "ciuser", "root", "sshkeys",
		encoded, "ciupgrade", 0, "vmgenid", "x", "ostype", "l26");
	assert_non_null(live);
	return live;
}

static void test_the_same_by_meaning(void **state)
{
	(void)state;
	_cleanup_json_ json_t *live = same();
	_cleanup_wanted_ struct wanted w = { 0 };

	assert_works(wanted_compare(&facts, live, &w, &err));
	if (w.n)
		fail_msg("%s: %s -> %s", w.v[0].key, w.v[0].from, w.v[0].to);
}

/* One key of the live configuration is changed: exactly that comes back. */
static void test_each_key_alone(void **state)
{
	(void)state;
	static const struct {
		const char *key, *live; /* NULL: absent */
		const char *value;	/* NULL: removed */
		enum step_effect running;
	} cases[] = {
		{ "name", "vm100", "router", STEP_LIVE },
		{ "machine", "pc-i440fx-9.2", "q35", STEP_COLD_START },
		{ "machine", NULL, "q35", STEP_COLD_START },
		{ "cores", "4", "2", STEP_COLD_START },
		{ "memory", "current=1024", "2048", STEP_COLD_START },
		{ "balloon", NULL, "0", STEP_COLD_START },
		{ "onboot", NULL, "1", STEP_LIVE },
		{ "net0", "virtio=BC:24:11:AA:BB:99,bridge=vmbr0,mtu=1",
		  "virtio=BC:24:11:AA:BB:01,bridge=vmbr0,mtu=1", STEP_RESTARTS },
		{ "net0", "e1000=BC:24:11:AA:BB:01,bridge=vmbr0",
		  "virtio=BC:24:11:AA:BB:01,bridge=vmbr0", STEP_RESTARTS },
		{ "net0", "virtio=BC:24:11:AA:BB:01,bridge=vmbr9,tag=7",
		  "virtio=BC:24:11:AA:BB:01,bridge=vmbr0", STEP_LIVE },
		{ "net1", NULL, "virtio=BC:24:11:AA:BB:02,bridge=vmbr1", STEP_LIVE },
		{ "net7", "virtio=BC:24:11:AA:BB:09,bridge=vmbr1", NULL, STEP_RESTARTS },
		{ "ipconfig1", "ip=dhcp", "ip=192.168.1.1/24", STEP_COLD_START },
		{ "ipconfig5", "ip=dhcp", NULL, STEP_COLD_START },
		{ "hostpci0", NULL, "0000:01:00,pcie=1", STEP_COLD_START },
		{ "hostpci0", "0000:01:00", "0000:01:00,pcie=1", STEP_COLD_START },
		{ "hostpci0", "mapping=card,pcie=1", "0000:01:00,pcie=1", STEP_COLD_START },
		{ "hostpci1", "0000:02:00", NULL, STEP_COLD_START },
		{ "ciuser", NULL, "root", STEP_COLD_START },
		{ "ciupgrade", NULL, "0", STEP_COLD_START },
		{ "cicustom", "user=local:snippets/a.yaml", NULL, STEP_COLD_START },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int running = 0; running <= 1; running++) {
			_cleanup_json_ json_t *live = same();
			_cleanup_wanted_ struct wanted w = { 0 };
			facts.running = running;
			if (cases[i].live)
				json_object_set_new(live, cases[i].key, json_string(cases[i].live));
			else
				json_object_del(live, cases[i].key);
			assert_works(wanted_compare(&facts, live, &w, &err));
			if (w.n != 1)
				fail_msg("%s: %zu changes", cases[i].key, w.n);
			assert_string_equal(w.v[0].key, cases[i].key);
			if (!streq_null(w.v[0].value, cases[i].value))
				fail_msg("%s: '%s', not '%s'", cases[i].key, w.v[0].value,
					 cases[i].value);
			assert_true(streq_null(w.v[0].from, cases[i].live));
			assert_int_equal(w.v[0].effect, running ? cases[i].running : STEP_LIVE);
		}
}

static void test_keys(void **state)
{
	(void)state;
	_cleanup_json_ json_t *live = same();
	_cleanup_wanted_ struct wanted w = { 0 };
	_cleanup_free_ char *one = pve_percent_encode(KEY1);

	json_object_set_new(live, "sshkeys", json_string(one));
	assert_works(wanted_compare(&facts, live, &w, &err));
	assert_int_equal(w.n, 1);
	assert_string_equal(w.v[0].from, "1 key");
	assert_string_equal(w.v[0].to, "2 keys");
	_cleanup_free_ char *sent = pve_percent_decode(w.v[0].value);
	assert_string_equal(sent, KEY1 "\n" KEY2);
	assert_null(strchr(w.v[0].value, ' '));
	assert_null(strchr(w.v[0].value, '+'));
}

static void test_what_the_recipe_leaves_open(void **state)
{
	(void)state;
	_cleanup_json_ json_t *live = same();
	_cleanup_wanted_ struct wanted w = { 0 };

	vm.machine = NULL;
	vm.cores = vm.memory_mib = 0;
	vm.balloon_mib = -1;
	vm.keep_cicustom = true;
	facts.no_ciupgrade = true;
	hostpci[0] = NULL;
	json_object_set_new(live, "cores", json_integer(8));
	json_object_set_new(live, "memory", json_string("512"));
	json_object_set_new(live, "machine", json_string("q35"));
	json_object_set_new(live, "cicustom", json_string("meta=local:snippets/m"));
	json_object_set_new(live, "hostpci0", json_string("mapping=x"));
	json_object_del(live, "balloon");
	json_object_del(live, "ciupgrade");
	assert_works(wanted_compare(&facts, live, &w, &err));
	assert_int_equal(w.n, 0);
	facts.no_ciupgrade = false;
}

static void test_ipconfig(void **state)
{
	(void)state;
	struct recipe_nic nic = { .addressing = RECIPE_ADDRESS_STATIC,
				  .addressing6 = RECIPE_ADDRESS_DHCP };

	addr_cidr_parse("10.0.0.5/8", &nic.address);
	addr_parse("10.0.0.1", &nic.gateway);
	_cleanup_free_ char *both = wanted_ipconfig(&nic);
	assert_string_equal(both, "ip=10.0.0.5/8,gw=10.0.0.1,ip6=auto");
	nic = (struct recipe_nic){ .addressing6 = RECIPE_ADDRESS_STATIC };
	addr_cidr_parse("fd00::1/64", &nic.address6);
	_cleanup_free_ char *six = wanted_ipconfig(&nic);
	assert_string_equal(six, "ip6=fd00::1/64");
	nic = (struct recipe_nic){ 0 };
	assert_null(wanted_ipconfig(&nic));
}

static void test_templates(void **state)
{
	(void)state;
	static const struct {
		const char *key, *value;
		bool cloudinit, agent;
	} cases[] = {
		{ "ide2", "local:9000/vm-9000-cloudinit.qcow2,media=cdrom", true, false },
		{ "scsi1", "local-lvm:vm-9000-cloudinit,media=cdrom", true, false },
		{ "ide2", "none,media=cdrom", false, false },
		{ "description", "cloudinit", false, false },
		{ "agent", "1", false, true },
		{ "agent", "1,fstrim_cloned_disks=1", false, true },
		{ "agent", "enabled=1", false, true },
		{ "agent", "0", false, false },
		{ "agent", "enabled=0,type=virtio", false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_t *config = json_pack("{s:s}", cases[i].key, cases[i].value);
		if (wanted_has_cloudinit(config) != cases[i].cloudinit ||
		    wanted_has_agent(config) != cases[i].agent)
			fail_msg("%s: %s", cases[i].key, cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_same_by_meaning, setup),
		cmocka_unit_test_setup(test_each_key_alone, setup),
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_what_the_recipe_leaves_open, setup),
		cmocka_unit_test_setup(test_ipconfig, setup),
		cmocka_unit_test_setup(test_templates, setup),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
