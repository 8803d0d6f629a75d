/*
 * The push, whole, against a make-believe guest: the real push.sh under the real push.c. Time is a fake clock; a timer
 * "fires" when a test says that its time has come.
 */
#include "../unit/test.h"
#include "machine.h"
#include "guest/push.h"

#define RULES "table inet router {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n}\n"
#define UNIT "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
#define REVERT "/var/lib/pveprov/revert"

static struct machine_shell guest, side;
static int64_t now_ms;
static struct clock fake;
static int connections;
static int64_t switched_at_ms;
static struct strv lines;

/* What the world does while we wait. */
static bool reachable;	  /* a new connection works */
static bool fires;	  /* the timer's 120 s (420 s after a reboot) are kept */
static bool comes_back;	  /* a requested reboot happens */
static int64_t crash_at_ms; /* the machine restarts by itself; 0: never */
static bool cut_stream, lose_answer;
static const char *fails_later; /* a unit, once it was started */

static bool is_push(const struct shell_exec *x)
{
	return x->argv[2] && strstr(x->argv[2], "push.lock");
}

static size_t cut(const struct shell_exec *x, bool *after)
{
	*after = lose_answer && is_push(x);
	return cut_stream && is_push(x) ? 3000 : SIZE_MAX;
}

static void world(void)
{
	int64_t limit = machine_has(REVERT "/came-back") ? 420000 : 120000;

	if (switched_at_ms < 0 && machine_has(REVERT))
		switched_at_ms = now_ms;
	if (comes_back && machine_has("/run/fake/reboot")) {
		machine_reboot();
		switched_at_ms = now_ms;
	}
	if (fails_later && machine_has(REVERT)) {
		_cleanup_free_ char *script = xasprintf("rm -f /run/fake/active/%s; : >/run/fake/failed/%s", fails_later,
							fails_later);
		machine_do(script);
	}
	if (crash_at_ms && now_ms >= crash_at_ms && machine_has(REVERT)) {
		crash_at_ms = 0;
		machine_reboot();
	}
	if (machine_has("/run/fake/revert")) {
		machine_do("rm /run/fake/revert");
		machine_run_unit("pveprov-revert.service");
	}
	if (fires && machine_has(REVERT) && now_ms - switched_at_ms >= limit)
		machine_run_unit("pveprov-revert.service");
}

static void before(const struct shell_exec *x UNUSED)
{
	world();
}

static int connect_guest(void *ctx UNUSED, struct shell **ret, struct err **err)
{
	connections++;
	world();
	/* as systemd does whenever a unit is started that needs sysinit.target */
	machine_run_unit("pveprov-boot.service");
	if (!reachable && connections > 1)
		return err_set(err, ERR_UNREACHABLE, "no route to the machine");
	*ret = &guest.shell;
	return 0;
}

static void on_line(void *ctx UNUSED, const char *text)
{
	strv_add(&lines, text);
}

static struct push_ops ops = { .connect = connect_guest, .line = on_line, .side = &side.shell };
static struct push_options options;

static void fill(struct bundle *b, const char *rules)
{
	assert_works(bundle_text(b, "/etc/nftables.conf", 0644, rules, &err));
	assert_works(bundle_text(b, "/etc/new/dir/file", 0600, "new\n", &err));
	assert_works(bundle_text(b, "/etc/old.conf", 0644, "changed\n", &err));
	assert_works(bundle_text(b, "/etc/secret.key", 0600, "s3cret\n", &err));
	assert_works(bundle_text(b, "/etc/systemd/system/one.service", 0644, UNIT, &err));
	assert_works(bundle_link(b, "/etc/link", "old.conf", &err));
	assert_works(bundle_absent(b, "/etc/netplan", &err));
	strv_add(&b->enable, "nftables.service");
	strv_add(&b->enable, "one.service");
	strv_add(&b->disable, "old.service");
	strv_add(&b->mask, "bad.socket");
	strv_add(&b->packages, "etckeeper");
	strv_add(&b->packages, "nftables");
}

/* Index by name, since files are sorted. */
static void make_secret(struct bundle *b)
{
	for (size_t i = 0; i < b->n_files; i++)
		b->files[i].secret = streq(b->files[i].path, "/etc/secret.key");
}

static void make(struct bundle *b, bool renames)
{
	fill(b, RULES);
	make_secret(b);
	if (renames)
		assert_works(bundle_text(b, "/etc/systemd/network/10-wan.link", 0644, "[Match]\n[Link]\nName=wan\n", &err));
}

