/* The main job up to the guest, against a node in memory: what is planned, sent, refused, resumed.
 */
#include "base/fs.h"
#include "fake_node.h"
#include "plan/journal.h"
#include "recipe/recipe.h"
#include "step/table.h"
#include "test.h"

#define KEY                                                                                        \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBJtJkSx3pnZ0oB9CzWgJ9J1GqHbzkBtjz0sIjAqZT0a "        \
	"me@laptop"

static const char recipe_text[] =
	"pveprov: 1\nname: home-router\nssh: { user: root, keys: [\"" KEY "\"] }\n"
	"bridges:\n  vmbr1: { cidr: 192.168.1.2/24 }\n"
	"vms:\n"
	"  router:\n    id: 100\n    template: 9000\n    machine: q35\n    cores: 2\n    memory: "
	"2048\n    balloon: 0\n"
	"    onboot: true\n    nics:\n"
	"      - { name: vm0, bridge: vmbr0, address: dhcp }\n"
	"      - { name: vm1, bridge: vmbr1, address: 192.168.1.1/24 }\n"
	"    passthrough:\n      - { device: \"01:00\", pcie: true, names: [wan, lan, opt1, opt2] "
	"}\n"
	"    snapshot: init\n    router:\n      admin: vm0\n      wan: { interface: wan, address: "
	"dhcp }\n"
	"      networks:\n        vm1: { address: 192.168.1.1/24, dhcp: "
	"192.168.1.10-192.168.1.250, allow: [dns, dhcp] }\n"
	"      dns: { dnscrypt: [cloudflare] }\n"
	"  test1:\n    id: 199\n    template: 9001\n    nics:\n      - { name: eth0, bridge: "
	"vmbr1, address: dhcp }\n";

static struct fake_node node;
static struct recipe *recipe;
static struct pve_client *client;

/* One run of a command: session, plan, perhaps the run itself. Looks into guests are left out. */
struct job {
	struct session *session;
	struct plan plan;
	struct plan_options options;
};

static int setup_as(bool ticket, const char *text)
{
	fake_node_open(&node);
	client = fake_node_client(&node, ticket);
	node.requests = 0;
	assert_works(recipe_parse("router.yaml", text, strlen(text), &recipe, &err));
	return 0;
}

static int setup(void **state)
{
	(void)state;
	setup_as(false, recipe_text);
	/* a token that may do everything */
	json_object_update_new(
		node.permissions,
		json_pack("{s:{s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,"
			  "s:i,s:i,s:i,s:i}}",
			  "/", "VM.Clone", 1, "VM.Allocate", 1, "VM.Audit", 1, "VM.Config.CPU", 1,
			  "VM.Config.Memory", 1, "VM.Config.Network", 1, "VM.Config.HWType", 1,
			  "VM.Config.Options", 1, "VM.Config.Cloudinit", 1, "VM.PowerMgmt", 1,
			  "VM.Snapshot", 1, "VM.Snapshot.Rollback", 1, "VM.GuestAgent.Audit", 1,
			  "VM.GuestAgent.Unrestricted", 1, "Datastore.AllocateSpace", 1,
			  "Sys.Modify", 1, "Sys.Audit", 1, "SDN.Use", 1, "SDN.Audit", 1,
			  "Mapping.Modify", 1, "Mapping.Use", 1));
	return 0;
}

static int setup_root(void **state)
{
	setup(state);
	client = pve_client_free(client);
	client = fake_node_client(&node, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client = pve_client_free(client);
	recipe = recipe_free(recipe);
	fake_node_close(&node);
	return 0;
}

static int nothing(const struct step *s, struct step_run *run, struct err **err)
{
	(void)s, (void)run, (void)err;
	return 0;
}

static const struct step_ops look = { .name = "look", .apply = nothing };

static int job_open(struct job *j, enum table_kind kind, struct err **err)
{
	const struct session_options o = { .recipe = recipe,
					   .client = client,
					   .clock = &node.clock };

	*j = (struct job){ .options = { .clock = &node.clock } };
	buf_reset(&node.log);
	node.requests = 0;
	if (session_open(&o, &j->session, err) < 0)
		return -1;
	return table_plan(kind, j->session, &j->options, &j->plan, err);
}

static int job_run(struct job *j, struct err **err)
{
	for (size_t i = 0; i < j->plan.n; i++) {
		struct step *s = &j->plan.items[i].step;
		if (!s->ops->check || s->ops->late) {
			s->ops = &look;
			step_changes_free(&j->plan.items[i].changes);
		}
	}
	return plan_run(&j->plan, &j->options, err);
}

static void job_close(struct job *j)
{
	plan_free(&j->plan);
	j->session = session_free(j->session);
}
#define _cleanup_job_ _cleanup_(job_close)

static void build(void)
{
	_cleanup_job_ struct job j;

	assert_works(job_open(&j, TABLE_APPLY, &err));
	assert_works(job_run(&j, &err));
}

static const char *value(const char *id, const char *key)
{
	return json_text(fake_node_config(&node, id), key);
}

static size_t count(const char *part)
{
	size_t n = 0;

	for (const char *at = buf_text(&node.log); (at = strstr(at, part)); at++)
		n++;
	return n;
}

static bool planned(const struct plan *p, const char *text)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->items[i].changes.n; k++)
			if (strstr(p->items[i].changes.v[k].text, text))
				return true;
	return false;
}

