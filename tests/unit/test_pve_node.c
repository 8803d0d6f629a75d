#include "pve_stub.h"
#include "pve/access.h"
#include "pve/mapping.h"
#include "pve/net.h"
#include "pve/node.h"
#include "pve/storage.h"

static void versions_are_compared_by_number(void **state UNUSED)
{
	static const char *const bad[] = { "", "x", "9.x", "09.1" };
	struct pve_version v;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(pve_version_parse(bad[i], &v));
	assert_true(pve_version_parse("7.4-17", &v));
	assert_int_equal(v.patch, 17);
	assert_false(pve_version_at_least(&v, 8, 0, 0));
	assert_true(pve_version_parse("9.2.11", &v));
	assert_true(pve_version_at_least(&v, 8, 3, 0));
	assert_true(pve_version_at_least(&v, 9, 2, 11));
	assert_false(pve_version_at_least(&v, 9, 2, 12));
	assert_true(pve_version_parse("8.2", &v));
	assert_int_equal(v.patch, 0);
}

static void nodes_versions_and_packages_are_read(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /version", .status = 200,
		  .answer = "{\"data\":{\"version\":\"9.2.11\",\"release\":\"9.2\"}}" },
		{ "GET /version", .status = 200, .answer = "{\"data\":{\"version\":\"nine\"}}" },
		{ "GET /nodes", .status = 200,
		  .answer = "{\"data\":[{\"node\":\"pve\",\"status\":\"online\",\"ssl_"
			    "fingerprint\":\"AA:BB\"},{\"node\":\"two\","
			    "\"status\":\"unknown\"}]}" },
		{ "GET /nodes/pve/apt/versions", .status = 200,
		  .answer = "{\"data\":[{\"Package\":\"ifupdown2\",\"CurrentState\":\"Installed\","
			    "\"Version\":\"3.3.0-1\"}]}" },
		{ "GET /nodes/pve/apt/versions", .status = 200,
		  .answer = "{\"data\":[{\"Package\":\"ifupdown2\",\"CurrentState\":"
			    "\"NotInstalled\",\"Version\":\"3.3.0-1\"}]}" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_version v;
	struct pve_node *nodes;
	const char *version;
	size_t n;
	STUB(s, c, steps);

	assert_works(pve_version_get(c, &v, &err));
	assert_int_equal(v.major, 9);
	assert_fails(pve_version_get(c, &v, &err), ERR_INTERNAL, "version 'nine'");
	assert_works(pve_node_list(c, &a, &nodes, &n, &err));
	assert_int_equal(n, 2);
	assert_true(nodes[0].online && !nodes[1].online);
	assert_works(pve_node_package(c, "pve", "ifupdown2", &a, &version, &err));
	assert_string_equal(version, "3.3.0-1");
	assert_works(pve_node_package(c, "pve", "ifupdown2", &a, &version, &err));
	assert_null(version);
	stub_close_all(&s, c);
}

static void pending_changes_stand_beside_the_list(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /nodes/pve/network", .status = 200,
		  .answer = "{\"data\":[{\"gateway\":\"10.99.0.1\",\"priority\":5,\"autostart\":1,"
			    "\"active\":1,\"address\":\"10.99.0.2\","
			    "\"bridge_ports\":\"eno1\",\"cidr\":\"10.99.0.2/"
			    "24\",\"method\":\"static\",\"iface\":\"vmbr0\","
			    "\"type\":\"bridge\",\"comments\":\"created by "
			    "test\\n\"},{\"iface\":\"eno2\",\"type\":\"eth\"},"
			    "{\"iface\":\"vmbr1\",\"type\":\"bridge\"}],\"changes\":\"--- a\\n+++ "
			    "b\\n\"}" },
		{ "GET /nodes/pve/network", .status = 200, .answer = "{\"data\":[]}" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_net net;
	STUB(s, c, steps);

	assert_works(pve_net_list(c, "pve", &a, &net, &err));
	assert_int_equal(net.n, 3);
	assert_string_equal(net.changes, "--- a\n+++ b\n");
	const struct pve_iface *f = pve_net_find(&net, "vmbr0");
	assert_string_equal(f->comment, "created by test");
	assert_string_equal(f->ports, "eno1");
	assert_true(f->active && f->autostart && !f->vlan_aware);
	assert_null(pve_net_find(&net, "eno2")->ports);
	assert_string_equal(pve_net_find(&net, "vmbr1")->ports, "");
	assert_null(pve_net_find(&net, "vmbr9"));
	assert_works(pve_net_list(c, "pve", &a, &net, &err));
	assert_null(net.changes);
	stub_close_all(&s, c);
}

