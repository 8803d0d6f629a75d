#include "fixture_router.h"

/* A list with static storage. */
#define TEXTS(...)                                                                                 \
	({                                                                                         \
		static const char *texts_[] = { __VA_ARGS__ };                                     \
		(struct field_texts){ texts_, ARRAY_SIZE(texts_) };                                \
	})

static struct addr ip(const char *s)
{
	struct addr a = { 0 };

	if (!addr_parse(s, &a))
		abort();
	return a;
}

static struct addr_cidr cidr(const char *s)
{
	struct addr_cidr c = { 0 };

	if (!addr_cidr_parse(s, &c))
		abort();
	return c;
}

static struct addr_range range(const char *s)
{
	struct addr_range r = { 0 };

	if (!addr_range_parse(s, &r))
		abort();
	return r;
}

static struct addr_mac mac(uint8_t last)
{
	return (struct addr_mac){ { 0xbc, 0x24, 0x11, 0, 0, last } };
}

enum { HOUR_MS = 3600000 };

static struct recipe_allow dns_dhcp[] = { { .kind = RECIPE_ALLOW_DNS },
					  { .kind = RECIPE_ALLOW_DHCP } };

static void home_networks(struct fixture *f)
{
	static struct recipe_allow vm1_allow[] = {
		{ .kind = RECIPE_ALLOW_DNS },
		{ .kind = RECIPE_ALLOW_DHCP },
		{ .kind = RECIPE_ALLOW_TCP, .has_from = true },
	};
	static struct recipe_network networks[4];
	static const char *const names[] = { "vm1", "lan", "opt1", "opt2" };
	static const char *const cidrs[] = { "192.168.1.1/24", "192.168.100.1/24",
					     "192.168.101.1/24", "192.168.102.1/24" };
	static const char *const ranges[] = { "192.168.1.10-192.168.1.250",
					      "192.168.100.10-192.168.100.250",
					      "192.168.101.10-192.168.101.250",
					      "192.168.102.10-192.168.102.250" };

	vm1_allow[2].ports = TEXTS("9100");
	vm1_allow[2].from = range("192.168.1.2-192.168.1.9");
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
		networks[i] = (struct recipe_network){
			.interface = names[i],
			.address = cidr(cidrs[i]),
			.has_dhcp = true,
			.dhcp = range(ranges[i]),
			.lease_ms = (i ? 12 : 1) * HOUR_MS,
			.allow = i ? dns_dhcp : vm1_allow,
			.n_allow = i ? ARRAY_SIZE(dns_dhcp) : ARRAY_SIZE(vm1_allow),
			.optional = i > 1,
		};
	f->router.networks = networks;
	f->router.n_networks = ARRAY_SIZE(networks);
}

void fixture_home(struct fixture *f)
{
	static struct recipe_nic nics[2];
	static struct recipe_passthrough card = { .device = "01:00", .pcie = true };
	static struct recipe_forward forward;
	static const struct render_port ports[] = {
		{ "wan", "pci-0000:01:00.0" },
		{ "lan", "pci-0000:01:00.1" },
		{ "opt1", "pci-0000:01:00.2" },
		{ "opt2", "pci-0000:01:00.3" },
	};

	*f = (struct fixture){ .name = "home" };
	nics[0] = (struct recipe_nic){ .name = "vm0",
				       .mac = mac(0x10),
				       .addressing = RECIPE_ADDRESS_DHCP };
	nics[1] = (struct recipe_nic){ .name = "vm1",
				       .mac = mac(0x11),
				       .addressing = RECIPE_ADDRESS_STATIC,
				       .address = cidr("192.168.1.1/24") };
	home_networks(f);
	f->router.admin = "vm0";
	f->router.wan = (struct recipe_wan){ .interface = "wan",
					     .addressing = RECIPE_ADDRESS_DHCP,
					     .delegation = true };
	card.names = TEXTS("wan", "lan", "opt1", "opt2");
	forward = (struct recipe_forward){ .from = "lan", .to = "vm1" };
	forward.tcp = TEXTS("80", "443", "3000", "9090");
	f->router.forwards = &forward;
	f->router.n_forwards = 1;
	f->router.dns.dnscrypt = TEXTS("cloudflare");
	f->router.etckeeper = (struct recipe_etckeeper){ "master", "root", "root@router" };
	f->vm = (struct recipe_vm){ .name = "router",
				    .nics = nics,
				    .n_nics = 2,
				    .passthrough = &card,
				    .n_passthrough = 1,
				    .router = &f->router };
	f->recipe = (struct recipe){
		.file = "router.yaml", .name = "home-router", .vms = &f->vm, .n_vms = 1
	};
	f->facts = (struct render_facts){ .distribution = RENDER_DEBIAN,
					  .hostname = "router",
					  .ports = ports,
					  .n_ports = ARRAY_SIZE(ports) };
}

void fixture_arch(struct fixture *f)
{
	fixture_home(f);
	f->name = "arch";
	f->facts.distribution = RENDER_ARCH;
	f->facts.assumed = true;
}

