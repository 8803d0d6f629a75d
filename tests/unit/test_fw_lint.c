/* What lint says, item by item: the place, the severity and the code, in .fw files and in YAML. */
#include "facts.h"
#include "base/strv.h"
#include "fw_forms.h"
#include "firewall/fw_lint.h"
#include "firewall/fw_yaml.h"

#define ON "[OPTIONS]\nenable: 1\n"
#define NFT "[OPTIONS]\nnftables: 1\n"

/* `expect`: all issues, "file:line:column severity code" with "; " between them; `says`: a part of a text or hint. */
static const struct lint_fact {
	const char *fact;
	const char *cluster, *host, *guest;
	const char *nics; /* "net0 -net1": of the guest, '-' without firewall=1; NULL: not known */
	const char *expect, *says;
} rows[] = {
	{ "nothing odd, nothing said", ON "[RULES]\nIN Ping(ACCEPT)\n", "", ON "[RULES]\nIN HTTP(ACCEPT) -i net0\n", "net0", "", "" },
	/* unknown parts */
	{ "unknown option, with the nearest name", "[OPTIONS]\n enabel: 1\n", NULL, NULL, NULL,
	  "cluster.fw:2:2 error unknown-option", "did you mean 'enable'?" },
	{ "unknown section, with the nearest name", ON "[RULLES]\n", NULL, NULL, NULL, "cluster.fw:3:1 error bad-section",
	  "did you mean 'rules'?" },
	{ "unknown section: what becomes of the lines below", NULL, NULL, ON "[RULES]\n[group web]\nIN ACCEPT -p udp\n", NULL,
	  "100.fw:4:1 error section-level", "the lines below still count as [rules]" },
	{ "unknown word of a rule, with the nearest name", ON "[RULES]\nIN ACCEPT -p tcp -dprt 80\n", NULL, NULL, NULL,
	  "cluster.fw:4:18 error bad-rule", "did you mean '-dport'?" },
	{ "word of the API in a file", ON "[RULES]\nIN ACCEPT --iface vmbr0\n", NULL, NULL, NULL,
	  "cluster.fw:4:11 error bad-rule", "use -i" },
	{ "rule option needs exactly one blank", ON "[RULES]\nIN ACCEPT -p  tcp\n", NULL, NULL, NULL,
	  "cluster.fw:4:11 error bad-rule", "exactly one blank" },
	{ "unknown action", ON "[RULES]\nIN DENY -p udp\n", NULL, NULL, NULL, "cluster.fw:4:4 error not-applied",
	  "the actions are ACCEPT, DROP and REJECT" },
	{ "unknown action: small letters", ON "[RULES]\nIN accept -p udp\n", NULL, NULL, NULL, "cluster.fw:4:4 error not-applied",
	  "did you mean 'ACCEPT'?" },
	{ "unknown action: a macro without its action", ON "[RULES]\nIN SSH\n", NULL, NULL, NULL, "cluster.fw:4:4 error not-applied",
	  "did you mean 'SSH(ACCEPT)'?" },
	{ "unknown protocol, with the nearest name", ON "[RULES]\nIN ACCEPT -p tpc -dport 80\n", NULL, NULL, NULL,
	  "cluster.fw:4:14 error not-applied", "did you mean 'tcp'?" },
	{ "unknown name of a port, with the nearest name", ON "[RULES]\nIN ACCEPT -p udp -dport 22,domian\n", NULL, NULL, NULL,
	  "cluster.fw:4:25 error not-applied", "did you mean 'domain'?" },
	{ "unknown ICMP type, with the nearest name", ON "[RULES]\nIN ACCEPT -p icmp -icmp-type echo-requst\n", NULL, NULL, NULL,
	  "cluster.fw:4:30 error not-applied", "did you mean 'echo-request'?" },
	{ "a line before any section", "enable: 1\n" ON, NULL, NULL, NULL, "cluster.fw:1:1 error no-section", "before any section" },
	{ "carriage returns", "[OPTIONS]\r\nenable: 1\r\n", NULL, NULL, NULL,
	  "cluster.fw:1:1 error bad-section; cluster.fw:2:1 error no-section", "carriage return" },
	/* contradictory parts */
	{ "macro and protocol contradict", ON "[RULES]\nIN SSH(ACCEPT) -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:4:19 error not-applied", "already define in macro" },
	{ "ports without a protocol", ON "[RULES]\nIN ACCEPT -dport 80\n", NULL, NULL, NULL, "cluster.fw:4:1 error not-applied",
	  "missing property" },
	{ "icmp-type with dport", ON "[RULES]\nIN ACCEPT -p icmp -dport any -icmp-type any\n", NULL, NULL, NULL,
	  "cluster.fw:4:41 error not-applied", "together with 'dport'" },
	{ "an option set twice", ON "enable: 0\n", NULL, NULL, NULL, "cluster.fw:3:1 warning duplicate-option", "this one counts" },
	{ "a group written twice", ON "[group web]\nIN ACCEPT -p udp\n[group web]\nIN ACCEPT -p gre\n", NULL, NULL, NULL,
	  "cluster.fw:5:1 warning duplicate-section", "replaces line 3" },
	{ "a macro of IPv6 with an IPv4 source", ON "[RULES]\nIN DHCPv6(ACCEPT) -source 10.0.0.1\n", NULL, NULL, NULL,
	  "cluster.fw:4:4 warning never-matches", "other address family" },
	/* unreachable */
	{ "unreachable: the same rule again", ON "[RULES]\nIN ACCEPT -p udp\nIN DROP -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:5:1 warning unreachable", "line 4 matches everything" },
	{ "unreachable: behind a rule for all", ON "[RULES]\nOUT DROP\nOUT ACCEPT -p tcp -dport 80\n", NULL, NULL, NULL,
	  "cluster.fw:5:1 warning unreachable", "never decides" },
	{ "unreachable: a smaller network behind a larger one",
	  ON "[RULES]\nIN DROP -source 10.0.0.0/8\nIN ACCEPT -source 10.1.0.0/16 -p tcp -dport 80\n", NULL, NULL, NULL,
	  "cluster.fw:5:1 warning unreachable", "" },
	{ "unreachable: an alias inside a range",
	  ON "[ALIASES]\npc 10.0.0.5\n[RULES]\nIN DROP -source 10.0.0.0-10.0.0.9\nIN ACCEPT -source pc -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:7:1 warning unreachable", "" },
	{ "unreachable: ports inside a range", ON "[RULES]\nOUT DROP -p tcp -dport 1:1024\nOUT ACCEPT -p tcp -dport 80,443\n", NULL, NULL,
	  NULL, "cluster.fw:5:1 warning unreachable", "" },
	{ "unreachable: a macro behind its port", ON "[RULES]\nIN DROP -p tcp -dport 80:90\nIN HTTP(ACCEPT)\n", NULL, NULL, NULL,
	  "cluster.fw:5:1 warning unreachable", "" },
	{ "unreachable: a port behind its macro", ON "[RULES]\nIN Web(DROP)\nIN ACCEPT -p tcp -dport 443\n", NULL, NULL, NULL,
	  "cluster.fw:5:1 warning unreachable", "" },
	{ "unreachable: in a group", ON "[group web]\nIN ACCEPT\nIN DROP -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:5:1 warning unreachable", "" },
	{ "reachable: other direction, interface, family, one port more",
	  ON "[RULES]\nOUT DROP\nIN DROP -i vmbr9\nIN DROP -source 10.0.0.0/8\nIN DROP -p tcp -dport 80:90\n"
	  "IN ACCEPT -p tcp -dport 90:91 -source 192.0.2.1\nIN ACCEPT -source 2001:db8::1\n", NULL, NULL, NULL, "", "" },
	{ "reachable: behind a disabled rule, behind one that is not applied",
	  ON "[RULES]\n|IN DROP\nIN DROP -source nobody\nIN ACCEPT -p udp\n", NULL, NULL, NULL, "cluster.fw:5:17 error not-applied", "" },
	/* enable */
	{ "enable forgotten in cluster.fw", "[OPTIONS]\npolicy_in: DROP\n[RULES]\nIN ACCEPT -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:1:1 warning enable-forgotten", "the firewall of the cluster is off" },
	{ "enable forgotten without [OPTIONS]", "\n[RULES]\nIN ACCEPT -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:2:1 warning enable-forgotten", "set 'enable: 1'" },
	{ "enable 0 with rules", "[OPTIONS]\nebtables: 1\nenable: 0\n[RULES]\nIN ACCEPT -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:3:1 warning enable-forgotten", "" },
	{ "rules for a VM whose firewall is off", ON, NULL, "[RULES]\nIN ACCEPT -p udp\n", NULL,
	  "100.fw:1:1 warning enable-forgotten", "none is applied" },
	{ "rules for a VM whose cluster is off", "[OPTIONS]\nenable: 0\n", NULL, "[OPTIONS]\n\nenable: 1\n[RULES]\nIN ACCEPT -p udp\n", NULL,
	  "100.fw:3:1 warning cluster-off", "nothing is filtered" },
	{ "the 60 s switch is armed", "[OPTIONS]\nenable: 1700000000\n", NULL, NULL, NULL, "cluster.fw:2:1 warning switch-armed",
	  "goes off 60 s after" },
	/* names that do not exist */
	{ "an alias that does not exist, with the nearest name", ON "[ALIASES]\noffice 10.0.0.1\n[RULES]\nIN ACCEPT -source offcie -p udp\n",
	  NULL, NULL, NULL, "cluster.fw:6:19 error not-applied", "did you mean 'office'?" },
	{ "a set that does not exist, with the nearest name", ON "[IPSET admins]\n10.0.0.1\n[RULES]\nIN ACCEPT -dest +admin -p udp\n", NULL,
	  NULL, NULL, "cluster.fw:6:17 error not-applied", "did you mean '+admins'?" },
	{ "a set in capitals", ON "[IPSET admins]\n10.0.0.1\n[RULES]\nIN ACCEPT -source +Admins -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:6:19 error not-applied", "lower case" },
	{ "a group that does not exist, with the nearest name", ON "[RULES]\nGROUP wbe\n[group web]\nIN ACCEPT -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:4:7 error no-such-group", "did you mean 'web'?" },
	{ "a group in capitals", ON "[RULES]\nGROUP Web\n[group web]\nIN ACCEPT -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:4:7 error no-such-group", "write 'web'" },
	{ "a macro that does not exist, with the nearest name", ON "[RULES]\nIN HTPS(ACCEPT)\n", NULL, NULL, NULL,
	  "cluster.fw:4:4 error not-applied", "did you mean 'HTTPS'?" },
	{ "a member's alias that does not exist", ON "[ALIASES]\nlaptop 10.0.0.1\n[IPSET net]\nlaptob\n", NULL, NULL, NULL,
	  "cluster.fw:6:1 error no-such-alias", "did you mean 'laptop'?" },
	{ "local_network where no file sets it", ON "[RULES]\nIN ACCEPT -source local_network -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:4:19 error not-applied", "only where [ALIASES]" },
	{ "a name for a guest's names: guest/ in rules of the cluster", ON "[IPSET net]\n10.0.0.1\n[RULES]\nIN ACCEPT -source +guest/net -p udp\n",
	  NULL, NULL, NULL, "cluster.fw:6:19 warning never-matches", "write 'dc/'" },
	{ "an empty group", ON "[group web]\n", NULL, NULL, NULL, "cluster.fw:3:1 note empty-group", "accepts nothing" },
	/* families, numbers, lengths */
	{ "mixed families in a list", ON "[RULES]\nIN ACCEPT -source 10.0.0.1,2001:db8::1 -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:4:19 error not-applied", "mixed ipv4/ipv6" },
	{ "mixed families in source and dest", ON "[RULES]\nIN ACCEPT -source 10.0.0.1 -dest 2001:db8::1\n", NULL, NULL, NULL,
	  "cluster.fw:4:34 error not-applied", "mixed ipv4/ipv6" },
	{ "more than 15 ports", ON "[RULES]\nIN ACCEPT -p tcp -dport 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n", NULL, NULL, NULL,
	  "cluster.fw:4:25 error not-applied", "> 15 numbers" },
	{ "host bits in a source", ON "[RULES]\nIN ACCEPT -source 10.0.0.1/24 -p udp\n", NULL, NULL, NULL,
	  "cluster.fw:4:19 error not-applied", "write '10.0.0.0/24'" },
	{ "a group's name over 18 characters", ON "[group nineteen-characters]\n", NULL, NULL, NULL,
	  "cluster.fw:3:8 error bad-name", "2 to 18" },
	{ "a set with /0", ON "[IPSET all]\n0.0.0.0/0\n", NULL, NULL, NULL, "cluster.fw:4:1 error zero-prefix", "zero prefix" },
	{ "a value out of range", NULL, "[OPTIONS]\nnf_conntrack_tcp_timeout_syn_recv: 61\n", NULL, NULL,
	  "host.fw:2:36 error bad-value", "from 30 to 60" },
	/* what old nodes and backends do */
	{ "'#' inside a comment on old nodes", ON "[RULES]\nIN ACCEPT -p udp # a # b\n", NULL, NULL, NULL,
	  "cluster.fw:4:1 note hash-in-comment", "before proxmox-firewall 1.2.3" },
	{ "FORWARD needs the nftables backend", ON "[RULES]\nFORWARD DROP -p udp\n", "", NULL, NULL,
	  "cluster.fw:4:9 warning forward-needs-nftables", "this one does nothing" },
	{ "FORWARD with the nftables backend", ON "[RULES]\nFORWARD DROP -p udp\n", NFT, NULL, NULL, "", "" },
	{ "FORWARD with an interface", ON "[RULES]\nFORWARD DROP -i vmbr0 -p udp\n", NFT, NULL, NULL,
	  "cluster.fw:4:17 warning forward-interface", "leaves out" },
	{ "policy_forward needs the nftables backend", ON "policy_forward: DROP\n", "", NULL, NULL,
	  "cluster.fw:3:1 warning forward-needs-nftables", "" },
	{ "FORWARD knows no REJECT", ON "[RULES]\nFORWARD REJECT -p udp\n", NFT, NULL, NULL, "cluster.fw:4:9 error not-applied",
	  "cannot define REJECT rules on forward chain" },
	{ "REJECT to a guest becomes DROP with nftables", ON, NFT, ON "[RULES]\nIN REJECT -p udp\n", NULL,
	  "100.fw:4:4 note reject-becomes-drop", "drops instead of rejecting" },
	{ "policy_in REJECT of a guest becomes DROP with nftables", ON, NFT, ON "policy_in: REJECT\n", NULL,
	  "100.fw:3:1 note reject-becomes-drop", "" },
	{ "REJECT from a guest rejects", ON, NFT, ON "[RULES]\nOUT REJECT -p udp\n", NULL, "", "" },
	{ "the blacklist with nftables", ON "[IPSET blacklist]\n10.0.0.1\n", NFT, NULL, NULL,
	  "cluster.fw:3:1 warning blacklist-nftables", "add the rule" },
	{ "protection_limit does nothing", NULL, "[OPTIONS]\nprotection_limit: 1\n", NULL, NULL, "host.fw:2:1 warning ignored-option",
	  "nothing reads" },
	/* what stops the nftables backend altogether */
	{ "nftables stops at a line before any section", "enable: 1\n" ON, NFT, NULL, NULL,
	  "cluster.fw:1:1 error no-section; cluster.fw:1:1 error stops-nftables", "loads no rule of any file" },
	{ "nftables stops at an unknown section", ON "[RULLES]\n", NFT, NULL, NULL,
	  "cluster.fw:3:1 error bad-section; cluster.fw:3:1 error stops-nftables", "unknown section" },
	{ "nftables reads what carriage returns hide", "[OPTIONS]\r\nenable: 1\r\n", NFT, NULL, NULL,
	  "cluster.fw:1:1 error bad-section; cluster.fw:2:1 error no-section", "" },
	{ "nftables stops at an option without a colon", NULL, NFT "enable 1\n", NULL, NULL,
	  "host.fw:3:1 error bad-option; host.fw:3:1 error stops-nftables", "no colon" },
	{ "nftables ignores an unknown option", NULL, NFT "enabel: 1\n", NULL, NULL, "host.fw:3:1 error unknown-option", "" },
	{ "nftables stops at a policy that does not exist", ON "policy_in: DENY\n", NFT, NULL, NULL,
	  "cluster.fw:3:1 error stops-nftables; cluster.fw:3:12 error bad-value", "the policy is none" },
	{ "nftables stops at an option set twice", ON "enable: 1\n", NFT, NULL, NULL,
	  "cluster.fw:2:1 error stops-nftables; cluster.fw:3:1 warning duplicate-option", "set twice" },
	{ "nftables stops at the 60 s switch", "[OPTIONS]\nenable: 1700000000\n", NFT, NULL, NULL,
	  "cluster.fw:2:1 error stops-nftables; cluster.fw:2:1 warning switch-armed", "no boolean" },
	{ "nftables stops at an alias defined twice", ON "[ALIASES]\ngw 10.0.0.1\ngw 10.0.0.2\n", NFT, NULL, NULL,
	  "cluster.fw:4:1 error stops-nftables; cluster.fw:5:1 warning duplicate-alias", "defined twice" },
	{ "nftables reads an alias with two blanks", ON "[ALIASES]\ngw  10.0.0.1\n", NFT, NULL, NULL, "cluster.fw:4:1 error bad-alias", "" },
	{ "nftables stops at an alias without an address", ON "[ALIASES]\ngw\n", NFT, NULL, NULL,
	  "cluster.fw:4:1 error bad-alias; cluster.fw:4:1 error stops-nftables", "" },
	{ "nftables stops at a group written twice", ON "[group web]\nIN DROP\n[group web]\nIN DROP\n", NFT, NULL, NULL,
	  "cluster.fw:3:1 error stops-nftables; cluster.fw:5:1 warning duplicate-section", "written twice" },
	{ "nftables stops at DENY", ON "[RULES]\nIN DENY -p udp\n", NFT, NULL, NULL,
	  "cluster.fw:4:1 error stops-nftables; cluster.fw:4:4 error not-applied", "the action is none" },
	{ "nftables reads an action in small letters", ON "[RULES]\nIN accept -p udp\n", NFT, NULL, NULL, "cluster.fw:4:4 error not-applied", "" },
	{ "nftables stops at an unknown word", ON "[RULES]\nIN DROP -prto udp\n", NFT, NULL, NULL,
	  "cluster.fw:4:1 error stops-nftables; cluster.fw:4:9 error bad-rule", "unknown option '-prto'" },
	{ "nftables reads -iface, --p and two blanks", ON "[RULES]\nIN DROP -iface vmbr0\nIN DROP --p  udp\n", NFT, NULL, NULL,
	  "cluster.fw:4:9 error bad-rule; cluster.fw:5:9 error bad-rule", "" },
	{ "nftables stops at -s", ON "[RULES]\nIN DROP -s 10.0.0.1\n", NFT, NULL, NULL,
	  "cluster.fw:4:1 error stops-nftables; cluster.fw:4:9 error bad-rule", "unknown option '-s'" },
	{ "nftables stops at a log level that does not exist", ON "[RULES]\nIN DROP -p udp -log loud\n", NFT, NULL, NULL,
	  "cluster.fw:4:1 error stops-nftables; cluster.fw:4:16 error bad-rule", "not a log level" },
	{ "nftables stops at dport with icmp-type", ON "[RULES]\nIN DROP -p icmp -dport any -icmp-type any\n", NFT, NULL, NULL,
	  "cluster.fw:4:1 error stops-nftables; cluster.fw:4:39 error not-applied", "exclude each other" },
	{ "nftables stops at a GROUP with more than an interface", ON, NFT, ON "[RULES]\nGROUP web -p tcp\n", NULL,
	  "100.fw:4:1 error stops-nftables; 100.fw:4:11 error bad-rule", "only an interface" },
	{ "nftables stops at 'group' in small letters", ON "[RULES]\ngroup web\n[group web]\nIN DROP\n", NULL, NULL, NULL,
	  "cluster.fw:4:1 note group-case", "in capitals only" },
	{ "nftables stops at [ipset] in small letters", ON "[ipset net]\n10.0.0.1\n", NULL, NULL, NULL, "cluster.fw:3:1 note section-case",
	  "it knows '[IPSET' only" },
	{ "nftables stops at [GROUP] in capitals", ON "[GROUP web]\nIN DROP\n", NULL, NULL, NULL, "cluster.fw:3:1 note section-case",
	  "it knows '[group' only" },
	/* NICs */
	{ "NIC without firewall=1", ON, NULL, ON, "-net0", "100.fw:2:1 warning nic-unfiltered", "net0 of VM 100 has no firewall=1" },
	{ "NIC without firewall=1 in a rule", ON, NULL, ON "radv: 0\n[RULES]\nIN ACCEPT -i net1 -p udp\n", "net0 -net1",
	  "100.fw:2:1 warning nic-unfiltered; 100.fw:5:14 warning nic-unfiltered", "the rule does nothing" },
	{ "no such NIC", ON, NULL, ON "[RULES]\nIN ACCEPT -i net7 -p udp\n", "net0", "100.fw:4:14 warning no-such-nic", "" },
	{ "ipfilter on a router's inner NIC", ON, NULL, ON "radv: 1\nipfilter: 1\n", "net0 net1", "100.fw:4:1 warning ipfilter-router",
	  "that a router forwards" },
	{ "the set ipfilter-net1 on a router's inner NIC", ON, NULL, ON "radv: 1\n[IPSET ipfilter-net1]\n10.0.0.1\n", "net0 net1",
	  "100.fw:4:1 warning ipfilter-router", "leave it out" },
	{ "the set ipfilter-net0 without the option, nftables", ON, NFT, ON "[IPSET ipfilter-net0]\n10.0.0.1\n", "net0",
	  "100.fw:3:1 warning ipfilter-needs-option", "set 'ipfilter: 1'" },
	{ "a router's advertisements", ON, NULL, ON, "net0 net1", "100.fw:1:1 note radv-off", "'radv: 1'" },
	/* opened by surprise */
	{ "Jetdirect opens 9100", ON, NULL, ON "[RULES]\nIN Jetdirect(ACCEPT)\n", NULL, "100.fw:4:4 note surprising-port",
	  "node exporter" },
	{ "jetdirect in small letters, too", ON, NULL, ON "[RULES]\nIN jetdirect(ACCEPT)\n", NULL, "100.fw:4:4 note surprising-port", "9100" },
	{ "dropping Jetdirect opens nothing", ON, NULL, ON "[RULES]\nIN Jetdirect(DROP)\n", NULL, "", "" },
	{ "SSH of the node to everybody", ON "[RULES]\nIN SSH(ACCEPT)\n", NULL, NULL, NULL, "cluster.fw:4:1 warning open-to-all",
	  "opens SSH (tcp 22)" },
	{ "the API of the node to everybody", ON "[RULES]\nIN ACCEPT -p tcp -dport 8000:9000\n", NULL, NULL, NULL,
	  "cluster.fw:4:1 warning open-to-all", "tcp 8006" },
	{ "the API of the node to everybody by a macro", ON "[RULES]\nIN PMG(ACCEPT)\n", NULL, NULL, NULL,
	  "cluster.fw:4:1 warning open-to-all; cluster.fw:4:4 note surprising-port", "tcp 8006" },
	{ "everything to everybody", ON, "[RULES]\nIN ACCEPT\n", NULL, NULL, "host.fw:2:1 warning open-to-all; host.fw:2:1 warning open-to-all", "tcp 22" },
	{ "shut for management, too: rules come before it", ON "[RULES]\nIN DROP -p tcp -dport 8006\n", NULL, NULL, NULL,
	  "cluster.fw:4:1 warning shuts-out", "shuts the web interface and API (tcp 8006)" },
	{ "shut for management by a rule for all", ON, "[RULES]\nIN REJECT\n", NULL, NULL,
	  "host.fw:2:1 warning shuts-out; host.fw:2:1 warning shuts-out", "" },
	{ "shut for the others: somebody was let in before", ON "[RULES]\nIN ACCEPT -source 192.0.2.1 -p tcp\nIN DROP\n", NULL, NULL, NULL, "", "" },
	{ "shut on one interface", ON, "[RULES]\nIN DROP -i vmbr1\n", NULL, NULL, "", "" },
	{ "nftables puts management before the rules: nothing is shut", ON "[RULES]\nIN DROP\n", NFT, NULL, NULL, "", "" },
	{ "policy_in ACCEPT", ON "policy_in: ACCEPT\n", NULL, NULL, NULL, "cluster.fw:3:1 warning policy-accept",
	  "whatever no rule names" },
};

