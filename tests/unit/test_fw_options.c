/* Every option of every level: what it takes, what it refuses, where it may stand, what counts when it is absent. */
#include "facts.h"
#include "fw_forms.h"
#include "base/strv.h"
#include "firewall/fw_options.h"

#define LEVELS_OF_LOG "emerg alert crit err warning notice info debug nolog INFO>info"
#define NO_LEVEL "loud warn panic 3 none"

/* Values are divided by blanks; "a>b": a is written as b. */
static const struct value_fact {
	const char *fact;
	enum fw_level level;
	const char *key, *absent, *good, *bad;
} values[] = {
	{ "option enable cluster integer >= 0, a time above 1, absent 0", FW_CLUSTER, "enable", "0",
	  "0 1 2 1700000000 9223372036854775807", "-1 true yes 1.5 9223372036854775808" },
	{ "option ebtables cluster boolean, absent 1", FW_CLUSTER, "ebtables", "1", "0 1", "2 true on" },
	{ "option policy_in cluster ACCEPT REJECT DROP, absent DROP", FW_CLUSTER, "policy_in", "DROP",
	  "ACCEPT REJECT DROP drop>DROP", "DENY ALLOW 0" },
	{ "option policy_out cluster ACCEPT REJECT DROP, absent ACCEPT", FW_CLUSTER, "policy_out", "ACCEPT",
	  "ACCEPT REJECT DROP Accept>ACCEPT", "DENY 1" },
	{ "option policy_forward cluster ACCEPT DROP, no REJECT, absent ACCEPT", FW_CLUSTER, "policy_forward", "ACCEPT",
	  "ACCEPT DROP drop>DROP", "REJECT DENY" },
	{ "option log_ratelimit cluster enable rate burst, absent 1 1/second 5", FW_CLUSTER, "log_ratelimit",
	  "1,rate=1/second,burst=5",
	  "0 1 enable=0 1,rate=1/second 1,rate=10/minute,burst=0 enable=1,rate=99/hour rate=7/day,0,burst=3 burst=0,1",
	  "2 enable=2 1,rate=0/second 1,rate=1/week 1,rate=/second 1,rate=1 1,burst=-1 1,burst=x 1,burts=1 rate=7/day burst=0" },
	{ "option enable host boolean, absent 1", FW_HOST, "enable", "1", "0 1", "2 true" },
	{ "option nosmurfs host boolean, on when absent", FW_HOST, "nosmurfs", "1", "0 1", "2 off" },
	{ "option tcpflags host boolean, absent 0", FW_HOST, "tcpflags", "0", "0 1", "2 yes" },
	{ "option ndp host boolean, absent 1", FW_HOST, "ndp", "1", "0 1", "-1 no" },
	{ "option nftables host boolean, absent 0", FW_HOST, "nftables", "0", "0 1", "2 nft" },
	{ "option log_nf_conntrack host boolean, absent 0", FW_HOST, "log_nf_conntrack", "0", "0 1", "2 info" },
	{ "option nf_conntrack_allow_invalid host boolean, absent 0", FW_HOST, "nf_conntrack_allow_invalid", "0", "0 1",
	  "2 true" },
	{ "option protection_synflood host boolean, absent 0", FW_HOST, "protection_synflood", "0", "0 1", "2 true" },
	{ "option protection_synflood_rate host integer, absent 200", FW_HOST, "protection_synflood_rate", "200",
	  "1 200 1000000", "-1 200/s x" },
	{ "option protection_synflood_burst host integer, absent 1000", FW_HOST, "protection_synflood_burst", "1000",
	  "1 1000 1000000", "-1 x 1.0" },
	{ "option nf_conntrack_max host >= 32768, absent 262144", FW_HOST, "nf_conntrack_max", "262144",
	  "32768 262144 1048576", "32767 0 -1 32k" },
	{ "option nf_conntrack_tcp_timeout_established host >= 7875 s, absent 432000", FW_HOST,
	  "nf_conntrack_tcp_timeout_established", "432000", "7875 432000", "7874 0 5d" },
	{ "option nf_conntrack_tcp_timeout_syn_recv host 30-60 s, absent 60", FW_HOST, "nf_conntrack_tcp_timeout_syn_recv",
	  "60", "30 45 60", "29 61 0 30s" },
	{ "option nf_conntrack_helpers host list of nine helpers, absent empty", FW_HOST, "nf_conntrack_helpers", "",
	  "amanda ftp irc netbios-ns pptp sane sip snmp tftp ftp,sip FTP,Tftp>ftp,tftp "
	  "amanda,ftp,irc,netbios-ns,pptp,sane,sip,snmp,tftp",
	  "http ftp,http ftp,,sip ftp, ,ftp" },
	{ "option protection_limit host accepted in files, does nothing", FW_HOST, "protection_limit", NULL, "0 3000", "x" },
	{ "option log_level_in host level, absent nolog", FW_HOST, "log_level_in", "nolog", LEVELS_OF_LOG, NO_LEVEL },
	{ "option log_level_out host level, absent nolog", FW_HOST, "log_level_out", "nolog", LEVELS_OF_LOG, NO_LEVEL },
	{ "option log_level_forward host level, absent nolog", FW_HOST, "log_level_forward", "nolog", LEVELS_OF_LOG,
	  NO_LEVEL },
	{ "option tcp_flags_log_level host level, absent nolog", FW_HOST, "tcp_flags_log_level", "nolog", LEVELS_OF_LOG,
	  NO_LEVEL },
	{ "option smurf_log_level host level, absent nolog", FW_HOST, "smurf_log_level", "nolog", LEVELS_OF_LOG, NO_LEVEL },
	{ "option enable guest boolean, absent 0", FW_GUEST, "enable", "0", "0 1", "2 true" },
	{ "option dhcp guest boolean, absent behaves as 1", FW_GUEST, "dhcp", "1", "0 1", "2 on" },
	{ "option ndp guest boolean, absent 1", FW_GUEST, "ndp", "1", "0 1", "2 on" },
	{ "option radv guest boolean, absent 0", FW_GUEST, "radv", "0", "0 1", "2 on" },
	{ "option macfilter guest boolean, absent 1", FW_GUEST, "macfilter", "1", "0 1", "2 on" },
	{ "option ipfilter guest boolean, absent 0", FW_GUEST, "ipfilter", "0", "0 1", "2 on" },
	{ "option policy_in guest ACCEPT REJECT DROP, absent DROP", FW_GUEST, "policy_in", "DROP",
	  "ACCEPT REJECT DROP reject>REJECT", "DENY" },
	{ "option policy_out guest ACCEPT REJECT DROP, absent ACCEPT", FW_GUEST, "policy_out", "ACCEPT",
	  "ACCEPT REJECT DROP", "DENY" },
	{ "option log_level_in guest level, absent nolog", FW_GUEST, "log_level_in", "nolog", LEVELS_OF_LOG, NO_LEVEL },
	{ "option log_level_out guest level, absent nolog", FW_GUEST, "log_level_out", "nolog", LEVELS_OF_LOG, NO_LEVEL },
	{ "option ips guest boolean, files only", FW_GUEST, "ips", "0", "0 1", "2 on" },
	{ "option ips_queues guest N or N:M, files only", FW_GUEST, "ips_queues", NULL, "0 4 0:3", "x 1:2:3 :1 1: 0-3" },
	{ "option layer2_protocols guest ethertypes, files only", FW_GUEST, "layer2_protocols", NULL,
	  "ARP IPv4 0800 ARP,RARP 802_1Q", "nonsense ARP,nonsense ARP,,RARP" },
	{ "option enable vnet boolean, absent 0", FW_VNET, "enable", "0", "0 1", "2 true" },
	{ "option policy_forward vnet ACCEPT DROP, no REJECT, absent ACCEPT", FW_VNET, "policy_forward", "ACCEPT",
	  "ACCEPT DROP", "REJECT DENY" },
	{ "option log_level_forward vnet level, absent nolog", FW_VNET, "log_level_forward", "nolog", LEVELS_OF_LOG,
	  NO_LEVEL },
};

