/*
 * Defects that were observed with an earlier router's files, by number, and what in ours keeps each
 * away. Those that show only in packets and in running programs are in tests/net: 3 4 14 15 17 20
 * 21 24 25 30 31 36 37.
 */
#include "test.h"
#include "fixture_router.h"

struct demand {
	int number;
	const char *path; /* NULL: every file */
	const char *has;
	const char *lacks;
};

#define UNIT	"/etc/systemd/system/"
#define NETWORK "/etc/systemd/network/"

static const struct demand demands[] = {
	/* rules by name; not loaded, nothing passes */
	{ 1, "/etc/nftables.conf", "iifname", "iif \"" },
	{ 1, "/etc/nftables.conf", "oifname", "iface_index" },
	{ 2, "/etc/sysctl.d/60-router.conf", NULL, "forward" },
	{ 2, UNIT "nftables.service.d/05-router.conf", "ExecStartPost=", NULL },
	{ 2, UNIT "nftables-lockdown.service", "Before=network-pre.target nftables.service", NULL },
	{ 2, "/etc/router/lockdown.nft", "policy drop", "vm1" },
	{ 3, UNIT "nftables.service.d/05-router.conf",
	  "Before=network-pre.target systemd-networkd.service", NULL },
	{ 5, UNIT "nftables.service.d/05-router.conf", "\nExecStop=\n", "flush" },
	{ 5, UNIT "nftables.service.d/05-router.conf", "\nExecReload=\nExecReload=/usr/sbin/nft -f",
	  NULL },
	/* IPv6 */
	{ 6, "/etc/router/forwarding.conf", "net.ipv6.conf.all.forwarding = 1", NULL },
	{ 6, NETWORK "05-lan.network", "DHCPPrefixDelegation=yes", NULL },
	{ 6, NETWORK "05-lan.network", "IPv6SendRA=yes", NULL },
	{ 6, "/etc/nftables.conf", "udp sport 547 udp dport 546 accept", NULL },
	{ 7, NETWORK "05-lan.network", "IPv6AcceptRA=no", NULL },
	{ 7, NETWORK "05-vm0.network", "IPv6AcceptRA=no", NULL },
	{ 7, "/etc/nftables.conf", "iifname \"wan\" icmpv6 type nd-router-advert", NULL },
	{ 22, "/etc/nftables.conf", "meta l4proto icmpv6", "nexthdr" },
	{ 23, "/etc/nftables.conf", "nd-neighbor-solicit", NULL },
	{ 48, "/etc/nftables.conf", NULL, "ipv6-icmp" },
	/* dnsmasq */
	{ 8, "/etc/dnsmasq-vm1.conf", "dhcp-leasefile=/var/lib/dnsmasq/vm1.leases", NULL },
	{ 8, "/etc/dnsmasq-lan.conf", "dhcp-leasefile=/var/lib/dnsmasq/lan.leases", NULL },
	{ 9, UNIT "dnsmasq@.service", "--keep-in-foreground --user=dnsmasq", " -d " },
	{ 11, "/etc/dnsmasq-lan.conf", "bind-dynamic", "bind-interfaces" },
	{ 11, "/etc/dnsmasq-lan.conf", NULL, "listen-address" },
	{ 12, NETWORK "05-lan.network", "ConfigureWithoutCarrier=yes", NULL },
	{ 13, NETWORK "05-opt1.network", "Address=192.168.101.1/24", NULL },
	{ 13, "/etc/dnsmasq-opt2.conf", "interface=opt2", NULL },
	{ 13, "/etc/nftables.conf", "chain in.opt2", NULL },
	{ 27, "/etc/dnsmasq-lan.conf", "dhcp-authoritative", NULL },
	{ 28, "/etc/dnsmasq-lan.conf", "no-hosts", "expand-hosts" },
	{ 28, "/etc/dnsmasq-lan.conf", "host-record=router.lan,192.168.100.1", NULL },
	{ 29, "/etc/dnsmasq-lan.conf", "local=/lan/", NULL },
	{ 29, "/etc/dnsmasq-lan.conf", "no-resolv", NULL },
	{ 29, "/etc/dnsmasq-lan.conf", "domain-needed\nbogus-priv\nstop-dns-rebind", NULL },
	{ 33, UNIT "dnsmasq@.service", "/usr/sbin/dnsmasq", "/usr/bin/dnsmasq" },
	{ 33, UNIT "dnscrypt-proxy.service", "CAP_NET_BIND_SERVICE", "dnscrypt-proxy.socket" },
	/* other tables, bans */
	{ 16, "/etc/nftables.conf", "nft add element inet bans ban4", "table ip " },
	{ 17, "/etc/nftables.conf", "hook prerouting priority -310", NULL },
	{ 18, NULL, NULL, "flush ruleset" },
	{ 19, "/etc/nftables.conf", "type nat hook prerouting priority dstnat", NULL },
	/* the rest */
	{ 24, NETWORK "05-vm0.network", "FirewallMark=0x76\nTable=76", NULL },
	{ 26, UNIT "systemd-networkd-wait-online.service.d/05-router.conf",
	  "ExecStart=\nExecStart=/", "--ignore" },
	{ 26, NETWORK "05-opt1.network", "RequiredForOnline=no", NULL },
	{ 34, "/etc/modules-load.d/router.conf", "nf_tables", NULL },
	{ 35, "/etc/nftables.conf", NULL, "router-advertisement" },
	{ 38, "/etc/resolv.conf", "nameserver 127.0.0.1\nnameserver ::1", NULL },
	{ 38, "/etc/cloud/cloud.cfg.d/99-router.cfg", "manage_resolv_conf: false", NULL },
	{ 39, NETWORK "05-vm0.network",
	  "[DHCPv4]\nUseDNS=no\nRoutesToDNS=no\nUseDomains=no\nUseHostname=no", "[DHCP]" },
	{ 39, NETWORK "05-vm0.network", "UseRoutes=no\nUseGateway=no", NULL },
	{ 39, NETWORK "05-wan.network",
	  "[DHCPv4]\nUseDNS=no\nRoutesToDNS=no\nUseDomains=no\nUseHostname=no", NULL },
	{ 40, NETWORK "05-vm0.link", "PermanentMACAddress=", "\nMACAddress=" },
	{ 40, NETWORK "05-wan.link", "Path=pci-0000:01:00.0\nType=ether", NULL },
	{ 41, "/etc/sysctl.d/60-router.conf", "nf_conntrack_tcp_timeout_established = 7440", NULL },
	{ 41, "/etc/modules-load.d/router.conf", "nf_conntrack\n", NULL },
	{ 42, "/etc/nftables.conf", NULL, "flowtable" },
	{ 43, "/etc/dnscrypt-proxy/dnscrypt-proxy.toml", "ignore_system_dns = true", "[sources" },
	{ 43, "/etc/dnscrypt-proxy/dnscrypt-proxy.toml", "netprobe_timeout = -1",
	  "raw.githubusercontent" },
	{ 46, "/etc/etckeeper/router.ignore", "/shadow\n", NULL },
	{ 46, "/etc/etckeeper/router.ignore", "/gshadow\n", NULL },
	{ 46, "/etc/etckeeper/router.ignore", "/ssh/ssh_host_*_key\n", NULL },
	{ 46, "/etc/etckeeper/etckeeper.conf", "PUSH_REMOTE=\"\"", NULL },
};