static void a_bridge_is_staged_changed_and_applied(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "POST /nodes/pve/network",
		  "iface=vmbr1&type=bridge&autostart=1&bridge_ports=&cidr=192.168.1.2%2F24&"
		  "comments=ours",
		  200, .answer = "{\"data\":null}" },
		{ "POST /nodes/pve/network", .status = 400,
		  .reason = "Parameter verification failed.",
		  .answer = "{\"data\":null,\"errors\":{\"iface\":\"interface already exists\"}}" },
		{ "PUT /nodes/pve/network/vmbr1",
		  "type=bridge&autostart=1&bridge_ports=eno2&cidr=10.0.0.1%2F8"
		  "&delete=cidr6%2Ccomments%2Cmtu%2Cbridge_vlan_aware",
		  200, .answer = "{\"data\":null}" },
		{ "DELETE /nodes/pve/network/vmbr1", .status = 200, .answer = "{\"data\":null}" },
		{ "DELETE /nodes/pve/network", .status = 200, .answer = "{\"data\":null}" },
		{ "PUT /nodes/pve/network", "", 200,
		  .answer = "{\"data\":\"UPID:pve:00002F28:0003F2B8:6B00DD0C:srvreload:networking:"
			    "root@pam!ci:\"}" },
		{ "GET /nodes/pve/tasks/*", .status = 200,
		  .answer = "{\"data\":{\"status\":\"stopped\",\"exitstatus\":\"OK\"}}" },
	};
	struct pve_bridge b = { .name = "vmbr1", .cidr = "192.168.1.2/24", .comment = "ours" };
	STUB(s, c, steps);

	assert_works(pve_net_create_bridge(c, "pve", &b, &err));
	assert_fails(pve_net_create_bridge(c, "pve", &b, &err), ERR_CONFLICT, "bridge 'vmbr1': ");
	b = (struct pve_bridge){ .name = "vmbr1", .cidr = "10.0.0.1/8", .ports = "eno2" };
	assert_works(pve_net_update_bridge(c, "pve", &b, &err));
	assert_works(pve_net_delete(c, "pve", "vmbr1", &err));
	assert_works(pve_net_revert(c, "pve", &err));
	assert_works(pve_net_apply(c, "pve", NULL, &err));
	stub_close_all(&s, c);
}

static void ports_are_whole_names(void **state UNUSED)
{
	assert_true(pve_net_has_port("eno1 eno2", "eno2"));
	assert_true(pve_net_has_port("eno1", "eno1"));
	assert_false(pve_net_has_port("eno10 xeno1", "eno1"));
	assert_false(pve_net_has_port("", "eno1"));
	assert_false(pve_net_has_port(NULL, "eno1"));
	assert_false(pve_net_has_port("eno1", ""));
}