static void test_builds_everything(void **state)
{
	(void)state;
	_cleanup_job_ struct job j;

	assert_works(job_open(&j, TABLE_APPLY, &err));
	assert_true(planned(&j.plan, "bridge vmbr1 with 192.168.1.2/24"));
	assert_true(planned(&j.plan, "8006 and 22"));
	assert_true(planned(&j.plan, "linked clone of template 9000"));
	assert_true(planned(&j.plan, "PCI mapping 'router-0000-01-00' for 0000:01:00"));
	assert_int_equal(node.log.len, 0); /* planning sends nothing */
	assert_works(job_run(&j, &err));

	assert_string_equal(value("100", "description"),
			    "pveprov: recipe=home-router id=100 role=router");
	assert_string_equal(value("100", "name"), "router");
	assert_string_equal(value("100", "machine"), "q35");
	assert_string_equal(value("100", "hostpci0"), "mapping=router-0000-01-00,pcie=1");
	assert_string_equal(value("100", "ipconfig1"), "ip=192.168.1.1/24");
	assert_string_equal(value("100", "ciupgrade"), "0");
	assert_string_equal(value("100", "parent"), "init");
	assert_non_null(strstr(value("100", "net1"), "bridge=vmbr1"));
	_cleanup_free_ char *keys = pve_percent_decode(value("100", "sshkeys"));
	assert_string_equal(keys, KEY);
	assert_string_equal(json_text(fake_node_vm(&node, "100"), "status"), "running");
	assert_string_equal(json_text(fake_node_vm(&node, "199"), "status"), "running");
	assert_int_equal(count("PUT /nodes/pve/network"), 1);	      /* one reload */
	assert_int_equal(count("PUT /nodes/pve/qemu/100/config"), 1); /* one PUT */
	const char *log = buf_text(&node.log);
	assert_true(strstr(log, "/qemu/100/snapshot") < strstr(log, "/qemu/100/status/start"));
	assert_non_null(strstr(log, "vmstate=0"));
}

static void test_a_second_run_changes_nothing(void **state)
{
	(void)state;
	build();
	_cleanup_job_ struct job j;
	assert_works(job_open(&j, TABLE_APPLY, &err));
	assert_int_equal(plan_changes_all(&j.plan), 0);
	assert_works(job_run(&j, &err));
	assert_int_equal(node.log.len, 0);
	assert_true(node.requests <= 8);
}

static void test_what_differs_is_put_back(void **state)
{
	(void)state;
	build();
	json_object_set_new(fake_node_config(&node, "100"), "cores", json_string("8"));
	json_object_set_new(fake_node_config(&node, "100"), "onboot", json_string("0"));
	_cleanup_job_ struct job j;
	assert_works(job_open(&j, TABLE_APPLY, &err));
	assert_int_equal(plan_changes_all(&j.plan), 2);
	assert_true(planned(&j.plan, "cores: 8 -> 2"));
	assert_works(job_run(&j, &err));
	assert_string_equal(value("100", "cores"), "2");
	assert_int_equal(count("\n"), 1);
}