static void takes(const struct value_fact *f, const char *value, const char *normal)
{
	static const char *const spellings[][3] = { { "[OPTIONS]\n", ": ", "\n" },
						    { "[options]\n  ", ":", "  \n" },
						    { "[Options]\n\t", ":\t", "" } };
	_cleanup_free_ char *fault = NULL, *map = xasprintf("options: { %s: \"%s\" }", f->key, value);
	_cleanup_fw_config_ struct fw_config *yaml = forms_read_yaml(f->level, map, &fault);

	if (!yaml)
		fail_msg("%s in %s", fault, map);
	assert_string_equal(fw_option(yaml, f->key), normal);
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		_cleanup_fw_issues_ struct fw_issues issues = { 0 };
		_cleanup_buf_ struct buf text = { 0 };
		buf_addf(&text, "%s%s%s%s%s", spellings[i][0], f->key, spellings[i][1], value, spellings[i][2]);
		_cleanup_fw_config_ struct fw_config *c = forms_read(f->level, buf_text(&text), &issues);
		if (issues.n)
			fail_msg("'%s': %s", value, issues.v[0].text);
		assert_string_equal(fw_option(c, f->key), normal);
		assert_true(fw_config_equal(c, yaml));
		forms_survive(c);
	}
}

static void refuses(const struct value_fact *f, const char *value)
{
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	_cleanup_free_ char *text = xasprintf("[OPTIONS]\n%s: %s\n", f->key, value), *fault = NULL;
	_cleanup_free_ char *map = xasprintf("options: { %s: \"%s\" }", f->key, value);
	_cleanup_fw_config_ struct fw_config *c = forms_read(f->level, text, &issues);

	if (issues.n != 1 || !streq(issues.v[0].code, "bad-value") || issues.v[0].line != 2 ||
	    issues.v[0].column != strlen(f->key) + 3)
		fail_msg("'%s' is not refused at 2:%zu", value, strlen(f->key) + 3);
	assert_null(fw_option(c, f->key));
	_cleanup_fw_config_ struct fw_config *yaml = forms_read_yaml(f->level, map, &fault);
	if (yaml || !strstr(fault, "test.yaml:1:"))
		fail_msg("'%s' is taken from YAML", value);
}

