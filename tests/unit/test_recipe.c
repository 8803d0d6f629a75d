#include "test.h"
#include "base/buf.h"
#include "base/fs.h"
#include "data/json.h"
#include "recipe/recipe.h"

/*
 * A good recipe. A row of the table below replaces one piece of it by another (every occurrence
 * counts as one: the piece must be there exactly once) and says which lines the errors then are.
 */
static const char good[] =
	"pveprov: 1\n"								  /* 1 */
	"name: home\n"								  /* 2 */
	"bridges:\n"								  /* 3 */
	"  vmbr1: { cidr: 192.168.1.2/24 }\n"					  /* 4 */
	"vms:\n"								  /* 5 */
	"  router:\n"								  /* 6 */
	"    id: 100\n"								  /* 7 */
	"    template: 9000\n"							  /* 8 */
	"    machine: q35\n"							  /* 9 */
	"    nics:\n"								  /* 10 */
	"      - { name: vm0, bridge: vmbr0, address: dhcp }\n"			  /* 11 */
	"      - { name: vm1, bridge: vmbr1, address: 192.168.1.1/24 }\n"	  /* 12 */
	"    passthrough:\n"							  /* 13 */
	"      - { device: \"01:00\", pcie: true, names: [wan, lan] }\n"	  /* 14 */
	"    snapshot: init\n"							  /* 15 */
	"    router:\n"								  /* 16 */
	"      admin: vm0\n"							  /* 17 */
	"      wan: { interface: wan }\n"					  /* 18 */
	"      networks:\n"							  /* 19 */
	"        vm1: { dhcp: 192.168.1.10-192.168.1.250 }\n"			  /* 20 */
	"        lan: { address: 192.168.100.1/24, allow: [dns, ssh] }\n"	  /* 21 */
	"      forward: [ { from: lan, to: vm1, tcp: [80, 8000-8010] } ]\n"	  /* 22 */
	"      port_forward: [ { tcp: 8443, to: 192.168.1.20, to_port: 443 } ]\n" /* 23 */
	"      dns: {}\n"							  /* 24 */
	"  test1:\n"								  /* 25 */
	"    id: 199\n"								  /* 26 */
	"    template: 9001\n"							  /* 27 */
	"    nics: [ { name: eth0, bridge: vmbr1, address: dhcp } ]\n"		  /* 28 */
	"verify:\n"								  /* 29 */
	"  from: test1\n"							  /* 30 */
	"  probes: [ ping: 192.168.1.1 ]\n";					  /* 31 */

static char *changed(const char *piece, const char *by)
{
	const char *at = strstr(good, piece);

	if (!at || strstr(at + 1, piece))
		fail_msg("'%s' is not in the good recipe exactly once", piece);
	return xasprintf("%.*s%s%s", (int)(at - good), good, by, at + strlen(piece));
}

static int read_text(const char *text, struct recipe **ret, struct err **err)
{
	return recipe_parse("r", text, strlen(text), ret, err);
}