static const struct yaml_fact {
	const char *fact, *text, *expect, *says;
} yaml_rows[] = {
	{ "YAML nothing odd", "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules: [ IN Ping(ACCEPT) ]\n", "", "" },
	{ "YAML unknown option, with the nearest name", "firewall:\n  cluster:\n    options:\n      enabel: 1\n", "4:7 error bad-yaml",
	  "did you mean 'enable'?" },
	{ "YAML wrong value", "firewall:\n  cluster:\n    options: { policy_in: DENY }\n", "3:27 error bad-yaml", "'DENY'" },
	{ "YAML option of another level", "firewall:\n  nodes:\n    pve:\n      options: { dhcp: 1 }\n", "4:18 error bad-yaml", "unknown option 'dhcp'" },
	{ "YAML unknown word of a rule", "firewall:\n  cluster:\n    rules:\n      - IN ACCEPT -p tcp -dprt 80\n", "4:26 error bad-yaml",
	  "did you mean '-dport'?" },
	{ "YAML unknown word of a quoted rule", "firewall:\n  cluster:\n    rules:\n      - \"IN ACCEPT -p tcp -dprt 80\"\n",
	  "4:27 error bad-yaml", "" },
	{ "YAML unknown key of a rule", "firewall:\n  guests:\n    \"100\": { options: { enable: 1 }, rules: [ { type: in, action: DROP, prto: udp } ] }\n",
	  "3:73 error bad-yaml",
	  "did you mean 'proto'?" },
	{ "YAML a rule without a type", "firewall:\n  cluster:\n    rules:\n      - { action: DROP }\n", "4:9 error bad-yaml", "needs 'type'" },
	{ "YAML blanks in a rule's word", "firewall:\n  cluster:\n    rules:\n      - { type: in, action: DROP, source: 10.0.0.1 -p tcp }\n",
	  "4:43 error bad-yaml", "'source' has no blanks" },
	{ "YAML an empty word", "firewall:\n  cluster:\n    rules:\n      - { type: in, action: DROP, source: \"\" }\n", "4:43 error bad-yaml",
	  "leave it out" },
	{ "YAML GROUP takes only iface", "firewall:\n  cluster:\n    rules:\n      - { type: group, action: web, proto: tcp }\n    groups: { web: [ IN DROP ] }\n",
	  "4:9 error bad-yaml", "no more than 'action' and 'iface'" },
	{ "YAML macro with another action", "firewall:\n  cluster:\n    rules:\n      - { type: in, action: DENY, macro: SSH }\n",
	  "4:9 error bad-yaml", "a macro goes with ACCEPT" },
	{ "YAML log level that does not exist", "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules:\n      - { type: in, action: DROP, proto: udp, log: loud }\n",
	  "5:52 error bad-yaml", "'loud' is not a log level" },
	{ "YAML comment of two lines", "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules:\n      - { type: in, action: DROP, proto: udp, comment: \"a\\nb\" }\n",
	  "5:56 error bad-yaml", "a comment is one line" },
	{ "YAML rule with an alias that does not exist",
	  "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules:\n      - IN ACCEPT -source offcie -p udp\n    aliases: { office: 10.0.0.1 }\n",
	  "5:27 error not-applied", "did you mean 'office'?" },
	{ "YAML rule as a map, field by field",
	  "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules:\n      - type: in\n        action: ACCEPT\n        proto: tpc\n",
	  "7:16 error not-applied", "did you mean 'tcp'?" },
	{ "YAML rule as a map, the action",
	  "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules:\n      - type: in\n        action: DENY\n", "6:17 error not-applied",
	  "unknown action" },
	{ "YAML macro that does not exist",
	  "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules:\n      - { type: in, action: ACCEPT, macro: HTPS }\n",
	  "5:44 error not-applied", "did you mean 'HTTPS'?" },
	{ "YAML group that does not exist", "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules: [ GROUP wbe ]\n    groups: { web: [ IN DROP ] }\n",
	  "4:20 error no-such-group", "did you mean 'web'?" },
	{ "YAML unreachable rule", "firewall:\n  cluster:\n    options: { enable: 1 }\n    rules:\n      - OUT DROP\n      - OUT ACCEPT -p udp\n",
	  "6:9 warning unreachable", "line 5" },
	{ "YAML enable forgotten", "firewall:\n  guests:\n    \"100\":\n      rules: [ IN DROP ]\n", "4:7 warning enable-forgotten", "set 'enable: 1'" },
	{ "YAML Jetdirect", "firewall:\n  guests:\n    \"100\":\n      options: { enable: 1 }\n      rules: [ IN Jetdirect(ACCEPT) ]\n",
	  "5:19 note surprising-port", "9100" },
	{ "YAML group over 18 characters", "firewall:\n  cluster:\n    groups: { nineteen-characters: [] }\n",
	  "3:15 error bad-yaml; 3:15 note empty-group", "2 to 18" },
	{ "YAML member twice", "firewall:\n  cluster:\n    ipsets: { net: [ 10.0.0.1, 10.0.0.1/32 ] }\n", "3:32 error bad-yaml", "twice" },
	{ "YAML member whose alias does not exist", "firewall:\n  cluster:\n    ipsets:\n      net: [ nobody ]\n", "4:14 error no-such-alias", "" },
	{ "YAML section of another level", "firewall:\n  nodes:\n    pve:\n      aliases: { gw: 10.0.0.1 }\n", "4:7 error bad-yaml", "unknown key 'aliases'" },
	{ "YAML guest/ in rules of the cluster",
	  "firewall:\n  cluster:\n    options: { enable: 1 }\n    aliases: { gw: 10.0.0.1 }\n    rules: [ IN DROP -source guest/gw ]\n",
	  "5:30 warning never-matches", "" },
};