static void pci_addresses_have_one_form(void **state UNUSED)
{
	static const char *const good[][2] = {
		{ "01:00", "0000:01:00" },
		{ "01:00.3", "0000:01:00.3" },
		{ "0000:0A:1f.0", "0000:0a:1f.0" },
		{ "10000:01:00", "10000:01:00" },
	};
	static const char *const bad[] = { "",	      "1:0",	  "01:00.",    "01:00.10",
					   "01:00.x", "01:00:00", "000:01:00", "01:00,pcie=1" };
	struct pve_pci d = { .id = "0000:01:00.3" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_free_ char *full = pve_pci_normalise(good[i][0]);
		assert_string_equal(full, good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_null(pve_pci_normalise(bad[i]));
	assert_true(pve_pci_matches(&d, "01:00"));
	assert_true(pve_pci_matches(&d, "0000:01:00.3"));
	assert_false(pve_pci_matches(&d, "01:00.1"));
	assert_false(pve_pci_matches(&d, "01:0"));
}

static void a_mapping_is_made_of_what_the_node_reports(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /nodes/pve/hardware/pci?pci-class-blacklist=", .status = 200,
		  .answer = "{\"data\":[{\"id\":\"0000:01:00.1\",\"vendor\":\"0x8086\",\"device\":"
			    "\"0x1521\",\"class\":\"0x020000\","
			    "\"iommugroup\":14,\"subsystem_vendor\":\"0x8086\",\"subsystem_"
			    "device\":\"0x0001\"},"
			    "{\"id\":\"0000:01:00.0\",\"vendor\":\"0x8086\",\"device\":\"0x1521\","
			    "\"class\":\"0x020000\",\"iommugroup\":14,"
			    "\"subsystem_vendor\":\"0x8086\",\"subsystem_device\":\"0x0001\"},{"
			    "\"id\":\"0000:00:01.0\",\"iommugroup\":-1,"
			    "\"class\":\"0x060400\",\"vendor\":\"0x8086\",\"device\":\"0x1901\"},{"
			    "\"id\":\"nonsense\"}]}" },
		{ "POST /cluster/mapping/pci",
		  "id=wan&description=ours&map=node%3Dpve%2Cpath%3D0000%3A01%3A00%2Cid%3D8086%"
		  "3A1521%2C"
		  "subsystem-id%3D8086%3A0001%2Ciommugroup%3D14",
		  200, .answer = "{\"data\":null}" },
		{ "PUT /cluster/mapping/pci/wan",
		  "map=node%3Dpve%2Cpath%3D0000%3A00%3A01.0%2Cid%3D8086%3A1901", 200,
		  .answer = "{\"data\":null}" },
		{ "GET /cluster/mapping/pci", .status = 200,
		  .answer = "{\"data\":[{\"id\":\"wan\",\"map\":[\"id=8086:1521,iommugroup=14,node="
			    "pve,path=0000:01:00,"
			    "subsystem-id=8086:0001\",\"broken\"]}]}" },
		{ "GET /cluster/mapping/pci", .status = 501,
		  .reason = "Method 'GET /cluster/mapping/pci' not implemented" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_pci *devices;
	struct pve_mapping *list;
	struct pve_mapping_entry e, bridge;
	_cleanup_err_ struct err *old = NULL;
	size_t n, n_list;
	STUB(s, c, steps);

	assert_works(pve_pci_list(c, "pve", &a, &devices, &n, &err));
	assert_int_equal(n, 3);
	assert_int_equal(devices[0].iommu_group, 14);
	assert_true(pve_pci_is_bridge(&devices[2]) && !pve_pci_is_bridge(&devices[0]));
	assert_fails(pve_mapping_entry_of(devices, n, "pve", "02:00", &a, &e, &err), ERR_NOT_FOUND,
		     "has no PCI device '0000:02:00'");
	assert_fails(pve_mapping_entry_of(devices, n, "pve", "x", &a, &e, &err), ERR_USAGE,
		     "is not a PCI address");
	assert_works(pve_mapping_entry_of(devices, n, "pve", "01:00", &a, &e, &err));
	assert_works(pve_mapping_create(c, &(struct pve_mapping){ "wan", "ours", &e, 1 }, &err));
	assert_works(pve_mapping_entry_of(devices, n, "pve", "00:01.0", &a, &bridge, &err));
	assert_works(pve_mapping_update(c, &(struct pve_mapping){ "wan", NULL, &bridge, 1 }, &err));
	assert_works(pve_mapping_list(c, &a, &list, &n_list, &err));
	assert_int_equal(n_list, 1);
	assert_int_equal(list[0].n_entries, 1);
	assert_true(pve_mapping_entry_equal(&list[0].entries[0], &e));
	assert_false(pve_mapping_entry_equal(&list[0].entries[0], &bridge));
	assert_int_equal(pve_mapping_list(c, &a, &list, &n_list, &old), -1);
	assert_true(pve_is(old, PVE_NO_METHOD));
	stub_close_all(&s, c);
}

static void storages_and_volumes_are_read(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /nodes/pve/storage", .status = 200,
		  .answer = "{\"data\":[{\"storage\":\"vmstore\",\"active\":1,\"enabled\":1,"
			    "\"avail\":75,\"total\":270,\"type\":\"dir\","
			    "\"content\":\"backup,images,iso\"}]}" },
		{ "GET /nodes/pve/storage/vmstore/content?content=iso", .status = 200,
		  .answer = "{\"data\":[{\"volid\":\"vmstore:iso/"
			    "x.iso\",\"content\":\"iso\",\"format\":\"iso\",\"size\":7,\"parent\":"
			    "null}]}" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_storage *list;
	struct pve_volume *volumes;
	size_t n;
	STUB(s, c, steps);

	assert_works(pve_storage_list(c, "pve", &a, &list, &n, &err));
	assert_int_equal(n, 1);
	assert_true(pve_storage_holds(&list[0], "images") && pve_storage_holds(&list[0], "iso"));
	assert_false(pve_storage_holds(&list[0], "image") || pve_storage_holds(&list[0], ""));
	assert_works(pve_storage_content(c, "pve", "vmstore", "iso", &a, &volumes, &n, &err));
	assert_string_equal(volumes[0].id, "vmstore:iso/x.iso");
	assert_string_equal(pve_storage_of_volume("vmstore:100/vm-100-disk-0.qcow2,size=1G", &a),
			    "vmstore");
	assert_null(pve_storage_of_volume("none,media=cdrom", &a));
	assert_null(pve_storage_of_volume("/dev/disk/by-id/x:y", &a));
	stub_close_all(&s, c);
}

static void privileges_come_from_the_nearest_path(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "GET /access/permissions", .status = 200,
		  .answer = "{\"data\":{\"/\":{\"Sys.Audit\":1,\"Sys.Modify\":0},\"/"
			    "vms\":{\"VM.Audit\":1},\"/vms/100\":{\"VM.PowerMgmt\":0}}}" },
		{ "GET /access/permissions?path=%2Fvms%2F200", .status = 200,
		  .answer = "{\"data\":{\"/vms/200\":{\"VM.Clone\":1}}}" },
		{ "GET /access/permissions?path=%2Fvms%2F300", .status = 200,
		  .answer = "{\"data\":{}}" },
		{ "GET /access/permissions", .status = 200, .answer = "{\"data\":[]}" },
	};
	_cleanup_pve_permissions_ struct pve_permissions p = { 0 }, none = { 0 };
	STUB(s, c, steps);

	assert_works(pve_permissions_get(c, &p, &err));
	assert_true(pve_permissions_has(&p, "/", "Sys.Modify"));
	assert_true(pve_permissions_has(&p, "/nodes/pve", "Sys.Audit"));
	assert_false(pve_permissions_has(&p, "/nodes/pve", "Sys.Modify"));
	assert_true(pve_permissions_has(&p, "/vms/101", "VM.Audit"));
	assert_false(pve_permissions_has(&p, "/vms/101", "Sys.Audit"));
	assert_true(pve_permissions_has(&p, "/vms/100", "VM.PowerMgmt"));
	assert_false(pve_permissions_has(&p, "/vms/100", "VM.Audit"));
	assert_works(pve_permissions_add_path(c, &p, "/vms/200", &err));
	assert_true(pve_permissions_has(&p, "/vms/200", "VM.Clone"));
	assert_works(pve_permissions_add_path(c, &p, "/vms/300", &err));
	assert_false(pve_permissions_has(&p, "/vms/300", "VM.Audit"));
	assert_fails(pve_permissions_get(c, &none, &err), ERR_INTERNAL, "of another kind");
	stub_close_all(&s, c);
}