static void test_a_new_card_on_a_running_machine_is_refused(void **state)
{
	(void)state;
	build();
	json_object_set_new(fake_node_config(&node, "100"), "net0",
			    json_string("virtio=BC:24:11:99:99:99,bridge=vmbr0"));
	_cleanup_job_ struct job j;
	assert_works(job_open(&j, TABLE_APPLY, &err));
	assert_fails(plan_guard(&j.plan, &j.options, &err), ERR_GUARD, "net0");
	assert_fails(job_run(&j, &err), ERR_GUARD, "restart or cut off");
	assert_int_equal(node.log.len, 0);
}

static void test_root_uses_the_address(void **state)
{
	(void)state;
	_cleanup_job_ struct job j;

	assert_works(job_open(&j, TABLE_APPLY, &err));
	assert_true(planned(&j.plan, "root@pam with a ticket"));
	assert_works(job_run(&j, &err));
	assert_string_equal(value("100", "hostpci0"), "0000:01:00,pcie=1");
	assert_int_equal(json_array_size(node.mappings), 0);
}

/* What stands in the way is found before anything is sent. */
static void refused(enum err_kind kind, const char *text)
{
	_cleanup_job_ struct job j;

	assert_fails(job_open(&j, TABLE_APPLY, &err), kind, text);
	assert_int_equal(node.log.len, 0);
}

static void test_ids_of_others(void **state)
{
	(void)state;
	fake_node_add(&node, "100", json_pack("{s:s, s:s}", "name", "nas", "description", "mine"),
		      "running");
	refused(ERR_CONFLICT, "id 100 is taken by VM 'nas' on node 'pve', which is not ours");
	/* a clone of one of ours carries the mark of its source */
	json_object_set_new(fake_node_config(&node, "100"), "description",
			    json_string("pveprov: recipe=home-router id=199 role=vm"));
	refused(ERR_CONFLICT, "which is not ours");
}

static void test_templates(void **state)
{
	(void)state;
	json_t *template = fake_node_config(&node, "9000");

	json_object_del(template, "ide2");
	refused(ERR_GUARD, "template 9000 has no cloud-init drive");
	json_object_set_new(template, "agent", json_string("0"));
	refused(ERR_GUARD, "2 things stand in the way");
	json_object_del(template, "template");
	refused(ERR_CONFLICT, "is not a template");
	json_object_del(node.vms, "9000");
	refused(ERR_NOT_FOUND, "there is no template 9000");
}

static void test_devices(void **state)
{
	(void)state;
	json_t *stranger = json_deep_copy(json_array_get(node.pci, 0));

	json_object_set_new(stranger, "id", json_string("0000:02:00.0"));
	json_array_append_new(node.pci, stranger);
	refused(ERR_GUARD, "shares IOMMU group 14 with '0000:02:00.0'");
	json_object_set_new(stranger, "class",
			    json_string("0x060400")); /* a bridge may be in the group */
	json_array_append_new(node.ifaces, json_pack("{s:s, s:s, s:s}", "iface", "vmbr7", "type",
						     "bridge", "bridge_ports", "enp1s0f1"));
	refused(ERR_GUARD, "'0000:01:00.1' is a port of the node's 'vmbr7'");
	json_array_remove(node.ifaces, 2);
	fake_node_add(&node, "150",
		      json_pack("{s:s, s:s}", "name", "other", "hostpci3", "0000:01:00.2,pcie=1"),
		      "stopped");
	refused(ERR_GUARD,
		"the device is in VM 150 'other' already (hostpci3: 0000:01:00.2,pcie=1)");
	json_object_del(node.vms, "150");
	for (size_t i = 0; i < 4; i++)
		json_object_set_new(json_array_get(node.pci, i), "iommugroup", json_integer(-1));
	refused(ERR_GUARD, "the IOMMU of node 'pve' is off");
	json_array_clear(node.pci);
	refused(ERR_NOT_FOUND, "node 'pve' has no PCI device '01:00'");
}

static void test_network(void **state)
{
	(void)state;
	json_t *vmbr0 = json_array_get(node.ifaces, 0);

	json_object_set_new(vmbr0, "cidr", json_string("192.168.1.77/24"));
	refused(ERR_RECIPE, "overlaps the network of the node's 'vmbr0' (192.168.1.77/24)");
	json_object_set_new(vmbr0, "cidr", json_string("10.0.0.5/24"));
	node.changes = xstrdup("+auto vmbr9\n+iface vmbr9 inet manual\n");
	refused(ERR_GUARD, "somebody has staged changes");
	free(node.changes);
	node.changes = NULL;
	node.ifupdown2 = false;
	refused(ERR_GUARD, "no ifupdown2");
}