/* The issues as a row has them; `with_file`: the file's name, too. */
static void compare(const struct fw_issues *issues, bool with_file, const char *expect, const char *says)
{
	_cleanup_buf_ struct buf seen = { 0 }, text = { 0 };

	for (size_t i = 0; i < issues->n; i++) {
		const struct fw_issue *x = &issues->v[i];
		buf_addf(&seen, "%s%s%s%u:%u %s %s", i ? "; " : "", with_file ? x->file : "", with_file ? ":" : "", x->line, x->column,
			 fw_severity_name(x->severity), x->code);
	}
	fw_issues_text(issues, &text);
	if (!streq(buf_text(&seen), expect))
		fail_msg("%s\nexpected %s\n%s", buf_text(&seen), expect, buf_text(&text));
	if (!strstr(buf_text(&text), says))
		fail_msg("does not say '%s':\n%s", says, buf_text(&text));
}

static struct fw_config *read_part(const char *file, enum fw_level level, const char *text, struct fw_issues *issues)
{
	struct fw_config *c = NULL;

	if (text)
		assert_works(fw_read(file, level, level == FW_HOST ? "pve" : level == FW_GUEST ? "100" : NULL, text, strlen(text),
				     issues, &c, &err));
	return c;
}

static size_t read_nics(const char *text, struct arena *a, struct fw_nic *nics)
{
	_cleanup_strv_ struct strv words = { 0 };

	strv_split(&words, text ? text : "", " ");
	for (size_t i = 0; i < words.n; i++)
		nics[i] = (struct fw_nic){ .id = arena_strdup(a, words.v[i] + (*words.v[i] == '-')), .firewall = *words.v[i] != '-' };
	return words.n;
}