static void accounts_are_made_by_few_calls(void **state UNUSED)
{
	static const struct stub_step steps[] = {
		{ "POST /access/roles", "roleid=Pveprov&privs=VM.Audit%2CVM.Clone", 200,
		  .answer = "{\"data\":null}" },
		{ "PUT /access/roles/Pveprov", "privs=VM.Audit", 200, .answer = "{\"data\":null}" },
		{ "POST /access/users", "userid=bot%40pve&comment=ours", 200,
		  .answer = "{\"data\":null}" },
		{ "POST /access/users/bot%40pve/token/one", "privsep=1", 200,
		  .answer = "{\"data\":{\"full-tokenid\":\"bot@pve!one\",\"value\":\"SECRET-uuid\","
			    "\"info\":{\"privsep\":\"1\"}}}" },
		{ "PUT /access/acl", "path=%2F&tokens=bot%40pve%21one&roles=Pveprov&propagate=1",
		  200, .answer = "{\"data\":null}" },
		{ "PUT /access/acl", "path=%2Fvms&users=bot%40pve&roles=Pveprov&propagate=0", 200,
		  .answer = "{\"data\":null}" },
		{ "DELETE /access/users/bot%40pve/token/one", .status = 200,
		  .answer = "{\"data\":null}" },
	};
	_cleanup_secret_ struct secret token = { 0 };
	STUB(s, c, steps);

	assert_works(pve_access_role_create(c, "Pveprov", "VM.Audit,VM.Clone", &err));
	assert_works(pve_access_role_update(c, "Pveprov", "VM.Audit", &err));
	assert_works(pve_access_user_create(c, "bot@pve", "ours", &err));
	assert_works(pve_access_token_create(c, "bot@pve", "one", true, NULL, &token, &err));
	assert_string_equal(token.text, "SECRET-uuid");
	assert_works(pve_access_grant(c, "/", "bot@pve!one", "Pveprov", true, &err));
	assert_works(pve_access_grant(c, "/vms", "bot@pve", "Pveprov", false, &err));
	assert_works(pve_access_token_delete(c, "bot@pve", "one", &err));
	stub_close_all(&s, c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_compared_by_number),
		cmocka_unit_test(nodes_versions_and_packages_are_read),
		cmocka_unit_test(pending_changes_stand_beside_the_list),
		cmocka_unit_test(a_bridge_is_staged_changed_and_applied),
		cmocka_unit_test(ports_are_whole_names),
		cmocka_unit_test(pci_addresses_have_one_form),
		cmocka_unit_test(a_mapping_is_made_of_what_the_node_reports),
		cmocka_unit_test(storages_and_volumes_are_read),
		cmocka_unit_test(privileges_come_from_the_nearest_path),
		cmocka_unit_test(accounts_are_made_by_few_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
