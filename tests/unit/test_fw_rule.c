/* Section 3 of the facts: a rule's words, types, actions, addresses, ports, ICMP types, levels of log, written form. */
#include "facts.h"
#include "fw_forms.h"
#include "data/fw_proto.h"
#include "firewall/fw_options.h"
#include "firewall/fw_verify.h"
#include "firewall/fw_write.h"

static const char cluster_text[] = "[ALIASES]\noffice 192.0.2.0/24\nOne 192.0.2.1\nsix 2001:db8::/32\n[IPSET net]\n10.0.0.0/8\n"
				   "[IPSET management]\n10.0.0.1\n[group web]\nIN ACCEPT\n";
static const char own_text[] = "[ALIASES]\nme 10.0.0.5\n[IPSET mine]\n10.0.0.5\n";

/*
 * `expect` begins with '=': applied, and written like this; '!': the reader skips the line and says so; '?': kept, but
 * not applied, for the field and reason behind it.
 */
static const struct line_fact {
	const char *fact;
	enum fw_level level;
	const char *line, *expect;
} lines[] = {
	/* words */
	{ "rule TYPE ACTION alone", FW_CLUSTER, "IN ACCEPT", "=IN ACCEPT" },
	{ "rule type in any letter case, written in capitals", FW_CLUSTER, "in ACCEPT", "=IN ACCEPT" },
	{ "rule type Out", FW_CLUSTER, "Out DROP", "=OUT DROP" },
	{ "rule type forward", FW_CLUSTER, "forward DROP", "=FORWARD DROP" },
	{ "rule type group", FW_CLUSTER, "group web", "=GROUP web" },
	{ "rule unknown type", FW_CLUSTER, "INPUT ACCEPT", "!unknown rule type 'INPUT'" },
	{ "rule '|' disables", FW_CLUSTER, "|IN ACCEPT", "=|IN ACCEPT" },
	{ "rule no blank behind '|'", FW_CLUSTER, "| IN ACCEPT", "!a rule needs a type and an action" },
	{ "rule without an action", FW_CLUSTER, "IN", "!a rule needs a type and an action" },
	{ "rule action DENY does not exist", FW_CLUSTER, "IN DENY", "?action unknown action 'DENY'" },
	{ "rule action in small letters", FW_CLUSTER, "IN accept", "?action unknown action 'accept'" },
	{ "rule action DROP", FW_GUEST, "IN DROP", "=IN DROP" },
	{ "rule action REJECT", FW_GUEST, "OUT REJECT", "=OUT REJECT" },
	{ "rule forward knows no REJECT", FW_CLUSTER, "FORWARD REJECT", "?action cannot define REJECT rules on forward chain" },
	{ "rule MACRO(ACTION)", FW_CLUSTER, "IN SSH(ACCEPT)", "=IN SSH(ACCEPT)" },
	{ "rule macro in any letter case", FW_CLUSTER, "IN ssh(DROP)", "=IN ssh(DROP)" },
	{ "rule unknown macro", FW_CLUSTER, "IN SSHD(ACCEPT)", "?macro unknown macro 'SSHD'" },
	{ "rule macro with an unknown action", FW_CLUSTER, "IN SSH(DENY)", "?action unknown action 'SSH(DENY)'" },
	{ "rule forward with a macro", FW_HOST, "FORWARD HTTP(DROP)", "=FORWARD HTTP(DROP)" },
	{ "rule comment", FW_CLUSTER, "IN ACCEPT # why", "=IN ACCEPT # why" },
	{ "rule comment without a blank", FW_CLUSTER, "IN ACCEPT#why", "=IN ACCEPT # why" },
	{ "rule comment with '#' inside", FW_CLUSTER, "IN ACCEPT # why # not", "=IN ACCEPT # why # not" },
	{ "rule comment beyond ASCII", FW_CLUSTER, "IN ACCEPT # f\xc3\xbcr alle", "=IN ACCEPT # f\xc3\xbcr alle" },
	{ "rule empty comment", FW_CLUSTER, "IN ACCEPT #", "=IN ACCEPT" },
	{ "rule junk behind", FW_CLUSTER, "IN ACCEPT please", "!unknown word 'please'" },
	{ "rule order written: -i -source -dest -p -dport -sport -log", FW_HOST,
	  "IN ACCEPT -log info -sport 1 -dport 2 -p udp -dest 10.0.0.2 -source 10.0.0.1 -i vmbr0 # c",
	  "=IN ACCEPT -i vmbr0 -source 10.0.0.1 -dest 10.0.0.2 -p udp -dport 2 -sport 1 -log info # c" },
	{ "rule order written: -icmp-type last", FW_HOST, "IN ACCEPT -icmp-type echo-request -log info -p icmp",
	  "=IN ACCEPT -p icmp -log info -icmp-type echo-request" },
	{ "rule an option twice: the last counts", FW_HOST, "IN ACCEPT -p udp -p tcp", "=IN ACCEPT -p tcp" },
	/* interface */
	{ "rule -i NAME at a host", FW_HOST, "IN ACCEPT -i vmbr0", "=IN ACCEPT -i vmbr0" },
	{ "rule -i at the cluster", FW_CLUSTER, "IN ACCEPT -i eno1", "=IN ACCEPT -i eno1" },
	{ "rule -i netN at a guest", FW_GUEST, "IN ACCEPT -i net12", "=IN ACCEPT -i net12" },
	{ "rule -i another name at a guest", FW_GUEST, "IN ACCEPT -i eth0", "?iface regex pattern 'net\\d+'" },
	{ "rule -i net without a number at a guest", FW_GUEST, "IN ACCEPT -i net", "?iface regex pattern 'net\\d+'" },
	{ "rule -i is not for vnets", FW_VNET, "FORWARD ACCEPT -i vmbr0", "?type -i not allowed" },
	{ "rule -iface is the API's name", FW_HOST, "IN ACCEPT -iface vmbr0", "!'-iface' is not a word of firewall files, use -i" },
	{ "rule --iface is the API's name", FW_HOST, "IN ACCEPT --iface vmbr0", "!use -i" },
	{ "rule GROUP -i", FW_GUEST, "GROUP web -i net0", "=GROUP web -i net0" },
	{ "rule GROUP takes only -i: no -p", FW_GUEST, "GROUP web -p tcp", "!a GROUP line takes only '-i'" },
	{ "rule GROUP takes only -i: no -log", FW_GUEST, "GROUP web -log info", "!a GROUP line takes only '-i'" },
	{ "rule GROUP with a comment", FW_GUEST, "|GROUP web -i net1 # later", "=|GROUP web -i net1 # later" },
	{ "rule GROUP of a wrong name", FW_GUEST, "GROUP 1web", "?action invalid characters in security group name" },
	/* protocol */
	{ "rule -p", FW_HOST, "IN ACCEPT -p tcp", "=IN ACCEPT -p tcp" },
	{ "rule -proto", FW_HOST, "IN ACCEPT -proto tcp", "=IN ACCEPT -p tcp" },
	{ "rule --proto", FW_HOST, "IN ACCEPT --proto tcp", "=IN ACCEPT -p tcp" },
	{ "rule no --p", FW_HOST, "IN ACCEPT --p tcp", "!unknown word '--p'" },
	{ "rule protocol by number", FW_HOST, "IN ACCEPT -p 47", "=IN ACCEPT -p 47" },
	{ "rule protocol by name", FW_HOST, "IN ACCEPT -p esp", "=IN ACCEPT -p esp" },
	{ "rule unknown protocol", FW_HOST, "IN ACCEPT -p tpc", "?proto unknown protocol 'tpc'" },
	{ "rule number of no protocol", FW_HOST, "IN ACCEPT -p 252", "?proto unknown protocol '252'" },
	{ "rule protocol names have one letter case", FW_HOST, "IN ACCEPT -p TCP", "?proto unknown protocol 'TCP'" },
	{ "rule an alias of /etc/protocols is no name", FW_HOST, "IN ACCEPT -p OSPFIGP", "?proto unknown protocol" },
	/* source, dest */
	{ "rule -source", FW_HOST, "IN ACCEPT -source 10.0.0.1", "=IN ACCEPT -source 10.0.0.1" },
	{ "rule --source", FW_HOST, "IN ACCEPT --source 10.0.0.1", "=IN ACCEPT -source 10.0.0.1" },
	{ "rule -dest", FW_HOST, "IN ACCEPT -dest 10.0.0.1", "=IN ACCEPT -dest 10.0.0.1" },
	{ "rule --dest", FW_HOST, "IN ACCEPT --dest 10.0.0.1", "=IN ACCEPT -dest 10.0.0.1" },
	{ "rule no -s", FW_HOST, "IN ACCEPT -s 10.0.0.1", "!use -source" },
	{ "rule no -d", FW_HOST, "IN ACCEPT -d 10.0.0.1", "!use -dest" },
	{ "rule no --src, --dst", FW_HOST, "IN ACCEPT --src 10.0.0.1 --dst 10.0.0.2", "!use -source" },
	{ "rule option needs exactly one blank", FW_HOST, "IN ACCEPT -source  10.0.0.1", "!'-source' needs a value after exactly one blank" },
	{ "rule a tab is not the one blank", FW_HOST, "IN ACCEPT -source\t10.0.0.1", "!'-source' needs a value after exactly one blank" },
	{ "rule option without a value", FW_HOST, "IN ACCEPT -source", "!'-source' needs a value" },
	{ "rule no '=' between option and value", FW_HOST, "IN ACCEPT -source=10.0.0.1", "!unknown word '-source=10.0.0.1'" },
	{ "address IP", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1", "=IN ACCEPT -source 10.0.0.1" },
	{ "address IPv6", FW_CLUSTER, "IN ACCEPT -source 2001:db8::1", "=IN ACCEPT -source 2001:db8::1" },
	{ "address CIDR", FW_CLUSTER, "IN ACCEPT -source 10.0.0.0/8", "=IN ACCEPT -source 10.0.0.0/8" },
	{ "address CIDR IPv6", FW_CLUSTER, "IN ACCEPT -source 2001:db8::/32", "=IN ACCEPT -source 2001:db8::/32" },
	{ "address CIDR with host bits is not applied", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1/8", "?source host bits are set, write '10.0.0.0/8'" },
	{ "address range", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1-10.0.0.9", "=IN ACCEPT -source 10.0.0.1-10.0.0.9" },
	{ "address range must rise", FW_CLUSTER, "IN ACCEPT -source 10.0.0.9-10.0.0.1", "?source invalid IP address range" },
	{ "address range stands alone", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1-10.0.0.9,10.0.1.1", "?source you can't use a range in a list" },
	{ "address list", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1,10.1.0.0/16", "=IN ACCEPT -source 10.0.0.1,10.1.0.0/16" },
	{ "address list of one family", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1,2001:db8::1", "?source mixed ipv4/ipv6 addresses" },
	{ "address list with a comma too many", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1,", "?source extraneous commas" },
	{ "address list holds no aliases", FW_CLUSTER, "IN ACCEPT -source office,10.0.0.1", "?source invalid IP address 'office'" },
	{ "address source and dest of one family", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1 -dest 2001:db8::1", "?dest mixed ipv4/ipv6" },
	{ "address of the protocol's family", FW_CLUSTER, "IN ACCEPT -source 10.0.0.1 -p icmpv6", "?source mixed ipv4/ipv6" },
	{ "address alias", FW_CLUSTER, "IN ACCEPT -source office", "=IN ACCEPT -source office" },
	{ "address alias in any letter case", FW_CLUSTER, "IN ACCEPT -source OFFICE -dest one", "=IN ACCEPT -source OFFICE -dest one" },
	{ "address alias counts for the family", FW_CLUSTER, "IN ACCEPT -source office -dest six", "?dest mixed ipv4/ipv6" },
	{ "address unknown alias", FW_CLUSTER, "IN ACCEPT -source nobody", "?source no such alias 'nobody'" },
	{ "address dc/alias", FW_GUEST, "IN ACCEPT -source dc/office", "=IN ACCEPT -source dc/office" },
	{ "address dc/ does not look at the guest", FW_GUEST, "IN ACCEPT -source dc/me", "?source no such alias 'dc/me'" },
	{ "address guest/alias", FW_GUEST, "IN ACCEPT -source guest/me", "=IN ACCEPT -source guest/me" },
	{ "address guest/ does not look at the cluster", FW_GUEST, "IN ACCEPT -source guest/office", "?source no such alias 'guest/office'" },
	{ "address alias of the guest, then of the cluster", FW_GUEST, "IN ACCEPT -source me -dest office", "=IN ACCEPT -source me -dest office" },
	{ "address +set", FW_CLUSTER, "IN ACCEPT -source +net", "=IN ACCEPT -source +net" },
	{ "address +set is looked up as written", FW_CLUSTER, "IN ACCEPT -source +Net", "?source no such ipset 'Net'" },
	{ "address +dc/set", FW_GUEST, "IN ACCEPT -source +dc/net", "=IN ACCEPT -source +dc/net" },
	{ "address +dc/ does not look at the guest", FW_GUEST, "IN ACCEPT -source +dc/mine", "?source no such ipset 'mine'" },
	{ "address +guest/set", FW_GUEST, "IN ACCEPT -source +guest/mine", "=IN ACCEPT -source +guest/mine" },
	{ "address +guest/ does not look at the cluster", FW_GUEST, "IN ACCEPT -source +guest/net", "?source no such ipset 'net'" },
	{ "address +set of the guest, then of the cluster", FW_GUEST, "IN ACCEPT -source +mine -dest +net", "=IN ACCEPT -source +mine -dest +net" },
	{ "address +sdn/set", FW_GUEST, "IN ACCEPT -source +sdn/vnet-all", "=IN ACCEPT -source +sdn/vnet-all" },
	{ "address +management", FW_CLUSTER, "IN ACCEPT -source +management", "=IN ACCEPT -source +management" },
	{ "address unknown set", FW_CLUSTER, "IN ACCEPT -source +nothing", "?source no such ipset 'nothing'" },
	{ "address set with a wrong name", FW_CLUSTER, "IN ACCEPT -source +1", "?source invalid ipset name '+1'" },
	{ "address of no form", FW_CLUSTER, "IN ACCEPT -source 10.0.0", "?source invalid IP address '10.0.0'" },
	/* ports */
	{ "rule -dport", FW_HOST, "IN ACCEPT -p tcp -dport 22", "=IN ACCEPT -p tcp -dport 22" },
	{ "rule --dport", FW_HOST, "IN ACCEPT -p tcp --dport 22", "=IN ACCEPT -p tcp -dport 22" },
	{ "rule -sport", FW_HOST, "IN ACCEPT -p tcp -sport 22", "=IN ACCEPT -p tcp -sport 22" },
	{ "rule --sport", FW_HOST, "IN ACCEPT -p tcp --sport 22", "=IN ACCEPT -p tcp -sport 22" },
	{ "ports need a protocol", FW_HOST, "IN ACCEPT -dport 22", "?proto missing property - 'dport' requires this property" },
	{ "ports with udp", FW_HOST, "IN ACCEPT -p udp -dport 1", "=IN ACCEPT -p udp -dport 1" },
	{ "ports with udplite", FW_HOST, "IN ACCEPT -p udplite -dport 1", "=IN ACCEPT -p udplite -dport 1" },
	{ "ports with sctp", FW_HOST, "IN ACCEPT -p sctp -dport 1", "=IN ACCEPT -p sctp -dport 1" },
	{ "ports with dccp", FW_HOST, "IN ACCEPT -p dccp -dport 1", "=IN ACCEPT -p dccp -dport 1" },
	{ "ports with tcp by number", FW_HOST, "IN ACCEPT -p 6 -dport 1", "=IN ACCEPT -p 6 -dport 1" },
	{ "ports not with gre", FW_HOST, "IN ACCEPT -p gre -dport 1", "?dport protocol 'gre' does not support ports" },
	{ "ports sport not with icmp", FW_HOST, "IN ACCEPT -p icmp -sport 1", "?sport protocol 'icmp' does not support ports" },
	{ "ports by name", FW_HOST, "IN ACCEPT -p tcp -dport https", "=IN ACCEPT -p tcp -dport https" },
	{ "ports by rare name", FW_HOST, "IN ACCEPT -p tcp -dport csync2", "=IN ACCEPT -p tcp -dport csync2" },
	{ "ports an alias of /etc/services is no name", FW_HOST, "IN ACCEPT -p tcp -dport www", "?dport invalid port 'www'" },
	{ "ports unknown name", FW_HOST, "IN ACCEPT -p tcp -dport htps", "?dport invalid port 'htps'" },
	{ "ports 0 and 65535", FW_HOST, "IN ACCEPT -p tcp -dport 0,65535", "=IN ACCEPT -p tcp -dport 0,65535" },
	{ "ports 65536 is none", FW_HOST, "IN ACCEPT -p tcp -dport 65536", "?dport invalid port '65536'" },
	{ "ports N:M", FW_HOST, "IN ACCEPT -p tcp -dport 80:90", "=IN ACCEPT -p tcp -dport 80:90" },
	{ "ports N:N", FW_HOST, "IN ACCEPT -p tcp -dport 80:80", "=IN ACCEPT -p tcp -dport 80:80" },
	{ "ports N:M must rise", FW_HOST, "IN ACCEPT -p tcp -dport 90:80", "?dport backwards range '90:80'" },
	{ "ports N-M is no range", FW_HOST, "IN ACCEPT -p tcp -dport 80-90", "?dport invalid port '80-90'" },
	{ "ports no names in a range", FW_HOST, "IN ACCEPT -p tcp -dport http:https", "?dport invalid port 'http:https'" },
	{ "ports open ranges do not exist", FW_HOST, "IN ACCEPT -p tcp -dport 80:", "?dport invalid port '80:'" },
	{ "ports list", FW_HOST, "IN ACCEPT -p tcp -dport 22,80:90,https", "=IN ACCEPT -p tcp -dport 22,80:90,https" },
	{ "ports list with a comma too many", FW_HOST, "IN ACCEPT -p tcp -dport 22,,80", "?dport extraneous commas" },
	{ "ports 15 numbers", FW_HOST, "IN ACCEPT -p tcp -dport 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
	  "=IN ACCEPT -p tcp -dport 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15" },
	{ "ports 16 numbers are too many", FW_HOST, "IN ACCEPT -p tcp -dport 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
	  "?dport too many entries in port list (> 15 numbers)" },
	{ "ports a range counts two: 7 and one", FW_HOST, "IN ACCEPT -p tcp -dport 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15",
	  "=IN ACCEPT -p tcp -dport 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15" },
	{ "ports a range counts two: 8 are too many", FW_HOST, "IN ACCEPT -p tcp -dport 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16",
	  "?dport too many entries" },
	{ "ports names do not count", FW_HOST, "IN ACCEPT -p tcp -sport 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,http",
	  "=IN ACCEPT -p tcp -sport 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,http" },
	/* ICMP */
	{ "rule -icmp-type", FW_HOST, "IN ACCEPT -p icmp -icmp-type any", "=IN ACCEPT -p icmp -icmp-type any" },
	{ "rule --icmp-type", FW_HOST, "IN ACCEPT -p icmp --icmp-type any", "=IN ACCEPT -p icmp -icmp-type any" },
	{ "icmp-type with icmpv6", FW_HOST, "IN ACCEPT -p icmpv6 -icmp-type no-route", "=IN ACCEPT -p icmpv6 -icmp-type no-route" },
	{ "icmp-type with ipv6-icmp", FW_HOST, "IN ACCEPT -p ipv6-icmp -icmp-type no-route", "=IN ACCEPT -p ipv6-icmp -icmp-type no-route" },
	{ "icmp-type needs an ICMP protocol", FW_HOST, "IN ACCEPT -p tcp -icmp-type any", "?proto 'icmp-type' requires this property" },
	{ "icmp-type of the other family", FW_HOST, "IN ACCEPT -p icmp -icmp-type no-route", "?icmp-type invalid icmp-type 'no-route' for proto 'icmp'" },
	{ "icmp-type any is IPv4 only", FW_HOST, "IN ACCEPT -p icmpv6 -icmp-type any", "?icmp-type invalid icmp-type 'any'" },
	{ "icmp-type unknown", FW_HOST, "IN ACCEPT -p icmp -icmp-type ping", "?icmp-type invalid icmp-type 'ping'" },
	{ "icmp-type takes no number", FW_HOST, "IN ACCEPT -p icmp -icmp-type 8", "?icmp-type invalid icmp-type '8'" },
	{ "icmp-type not with dport", FW_HOST, "IN ACCEPT -p icmp -icmp-type any -dport any", "?icmp-type cannot be specified together with 'dport'" },
	{ "icmp-type in dport, as in old files", FW_HOST, "IN ACCEPT -p icmp -dport echo-request", "=IN ACCEPT -p icmp -dport echo-request" },
	{ "icmp-type by number in dport", FW_HOST, "IN ACCEPT -p icmp -dport 8", "=IN ACCEPT -p icmp -dport 8" },
	{ "icmp-type in dport up to 255", FW_HOST, "IN ACCEPT -p icmp -dport 256", "?dport invalid port '256'" },
	/* log */
	{ "rule -log emerg", FW_HOST, "IN ACCEPT -log emerg", "=IN ACCEPT -log emerg" },
	{ "rule -log alert", FW_HOST, "IN ACCEPT -log alert", "=IN ACCEPT -log alert" },
	{ "rule -log crit", FW_HOST, "IN ACCEPT -log crit", "=IN ACCEPT -log crit" },
	{ "rule -log err", FW_HOST, "IN ACCEPT -log err", "=IN ACCEPT -log err" },
	{ "rule -log warning", FW_HOST, "IN ACCEPT -log warning", "=IN ACCEPT -log warning" },
	{ "rule -log notice", FW_HOST, "IN ACCEPT -log notice", "=IN ACCEPT -log notice" },
	{ "rule -log info", FW_HOST, "IN ACCEPT -log info", "=IN ACCEPT -log info" },
	{ "rule -log debug", FW_HOST, "IN ACCEPT -log debug", "=IN ACCEPT -log debug" },
	{ "rule -log nolog", FW_HOST, "IN ACCEPT -log nolog", "=IN ACCEPT -log nolog" },
	{ "rule --log", FW_HOST, "IN ACCEPT --log info", "=IN ACCEPT -log info" },
	{ "rule -log in capitals", FW_HOST, "IN ACCEPT -log INFO", "!'-log' needs one of the log levels" },
	{ "rule -log of no level", FW_HOST, "IN ACCEPT -log error", "!'-log' needs one of the log levels" },
	/* macros against the rule's own words */
	{ "macro fills what is open: source stays", FW_HOST, "IN SSH(ACCEPT) -source 10.0.0.1", "=IN SSH(ACCEPT) -source 10.0.0.1" },
	{ "macro and an equal protocol", FW_HOST, "IN SSH(ACCEPT) -p tcp", "=IN SSH(ACCEPT) -p tcp" },
	{ "macro and an equal port", FW_HOST, "IN SSH(ACCEPT) -p tcp -dport 22", "=IN SSH(ACCEPT) -p tcp -dport 22" },
	{ "macro and another protocol contradict", FW_HOST, "IN SSH(ACCEPT) -p udp", "?proto already define in macro (value = 'tcp')" },
	{ "macro and another port contradict", FW_HOST, "IN SSH(ACCEPT) -p tcp -dport 23", "?dport already define in macro (value = '22')" },
	{ "macro takes a source port that it leaves open", FW_HOST, "IN SSH(ACCEPT) -p tcp -sport 1024:65535", "=IN SSH(ACCEPT) -p tcp -sport 1024:65535" },
};

/* The own file of a level, with names only where it may have them, and one rule. */
static struct fw_config *file_with(enum fw_level level, const char *line, struct fw_issues *issues)
{
	_cleanup_free_ char *text = xasprintf("%s[RULES]\n%s\n", level == FW_GUEST     ? own_text
								  : level == FW_CLUSTER ? cluster_text
											: "", line);

	return forms_read(level, text, issues);
}

static const struct fw_entry *first_rule(const struct fw_config *c)
{
	const struct fw_section *s = fw_section_find(c, FW_RULES, NULL);

	return s ? s->first : NULL;
}

static void line_is_read_as_the_facts_say(void **state)
{
	const struct line_fact *f = *state;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	_cleanup_fw_config_ struct fw_config *cluster = forms_read(FW_CLUSTER, cluster_text, NULL);
	_cleanup_fw_config_ struct fw_config *own = file_with(f->level, f->line, &issues);
	const struct fw_place p = { .cluster = f->level == FW_CLUSTER ? own : cluster, .own = own, .level = f->level };
	const struct fw_entry *e = first_rule(own);
	struct fw_problem problem = { 0 };
	int family;

	forms_survive(own);
	if (e->bad || *f->expect == '!') {
		if (!e->bad || *f->expect != '!' || !strstr(issues.v[0].text, f->expect + 1))
			fail_msg("%s", issues.n ? issues.v[0].text : "the line is taken");
		return;
	}
	bool applied = fw_rule_verify(&a, &p, &e->rule, &family, &problem);
	fw_rule_write(&e->rule, e->comment, &out);
	_cleanup_free_ char *seen = applied ? xasprintf("=%s", buf_text(&out)) : xasprintf("?%s %s", problem.field, problem.text);
	const char *field_end = strchr(f->expect, ' ');
	if (*f->expect == '=' ? !streq(seen, f->expect)
			      : applied || strncmp(seen, f->expect, (size_t)(field_end - f->expect)) != 0 || !strstr(seen, field_end + 1))
		fail_msg("%s", seen);
}

enum { C = 1 << FW_CLUSTER, H = 1 << FW_HOST, G = 1 << FW_GUEST, V = 1 << FW_VNET, B = 1 << FW_LEVELS };

static const struct type_fact {
	const char *fact, *line;
	unsigned places;
} types[] = {
	{ "rule IN at cluster, host, guest, group body; not at vnet", "IN ACCEPT", C | H | G | B },
	{ "rule OUT at cluster, host, guest, group body; not at vnet", "OUT ACCEPT", C | H | G | B },
	{ "rule FORWARD at cluster, host, vnet, group body; not at guest", "FORWARD ACCEPT", C | H | V | B },
	{ "rule GROUP at cluster, host, guest, vnet; no nested groups", "GROUP web", C | H | G | V },
	{ "rule -i at cluster and host; guest wants netN; not at vnet, not in a group body", "IN ACCEPT -i vmbr0", C | H },
};

static void type_stands_where_the_facts_say(void **state)
{
	const struct type_fact *f = *state;

	for (unsigned place = 0; place <= FW_LEVELS; place++) {
		_cleanup_arena_ struct arena a = { 0 };
		enum fw_level level = place == FW_LEVELS ? FW_CLUSTER : place;
		_cleanup_fw_config_ struct fw_config *cluster = forms_read(FW_CLUSTER, cluster_text, NULL);
		_cleanup_fw_config_ struct fw_config *own = file_with(level, f->line, NULL);
		const struct fw_place p = { .cluster = cluster, .own = own, .level = level, .in_group = place == FW_LEVELS };
		struct fw_problem problem;
		int family;
		bool applied = fw_rule_verify(&a, &p, &first_rule(own)->rule, &family, &problem);
		if (applied != !!(f->places & 1u << place))
			fail_msg("%s: %s", place == FW_LEVELS ? "group body" : fw_level_name(level),
				 applied ? "applied" : problem.text);
	}
}

static const struct length_fact {
	const char *fact;
	size_t length;
	bool good;
} lengths[] = {
	{ "address of 512 characters", 512, true },
	{ "address of 513 characters is not applied", 513, false },
};

static void length_is_limited(void **state)
{
	const struct length_fact *f = *state;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf list = { 0 };
	struct fw_rule r = { .enabled = true, .type = FW_IN, .action = "ACCEPT" };
	const struct fw_place p = { .level = FW_HOST };
	struct fw_problem problem = { 0 };
	int family;

	/* 56 times "10.0.0.1," are 504 bytes */
	for (int i = 0; i < 56; i++)
		buf_adds(&list, "10.0.0.1,");
	buf_adds(&list, f->length == 512 ? "10.0.0.2" : "10.0.0.20");
	assert_int_equal(list.len, f->length);
	r.source = buf_text(&list);
	assert_true(fw_rule_verify(&a, &p, &r, &family, &problem) == f->good);
	if (!f->good)
		assert_non_null(strstr(problem.text, "512"));
}

static const struct table_fact {
	const char *fact, *names;
	int family; /* 4, 6: names of ICMP types; 0: of protocols */
} tables[] = {
	{ "icmp types: the names of iptables",
	  "any echo-reply destination-unreachable network-unreachable host-unreachable protocol-unreachable port-unreachable "
	  "fragmentation-needed source-route-failed network-unknown host-unknown network-prohibited host-prohibited "
	  "TOS-network-unreachable TOS-host-unreachable communication-prohibited host-precedence-violation precedence-cutoff "
	  "source-quench redirect network-redirect host-redirect TOS-network-redirect TOS-host-redirect echo-request "
	  "router-advertisement router-solicitation time-exceeded ttl-zero-during-transit ttl-zero-during-reassembly "
	  "parameter-problem ip-header-bad required-option-missing timestamp-request timestamp-reply address-mask-request "
	  "address-mask-reply", 4 },
	{ "icmp types: the names of ip6tables",
	  "destination-unreachable no-route communication-prohibited beyond-scope address-unreachable port-unreachable "
	  "failed-policy reject-route packet-too-big time-exceeded ttl-zero-during-transit ttl-zero-during-reassembly "
	  "parameter-problem bad-header unknown-header-type unknown-option echo-request echo-reply router-solicitation "
	  "router-advertisement neighbor-solicitation neighbour-solicitation neighbor-advertisement neighbour-advertisement redirect", 6 },
	{ "protocols: the names of /etc/protocols and icmpv6",
	  "ip hopopt icmp igmp ggp ipencap st tcp egp igp pup udp hmp xns-idp rdp iso-tp4 dccp xtp ddp idpr-cmtp ipv6 ipv6-route "
	  "ipv6-frag idrp rsvp gre esp ah skip ipv6-icmp icmpv6 ipv6-nonxt ipv6-opts rspf vmtp eigrp ospf ax.25 ipip etherip encap "
	  "pim ipcomp vrrp l2tp isis sctp fc mobility-header udplite mpls-in-ip manet hip shim6 wesp rohc ethernet mptcp", 0 },
};

static void every_name_is_known(void **state)
{
	const struct table_fact *f = *state;
	_cleanup_free_ char *copy = xstrdup(f->names);
	int type, code;

	for (char *rest = copy, *name; (name = strsep(&rest, " "));)
		if (f->family ? !fw_icmp_parse(f->family, name, &type, &code) : fw_proto_number(name) < 0)
			fail_msg("'%s' is unknown", name);
}

static void services_are_in_order(void **state UNUSED)
{
	uint16_t port;
	size_t n = 0;

	for (const char *name, *before = ""; (name = fw_service_name(n)); n++, before = name) {
		assert_true(strcmp(before, name) < 0);
		assert_true(fw_service_port(name, &port));
	}
	assert_true(n > 250);
	assert_true(fw_service_port("https", &port) && port == 443);
}

int main(void)
{
	static const char *const services[] = { "ports: the names of /etc/services" };
	struct facts f = { 0 };

	FACTS(&f, lines, line_is_read_as_the_facts_say);
	FACTS(&f, types, type_stands_where_the_facts_say);
	FACTS(&f, lengths, length_is_limited);
	FACTS(&f, tables, every_name_is_known);
	FACTS(&f, services, services_are_in_order);
	return facts_run(&f, "section 3: rules");
}