static int fresh(void **state UNUSED)
{
	machine_reset();
	machine_do("echo old >/etc/old.conf; mkdir -p /etc/netplan/sub; echo x >/etc/netplan/sub/50.yaml; "
		   "echo shadow >/etc/shadow; printf '/shadow\\n' >/etc/gitignore; "
		   "printf '[core]\\n\\texcludesFile = /etc/gitignore\\n[user]\\n\\tname = r\\n\\temail = r@r\\n' "
		   ">/etc/gitconfig; "
		   ": >/run/fake/units/old.service; : >/run/fake/active/old.service; "
		   "ln -s ../old.service /etc/systemd/system/multi-user.target.wants/old.service");
	machine_shell(&guest);
	machine_shell(&side);
	guest.cut = cut;
	guest.before = side.before = before;
	now_ms = 0;
	fake = clock_fake(&now_ms);
	connections = 0;
	switched_at_ms = -1;
	crash_at_ms = 0;
	reachable = fires = comes_back = true;
	cut_stream = lose_answer = false;
	fails_later = NULL;
	options = (struct push_options){ .allow_reboot = true };
	ops.side = &side.shell;
	strv_free(&lines);
	return 0;
}

static void assert_text(const char *path, const char *text)
{
	_cleanup_free_ char *got = machine_read(path);

	assert_string_equal(got, text);
}

static bool logged(const char *call)
{
	_cleanup_free_ char *log = machine_read("/run/fake/log");

	return strstr(log, call) != NULL;
}

static void assert_state_clean(void)
{
	assert_false(machine_has(REVERT));
	assert_false(machine_has("/etc/systemd/system/pveprov-revert.timer"));
	assert_false(machine_has("/etc/systemd/system/sysinit.target.wants/pveprov-boot.service"));
	assert_false(machine_has("/usr/sbin/policy-rc.d"));
}

static int push(const struct bundle *b, struct push_result *r, struct err **err)
{
	return push_apply(&ops, b, &options, &fake, r, err);
}

static void a_look_names_every_difference_and_changes_nothing(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_state_ struct push_state s = { 0 };
	_cleanup_free_ char *was = machine_etc();
	_cleanup_strv_ struct strv names = { 0 };

	make(&b, true);
	assert_works(push_check(&guest.shell, &b, &s, &err));
	for (size_t i = 0; i < s.n; i++)
		strv_addf(&names, "%s %s", push_kind_text(s.changes[i].kind), s.changes[i].name);
	strv_sort(&names);
	_cleanup_free_ char *all = strv_join(&names, "\n");
	assert_string_equal(all, "change /etc/old.conf\ncreate /etc/link\ncreate /etc/new/dir/file\n"
				 "create /etc/nftables.conf\ncreate /etc/secret.key\n"
				 "create /etc/systemd/network/10-wan.link\ncreate /etc/systemd/system/one.service\n"
				 "disable old.service\nenable nftables.service\nenable one.service\nmask bad.socket\n"
				 "package etckeeper\npackage nftables\nremove /etc/netplan");
	assert_true(s.reboots);
	assert_null(s.pending);
	assert_true(starts_with(s.boot_id, "00000000-0000-"));
	_cleanup_free_ char *is = machine_etc();
	assert_string_equal(was, is);
	assert_false(machine_has("/var/lib/pveprov"));
	assert_int_equal(guest.programs, 1);
}

static void a_push_makes_it_so_and_a_second_one_does_nothing(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_result_ struct push_result r = { 0 };
	_cleanup_push_result_ struct push_result again = { 0 };

	make(&b, false);
	assert_works(push(&b, &r, &err));
	assert_true(r.changed);
	assert_false(r.rebooted);
	assert_int_equal(r.n_changes, 13);
	assert_int_equal(connections, 2);
	assert_text("/etc/old.conf", "changed\n");
	assert_text("/etc/link", "changed\n");
	assert_false(machine_has("/etc/netplan"));
	assert_true(machine_has("/run/fake/active/one.service"));
	assert_true(machine_has("/run/fake/active/nftables.service"));
	assert_false(machine_has("/run/fake/active/old.service"));
	assert_state_clean();
	machine_do("[ $(stat -c %a /etc/secret.key) = 600 ]; [ $(readlink /etc/systemd/system/bad.socket) = /dev/null ]");
	connections = guest.programs = 0;
	assert_works(push(&b, &again, &err));
	assert_false(again.changed);
	assert_int_equal(connections, 1);
	assert_int_equal(guest.programs, 1);
}