static void value_is_as_the_facts_say(void **state)
{
	const struct value_fact *f = *state;
	_cleanup_strv_ struct strv good = { 0 }, bad = { 0 };
	_cleanup_fw_config_ struct fw_config *none = forms_read(f->level, "", NULL);
	const char *absent = fw_option_effective(none, f->level, f->key);

	if (!streq_null(absent, f->absent))
		fail_msg("absent is '%s'", absent ? absent : "nothing");
	strv_split(&good, f->good, " ");
	strv_split(&bad, f->bad, " ");
	for (size_t i = 0; i < good.n; i++) {
		char *arrow = strchr(good.v[i], '>');
		if (arrow)
			*arrow = '\0';
		takes(f, good.v[i], arrow ? arrow + 1 : good.v[i]);
	}
	for (size_t i = 0; i < bad.n; i++)
		refuses(f, bad.v[i]);
	refuses(f, "a b");
}

enum { C = 1 << FW_CLUSTER, H = 1 << FW_HOST, G = 1 << FW_GUEST, V = 1 << FW_VNET };

static const struct level_fact {
	const char *fact;
	const char *key, *value;
	unsigned levels;
	bool file_only;
} places[] = {
	{ "option enable at cluster, host, guest, vnet", "enable", "1", C | H | G | V },
	{ "option ebtables at cluster only", "ebtables", "1", C },
	{ "option policy_in at cluster, guest", "policy_in", "DROP", C | G },
	{ "option policy_out at cluster, guest", "policy_out", "DROP", C | G },
	{ "option policy_forward at cluster, vnet", "policy_forward", "DROP", C | V },
	{ "option log_ratelimit at cluster only", "log_ratelimit", "1", C },
	{ "option log_level_in at host, guest", "log_level_in", "info", H | G },
	{ "option log_level_out at host, guest", "log_level_out", "info", H | G },
	{ "option log_level_forward at host, vnet", "log_level_forward", "info", H | V },
	{ "option tcp_flags_log_level at host only", "tcp_flags_log_level", "info", H },
	{ "option smurf_log_level at host only", "smurf_log_level", "info", H },
	{ "option nosmurfs at host only", "nosmurfs", "1", H },
	{ "option tcpflags at host only", "tcpflags", "1", H },
	{ "option ndp at host, guest", "ndp", "1", H | G },
	{ "option nf_conntrack_max at host only", "nf_conntrack_max", "32768", H },
	{ "option nf_conntrack_tcp_timeout_established at host only", "nf_conntrack_tcp_timeout_established", "7875", H },
	{ "option nf_conntrack_tcp_timeout_syn_recv at host only", "nf_conntrack_tcp_timeout_syn_recv", "60", H },
	{ "option nf_conntrack_allow_invalid at host only", "nf_conntrack_allow_invalid", "1", H },
	{ "option nf_conntrack_helpers at host only", "nf_conntrack_helpers", "ftp", H },
	{ "option protection_synflood at host only", "protection_synflood", "1", H },
	{ "option protection_synflood_rate at host only", "protection_synflood_rate", "1", H },
	{ "option protection_synflood_burst at host only", "protection_synflood_burst", "1", H },
	{ "option protection_limit at host only, no API", "protection_limit", "1", H, true },
	{ "option protection_synflood_limit is read by the code and never settable", "protection_synflood_limit", "1", 0 },
	{ "option log_nf_conntrack at host only", "log_nf_conntrack", "1", H },
	{ "option nftables at host only", "nftables", "1", H },
	{ "option dhcp at guest only", "dhcp", "1", G },
	{ "option macfilter at guest only", "macfilter", "1", G },
	{ "option radv at guest only", "radv", "1", G },
	{ "option ipfilter at guest only", "ipfilter", "1", G },
	{ "option ips at guest only, no API", "ips", "1", G, true },
	{ "option ips_queues at guest only, no API", "ips_queues", "0:3", G, true },
	{ "option layer2_protocols at guest only, no API", "layer2_protocols", "ARP", G, true },
};