static const struct {
	const char *piece, *by, *errors;
} bad[] = {
	/* the form */
	{ "pveprov: 1", "pveprov: 2",
	  "r:1:10: recipe version 2 is not known to this pveprov, which reads 1" },
	{ "pveprov: 1\n", "", "r:1:1: 'pveprov' is missing" },
	{ "name: home\n", "", "r:1:1: 'name' is missing" },
	{ "machine: q35", "machin: q35", "r:9:5: unknown key 'machin'; did you mean 'machine'?" },
	{ "dns: {}", "dsn: {}", "r:24:7: unknown key 'dsn'; did you mean 'dns'?" },
	{ "verify:\n", "verfy:\n", "r:29:1: unknown key 'verfy'; did you mean 'verify'?" },
	{ "id: 199", "id: 99",
	  "r:26:9: 'id': expected a whole number from 100 to 999999999, found '99'" },
	{ "id: 199", "id: 1000000000",
	  "r:26:9: 'id': expected a whole number from 100 to 999999999, found '1000000000'" },
	{ "id: 199", "id: [199]",
	  "r:26:9: 'id': expected a whole number from 100 to 999999999, found a list" },
	{ "name: eth0", "name: abcdefghijklmnop",
	  "r:28:21: 'name': expected a name (letters, digits, '-', '_', a letter first, at most "
	  "15), found 'abcdefghijklmnop'" },
	{ "name: eth0", "name: a/b",
	  "r:28:21: 'name': expected a name (letters, digits, '-', '_', a letter first, at most "
	  "15), found 'a/b'" },
	{ "vmbr1: {", "averyveryverylongbridge: {",
	  "r:4:3: 'name': expected a name (letters, digits, '-', '_', a letter first, at most 15), "
	  "found 'averyveryverylongbridge'" },
	{ "snapshot: init", "snapshot: i",
	  "r:15:15: 'snapshot': expected a name (letters, digits, '-', '_', a letter first, at "
	  "most 40), found 'i'" },
	{ "snapshot: init", "snapshot: 1st",
	  "r:15:15: 'snapshot': expected a name (letters, digits, '-', '_', a letter first, at "
	  "most 40), found '1st'" },
	{ "    template: 9001\n", "", "r:25:3: 'template' is missing" },
	{ "192.168.1.2/24", "192.168.1.2",
	  "r:4:18: 'cidr': expected an address with its prefix like 192.168.1.1/24, found "
	  "'192.168.1.2'" },
	{ "vms:\n", "vms: {}\nx:\n",
	  "r:5:1: 'vms': expected 1 to 1000 elements, found 0\nr:6:1: unknown key 'x'; known here: "
	  "pveprov, name, node, ssh, bridges, vms, verify, firewall" },
	/* machines */
	{ "id: 199", "id: 100", "r:25:3: id 100 of 'test1' is that of 'router' already" },
	{ "template: 9001", "template: 199", "r:25:3: 'test1' has the id of its own template 199" },
	{ "id: 199", "id: 9000", "r:25:3: id 9000 of 'test1' is the template of 'router'" },
	{ "  test1:", "  ROUTER:",
	  "r:25:3: 'ROUTER' and 'router' are the same host name\nr:29:1: 'from': 'test1' is no "
	  "machine of this recipe" },
	{ "  test1:", "  test_1:",
	  "r:25:3: 'test_1' is no host name: letters, digits and inner '-' only\nr:29:1: 'from': "
	  "'test1' is no machine of this recipe" },
	{ "machine: q35", "machine: q36",
	  "r:6:3: 'q36' is no machine type; for example q35 or pc-q35-8.1" },
	{ "machine: q35", "machine: pc",
	  "r:6:3: a device with 'pcie' needs machine q35, found 'pc'" },
	{ "machine: q35", "memory: 8",
	  "r:9:13: 'memory': expected a size like 2048, 2048Mi or 2Gi from 16 to 4194304 MiB, "
	  "found '8'" },
	{ "machine: q35", "memory: 1024\n    balloon: 2Gi",
	  "r:6:3: balloon 2048 is more than memory 1024" },
	{ "machine: q35", "storage: local-lvm",
	  "r:6:3: 'storage' needs 'full: true': a linked clone stays where its template is" },
	{ "snapshot: init", "snapshot: current",
	  "r:6:3: 'current' cannot be a snapshot's name: the server uses it" },
	/* the card */
	{ "device: \"01:00\"", "device: 1:0",
	  "r:14:19: expected a PCI device like 01:00 (all its functions) or 0000:01:00.0, found "
	  "'1:0'" },
	{ "device: \"01:00\"", "device: \"01:00.8\"",
	  "r:14:19: expected a PCI device like 01:00 (all its functions) or 0000:01:00.0, found "
	  "'01:00.8'" },
	{ "device: \"01:00\", ", "", "r:14:9: 'device' or 'mapping' is missing" },
	{ "device: \"01:00\"", "device: \"01:00.0\"",
	  "r:14:9: 2 names for one function '01:00.0'; leave '.0' out for all of them" },
	{ "names: [wan, lan]", "names: [wan, lan, lan]", "r:14:58: port 'lan' was named already" },
	{ "names: [wan, lan]", "names: [wan, lan, c, d, e, f, g, h, i]",
	  "r:14:40: 9 names, but a device has at most 8 functions" },
	/* interfaces */
	{ "name: vm1", "name: vm0",
	  "r:12:9: 'router' has two interfaces named 'vm0'\nr:12:9: 192.168.1.1/24 of interface "
	  "'vm0' of 'router' overlaps with 192.168.1.2/24 of bridge 'vmbr1' at line 4\nr:20:9: "
	  "network 'vm1' is neither in 'nics' nor among the 'names' of 'passthrough'\n"
	  "r:20:9: network 'vm1' has no 'address', nor has its interface in 'nics'\nr:23:23: 'to': "
	  "192.168.1.20 is no machine's address in a network of this router" },
	{ "name: eth0", "name: lo",
	  "r:28:13: 'lo' cannot be an interface's name: the kernel uses it" },
	{ "name: vm0", "name: eth0",
	  "r:11:9: 'eth0' cannot be an interface's name on a router: the kernel gives it to "
	  "another one at boot; take one like wan or lan\n"
	  "r:16:5: admin 'vm0' is neither in 'nics' nor among the 'names' of 'passthrough'" },
	{ "name: eth0", "name: eth0, mac: 01:00:5e:00:00:01",
	  "r:28:13: 01:00:5e:00:00:01 cannot be an interface's MAC address: it is a group's" },
	{ "name: vm0", "name: vm0, gateway: 10.0.0.1",
	  "r:11:9: gateway 10.0.0.1 needs a static address beside it" },
	{ "address: 192.168.1.1/24", "address: 192.168.1.1/24, gateway: 10.0.0.1",
	  "r:12:9: gateway 10.0.0.1 is not in the network of 192.168.1.1/24" },
	{ "address: 192.168.1.1/24", "address: 192.168.1.1/24, gateway: 192.168.1.1",
	  "r:12:9: gateway 192.168.1.1 is the machine's own address" },
	{ "name: eth0, bridge: vmbr1, address: dhcp",
	  "name: eth0, bridge: vmbr1, address: fd00::1/64",
	  "r:28:51: expected dhcp or an address with its prefix like 192.168.1.1/24, found "
	  "'fd00::1/64'" },
	{ "name: eth0", "name: eth0, vlan: 4095",
	  "r:28:33: 'vlan': expected a whole number from 1 to 4094, found '4095'" },
	{ "name: eth0", "name: eth0, model: virtoi",
	  "r:28:34: 'model': expected one of e1000, e1000e, rtl8139, virtio, vmxnet3, found "
	  "'virtoi'; did you mean 'virtio'?" },
	/* roles */
	{ "admin: vm0", "admin: vm9",
	  "r:16:5: admin 'vm9' is neither in 'nics' nor among the 'names' of 'passthrough'" },
	{ "admin: vm0", "admin: wan",
	  "r:16:5: admin 'wan' is a port of the card, but must be in 'nics': the router is reached "
	  "there before its ports have names\n"
	  "r:18:7: wan is the admin interface 'wan': SSH would be open to the internet" },
	{ "admin: vm0", "admin: vm1",
	  "r:20:9: network 'vm1' is the admin interface: it serves nobody" },
	{ "bridge: vmbr0, address: dhcp", "bridge: vmbr0",
	  "r:11:9: 'vm0' is for administration and needs an address: dhcp or a static one" },
	{ "interface: wan", "interface: wna",
	  "r:18:7: wan 'wna' is neither in 'nics' nor among the 'names' of 'passthrough'" },
	{ "interface: wan", "interface: lan", "r:21:9: network 'lan' is wan: it leads outside" },
	{ "interface: wan", "interface: wan, address: 203.0.113.2/24",
	  "r:18:7: a static address of wan needs 'gateway'" },
	{ "interface: wan", "interface: wan, private_destinations: refuse",
	  "r:18:52: 'private_destinations': expected one of reject, allow, found 'refuse'" },
	{ "names: [wan, lan]", "names: [wan, vm1]",
	  "r:12:9: 'vm1' is the name of an interface in 'nics' and of a port of the card\n"
	  "r:21:9: network 'lan' is neither in 'nics' nor among the 'names' of 'passthrough'" },
	/* networks */
	{ "vm1: { dhcp", "vm1: { address: 192.168.1.3/24, dhcp",
	  "r:20:9: network 'vm1' has address 192.168.1.3/24, but its interface at line 12 has "
	  "192.168.1.1/24" },
	{ "bridge: vmbr1, address: 192.168.1.1/24", "bridge: vmbr1, address: dhcp",
	  "r:20:9: network 'vm1' has no 'address', nor has its interface in 'nics'\nr:23:23: 'to': "
	  "192.168.1.20 is no machine's address in a network of this router" },
	{ "192.168.1.10-192.168.1.250", "192.168.2.10-192.168.2.250",
	  "r:20:9: network 'vm1': the DHCP range is not inside 192.168.1.1/24" },
	{ "192.168.1.10-192.168.1.250", "192.168.1.10-192.168.2.250",
	  "r:20:9: network 'vm1': the DHCP range is not inside 192.168.1.1/24" },
	{ "192.168.1.10-192.168.1.250", "192.168.1.1-192.168.1.250",
	  "r:4:3: 192.168.1.2/24 of bridge 'vmbr1' lies in the DHCP range of "
	  "192.168.1.1/24 of network 'vm1' at line 20\nr:20:9: network 'vm1': the DHCP range "
	  "contains the router's own address "
	  "192.168.1.1/24" },
	{ "192.168.1.10-192.168.1.250", "192.168.1.10-192.168.1.255",
	  "r:20:9: network 'vm1': the DHCP range contains the network's own or broadcast address "
	  "of 192.168.1.1/24" },
	{ "192.168.1.10-192.168.1.250", "192.168.1.250-192.168.1.10",
	  "r:20:22: 'dhcp': expected an address range like 192.168.1.10-192.168.1.250, found "
	  "'192.168.1.250-192.168.1.10'" },
	{ "vm1: { dhcp", "vm1: { lease: 1s, dhcp",
	  "r:20:23: 'lease': expected a duration like 90s, 10m or 1h30m, found '1s'" },
	{ "vm1: { dhcp", "vm1: { allow: [dns], dhcp",
	  "r:20:9: network 'vm1' has a DHCP range, but its 'allow' lacks dhcp" },
	{ "vm1: { dhcp", "vm1: { domain: a_b, dhcp",
	  "r:20:24: expected a domain name like home.arpa, found 'a_b'" },
	{ "192.168.100.1/24", "192.168.100.0/24",
	  "r:21:9: network 'lan': 192.168.100.0/24 is the network's own or broadcast address" },
	{ "192.168.100.1/24", "192.168.100.1/31",
	  "r:21:9: network 'lan': expected a prefix from /8 to /30, found 192.168.100.1/31" },
	{ "192.168.100.1/24", "fd00::1/64",
	  "r:21:9: network 'lan': 'address' is for IPv4, 'address6' for IPv6" },
	{ "[dns, ssh]", "[dsn]",
	  "r:21:51: expected one of dns, dhcp, ssh, ping, found 'dsn'; did you mean 'dns'?" },
	{ "[dns, ssh]", "[ { tcp: 0 } ]",
	  "r:21:59: expected a port from 1 to 65535 or a range like 5900-5999, found '0'" },
	{ "[dns, ssh]", "[ { from: 192.168.100.5 } ]",
	  "r:21:52: expected 'tcp' or 'udp' (one of them), or a word: dns, dhcp, ssh, ping" },
	{ "[dns, ssh]", "[ { tcp: 9100, from: 192.168.1.5 } ]",
	  "r:21:52: 'from' is not inside 192.168.100.1/24, the network of 'lan'" },
	{ "[dns, ssh]", "[dns], hosts: { a: { mac: bc:24:11:00:00:01, address: 192.168.1.7 } }",
	  "r:21:66: 192.168.1.7 of 'a' is no machine's address inside 192.168.100.1/24" },
	{ "[dns, ssh]",
	  "[dns], hosts: { a: { mac: bc:24:11:00:00:01, address: 192.168.100.7 }, b: { mac: "
	  "bc:24:11:00:00:01, address: 192.168.100.7 } }",
	  "r:21:121: 192.168.100.7 of 'b' is that of 'a' already\nr:21:121: 'b' and 'a' have the "
	  "same MAC address" },
	/* between networks */
	{ "from: lan", "from: lna", "r:22:18: 'from': 'lna' is no network of this router" },
	{ "to: vm1", "to: wan",
	  "r:22:18: 'to': 'wan' is wan, which every network reaches without a forward; the way in "
	  "is port_forward" },
	{ "to: vm1", "to: lan", "r:22:18: a forward from 'lan' to itself" },
	{ "8000-8010", "8010-8000",
	  "r:22:50: expected a port from 1 to 65535 or a range like 5900-5999, found '8010-8000'" },
	{ "[80, 8000-8010]", "[]", "r:22:40: 'tcp': expected at least one port" },
	{ "to: 192.168.1.20", "to: 192.168.7.20",
	  "r:23:23: 'to': 192.168.7.20 is no machine's address in a network of this router" },
	{ "to: 192.168.1.20", "to: 192.168.1.1",
	  "r:23:23: 'to': 192.168.1.1 is no machine's address in a network of this router" },
	{ "{ tcp: 8443,", "{ tcp: 8443, udp: 8443,",
	  "r:23:23: expected 'tcp' or 'udp', and one of them only" },
	{ "[ { tcp: 8443,", "[ { tcp: 8443, to: 192.168.1.9 }, { tcp: 8443,",
	  "r:23:55: tcp port 8443 is forwarded at line 23 already" },
	{ "dns: {}", "dns: { dnscrypt: [cloudfare] }",
	  "r:24:25: expected one of adguard, cloudflare, cloudflare-security, google, mullvad, "
	  "quad9, quad9-unfiltered, found 'cloudfare'; did you mean 'cloudflare'?" },
	{ "dns: {}", "dns: { stamps: [sdns://a.b] }",
	  "r:24:23: expected a DNS stamp (sdns://...), found 'sdns://a.b'" },
	/* segments */
	{ "192.168.100.1/24", "192.168.1.129/25",
	  "r:21:9: 192.168.1.129/25 of network 'lan' overlaps with 192.168.1.2/24 of bridge "
	  "'vmbr1' at line 4" },
	{ "192.168.1.2/24", "192.168.1.1/24",
	  "r:20:9: 192.168.1.1/24 of network 'vm1' is the same address as 192.168.1.1/24 of bridge "
	  "'vmbr1' at line 4" },
	{ "192.168.1.2/24", "192.168.5.2/24",
	  "r:20:9: 192.168.1.1/24 of network 'vm1' is on the same wire, but in another network "
	  "than "
	  "192.168.5.2/24 of bridge 'vmbr1' at line 4" },
	{ "192.168.1.2/24", "192.168.1.20/24",
	  "r:4:3: 192.168.1.20/24 of bridge 'vmbr1' lies in the DHCP range of 192.168.1.1/24 of "
	  "network 'vm1' at line 20" },
	{ "192.168.1.2/24", "192.168.1.0/24",
	  "r:4:3: bridge 'vmbr1': 192.168.1.0/24 is the network's own or broadcast address" },
	{ "name: eth0, bridge: vmbr1, address: dhcp",
	  "name: eth0, bridge: vmbr1, address: 192.168.1.20/24",
	  "r:28:13: 192.168.1.20/24 of interface 'eth0' of 'test1' lies in the DHCP range of "
	  "192.168.1.1/24 of network 'vm1' at line 20" },
	{ "name: eth0, bridge: vmbr1, address: dhcp",
	  "name: eth0, bridge: vmbr1, address: 192.168.7.20/24",
	  "r:28:13: 192.168.7.20/24 of interface 'eth0' of 'test1' is on the same wire, but in "
	  "another network than 192.168.1.2/24 of bridge 'vmbr1' at line 4" },
	{ "name: eth0, bridge: vmbr1, address: dhcp",
	  "name: eth0, bridge: vmbr1, vlan: 5, address: 192.168.1.5/24",
	  "r:28:13: 192.168.1.5/24 of interface 'eth0' of 'test1' overlaps with 192.168.1.2/24 of "
	  "bridge 'vmbr1' at line 4" },
	{ "name: vm0, bridge: vmbr0, address: dhcp",
	  "name: vm0, bridge: vmbr0, address: 192.168.100.7/24",
	  "r:11:9: 192.168.100.7/24 of interface 'vm0' of 'router' overlaps with 192.168.100.1/24 "
	  "of network 'lan' at line 21" },
	/* proof */
	{ "from: test1", "from: test2", "r:29:1: 'from': 'test2' is no machine of this recipe" },
	{ "ping: 192.168.1.1", "pong: 192.168.1.1",
	  "r:31:13: unknown probe 'pong'; did you mean 'ping'?" },
	{ "ping: 192.168.1.1", "ping: one.one.one.one",
	  "r:31:19: 'ping': expected an address like 192.168.1.1, found 'one.one.one.one'" },
	{ "ping: 192.168.1.1", "{ ping: 192.168.1.1, resolve: a }",
	  "r:31:13: expected one probe like 'ping: 192.168.1.1'" },
	{ "ping: 192.168.1.1", "lease: { interface: eth1, within: 192.168.1.0/24 }",
	  "r:31:13: 'test1' has no interface 'eth1'" },
	{ "ping: 192.168.1.1", "refused: { tcp: 192.168.1.1 }",
	  "r:31:29: expected an address with its port like 192.168.1.1:22, found '192.168.1.1'" },
	{ "ping: 192.168.1.1", "tcp: \"fd00::1:22\"",
	  "r:31:18: expected an address with its port like 192.168.1.1:22, found 'fd00::1:22'" },
	{ "ping: 192.168.1.1", "resolver: { nameservers: [] }",
	  "r:31:25: 'nameservers': expected 1 to 8 elements, found 0" },
	/* substitution */
	{ "ping: 192.168.1.1", "ping: \"${env:X}\"",
	  "r:31:19: ${env:X}: the environment is not available here" },
	{ "ping: 192.168.1.1", "ping: \"${file:x}\"",
	  "r:31:19: ${file:x}: files are not available here" },
	{ "ping: 192.168.1.1", "ping: \"${x}\"",
	  "r:31:19: ${x}: expected env:NAME, file:PATH or machine.interface.address" },
	{ "ping: 192.168.1.1", "ping: \"${rooter.vm1.address}\"",
	  "r:31:19: ${rooter.vm1.address}: 'rooter' is no machine of this recipe" },
	{ "ping: 192.168.1.1", "ping: \"${router.vm0.address}\"",
	  "r:31:19: ${router.vm0.address}: 'router' has no static address on 'vm0'" },
	/* several at once, also of different sorts */
	{ "pveprov: 1\nname: home\n",
	  "pveprov: 1\nnaem: home\nbridges: { vmbr1: { cidr: 192.168.100.9/24 } }\nx-",
	  "r:1:1: 'name' is missing\nr:2:1: unknown key 'naem'; did you mean 'name'?\n"
	  "r:4:1: unknown key 'x-bridges'; did you mean 'bridges'?\nr:21:9: 192.168.1.1/24 of "
	  "network 'vm1' is on the same wire, but in another network than 192.168.100.9/24 of "
	  "bridge 'vmbr1' at line 3\nr:22:9: 192.168.100.1/24 of network 'lan' overlaps with "
	  "192.168.100.9/24 of bridge 'vmbr1' at line 3" },
};

