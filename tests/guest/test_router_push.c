/* The router's own files, as the recipe of the demo renders them, pass through a push: words, validators, second look. */
#include "../unit/test.h"
#include "machine.h"
#include "guest/push.h"
#include "render/render.h"

static struct machine_shell guest;
static int64_t now_ms;
static struct clock fake;
static struct strv lines;

static int connect_guest(void *ctx UNUSED, struct shell **ret, struct err **err UNUSED)
{
	if (machine_has("/run/fake/reboot"))
		machine_reboot();
	*ret = &guest.shell;
	return 0;
}

static void keep(void *ctx UNUSED, const char *text)
{
	strv_add(&lines, text);
}

static void the_router_of_the_demo_is_pushed(void **state UNUSED)
{
	static const struct render_port ports[] = { { "wan", "pci-0000:01:00.0" }, { "lan", "pci-0000:01:00.1" },
						    { "opt1", "pci-0000:01:00.2" }, { "opt2", "pci-0000:01:00.3" } };
	const struct render_facts facts = { .distribution = RENDER_DEBIAN, .hostname = "router", .ports = ports,
					    .n_ports = ARRAY_SIZE(ports) };
	const struct push_ops ops = { .connect = connect_guest, .line = keep };
	const struct push_options options = { .allow_reboot = true };
	_cleanup_free_ char *file = xasprintf("%s/recipes/router.yaml", getenv("SOURCE"));
	_cleanup_recipe_ struct recipe *r = NULL;
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_result_ struct push_result result = { 0 };
	_cleanup_push_state_ struct push_state after = { 0 };

	assert_works(recipe_load(file, &r, &err));
	assert_works(render_router(r, recipe_vm(r, "router"), &facts, &b, &err));
	assert_works(push_apply(&ops, &b, &options, &fake, &result, &err));
	assert_true(result.rebooted);
	for (size_t i = 0; i < result.warnings.n; i++)
		print_message("%s\n", result.warnings.v[i]);
	assert_int_equal(result.warnings.n, 0);
	assert_works(push_check(&guest.shell, &b, &after, &err));
	for (size_t i = 0; i < after.n; i++)
		print_message("%s %s\n", push_kind_text(after.changes[i].kind), after.changes[i].name);
	assert_int_equal(after.n, 0);
}

static int start(void **state UNUSED)
{
	_cleanup_free_ char *stubs = xasprintf("%s/tests/guest/stubs", getenv("SOURCE"));

	machine_enter(stubs);
	/* programs that units name by their whole path, where this machine has none of its own */
	machine_do("for p in dnscrypt-proxy dnsmasq nft; do [ -e /usr/sbin/$p ] || "
		   "cp /usr/local/sbin/dnscrypt-proxy /usr/sbin/$p; done");
	machine_do("cd /run/fake/units; : >systemd-networkd.service; : >systemd-networkd-wait-online.service; "
		   ": >etckeeper.timer; : >networking.service");
	machine_shell(&guest);
	fake = clock_fake(&now_ms);
	return 0;
}

static int stop(void **state UNUSED)
{
	strv_free(&lines);
	machine_leave();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_router_of_the_demo_is_pushed) };

	if (geteuid() != 0) {
		puts("skipped: needs root, for a mount namespace");
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
