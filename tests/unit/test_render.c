#include "test.h"
#include "fixture_router.h"
#include "base/fs.h"
#include "base/proc.h"

static void (*const fixtures[])(struct fixture *) = { fixture_home, fixture_arch, fixture_odd };

static void render(const struct fixture *f, struct bundle *out)
{
	assert_works(render_router(&f->recipe, &f->vm, &f->facts, out, &err));
}

/* Units, packages and absent paths as text, so that they have a golden too. */
static char *summary(const struct bundle *b)
{
	const struct {
		const char *name;
		const struct strv *list;
	} lists[] = { { "absent", &b->absent },
		      { "disable", &b->disable },
		      { "enable", &b->enable },
		      { "mask", &b->mask },
		      { "packages", &b->packages } };
	struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t k = 0; k < lists[i].list->n; k++)
			buf_addf(&out, "%s %s\n", lists[i].name, lists[i].list->v[k]);
	return buf_take(&out);
}

static void golden(const char *fixture, const char *path, const char *data, size_t len)
{
	_cleanup_free_ char *file = xasprintf("%s/router/%s%s", getenv("GOLDEN"), fixture, path);
	_cleanup_buf_ struct buf expected = { 0 };

	if (getenv("GOLDEN_UPDATE")) {
		_cleanup_free_ char *dir = xstrdup(file);
		*strrchr(dir, '/') = '\0';
		assert_works(fs_mkdirs(dir, 0755, &err));
		assert_works(fs_write(file, data, len, 0644, &err));
	}
	assert_works(fs_read(file, 1 << 20, &expected, &err));
	if (expected.len != len || memcmp(expected.data, data, len) != 0)
		fail_msg("%s differs; GOLDEN_UPDATE=1 writes it anew. Rendered:\n%s", file, data);
}

/* Files on disk that are no longer rendered are stale: as many must be there as were written. */
static size_t count_files(const char *fixture)
{
	_cleanup_free_ char *dir = xasprintf("%s/router/%s", getenv("GOLDEN"), fixture);
	const char *argv[] = { "find", dir, "-type", "f", NULL };
	_cleanup_proc_result_ struct proc_result r = { 0 };
	struct clock clock = clock_real(-1);
	size_t n = 0;

	assert_works(proc_run(&(struct proc_spec){ .argv = argv }, &clock, &r, &err));
	for (const char *p = buf_text(&r.out); *p; p++)
		n += *p == '\n';
	return n;
}

static void every_file_is_as_reviewed(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		_cleanup_bundle_ struct bundle b = { 0 };
		struct fixture f;
		fixtures[i](&f);
		render(&f, &b);
		for (size_t k = 0; k < b.n_files; k++)
			golden(f.name, b.files[k].path, b.files[k].data, b.files[k].len);
		_cleanup_free_ char *text = summary(&b);
		golden(f.name, "/summary", text, strlen(text));
		assert_int_equal(count_files(f.name), b.n_files + 1);
	}
}

static void the_same_recipe_gives_the_same_bytes(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		_cleanup_bundle_ struct bundle one = { 0 }, two = { 0 };
		_cleanup_buf_ struct buf a = { 0 }, b = { 0 };
		struct fixture f;
		fixtures[i](&f);
		render(&f, &one);
		render(&f, &two);
		assert_works(bundle_tar(&one, &a, &err));
		assert_works(bundle_tar(&two, &b, &err));
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
	}
}

#define REFUSED(change, part)                                                                      \
	do {                                                                                       \
		_cleanup_bundle_ struct bundle b = { 0 };                                          \
		struct fixture f;                                                                  \
		fixture_home(&f);                                                                  \
		struct recipe_network *n UNUSED = f.router.networks;                               \
		change;                                                                            \
		assert_fails(render_router(&f.recipe, &f.vm, &f.facts, &b, &err), ERR_RECIPE,      \
			     part);                                                                \
		assert_int_equal(b.n_files, 0);                                                    \
	} while (0)

/* The same with text that tries to leave its place; what the earlier checks do not refuse the
 * writer must. */
#define REFUSED_LATE(change, part)                                                                 \
	do {                                                                                       \
		_cleanup_bundle_ struct bundle b = { 0 };                                          \
		struct fixture f;                                                                  \
		fixture_home(&f);                                                                  \
		change;                                                                            \
		assert_fails(render_router(&f.recipe, &f.vm, &f.facts, &b, &err), ERR_RECIPE,      \
			     part);                                                                \
	} while (0)

static void nothing_breaks_out_of_its_place(void **state UNUSED)
{
	static const char *const interfaces[] = { "",	  "a b", "a\"",	    "a;b",
						  "a\nb", "1a",	 "lan*",    "a.b",
						  "lo",	  "all", "default", "a/b",
						  "a{",	  "-a",	 "a%i",	    "abcdefghijklmnop" };
	static const char *const domains[] = { "",     ".",  "a..b", "a b", "a\nserver=6.6.6.6",
					       "-a",   "a-", "a/b",  "a,b", "a#",
					       "lan.", "[x]" };
	static const char *const hosts[] = { "", "a.b", "a b", "a,b", "a\n", "-a", "a#" };

	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
		REFUSED(n[1].interface = interfaces[i], "is no interface name");
		REFUSED(f.router.admin = interfaces[i], "is no interface name");
		REFUSED(f.router.wan.interface = interfaces[i], "is no interface name");
		REFUSED(f.vm.nics[0].name = interfaces[i], "interface");
	}
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		REFUSED(n[1].domain = domains[i], "is no domain name");
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct recipe_host host = { .name = hosts[i] };
		REFUSED(n[1].hosts = ((struct field_items){ &host, 1 }), "is no host name");
		REFUSED(f.facts.hostname = hosts[i], "is no host name");
		REFUSED(f.vm.name = hosts[i], "is no host name");
	}
	REFUSED_LATE(f.router.etckeeper.email = "a\n[core]", "control character");
	REFUSED_LATE(f.router.etckeeper.branch = "\x7f", "control character");
}

