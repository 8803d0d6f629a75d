/* What only the guest knows: which port is which. */
#include "step/facts.h"
#include "test.h"

static const char *names[] = { "wan", "lan", "opt1", "opt2" };
static struct recipe_passthrough card = { .device = "01:00", .names = { names, 4 } };
static struct recipe_nic nic;
static struct recipe_vm vm = {
	.name = "router", .passthrough = &card, .n_passthrough = 1, .nics = &nic, .n_nics = 1
};

static int setup(void **state)
{
	(void)state;
	return addr_mac_parse("bc:24:11:aa:bb:01", &nic.mac) ? 0 : -1;
}

static void test_function_order(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena a = { 0 };
	struct render_port *ports = NULL;
	size_t n = 0;

	/* not in order; an emulated card of ours among them; one function without a driver */
	assert_works(
		facts_ports(&vm,
			    "0000:01:00.2 ,00:1b:21:00:00:03\n0000:01:00.0 ,00:1b:21:00:00:01\n"
			    "0000:00:12.0 ,bc:24:11:aa:bb:01\n0000:01:00.3 -\nnoise\n0000:01:00.1 "
			    ",00:1b:21:00:00:02\n",
			    &a, &ports, &n, &err));
	assert_int_equal(n, 4);
	assert_string_equal(ports[0].name, "wan");
	assert_string_equal(ports[0].pci_path, "pci-0000:01:00.0");
	assert_string_equal(ports[3].name, "opt2");
	assert_string_equal(ports[3].pci_path, "pci-0000:01:00.3");
}

static void test_too_few_ports(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena a = { 0 };
	struct render_port *ports = NULL;
	size_t n = 0;

	assert_fails(facts_ports(&vm, "0000:01:00.0 -\n0000:01:00.1 -\n", &a, &ports, &n, &err),
		     ERR_CONFLICT,
		     "names 4 ports of passed-through cards, the guest sees 2: 0000:01:00.0, "
		     "0000:01:00.1");
	assert_fails(facts_ports(&vm, "", &a, &ports, &n, &err), ERR_CONFLICT, "the guest sees 0");
}

static void test_distributions(void **state)
{
	(void)state;
	enum render_distribution d = RENDER_DEBIAN;

	assert_works(facts_distribution("arch", NULL, &d, &err));
	assert_int_equal(d, RENDER_ARCH);
	assert_works(facts_distribution("debian", NULL, &d, &err));
	assert_int_equal(d, RENDER_DEBIAN);
	assert_fails(facts_distribution("fedora", "Fedora Linux 43", &d, &err), ERR_CONFLICT,
		     "the guest runs Fedora Linux 43");
	assert_fails(facts_distribution(NULL, NULL, &d, &err), ERR_CONFLICT, "an unknown system");
}

static void test_assumed(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena a = { 0 };
	struct render_facts f;

	assert_works(facts_assume(&vm, &a, &f, &err));
	assert_true(f.assumed);
	assert_int_equal(f.n_ports, 4);
	assert_string_equal(f.ports[1].pci_path, "pci-0000:01:00.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_function_order, setup),
		cmocka_unit_test_setup(test_too_few_ports, setup),
		cmocka_unit_test(test_distributions),
		cmocka_unit_test_setup(test_assumed, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