static void option_stands_where_the_facts_say(void **state)
{
	const struct level_fact *f = *state;
	_cleanup_free_ char *text = xasprintf("[OPTIONS]\n%s: %s\n", f->key, f->value);
	_cleanup_free_ char *map = xasprintf("options: { %s: \"%s\" }", f->key, f->value);

	for (enum fw_level l = 0; l < FW_LEVELS; l++) {
		_cleanup_fw_issues_ struct fw_issues issues = { 0 };
		_cleanup_free_ char *fault = NULL;
		bool allowed = f->levels & 1u << l;
		_cleanup_fw_config_ struct fw_config *c = forms_read(l, text, &issues);
		_cleanup_fw_config_ struct fw_config *yaml = forms_read_yaml(l, map, &fault);
		if (allowed != (issues.n == 0) || allowed != (yaml != NULL))
			fail_msg("a %s file %s it", fw_level_name(l), allowed ? "refuses" : "takes");
		if (!allowed)
			assert_string_equal(issues.v[0].code, "unknown-option");
		if (allowed)
			assert_true(fw_option_spec(l, f->key)->file_only == f->file_only);
	}
}

/* The tables here and the code's name the same options. */
static void no_option_is_left_out(void **state UNUSED)
{
	for (enum fw_level l = 0; l < FW_LEVELS; l++) {
		const struct fw_option_spec *s;
		for (size_t i = 0; (s = fw_option_next(l, &i));) {
			size_t k = 0;
			while (k < ARRAY_SIZE(values) && !(values[k].level == l && streq(values[k].key, s->key)))
				k++;
			if (k == ARRAY_SIZE(values))
				fail_msg("no row for '%s' of a %s", s->key, fw_level_name(l));
		}
	}
}

int main(void)
{
	static const char *const all[] = { "every option of every level has a row" };
	struct facts f = { 0 };

	FACTS(&f, values, value_is_as_the_facts_say);
	FACTS(&f, places, option_stands_where_the_facts_say);
	FACTS(&f, all, no_option_is_left_out);
	return facts_run(&f, "section 2: options");
}