static void secrets_stay_out_of_the_history(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_result_ struct push_result r = { 0 };

	make(&b, false);
	assert_works(push(&b, &r, &err));
	assert_int_equal(r.warnings.n, 0);
	machine_do("cd /etc; [ $(git log --oneline | wc -l) = 1 ]; git ls-files | grep -qx old.conf; "
		   "! git ls-files | grep -E 'shadow|secret'; [ -z \"$(git status --porcelain)\" ]");
}

static void a_rename_reboots_and_is_confirmed_afterwards(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_result_ struct push_result r = { 0 };

	make(&b, true);
	assert_works(push(&b, &r, &err));
	assert_true(r.rebooted);
	assert_true(logged("--no-block start pveprov-late.timer") || logged("start --no-block pveprov-late.timer"));
	assert_false(logged("restart one.service"));
	assert_text("/etc/systemd/network/10-wan.link", "[Match]\n[Link]\nName=wan\n");
	assert_state_clean();
}

static void a_reboot_that_is_not_allowed_is_refused_before_anything(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, true);
	options.allow_reboot = false;
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_GUARD, "needs a reboot");
	_cleanup_free_ char *is = machine_etc();
	assert_string_equal(was, is);
	assert_false(logged("apt-get"));
}

static void assert_same(const char *was, const char *is)
{
	if (streq(was, is))
		return;
	machine_write("/run/fake/was", was);
	machine_write("/run/fake/is", is);
	machine_do("diff /run/fake/was /run/fake/is >/proc/self/fd/2 || :");
	fail_msg("/etc is not as it was");
}

/* Nothing but packages may differ after a failure. */
static void assert_undone(const char *was)
{
	_cleanup_free_ char *is = machine_etc();

	assert_same(was, is);
	assert_state_clean();
	assert_true(machine_has("/run/fake/active/old.service"));
	assert_false(machine_has("/run/fake/active/one.service"));
}

static void what_the_validators_refuse_changes_nothing(void **state UNUSED)
{
	static const struct {
		const char *path, *content, *tool, *said;
	} cases[] = {
		{ "/etc/nftables.conf", "table inet x {\n\tnonsense\n}\n", "nft refuses /etc/nftables.conf",
		  "/etc/nftables.conf:2:" },
		{ "/etc/dnsmasq-lan.conf", "interface=lan\nnonsense\n", "dnsmasq refuses /etc/dnsmasq-lan.conf", "at line 2" },
		{ "/etc/dnscrypt-proxy/dnscrypt-proxy.toml", "nonsense\n", "dnscrypt-proxy refuses", "line 1" },
		{ "/etc/systemd/system/two.service", "[Service]\nExecStart=/nonexistent/program\n",
		  "systemd-analyze refuses", "/nonexistent/program" },
		{ "/etc/systemd/system/nftables.service.d/10.conf", "[Service]\nNonsense=1\n", "systemd-analyze refuses",
		  "Nonsense" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_bundle_ struct bundle b = { 0 };
		struct push_result r = { 0 };
		fresh(NULL);
		machine_write("/etc/systemd/system/nftables.service", UNIT);
		_cleanup_free_ char *was = machine_etc();
		fill(&b, streq(cases[i].path, "/etc/nftables.conf") ? cases[i].content : RULES);
		if (!bundle_get(&b, cases[i].path))
			assert_works(bundle_text(&b, cases[i].path, 0644, cases[i].content, &err));
		assert_fails(push(&b, &r, &err), ERR_GUARD, cases[i].tool);
		assert_fails(push(&b, &r, &err), ERR_GUARD, cases[i].said);
		assert_undone(was);
	}
}

static void rules_that_need_an_interface_are_refused(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };

	/* "iif" with a name that is there now is looked up when it is loaded: at boot it is not there */
	machine_do("ip link add wan type bridge");
	fill(&b, "table inet x {\n\tchain c {\n\t\tiif wan accept\n\t}\n}\n");
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_GUARD, "Interface does not exist");
	machine_do("ip link del wan");
}

static void packages_that_cannot_be_had_stop_it(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, false);
	machine_write("/run/fake/no-mirror", "");
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_INTERNAL, "apt-get update failed");
	assert_undone(was);
}