static void check(const struct demand *d, const struct bundle_file *file)
{
	if (d->has && !strstr(file->data, d->has))
		fail_msg("defect %d: '%s' lacks '%s'", d->number, file->path, d->has);
	if (d->lacks && strstr(file->data, d->lacks))
		fail_msg("defect %d: '%s' has '%s'", d->number, file->path, d->lacks);
}

static void observed_defects_are_not_there(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle b = { 0 };
	struct fixture f;

	fixture_home(&f);
	assert_works(render_router(&f.recipe, &f.vm, &f.facts, &b, &err));
	for (size_t i = 0; i < ARRAY_SIZE(demands); i++) {
		const struct bundle_file *file =
			demands[i].path ? bundle_get(&b, demands[i].path) : NULL;
		if (demands[i].path && !file)
			fail_msg("defect %d: '%s' is missing", demands[i].number, demands[i].path);
		for (size_t k = 0; !file && k < b.n_files; k++)
			check(&demands[i], &b.files[k]);
		if (file)
			check(&demands[i], file);
	}
}

/* 33: what is installed and masked. */
static void units_and_packages_fit_the_distribution(void **state UNUSED)
{
	_cleanup_bundle_ struct bundle debian = { 0 }, arch = { 0 };
	struct fixture f;

	fixture_home(&f);
	assert_works(render_router(&f.recipe, &f.vm, &f.facts, &debian, &err));
	assert_true(strv_contains(&debian.packages, "dnsmasq-base"));
	assert_false(strv_contains(&debian.packages, "dnsmasq"));
	assert_true(strv_contains(&debian.mask, "dnscrypt-proxy.socket"));
	fixture_arch(&f);
	assert_works(render_router(&f.recipe, &f.vm, &f.facts, &arch, &err));
	assert_true(strv_contains(&arch.packages, "dnsmasq"));
	assert_true(strv_contains(&arch.disable, "dnsmasq.service"));
	assert_non_null(strstr(bundle_get(&arch, UNIT "dnsmasq@.service")->data,
			       "ExecStart=/usr/bin/dnsmasq"));
	assert_non_null(
		strstr(bundle_get(&arch, "/etc/nftables.conf")->data, "#!/usr/bin/nft -f\n"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(observed_defects_are_not_there),
		cmocka_unit_test(units_and_packages_fit_the_distribution),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