static void test_privileges(void **state)
{
	(void)state;
	_cleanup_err_ struct err *why = NULL;
	_cleanup_job_ struct job j;
	json_t *root = json_object_get(node.permissions, "/");

	json_object_del(root, "VM.Config.CPU");
	json_object_del(root, "SDN.Use");
	assert_int_equal(job_open(&j, TABLE_APPLY, &why), -1);
	assert_int_equal(why->kind, ERR_AUTH);
	assert_non_null(strstr(why->text, "'root@pam!ci' lacks VM.Config.CPU on /vms/100"));
	assert_non_null(strstr(why->hint, "pveum acl modify /vms/100 --tokens 'root@pam!ci'"));
	assert_non_null(strstr(why->hint, "SDN.Use"));
	/* without either, an absent bridge may be a hidden one */
	json_object_del(root, "SDN.Audit");
	refused(ERR_AUTH, "it may only be hidden");
}

static void test_node_names(void **state)
{
	(void)state;
	recipe->node = "pvf";
	refused(ERR_NOT_FOUND, "there is no node 'pvf'");
}

static void test_old_server_without_mappings(void **state)
{
	(void)state;
	node.fail = "GET /cluster/mapping/pci";
	node.fail_text = "Method 'GET /cluster/mapping/pci' not implemented";
	refused(ERR_AUTH, "only root@pam with a ticket");
}

static void test_a_failed_clone_leaves_the_rest_alone(void **state)
{
	(void)state;
	_cleanup_job_ struct job j;

	assert_works(job_open(&j, TABLE_APPLY, &err));
	node.fail = "POST /nodes/pve/qemu/9000/clone";
	node.fail_text = "task:disk is full";
	assert_fails(job_run(&j, &err), ERR_TASK, "clone router");
	assert_null(fake_node_vm(&node, "100"));
	job_close(&j);
	build(); /* goes on */
	assert_string_equal(json_text(fake_node_vm(&node, "100"), "status"), "running");
}

static void test_a_failed_reload_is_reverted(void **state)
{
	(void)state;
	_cleanup_job_ struct job j;

	assert_works(job_open(&j, TABLE_APPLY, &err));
	node.fail = "PUT /nodes/pve/network";
	node.fail_text = "task:ifreload failed";
	assert_fails(job_run(&j, &err), ERR_TASK, "bridges");
	assert_null(node.changes);
	assert_int_equal(count("DELETE /nodes/pve/network"), 1);
}

static void test_goes_on_from_what_was_staged(void **state)
{
	(void)state;
	_cleanup_job_ struct job j;

	/* a run that died between staging and reload */
	node.staged = json_deep_copy(node.ifaces);
	json_array_append_new(node.staged, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "iface",
						     "vmbr1", "type", "bridge", "method", "static",
						     "cidr", "192.168.1.2/24", "bridge_ports", "",
						     "comments", "pveprov: recipe=home-router\n"));
	node.changes = xstrdup("@@ -1,2 +1,6 @@\n+auto vmbr1\n+iface vmbr1 inet static\n+\taddress "
			       "192.168.1.2/24\n");
	assert_works(job_open(&j, TABLE_APPLY, &err));
	assert_true(planned(&j.plan, "staged already, is brought up"));
	assert_works(job_run(&j, &err));
	assert_int_equal(count("POST /nodes/pve/network"), 0);
	assert_int_equal(count("PUT /nodes/pve/network"), 1);
}

static void test_somebody_elses_change_in_between(void **state)
{
	(void)state;
	build();
	json_object_set_new(fake_node_config(&node, "100"), "cores", json_string("8"));
	_cleanup_job_ struct job j;
	assert_works(job_open(&j, TABLE_APPLY, &err));
	json_object_set_new(fake_node_config(&node, "100"), "memory", json_string("4096"));
	json_object_set_new(fake_node_config(&node, "100"), "digest",
			    json_string("0123456789012345678901234567890123456789"));
	assert_works(job_run(&j, &err));
	assert_string_equal(value("100", "cores"), "2");
	assert_string_equal(value("100", "memory"), "2048"); /* ours again, after comparing anew */
	assert_int_equal(count("PUT /nodes/pve/qemu/100/config"), 2);
}