static void the_good_recipe_is_good(void **state UNUSED)
{
	_cleanup_recipe_ struct recipe *r = NULL;

	assert_works(read_text(good, &r, &err));
}

static void bad_recipes_say_where_and_what(void **state UNUSED)
{
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *text = changed(bad[i].piece, bad[i].by);
		_cleanup_err_ struct err *err = NULL;
		_cleanup_recipe_ struct recipe *r = NULL;
		const char *said = read_text(text, &r, &err) < 0 ? err->text : "no error";
		if (!streq(said, bad[i].errors)) {
			print_error("'%s' -> '%s'\n  expected: %s\n  said:     %s\n", bad[i].piece,
				    bad[i].by, bad[i].errors, said);
			wrong++;
		} else {
			assert_int_equal(err->kind, ERR_RECIPE);
			assert_null(r);
		}
	}
	assert_int_equal(wrong, 0);
}

static void equal_mac_addresses_are_refused(void **state UNUSED)
{
	_cleanup_recipe_ struct recipe *r = NULL;
	char mac[ADDR_MAC_TEXT_MAX];
	struct addr_mac derived = recipe_derived_mac("home", 100, 0);
	_cleanup_free_ char *by = xasprintf("name: eth0, mac: %s", addr_mac_text(&derived, mac));
	_cleanup_free_ char *text = changed("name: eth0", by);

	assert_fails(read_text(text, &r, &err), ERR_RECIPE,
		     "is that of the interface at line 11 already");
}

