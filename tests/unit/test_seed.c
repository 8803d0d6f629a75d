#include "data/digest.h"
#include "lab/seed.h"
#include "test.h"

static const struct seed_node node = { .nameserver = "10.20.0.1" };

static void assert_text(struct buf *b, const char *expected)
{
	assert_string_equal(buf_text(b), expected);
}

static void nothing_set(void **state)
{
	json_t *config = json_object();
	const struct seed_node bare = { 0 };
	_cleanup_seed_ struct seed s = { 0 };

	(void)state;
	assert_works(seed_make(config, 104, &bare, &s, &err));
	assert_text(&s.user_data, "#cloud-config\nhostname: VM104\nmanage_etc_hosts: "
				  "true\nchpasswd:\n  expire: False\n"
				  "users:\n  - default\npackage_upgrade: true\n");
	assert_text(&s.network_config, "version: 1\nconfig:\n");
	json_decref(config);
}

static void everything_set(void **state)
{
	json_t *config = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "name",
		"router", "ciuser", "root", "cipassword", "$5$abc", "searchdomain", "home.lan",
		"nameserver", "192.168.1.1 9.9.9.9", "sshkeys",
		"ssh-ed25519%20AAAA%20a%40b%0A%0Assh-rsa%20BBBB%2B", "ciupgrade", 0, "net0",
		"virtio=BC:24:11:00:00:10,bridge=vmbr0", "ipconfig0", "ip=dhcp,ip6=auto", "net1",
		"virtio=BC:24:11:00:00:1F,bridge=vmbr1", "ipconfig1",
		"ip=192.168.1.5/24,gw=192.168.1.1,ip6=fd00::5/64,gw6=fd00::1", "net2",
		"virtio=BC:24:11:00:00:12,bridge=vmbr1", "ide2",
		"local:100/vm-100-cloudinit.qcow2,media=cdrom");
	_cleanup_seed_ struct seed s = { 0 };

	(void)state;
	assert_works(seed_make(config, 100, &node, &s, &err));
	assert_text(
		&s.user_data,
		"#cloud-config\nhostname: router\nmanage_etc_hosts: true\nfqdn: router.home.lan\n"
		"user: root\ndisable_root: False\npassword: $5$abc\nssh_authorized_keys:\n"
		"  - ssh-ed25519 AAAA a@b\n  - ssh-rsa BBBB+\nchpasswd:\n  expire: False\n");
	assert_text(
		&s.network_config,
		"version: 1\nconfig:\n"
		"    - type: physical\n      name: eth0\n      mac_address: 'bc:24:11:00:00:10'\n"
		"      subnets:\n      - type: dhcp4\n      - type: ipv6_slaac\n"
		"    - type: physical\n      name: eth1\n      mac_address: 'bc:24:11:00:00:1f'\n"
		"      subnets:\n      - type: static\n        address: '192.168.1.5'\n"
		"        netmask: '255.255.255.0'\n        gateway: '192.168.1.1'\n"
		"      - type: static6\n        address: 'fd00::5/64'\n        gateway: 'fd00::1'\n"
		"    - type: nameserver\n      address:\n      - '192.168.1.1'\n      - '9.9.9.9'\n"
		"      search:\n      - 'home.lan'\n");
	assert_true(seed_wanted(config));
	json_object_del(config, "ide2");
	assert_false(seed_wanted(config));
	json_decref(config);
}

static void dotted_name(void **state)
{
	json_t *config =
		json_pack("{s:s, s:s}", "name", "web.example.org", "searchdomain", "other.lan");
	_cleanup_seed_ struct seed s = { 0 };

	(void)state;
	assert_works(seed_make(config, 100, &node, &s, &err));
	assert_non_null(strstr(buf_text(&s.user_data), "hostname: web\n"));
	assert_non_null(strstr(buf_text(&s.user_data), "fqdn: web.example.org\n"));
	json_decref(config);
}

/* It is the hash of both texts one after the other, so every change of either is a new instance. */
static void instance_id(void **state)
{
	json_t *config = json_pack("{s:s}", "name", "a");
	_cleanup_seed_ struct seed one = { 0 }, same = { 0 }, other = { 0 };
	_cleanup_buf_ struct buf both = { 0 }, expected = { 0 };
	char hex[DIGEST_SHA1_HEX];

	(void)state;
	assert_works(seed_make(config, 100, &node, &one, &err));
	assert_works(seed_make(config, 100, &node, &same, &err));
	json_object_set_new(config, "nameserver", json_string("10.20.0.9"));
	assert_works(seed_make(config, 100, &node, &other, &err));
	buf_adds(&both, buf_text(&one.user_data));
	buf_adds(&both, buf_text(&one.network_config));
	buf_addf(&expected, "instance-id: %s\n", digest_sha1(both.data, both.len, hex));
	assert_text(&one.meta_data, buf_text(&expected));
	assert_string_equal(buf_text(&one.meta_data), buf_text(&same.meta_data));
	assert_string_not_equal(buf_text(&one.meta_data), buf_text(&other.meta_data));
	json_decref(config);
}

static void bad_nic(void **state)
{
	json_t *config =
		json_pack("{s:s, s:s}", "net0", "virtio,bridge=vmbr0", "ipconfig0", "ip=dhcp");
	_cleanup_seed_ struct seed s = { 0 };

	(void)state;
	assert_fails(seed_make(config, 100, &node, &s, &err), ERR_INTERNAL, "net0");
	json_decref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_nic),	  cmocka_unit_test(nothing_set),
		cmocka_unit_test(everything_set), cmocka_unit_test(dotted_name),
		cmocka_unit_test(instance_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