static void odd_networks(struct fixture *f)
{
	static struct recipe_allow ip6_allow[] = {
		{ .kind = RECIPE_ALLOW_DNS },  { .kind = RECIPE_ALLOW_DHCP },
		{ .kind = RECIPE_ALLOW_PING }, { .kind = RECIPE_ALLOW_SSH, .has_from = true },
		{ .kind = RECIPE_ALLOW_TCP },  { .kind = RECIPE_ALLOW_UDP, .has_from = true },
	};
	static struct recipe_network networks[3];
	static struct recipe_host hosts[1];

	ip6_allow[4].ports = TEXTS("8080", "9000-9010");
	ip6_allow[5].ports = TEXTS("5353");
	ip6_allow[3].from = range("10.20.0.2-10.20.0.2");
	ip6_allow[5].from = range("fd00:20::2-fd00:20::9");
	hosts[0] = (struct recipe_host){ .name = "printer",
					 .mac = mac(0x77),
					 .address = ip("10.20.4.9") };
	networks[0] = (struct recipe_network){
		.interface = "ip6",
		.address = cidr("10.20.0.1/20"),
		.address6 = cidr("fd00:20::1/64"),
		.has_dhcp = true,
		.dhcp = range("10.20.1.0-10.20.3.255"),
		.lease_ms = 10 * HOUR_MS,
		.domain = "home.arpa",
		.allow = ip6_allow,
		.n_allow = ARRAY_SIZE(ip6_allow),
		.hosts = { hosts, 1 },
	};
	networks[1] = (struct recipe_network){
		.interface = "a-b",
		.address = cidr("10.30.0.254/28"),
		.address6 = cidr("fd00:30::1/72"),
		.allow = dns_dhcp,
		.n_allow = 1,
	};
	networks[2] = (struct recipe_network){ .interface = "abcdefghij_k-15",
					       .address = cidr("172.20.0.1/30") };
	f->router.networks = networks;
	f->router.n_networks = ARRAY_SIZE(networks);
}

void fixture_odd(struct fixture *f)
{
	static struct recipe_nic nics[5];
	static const char *const names[] = { "drop", "ether", "ip6", "a-b", "abcdefghij_k-15" };
	static struct recipe_forward forwards[] = {
		{ .from = "ip6", .to = "a-b" },
		{ .from = "ip6", .to = "a-b" },
		{ .from = "a-b", .to = "ip6" },
	};
	static struct recipe_port_forward port_forwards[5];

	*f = (struct fixture){ .name = "odd" };
	for (size_t i = 0; i < ARRAY_SIZE(nics); i++)
		nics[i] = (struct recipe_nic){ .name = names[i], .mac = mac((uint8_t)(0x20 + i)) };
	nics[0].addressing = RECIPE_ADDRESS_STATIC;
	nics[0].address = cidr("192.168.7.2/24");
	nics[0].gateway = ip("192.168.7.1");
	nics[0].addressing6 = RECIPE_ADDRESS_STATIC;
	nics[0].address6 = cidr("fd07::2/64");
	nics[0].gateway6 = ip("fd07::1");
	odd_networks(f);
	port_forwards[0] = (struct recipe_port_forward){
		.protocol = 0, .port = 443, .to = ip("10.30.0.242"), .to_port = 8443
	};
	port_forwards[1] = (struct recipe_port_forward){ .protocol = 1,
							 .port = 51820,
							 .to = ip("10.30.0.242") };
	port_forwards[2] =
		(struct recipe_port_forward){ .protocol = 0, .port = 8443, .to = ip("::50") };
	port_forwards[3] = (struct recipe_port_forward){ .protocol = 1,
							 .port = 4500,
							 .to = ip("2a00:1450::7") };
	f->router.admin = "drop";
	f->router.wan = (struct recipe_wan){ .interface = "ether",
					     .addressing = RECIPE_ADDRESS_STATIC,
					     .address = cidr("5.6.7.8/29"),
					     .gateway = ip("5.6.7.9"),
					     .delegation = true,
					     .private_destinations = RECIPE_PRIVATE_ALLOW };
	forwards[0].tcp = TEXTS("22");
	forwards[0].udp = TEXTS("53", "60000-61000");
	forwards[1].tcp = TEXTS("80");
	f->router.forwards = forwards;
	f->router.n_forwards = ARRAY_SIZE(forwards);
	f->router.port_forwards = port_forwards;
	f->router.n_port_forwards = 4;
	f->router.dns.dnscrypt = TEXTS("quad9", "mullvad");
	f->router.dns.stamps =
		TEXTS("sdns://AgcAAAAAAAAABzEuMC4wLjEAEmRucy5jbG91ZGZsYXJlLmNvbQovZG5zLXF1ZXJ5");
	f->router.etckeeper.user = "J. \"Odd\" \\ Name";
	f->vm = (struct recipe_vm){
		.name = "gw-2", .nics = nics, .n_nics = ARRAY_SIZE(nics), .router = &f->router
	};
	f->recipe = (struct recipe){ .file = "odd.yaml", .name = "odd", .vms = &f->vm, .n_vms = 1 };
	f->facts = (struct render_facts){ .distribution = RENDER_DEBIAN, .hostname = "gw-2" };
}