static void defaults_are_filled_in(void **state UNUSED)
{
	_cleanup_recipe_ struct recipe *r = NULL;
	char text[ADDR_TEXT_MAX], mac[ADDR_MAC_TEXT_MAX];

	assert_works(read_text(good, &r, &err));
	assert_string_equal(r->ssh.user, "root");
	assert_string_equal(r->ssh.keys.v[0], "agent");
	const struct recipe_vm *vm = recipe_vm(r, "router");
	assert_int_equal(vm->balloon_mib, -1);
	assert_int_equal(vm->memory_mib, 0);
	assert_string_equal(vm->nics[0].model, "virtio");
	/* this very address is on running machines: it must never change */
	assert_string_equal(addr_mac_text(&vm->nics[0].mac, mac), "bc:24:11:9e:80:11");
	assert_false(addr_mac_equal(&vm->nics[0].mac, &vm->nics[1].mac));
	const struct recipe_router *router = vm->router;
	assert_int_equal(router->wan.addressing, RECIPE_ADDRESS_DHCP);
	assert_int_equal(router->wan.private_destinations, RECIPE_PRIVATE_REJECT);
	assert_string_equal(addr_cidr_text(&router->networks[0].address, text), "192.168.1.1/24");
	assert_int_equal(router->networks[0].lease_ms, 3600000);
	assert_int_equal(router->networks[1].lease_ms, 12 * 3600000);
	assert_string_equal(router->networks[1].domain, "lan");
	assert_int_equal(router->networks[0].n_allow, 2);
	assert_int_equal(router->networks[1].allow[1].kind, RECIPE_ALLOW_SSH);
	assert_string_equal(router->dns.dnscrypt.v[0], "cloudflare");
	assert_string_equal(router->etckeeper.email, "root@router");
	assert_null(recipe_vm(r, "test2"));
	assert_null(recipe_vm_nic(vm, "wan"));
}