static void a_stream_that_is_cut_switches_nothing(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_result_ struct push_result r = { 0 };
	_cleanup_free_ char *was = machine_etc();
	_cleanup_err_ struct err *e = NULL;

	make(&b, false);
	cut_stream = true;
	assert_int_equal(push(&b, &r, &e), -1);
	assert_int_equal(e->kind, ERR_UNREACHABLE);
	assert_string_equal(e->hint, "nothing was switched: run again");
	assert_undone(was);
	cut_stream = false;
	assert_works(push(&b, &r, &err));
}

static void an_answer_that_is_lost_after_the_switch_does_no_harm(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_result_ struct push_result r = { 0 };
	_cleanup_push_result_ struct push_result blind = { 0 };

	make(&b, false);
	lose_answer = true;
	assert_works(push(&b, &r, &err));
	assert_text("/etc/old.conf", "changed\n");
	assert_state_clean();
	fresh(NULL); /* the same without the agent */
	lose_answer = true;
	ops.side = NULL;
	assert_works(push(&b, &blind, &err));
	assert_state_clean();
}

static void a_change_that_cuts_us_off_undoes_itself(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, false);
	reachable = false;
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_REVERTED,
		     "the change was undone: nobody confirmed it in time; the last try to connect: no route");
	assert_undone(was);
	assert_true(now_ms >= 120000 && now_ms < 130000);
	assert_true(connections <= 3 + 120 / 6 + 2); /* below 12 in any minute */
}

static void without_the_agent_it_is_seen_when_the_way_is_open_again(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };

	make(&b, false);
	reachable = false;
	ops.side = NULL;
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_UNREACHABLE, "does not answer since the switch, for 210 s");
	assert_text("/etc/old.conf", "old\n");
}

static void cut_off_during_the_reboot_it_undoes_itself(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, true);
	reachable = false; /* it comes back with names that do not work */
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_REVERTED, "nobody confirmed it in time");
	assert_true(machine_has("/run/fake/reboot")); /* the old names need one, too */
	assert_true(now_ms >= 420000);
	machine_reboot();
	assert_undone(was);
}

static void a_reboot_that_never_comes_is_undone(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, true);
	comes_back = false;
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_REVERTED, "nobody confirmed it in time");
	assert_undone(was);
}

static void a_crash_while_it_waits_is_undone_before_the_network(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, false);
	reachable = false;
	crash_at_ms = 30000;
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_REVERTED, "the machine restarted before it was confirmed");
	assert_true(machine_has("/run/fake/reboot")); /* so that all of it starts as it was */
	machine_reboot();
	assert_undone(was);
}

static void a_second_reboot_is_not_the_planned_one(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, true);
	reachable = false;
	crash_at_ms = 60000;
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_REVERTED, "the machine restarted before it was confirmed");
	machine_reboot();
	assert_undone(was);
}

static void a_crash_in_the_middle_of_the_switch_is_undone(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, false);
	machine_write("/run/fake/manual", ""); /* the unit starts and is gone: half of it is done */
	ops.side = NULL;
	reachable = false;
	fires = false;
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_UNREACHABLE, "does not answer");
	machine_do("echo switching >" REVERT "/phase; echo changed >/etc/old.conf; rm -rf /etc/netplan; mkdir -p /etc/new");
	machine_reboot();
	machine_reboot();
	assert_undone(was);
}

static void a_service_that_does_not_start_undoes_it_at_once(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, false);
	machine_write("/run/fake/refuse", "restart one.service\nstart one.service\n");
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_REVERTED,
		     "the switch failed: restarting one.service Job for one.service failed.");
	assert_undone(was);
	assert_true(now_ms < 10000);
}

static void a_service_that_fails_afterwards_is_not_confirmed(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_free_ char *was = machine_etc();

	make(&b, false);
	fails_later = "one.service";
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_REVERTED, "units failed: one.service");
	assert_undone(was);
}

static int cancelled(const struct clock *c UNUSED, int64_t ms UNUSED)
{
	return -1;
}