static void ports_and_stamps_do_not_break_out(void **state UNUSED)
{
	static const char *const ports[] = { "",     "0",     "65536", "1-",	"-1", "5-4",
					     "80 }", "80,81", "http",  "1-2-3", " 1" };
	static const char *const stamps[] = {
		"",	     "sdns://",		 "sdns://A'",
		"https://x", "sdns://AgcAAAA\n", "sdns://BQcAAAAAAAAABzEuMC4wLjE"
	};

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		const char *list[] = { ports[i] };
		REFUSED_LATE(f.router.forwards[0].tcp = ((struct field_texts){ list, 1 }),
			     "neither a port");
		REFUSED_LATE(f.router.networks[0].allow[2].ports =
				     ((struct field_texts){ list, 1 }),
			     "neither a port");
	}
	for (size_t i = 0; i < ARRAY_SIZE(stamps); i++) {
		const char *list[] = { stamps[i] };
		REFUSED_LATE(f.router.dns.stamps = ((struct field_texts){ list, 1 }), "stamp");
	}
}

static void contradictions_are_refused_with_their_place(void **state UNUSED)
{
	REFUSED(n[1].interface = "wan", "interface 'wan' has two roles");
	REFUSED(f.router.admin = "vm9",
		"'vm9' is neither a nic of 'router' nor a port of its card");
	REFUSED(f.facts.n_ports = 0, "'wan' is neither a nic");
	REFUSED(f.router.n_networks = 0, "has no networks");
	REFUSED(n[2].n_allow = 1, "network 'opt1' has a DHCP range but may not use DHCP");
	REFUSED((n[2].n_allow = 0, n[2].pos = (struct tree_pos){ 14, 9 }),
		"router.yaml:14:9: network 'opt1'");
	REFUSED(f.router.forwards[0].to = "wan", "'wan' is no network");
	REFUSED(f.router.forwards[0].to = "lan", "from 'lan' to itself");
	REFUSED_LATE(f.router.dns.dnscrypt.n = 0, "the router has no resolver");
	const char *list[] = { "cloudflar" };
	REFUSED_LATE(f.router.dns.dnscrypt = ((struct field_texts){ list, 1 }),
		     "'cloudflar' is not built in");
	const char *twice[] = { "quad9", "quad9" };
	REFUSED_LATE(f.router.dns.dnscrypt = ((struct field_texts){ twice, 2 }),
		     "'quad9' is named twice");
}

static void assumptions_are_said_in_every_file(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	struct fixture f;

	fixture_arch(&f);
	render(&f, &b);
	for (size_t i = 0; i < b.n_files; i++)
		if (!strstr(b.files[i].data,
			    "Assumed, not read from the machine: Arch, wan at pci-0000:01:00.0"))
			fail_msg("'%s' does not say what was assumed", b.files[i].path);
}

/* The recipe that people start from renders what is reviewed in the goldens, but for the MAC
 * addresses. */
static void the_recipe_of_the_demo_is_the_reviewed_router(void **state UNUSED)
{
	_cleanup_free_ char *file = xasprintf("%s/recipes/router.yaml", getenv("SOURCE"));
	_cleanup_bundle_ struct bundle expected = { 0 }, b = { 0 };
	_cleanup_recipe_ struct recipe *r = NULL;
	struct fixture f;

	fixture_home(&f);
	render(&f, &expected);
	assert_works(recipe_load(file, &r, &err));
	assert_works(render_router(r, recipe_vm(r, "router"), &f.facts, &b, &err));
	assert_int_equal(b.n_files, expected.n_files);
	for (size_t i = 0; i < b.n_files; i++) {
		assert_string_equal(b.files[i].path, expected.files[i].path);
		if (!strstr(b.files[i].data, "PermanentMACAddress="))
			assert_string_equal(b.files[i].data, expected.files[i].data);
	}
	_cleanup_free_ char *one = summary(&b), *two = summary(&expected);
	assert_string_equal(one, two);
}

/* An admin interface that takes IPv6 from its network takes nothing else, and answers through
 * table 76. */
static void the_admin_interface_may_have_ipv6(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	struct fixture f;

	fixture_home(&f);
	f.vm.nics[0].addressing6 = RECIPE_ADDRESS_AUTO;
	render(&f, &b);
	const char *network = bundle_get(&b, "/etc/systemd/network/05-vm0.network")->data;
	assert_non_null(strstr(network, "IPv6AcceptRA=yes"));
	assert_non_null(strstr(network, "UseGateway=no\nUseRoutePrefix=no\nDHCPv6Client=no"));
	assert_non_null(strstr(network, "Gateway=_ipv6ra\nTable=76"));
	assert_non_null(strstr(bundle_get(&b, "/etc/nftables.conf")->data,
			       "iifname \"vm0\" icmpv6 type nd-router-advert"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_breaks_out_of_its_place),
		cmocka_unit_test(ports_and_stamps_do_not_break_out),
		cmocka_unit_test(contradictions_are_refused_with_their_place),
		cmocka_unit_test(the_recipe_of_the_demo_is_the_reviewed_router),
		cmocka_unit_test(the_admin_interface_may_have_ipv6),
		cmocka_unit_test(every_file_is_as_reviewed),
		cmocka_unit_test(the_same_recipe_gives_the_same_bytes),
		cmocka_unit_test(assumptions_are_said_in_every_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