static const char *from_env(void *ctx UNUSED, const char *name)
{
	return streq(name, "ID") ? "777" : NULL;
}

static void values_come_from_elsewhere(void **state UNUSED)
{
	_cleanup_recipe_ struct recipe *r = NULL;
	_cleanup_free_ char *dir = NULL;
	_cleanup_buf_ struct buf text = { 0 };

	assert_works(fs_temp_dir(NULL, "pveprov-recipe", &dir, &err));
	_cleanup_free_ char *file = fs_join(dir, "key"), *recipe = fs_join(dir, "r.yaml");
	buf_addf(&text, "%s    nameserver: ${router.lan.address}\nssh: { keys: \"${file:key}\" }\n",
		 "pveprov: 1\nname: x\nvms:\n  router:\n    id: 5000\n    template: 9000\n    "
		 "nics: [ { name: lan, bridge: vmbr0, address: 10.0.0.1/8 } ]\n"
		 "  a:\n    id: ${env:ID}\n    template: 9000\n    nics: [ { name: eth0, bridge: "
		 "vmbr0 } ]\n");
	assert_works(fs_write(file, "ssh-ed25519 AAAA x\n", 19, 0600, &err));
	assert_works(fs_write(recipe, buf_text(&text), text.len, 0600, &err));
	assert_works(recipe_load_env(recipe, from_env, NULL, &r, &err));
	assert_int_equal(r->vms[1].id, 777);
	assert_int_equal(r->vms[1].nameserver.bytes[0], 10);
	assert_string_equal(r->ssh.keys.v[0], "ssh-ed25519 AAAA x");
	assert_fails(recipe_load(recipe, &r, &err), ERR_RECIPE,
		     "${env:ID}: the environment is not available here");
	assert_works(fs_remove_tree(dir, &err));
}