static void test_reprovision(void **state)
{
	(void)state;
	build();
	((struct recipe_vm *)recipe->vms)[0].cores = 4;
	_cleanup_job_ struct job j;
	assert_works(job_open(&j, TABLE_REPROVISION, &err));
	assert_true(planned(&j.plan, "VM 100 goes back to snapshot 'init'"));
	assert_true(planned(&j.plan, "is lost"));
	j.options.allow_destroy = true;
	assert_works(job_run(&j, &err));
	assert_string_equal(value("100", "cores"), "4");
	assert_string_equal(json_text(fake_node_vm(&node, "100"), "status"), "running");
	const char *log = buf_text(&node.log);
	assert_true(strstr(log, "/rollback") < strstr(log, "/qemu/100/config"));
	assert_true(strstr(log, "/qemu/100/config") < strstr(log, "/status/start"));
	assert_int_equal(count("/qemu/199/"), 0);
}

static void test_reprovision_without_a_snapshot(void **state)
{
	(void)state;
	_cleanup_job_ struct job j;

	assert_fails(job_open(&j, TABLE_REPROVISION, &err), ERR_NOT_FOUND, "no snapshot 'init'");
}

static void test_destroy_takes_what_is_ours(void **state)
{
	(void)state;
	build();
	json_object_set_new(fake_node_config(&node, "199"), "description",
			    json_string("handed over"));
	_cleanup_job_ struct job j;
	assert_works(job_open(&j, TABLE_DESTROY, &err));
	assert_fails(plan_guard(&j.plan, &j.options, &err), ERR_GUARD, "destroy data");
	j.options.allow_destroy = true;
	/* the one that is not ours hangs on the bridge */
	assert_fails(job_run(&j, &err), ERR_GUARD, "bridge 'vmbr1' is used by VM 199");
	assert_null(fake_node_vm(&node, "100"));
	assert_non_null(fake_node_vm(&node, "199"));
	assert_int_equal(json_array_size(node.ifaces), 3);
	job_close(&j);
	json_object_del(node.vms, "199");
	assert_works(job_open(&j, TABLE_DESTROY, &err));
	j.options.allow_destroy = true;
	assert_works(job_run(&j, &err));
	assert_int_equal(json_array_size(node.ifaces), 2);
	assert_int_equal(json_array_size(node.mappings), 0);
}

static void test_resumes_running_tasks(void **state)
{
	(void)state;
	static const char upid[] = "UPID:pve:00000001:00000001:66000000:qmclone:9000:root@pam!ci:";
	_cleanup_free_ char *dir = NULL;
	struct journal *journal = NULL;
	const struct journal_task *left;

	assert_works(fs_temp_dir(NULL, "job", &dir, &err));
	assert_works(journal_open(dir, "home", "digest", &node.clock, &journal, &err));
	assert_works(journal_task_started(journal, "clone router", upid, &err));
	journal = journal_close(journal);
	json_object_set_new(node.tasks, upid, json_string("it failed"));
	assert_works(journal_open(dir, "home", "digest", &node.clock, &journal, &err));
	assert_works(table_resume(client, journal, NULL,
				  &err)); /* how it ended is the world's business */
	journal = journal_close(journal);
	assert_works(journal_open(dir, "home", "digest", &node.clock, &journal, &err));
	assert_int_equal(journal_left(journal, &left), 0);
	journal_close(journal);
	assert_works(fs_remove_tree(dir, &err));
}

#define TEST(name, how) cmocka_unit_test_setup_teardown(name, how, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_builds_everything, setup),
		TEST(test_a_second_run_changes_nothing, setup),
		TEST(test_what_differs_is_put_back, setup),
		TEST(test_a_new_card_on_a_running_machine_is_refused, setup),
		TEST(test_root_uses_the_address, setup_root),
		TEST(test_ids_of_others, setup),
		TEST(test_templates, setup),
		TEST(test_devices, setup),
		TEST(test_network, setup),
		TEST(test_privileges, setup),
		TEST(test_node_names, setup),
		TEST(test_old_server_without_mappings, setup),
		TEST(test_a_failed_clone_leaves_the_rest_alone, setup),
		TEST(test_a_failed_reload_is_reverted, setup),
		TEST(test_goes_on_from_what_was_staged, setup),
		TEST(test_somebody_elses_change_in_between, setup),
		TEST(test_reprovision, setup),
		TEST(test_reprovision_without_a_snapshot, setup),
		TEST(test_destroy_takes_what_is_ours, setup),
		TEST(test_resumes_running_tasks, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