static void lint_says_what_the_row_says(void **state)
{
	const struct lint_fact *f = *state;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	_cleanup_fw_config_ struct fw_config *cluster = read_part("cluster.fw", FW_CLUSTER, f->cluster, &issues);
	_cleanup_fw_config_ struct fw_config *host = read_part("host.fw", FW_HOST, f->host, &issues);
	_cleanup_fw_config_ struct fw_config *guest = read_part("100.fw", FW_GUEST, f->guest, &issues);
	struct fw_nic nics[4];
	const struct fw_node node = { .name = "pve", .config = host };
	const struct fw_guest vm = {
		.id = "100", .config = guest, .nics = nics, .n_nics = read_nics(f->nics, &a, nics), .nics_known = f->nics != NULL
	};
	const struct fw_site site = { .cluster = cluster, .nodes = &node, .n_nodes = host != NULL, .guests = &vm, .n_guests = guest != NULL };

	fw_lint(&site, &issues);
	compare(&issues, true, f->expect, f->says);
}

static void lint_of_yaml_says_what_the_row_says(void **state)
{
	const struct yaml_fact *f = *state;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	_cleanup_fw_files_ struct fw_files files = { 0 };
	char path[] = "/tmp/fw-lint-XXXXXX.yaml";
	int fd = mkstemps(path, 5);

	assert_true(fd >= 0);
	ssize_t n = write(fd, f->text, strlen(f->text));
	close(fd);
	_cleanup_err_ struct err *err = NULL;
	int r = fw_yaml_load(&files, path, &issues, &err);
	unlink(path);
	assert_int_equal(n, strlen(f->text));
	if (r < 0)
		fail_msg("%s", err->text);
	const struct fw_site site = fw_files_site(&files, &a);
	fw_lint(&site, &issues);
	compare(&issues, false, f->expect, f->says);
}

int main(void)
{
	struct facts f = { 0 };

	FACTS(&f, rows, lint_says_what_the_row_says);
	FACTS(&f, yaml_rows, lint_of_yaml_says_what_the_row_says);
	return facts_run(&f, "lint");
}