static void machine_types_are_those_of_the_server(void **state UNUSED)
{
	static const char *const good_types[] = { "q35", "pc-q35-8.1", "pc-q35-9.0+pve1",
						  "pc-q35-7.2.pxe", NULL };
	static const char *const bad_types[] = { "pc-q35-", "pc-q35-8",	      "pc-q35-8.1x",
						 "q35-8.1", "pc-q35-8.1+pve", NULL };

	for (size_t i = 0; good_types[i]; i++) {
		_cleanup_free_ char *by = xasprintf("machine: %s", good_types[i]),
				    *text = changed("machine: q35", by);
		_cleanup_recipe_ struct recipe *r = NULL;
		assert_works(read_text(text, &r, &err));
	}
	for (size_t i = 0; bad_types[i]; i++) {
		_cleanup_free_ char *by = xasprintf("machine: %s", bad_types[i]),
				    *text = changed("machine: q35", by);
		_cleanup_recipe_ struct recipe *r = NULL;
		assert_fails(read_text(text, &r, &err), ERR_RECIPE, "is no machine type");
	}
}

static char *source_path(const char *name)
{
	return fs_join(getenv("SOURCE"), name);
}

/* The recipe of the main job: DESIGN's section 5, to the letter. */
static void the_home_router_is_read(void **state UNUSED)
{
	_cleanup_free_ char *path = source_path("recipes/router.yaml");
	_cleanup_recipe_ struct recipe *r = NULL;
	char text[ADDR_TEXT_MAX];

	assert_works(recipe_load(path, &r, &err));
	assert_string_equal(r->name, "home-router");
	assert_int_equal(r->n_vms, 2);
	const struct recipe_vm *vm = recipe_vm(r, "router");
	assert_int_equal(vm->id, 100);
	assert_int_equal(vm->template_id, 9000);
	assert_int_equal(vm->balloon_mib, 0);
	assert_true(vm->onboot && vm->passthrough[0].pcie);
	assert_string_equal(vm->passthrough[0].device, "01:00");
	assert_int_equal(vm->passthrough[0].names.n, 4);
	assert_int_equal(vm->router->n_networks, 4);
	assert_true(vm->router->networks[2].optional && vm->router->wan.delegation);
	const struct recipe_allow *exporter = &vm->router->networks[0].allow[2];
	assert_int_equal(exporter->kind, RECIPE_ALLOW_TCP);
	assert_string_equal(exporter->ports.v[0], "9100");
	assert_true(exporter->has_from);
	assert_string_equal(addr_text(&exporter->from.last, text), "192.168.1.9");
	assert_int_equal(vm->router->forwards[0].tcp.n, 4);
	assert_int_equal(r->verify.n_probes, 7);
	const struct recipe_probe *refused = &r->verify.probes[6];
	assert_int_equal(refused->kind, RECIPE_PROBE_REFUSED);
	assert_int_equal(refused->port, 22);
	assert_int_equal(refused->with, 0);
	const struct recipe_probe *resolver = &r->verify.probes[2];
	assert_string_equal(resolver->name, "vm1");
	assert_string_equal(addr_text(resolver->nameservers.v, text), "192.168.1.1");
}