static void an_interrupted_run_is_continued(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_result_ struct push_result r = { 0 };
	_cleanup_err_ struct err *e = NULL;
	struct clock_ops interrupts = *fake.ops;
	struct clock clock = fake;

	make(&b, false);
	interrupts.sleep_ms = cancelled;
	clock.ops = &interrupts;
	reachable = false; /* else it is confirmed at once */
	assert_int_equal(push_apply(&ops, &b, &options, &clock, &r, &e), -1);
	assert_int_equal(e->kind, ERR_INTERRUPTED);
	assert_true(starts_with(e->hint, "run again to confirm"));
	assert_true(machine_has(REVERT));
	reachable = true;
	assert_works(push(&b, &r, &err));
	assert_true(r.changed);
	assert_text("/etc/old.conf", "changed\n");
	assert_state_clean();
}

static void another_push_that_waits_is_left_alone(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 }, other = { 0 };

	make(&b, false);
	assert_works(bundle_text(&other, "/etc/old.conf", 0644, "other\n", &err));
	reachable = fires = false;
	ops.side = NULL;
	assert_fails(push(&b, &(struct push_result){ 0 }, &err), ERR_UNREACHABLE, "does not answer");
	reachable = true;
	assert_fails(push(&other, &(struct push_result){ 0 }, &err), ERR_BUSY, "an earlier push waits");
	_cleanup_push_result_ struct push_result r = { 0 };
	assert_works(push(&b, &r, &err)); /* its own run goes on */
	assert_text("/etc/old.conf", "changed\n");
}

static void what_is_confirmed_is_not_undone_by_a_late_timer(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	_cleanup_push_result_ struct push_result r = { 0 };

	make(&b, false);
	assert_works(push(&b, &r, &err));
	machine_do("sh /var/lib/pveprov/confirmed/push.sh revert; sh /var/lib/pveprov/confirmed/push.sh boot");
	assert_text("/etc/old.conf", "changed\n");
}

static void words_that_a_shell_could_misread_are_refused(void **state UNUSED)
{
	static const char *const bad[] = { "/etc/a b", "/etc/$x", "/etc/`x`", "/etc/x;y", "/etc/\xc3\xa4" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_bundle_ struct bundle b = { 0 };
		struct push_state s;
		assert_works(bundle_text(&b, bad[i], 0644, "", &err));
		assert_fails(push_check(&guest.shell, &b, &s, &err), ERR_INTERNAL, "cannot be pushed");
	}
	_cleanup_bundle_ struct bundle b = { 0 };
	struct push_state s;
	strv_add(&b.packages, "-o");
	assert_fails(push_check(&guest.shell, &b, &s, &err), ERR_INTERNAL, "'-o' cannot be pushed");
	assert_int_equal(guest.programs, 0);
}

static int start(void **state UNUSED)
{
	_cleanup_free_ char *stubs = xasprintf("%s/tests/guest/stubs", getenv("SOURCE"));

	machine_enter(stubs);
	return 0;
}

static int stop(void **state UNUSED)
{
	strv_free(&lines);
	machine_leave();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_look_names_every_difference_and_changes_nothing),
		TEST(a_push_makes_it_so_and_a_second_one_does_nothing),
		TEST(secrets_stay_out_of_the_history),
		TEST(a_rename_reboots_and_is_confirmed_afterwards),
		TEST(a_reboot_that_is_not_allowed_is_refused_before_anything),
		TEST(what_the_validators_refuse_changes_nothing),
		TEST(rules_that_need_an_interface_are_refused),
		TEST(packages_that_cannot_be_had_stop_it),
		TEST(a_stream_that_is_cut_switches_nothing),
		TEST(an_answer_that_is_lost_after_the_switch_does_no_harm),
		TEST(a_change_that_cuts_us_off_undoes_itself),
		TEST(without_the_agent_it_is_seen_when_the_way_is_open_again),
		TEST(cut_off_during_the_reboot_it_undoes_itself),
		TEST(a_reboot_that_never_comes_is_undone),
		TEST(a_crash_while_it_waits_is_undone_before_the_network),
		TEST(a_second_reboot_is_not_the_planned_one),
		TEST(a_crash_in_the_middle_of_the_switch_is_undone),
		TEST(a_service_that_does_not_start_undoes_it_at_once),
		TEST(a_service_that_fails_afterwards_is_not_confirmed),
		TEST(an_interrupted_run_is_continued),
		TEST(another_push_that_waits_is_left_alone),
		TEST(what_is_confirmed_is_not_undone_by_a_late_timer),
		TEST(words_that_a_shell_could_misread_are_refused),
	};
	if (geteuid() != 0) {
		puts("skipped: needs root, for a mount namespace");
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
