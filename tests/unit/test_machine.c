#include "lab/machine.h"
#include "test.h"

static const struct machine_host host = { .accel = "tcg",
					  .kernel = "/k",
					  .initrd = "/i",
					  .disk = "/d,1.qcow2",
					  .seed = "/s.iso",
					  .serial = "/c,1.log" };

static char *argv_of(const json_t *config, const struct machine_host *on)
{
	_cleanup_strv_ struct strv argv = { 0 };
	struct machine m;

	assert_works(machine_parse(config, 100, &m, &err));
	machine_argv(&m, on, &argv);
	return strv_join(&argv, " ");
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
}

static void refused(void **state)
{
	static const struct {
		const char *key, *value, *part;
	} bad[] = {
		{ "net0", "virtio,bridge=vmbr0", "net0" },
		{ "net0", "rtl8139=BC:24:11:00:00:10,bridge=vmbr0", "net0" },
		{ "net0", "virtio=BC:24:11:00:00:10,bridge=averyverylongbridge", "does not exist" },
		{ "hostpci0", "pcie=1", "no PCI device" },
	};
	struct machine m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		json_t *config = json_pack("{s:s}", bad[i].key, bad[i].value);

		assert_fails(machine_parse(config, 100, &m, &err), ERR_INTERNAL, bad[i].part);
		json_decref(config);
	}
}

static void plain(void **state)
{
	json_t *config =
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "cores", 2, "memory", "2048", "agent",
			  "enabled=1", "net1", "virtio=BC:24:11:00:00:11,bridge=vmbr1,link_down=1",
			  "net0", "e1000=BC:24:11:00:00:10,bridge=vmbr0,firewall=1");
	_cleanup_free_ char *argv = argv_of(config, &host);
	struct machine m;

	(void)state;
	assert_has(argv, " -smp 2 -m 2048 ");
	assert_has(argv, " maxcpus=1 ");
	assert_has(argv, "-accel tcg,thread=multi,tb-size=256 -cpu qemu64");
	assert_has(argv, "e1000,id=net0,netdev=n-net0,mac=bc:24:11:00:00:10,bus=pcie.0,addr=0x12");
	assert_has(
		argv,
		"virtio-net-pci,id=net1,netdev=n-net1,mac=bc:24:11:00:00:11,bus=pcie.0,addr=0x13");
	assert_has(argv, "file,id=serial,path=/c,,1.log");
	assert_has(argv, "\"filename\":\"/d,1.qcow2\"");
	assert_null(strstr(argv, "e1000e"));
	assert_null(strstr(argv, "-loadvm"));
	assert_works(machine_parse(config, 100, &m, &err));
	assert_true(m.agent);
	assert_false(m.nics[0].link_down);
	assert_true(m.nics[1].link_down);
	assert_string_equal(m.nics[1].tap, "tap100i1");
	json_decref(config);
}

/* All four functions behind one root port, in order; only wan and lan are plugged in. */
static void card(void **state)
{
	static const char *const configs[] = { "0000:01:00,pcie=1", "01:00",
					       "mapping=card,pcie=1" };
	struct machine m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		json_t *config = json_pack("{s:s}", "hostpci0", configs[i]);
		_cleanup_free_ char *argv = argv_of(config, &host);

		assert_has(argv, "pcie-root-port,id=card");
		assert_has(argv, "id=port3,netdev=n-port3,mac=a0:36:9f:01:00:03,bus=card,addr=0.3");
		assert_works(machine_parse(config, 100, &m, &err));
		assert_int_equal(m.n_nics, 4);
		for (int f = 0; f < 4; f++) {
			assert_int_equal(m.nics[f].function, f);
			assert_int_equal(m.nics[f].link_down, f >= 2);
			assert_string_equal(m.nics[f].bridge, machine_port_bridge(f));
		}
		json_decref(config);
	}
}

static void one_function(void **state)
{
	json_t *config =
		json_pack("{s:s, s:s}", "hostpci0", "0000:01:00.1", "hostpci1", "0000:01:00.1");
	struct machine m;

	(void)state;
	assert_works(machine_parse(config, 100, &m, &err));
	assert_int_equal(m.n_nics, 1);
	assert_int_equal(m.nics[0].function, 1);
	json_decref(config);
}

static void kvm_and_state(void **state)
{
	json_t *config = json_pack("{s:i, s:i}", "cores", 2, "sockets", 2);
	struct machine_host on = host;

	(void)state;
	on.accel = "kvm";
	on.load = "built";
	on.seed = NULL;
	_cleanup_free_ char *argv = argv_of(config, &on);
	assert_has(argv, "-accel kvm -cpu host -smp 4 ");
	assert_null(strstr(argv, "maxcpus"));
	assert_has(argv, "-loadvm built");
	assert_null(strstr(argv, "drive=seed"));
	json_decref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),	 cmocka_unit_test(plain),
		cmocka_unit_test(card),		 cmocka_unit_test(one_function),
		cmocka_unit_test(kvm_and_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
