/* The pure parts of the steps: whose staged changes, which ports, which privileges, which order. */
#include "base/buf.h"
#include "step/bridge.h"
#include "step/passthrough.h"
#include "step/privileges.h"
#include "step/table.h"
#include "test.h"

static struct recipe_bridge bridges[] = { { .name = "vmbr1" } };
static struct recipe_router router = { .admin = "vm0" };
static struct recipe_passthrough card = { .device = "01:00" };
static struct recipe_vm vms[] = {
	{ .name = "router",
	  .id = 100,
	  .template_id = 9000,
	  .snapshot = "init",
	  .router = &router,
	  .passthrough = &card,
	  .n_passthrough = 1 },
	{ .name = "test1", .id = 199, .template_id = 9001 },
};
static struct recipe recipe = { .name = "home",
				.bridges = bridges,
				.n_bridges = 1,
				.vms = vms,
				.n_vms = 2,
				.verify = { .from = "test1" } };

static void test_whose_staged_changes(void **state)
{
	(void)state;
	static const char ours[] =
		"--- /etc/network/interfaces\t2026-11-21\n+++ "
		"/etc/network/interfaces.new\t2026-11-21\n"
		"@@ -14,3 +14,11 @@\n \tbridge-stp off\n \tbridge-fd 0\n \n+auto vmbr1\n"
		"+iface vmbr1 inet static\n+\taddress 192.168.1.2/24\n+\tbridge-ports none\n"
		"+#pveprov: recipe=home\n+\n";
	static const char foreign[] =
		"@@ -1,3 +1,7 @@\n+auto vmbr7\n+iface vmbr7 inet manual\n+\tbridge-ports none\n";
	static const char mixed[] = "@@ -1,3 +1,7 @@\n+auto vmbr1\n+iface vmbr1 inet "
				    "manual\n+\n+iface vmbr7 inet manual\n";
	static const char edited[] = "@@ -9,4 +9,4 @@\n iface vmbr0 inet static\n-\taddress "
				     "10.0.0.5/24\n+\taddress 10.0.0.6/24\n";
	static const char inside[] = "@@ -9,4 +9,4 @@\n \tbridge-stp off\n+\tmtu 9000\n";

	assert_true(bridge_changes_are_ours(ours, &recipe));
	assert_false(bridge_changes_are_ours(foreign, &recipe));
	assert_false(bridge_changes_are_ours(mixed, &recipe));
	assert_false(bridge_changes_are_ours(edited, &recipe));
	assert_false(bridge_changes_are_ours(inside, &recipe));
}

static void test_ports_of_a_card(void **state)
{
	(void)state;
	static const struct {
		const char *name, *id;
		bool is;
	} cases[] = {
		{ "enp1s0f0", "0000:01:00.0", true },	  { "enp1s0f3", "0000:01:00.3", true },
		{ "enp1s0", "0000:01:00.0", true },	  { "enp1s0", "0000:01:00.1", false },
		{ "enp10s0f0np0", "0000:0a:00.0", true }, { "enp1s0f1", "0000:01:00.0", false },
		{ "enp11s0f0", "0000:01:00.0", false },	  { "eno1", "0000:01:00.0", false },
		{ "enp1s0f0", "01:00.0", false },	  { "enp1s0f0", "garbage", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (passthrough_is_port(cases[i].name, cases[i].id) != cases[i].is)
			fail_msg("%s %s", cases[i].name, cases[i].id);
}

static void test_needs_of_a_plan(void **state)
{
	(void)state;
	static const struct step_ops ops = { .name = "any" };
	_cleanup_plan_ struct plan p = { 0 };
	_cleanup_strv_ struct strv needs = { 0 };

	plan_add(&p, &ops, NULL, NULL, "a");
	step_changed(&p.items[0].changes, STEP_CREATE, STEP_LIVE,
		     "VM.Clone on /vms/9000; VM.Allocate on /vms/100", "x");
	step_changed(&p.items[0].changes, STEP_CREATE, STEP_LIVE, "VM.Clone on /vms/9000", "y");
	step_changed(&p.items[0].changes, STEP_CREATE, STEP_LIVE, NULL, "z");
	privileges_of_plan(&p, &needs);
	assert_int_equal(needs.n, 2);
	_cleanup_free_ char *privilege = NULL, *path = NULL;
	assert_true(privileges_split(needs.v[1], &privilege, &path));
	assert_string_equal(privilege, "VM.Allocate");
	assert_string_equal(path, "/vms/100");
}

/* Every table is whole: no need without its step, no circle. Checks are not run (no server). */
static void test_tables(void **state)
{
	(void)state;
	struct machine machines[] = { { .vm = &vms[0] }, { .vm = &vms[1] } };
	struct session s = { .recipe = &recipe, .machines = machines, .n_machines = 2 };

	for (int kind = TABLE_APPLY; kind <= TABLE_DESTROY; kind++) {
		_cleanup_plan_ struct plan p = { 0 };
		static const struct step_ops look = { .name = "look" };
		struct clock clock = clock_real(-1);
		const struct plan_options options = { .clock = &clock };
		table_build((enum table_kind)kind, &s, &p);
		assert_true(p.n > 3);
		for (size_t i = 0; i < p.n; i++)
			p.items[i].step.ops = &look;
		assert_works(plan_check(&p, &options, &err));
	}
}

static bool needs(const struct plan *p, const char *id, const char *need)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!streq(p->items[i].step.id, id))
			continue;
		for (size_t k = 0; k < p->items[i].step.n_needs; k++)
			if (streq(p->items[i].step.needs[k], need) || needs(p, p->items[i].step.needs[k], need))
				return true;
	}
	return false;
}

static void test_order_that_matters(void **state)
{
	(void)state;
	struct machine machines[] = { { .vm = &vms[0] }, { .vm = &vms[1] } };
	struct session s = { .recipe = &recipe, .machines = machines, .n_machines = 2 };
	_cleanup_plan_ struct plan apply = { 0 }, again = { 0 };

	table_build(TABLE_APPLY, &s, &apply);
	assert_true(needs(&apply, "start router", "snapshot router"));
	assert_true(needs(&apply, "snapshot router", "configure router"));
	assert_true(needs(&apply, "configure router", "map devices of router"));
	assert_true(needs(&apply, "start test1", "push router"));
	assert_false(needs(&apply, "clone test1", "push router")); /* cloned early */
	assert_true(needs(&apply, "clone test1", "clone router"));
	assert_true(needs(&apply, "host keys of router", "boot router"));
	assert_true(needs(&apply, "verify", "probe router"));
	assert_true(needs(&apply, "verify", "probe test1"));
	table_build(TABLE_REPROVISION, &s, &again);
	assert_true(needs(&again, "configure router", "roll back router"));
	assert_true(needs(&again, "start router", "roll back router"));
	assert_false(needs(&again, "start test1", "roll back test1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_staged_changes), cmocka_unit_test(test_ports_of_a_card),
		cmocka_unit_test(test_needs_of_a_plan),	     cmocka_unit_test(test_tables),
		cmocka_unit_test(test_order_that_matters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