/* recipes/recipe.schema.json is what the tables say; GOLDEN_UPDATE=1 writes it anew. */
static void the_schema_in_the_tree_is_current(void **state UNUSED)
{
	_cleanup_free_ char *path = source_path("recipes/recipe.schema.json");
	_cleanup_json_ json_t *schema = recipe_schema();
	_cleanup_free_ char *body = json_dumps(schema, JSON_INDENT(1));
	_cleanup_free_ char *text = xasprintf("%s\n", body);
	_cleanup_buf_ struct buf file = { 0 };

	if (getenv("GOLDEN_UPDATE"))
		assert_works(fs_write(path, text, strlen(text), 0644, &err));
	assert_works(fs_read(path, 1 << 20, &file, &err));
	if (!streq(buf_text(&file), text))
		fail_msg("recipes/recipe.schema.json is not what the tables say: run this test "
			 "with GOLDEN_UPDATE=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_recipes_say_where_and_what),
		cmocka_unit_test(equal_mac_addresses_are_refused),
		cmocka_unit_test(the_good_recipe_is_good),
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(values_come_from_elsewhere),
		cmocka_unit_test(machine_types_are_those_of_the_server),
		cmocka_unit_test(the_home_router_is_read),
		cmocka_unit_test(the_schema_in_the_tree_is_current),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
