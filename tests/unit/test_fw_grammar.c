/* Sections 1 and 4 of the facts: files and their sections, comments, names; aliases, IP sets, groups. */
#include "facts.h"
#include "fw_forms.h"
#include "firewall/fw_address.h"
#include "firewall/fw_write.h"

/* `issues`: "line:column code" of each, one blank between them; `written`: what the file is written as, NULL: as it was. */
static const struct text_fact {
	const char *fact;
	enum fw_level level;
	const char *text, *issues, *written;
} texts[] = {
	{ "file cluster.fw has OPTIONS ALIASES IPSET RULES group", FW_CLUSTER,
	  "[OPTIONS]\n\nenable: 1\n\n[ALIASES]\n\ngw 10.0.0.1\n\n[IPSET net]\n\n10.0.0.0/8\n\n[RULES]\n\nGROUP web\n\n"
	  "[group web]\n\nIN ACCEPT\n", "", NULL },
	{ "file host.fw has OPTIONS RULES", FW_HOST, "[OPTIONS]\n\nenable: 1\n\n[RULES]\n\nIN ACCEPT\n", "", NULL },
	{ "file host.fw has no ALIASES", FW_HOST, "[ALIASES]\ngw 10.0.0.1\n", "1:1 section-level 2:1 no-section", "" },
	{ "file host.fw has no IPSET", FW_HOST, "[IPSET net]\n", "1:1 section-level", NULL },
	{ "file host.fw has no group", FW_HOST, "[group web]\n", "1:1 section-level", NULL },
	{ "file VMID.fw has OPTIONS ALIASES IPSET RULES", FW_GUEST,
	  "[OPTIONS]\n\nenable: 1\n\n[ALIASES]\n\ngw 10.0.0.1\n\n[IPSET net]\n\n10.0.0.0/8\n\n[RULES]\n\nIN ACCEPT\n", "",
	  NULL },
	{ "file VMID.fw has no group: its rules become the VM's", FW_GUEST, "[RULES]\n\n[group web]\nIN ACCEPT\n",
	  "3:1 section-level", NULL },
	{ "file VNET.fw has OPTIONS RULES", FW_VNET, "[OPTIONS]\n\nenable: 1\n\n[RULES]\n\nFORWARD ACCEPT\n", "", NULL },
	{ "file VNET.fw has no ALIASES, IPSET, group", FW_VNET, "[ALIASES]\n[IPSET net]\n[group web]\n",
	  "1:1 section-level 2:1 section-level 3:1 section-level", NULL },
	{ "grammar one item a line, blanks at both ends stripped", FW_CLUSTER,
	  "  [RULES]  \n\n\t IN ACCEPT -p tcp \t\n   OUT DROP\n", "", "[RULES]\n\nIN ACCEPT -p tcp\nOUT DROP\n" },
	{ "grammar one blank or more between words of a rule", FW_CLUSTER, "[RULES]\n\nIN   ACCEPT \t -p tcp   -dport 22\n", "",
	  "[RULES]\n\nIN ACCEPT -p tcp -dport 22\n" },
	{ "grammar '#' at a line's begin is a comment", FW_CLUSTER, "# a\n[OPTIONS]\n#b\n  # c\nenable: 1\n#d", "",
	  "# a\n[OPTIONS]\n#b\n# c\nenable: 1\n#d\n" },
	{ "grammar blank lines are ignored and kept", FW_CLUSTER, "\n\n[OPTIONS]\n\n\nenable: 1\n\n\n", "", NULL },
	{ "grammar section names in any letter case", FW_CLUSTER,
	  "[options]\nenable: 1\n[Aliases]\ngw 10.0.0.1\n[ipset net]\n10.0.0.1\n[rules]\nIN ACCEPT\n[GROUP web]\nIN ACCEPT\n",
	  "5:1 section-case 9:1 section-case",
	  "[OPTIONS]\n\nenable: 1\n\n[ALIASES]\n\ngw 10.0.0.1\n\n[IPSET net]\n\n10.0.0.1\n\n[RULES]\n\nIN ACCEPT\n\n"
	  "[group web]\n\nIN ACCEPT\n" },
	{ "grammar comment behind [IPSET name]", FW_CLUSTER, "[IPSET net]# ours\n", "", "[IPSET net] # ours\n" },
	{ "grammar comment behind [group name]", FW_CLUSTER, "[group web]   #   shop \n", "", "[group web] # shop\n" },
	{ "grammar no comment behind [OPTIONS]", FW_CLUSTER, "[OPTIONS] # x\nenable: 1\n", "1:1 bad-section 2:1 no-section", "" },
	{ "grammar no blanks inside [OPTIONS]", FW_CLUSTER, "[ OPTIONS ]\n[OPTIONS ]\n", "1:1 bad-section 2:1 bad-section", NULL },
	{ "grammar no blank before the ']' of a name", FW_CLUSTER, "[group web ]\n", "1:1 bad-section", NULL },
	{ "grammar several blanks before a section's name", FW_CLUSTER, "[group \t web]\n", "", "[group web]\n" },
	{ "grammar a group needs a name", FW_CLUSTER, "[group]\n[IPSET]\n", "1:1 bad-section 2:1 bad-section", NULL },
	{ "grammar an unknown section leaves the one before open", FW_CLUSTER, "[RULES]\n\n[RULLES]\nIN ACCEPT\n",
	  "3:1 bad-section", NULL },
	{ "grammar a section without ']' is skipped", FW_CLUSTER, "[RULES\n", "1:1 bad-section", NULL },
	{ "grammar carriage returns hide the sections", FW_CLUSTER, "[OPTIONS]\r\nenable: 1\r\n",
	  "1:1 bad-section 2:1 no-section", "" },
	{ "grammar carriage returns do not hide named sections", FW_CLUSTER, "[group web]\r\nIN ACCEPT\r\n", "",
	  "[group web]\n\nIN ACCEPT\n" },
	{ "grammar a line before any section is skipped", FW_CLUSTER, "enable: 1\n[OPTIONS]\n\nebtables: 1\n", "1:1 no-section",
	  NULL },
	{ "grammar a bad line is skipped, the rest stays", FW_CLUSTER, "[RULES]\n\nIN ACCEPT -p tcp\nIN ACEPT oops\nOUT DROP\n",
	  "4:10 bad-rule", NULL },
	{ "grammar places count indentation", FW_CLUSTER, "[OPTIONS]\n\n  policy_in:  DENY\n\tenabel: 1\n",
	  "3:15 bad-value 4:2 unknown-option", "[OPTIONS]\n\npolicy_in:  DENY\nenabel: 1\n" },
	{ "grammar an option without a colon is skipped", FW_CLUSTER, "[OPTIONS]\n\nenable 1\n", "3:1 bad-option", NULL },
	{ "grammar a blank before the colon is no option", FW_CLUSTER, "[OPTIONS]\n\nenable : 1\n", "3:1 unknown-option", NULL },
	{ "grammar the last of two equal options counts", FW_CLUSTER, "[OPTIONS]\n\npolicy_in: DROP\npolicy_in: REJECT\n",
	  "4:1 duplicate-option", NULL },
	{ "grammar the later of two equal groups replaces the earlier", FW_CLUSTER,
	  "[group web]\n\nIN ACCEPT\n\n[group WEB]\n\nIN DROP\n", "5:1 duplicate-section 5:1 name-lower-case",
	  "[group web]\n\nIN ACCEPT\n\n[group web]\n\nIN DROP\n" },
	{ "grammar the order and comments of options are kept", FW_CLUSTER,
	  "[OPTIONS]\n\n# last word\npolicy_in: DROP\nenable: 1\n# rest\nebtables: 1\n", "", NULL },
	{ "grammar names of groups are lower-cased", FW_CLUSTER, "[group Web]\n", "1:1 name-lower-case", "[group web]\n" },
	{ "grammar names of IP sets are lower-cased", FW_CLUSTER, "[IPSET Net]\n", "1:1 name-lower-case", "[IPSET net]\n" },
	{ "group only in cluster.fw", FW_GUEST, "[group web]\n", "1:1 section-level", NULL },
	{ "alias NAME, ONE blank, address", FW_CLUSTER, "[ALIASES]\n\ngw 10.0.0.1\n", "", NULL },
	{ "alias one tab is one blank", FW_CLUSTER, "[ALIASES]\n\ngw\t10.0.0.1\n", "", "[ALIASES]\n\ngw 10.0.0.1\n" },
	{ "alias two blanks are refused", FW_CLUSTER, "[ALIASES]\n\ngw  10.0.0.1\n", "3:1 bad-alias", NULL },
	{ "alias without an address is refused", FW_CLUSTER, "[ALIASES]\n\ngw\n", "3:1 bad-alias", NULL },
	{ "alias of a network", FW_CLUSTER, "[ALIASES]\n\nlan 10.0.0.0/8\n", "", NULL },
	{ "alias of an IPv6 network", FW_CLUSTER, "[ALIASES]\n\nlan 2001:db8::/32\n", "", NULL },
	{ "alias comment", FW_CLUSTER, "[ALIASES]\n\ngw 10.0.0.1 # the gateway\n", "", NULL },
	{ "alias comment without a blank before '#'", FW_CLUSTER, "[ALIASES]\n\ngw 10.0.0.1#x\n", "",
	  "[ALIASES]\n\ngw 10.0.0.1 # x\n" },
	{ "alias /32 is cut off", FW_CLUSTER, "[ALIASES]\n\ngw 10.0.0.1/32\n", "", "[ALIASES]\n\ngw 10.0.0.1\n" },
	{ "alias /128 is cut off", FW_CLUSTER, "[ALIASES]\n\ngw 2001:db8::1/128\n", "", "[ALIASES]\n\ngw 2001:db8::1\n" },
	{ "alias host bits stay", FW_CLUSTER, "[ALIASES]\n\npc 10.0.0.5/24\nsix 2001:DB8:0::1\n", "", NULL },
	{ "alias of a wrong address is refused", FW_CLUSTER, "[ALIASES]\n\ngw 10.0.0.256\nlan 10.0.0.0/33\n",
	  "3:4 bad-address 4:5 bad-address", NULL },
	{ "alias of another alias is refused", FW_CLUSTER, "[ALIASES]\ngw 10.0.0.1\nrouter gw\n", "3:8 bad-address",
	  "[ALIASES]\n\ngw 10.0.0.1\nrouter gw\n" },
	{ "alias name in two letter cases is one alias", FW_CLUSTER, "[ALIASES]\n\nGw 10.0.0.1\ngw 10.0.0.2\n",
	  "4:1 duplicate-alias", NULL },
	{ "alias name that no rule can use", FW_CLUSTER, "[ALIASES]\n\n1st 10.0.0.1\n", "3:1 bad-name", NULL },
	{ "alias in a guest's file", FW_GUEST, "[ALIASES]\n\ngw 10.0.0.1\n", "", NULL },
	{ "ipset members: address, CIDR, alias, comment", FW_CLUSTER,
	  "[ALIASES]\n\ngw 10.0.0.1\n\n[IPSET net]\n\n10.0.0.2\n10.1.0.0/16 # lab\ngw\ndc/gw\n2001:db8::/32\n", "", NULL },
	{ "ipset '!' is nomatch", FW_CLUSTER, "[IPSET net]\n\n10.0.0.0/8\n!10.0.0.1\n! 10.0.0.2 # no\n", "",
	  "[IPSET net]\n\n10.0.0.0/8\n!10.0.0.1\n!10.0.0.2 # no\n" },
	{ "ipset /0 is refused", FW_CLUSTER, "[IPSET net]\n\n0.0.0.0/0\n::/0\n", "3:1 zero-prefix 4:1 zero-prefix", NULL },
	{ "ipset host bits stay in a file", FW_CLUSTER, "[IPSET net]\n\n10.0.0.5/24\n!2001:DB8::1/32\n2001:DB8:0::1\n", "", NULL },
	{ "ipset duplicates are refused", FW_CLUSTER, "[IPSET net]\n10.0.0.1\n10.0.0.1/32\n", "3:1 duplicate-member",
	  "[IPSET net]\n\n10.0.0.1\n10.0.0.1/32\n" },
	{ "ipset two addresses in a line are refused", FW_CLUSTER, "[IPSET net]\n\n10.0.0.1 10.0.0.2\n", "3:1 bad-member", NULL },
	{ "ipset ranges and sets are no members", FW_CLUSTER, "[IPSET net]\n\n10.0.0.1-10.0.0.9\n+other\n",
	  "3:1 bad-address 4:1 bad-address", NULL },
	{ "ipset empty", FW_CLUSTER, "[IPSET net]\n", "", NULL },
	{ "ipset standard names", FW_CLUSTER, "[IPSET management]\n\n10.0.0.1\n\n[IPSET blacklist]\n\n10.6.6.6\n", "", NULL },
	{ "ipset standard name ipfilter-netN in a guest's file", FW_GUEST, "[IPSET ipfilter-net0]\n\n10.0.0.1\n", "", NULL },
};

static void text_reads_as_the_facts_say(void **state)
{
	const struct text_fact *f = *state;
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	_cleanup_buf_ struct buf seen = { 0 }, out = { 0 };
	_cleanup_fw_config_ struct fw_config *c = forms_read(f->level, f->text, &issues);

	for (size_t i = 0; i < issues.n; i++)
		buf_addf(&seen, "%s%u:%u %s", i ? " " : "", issues.v[i].line, issues.v[i].column, issues.v[i].code);
	assert_string_equal(buf_text(&seen), f->issues);
	fw_write(c, &out);
	if (!f->written || *f->written)
		assert_string_equal(buf_text(&out), f->written ? f->written : f->text);
	_cleanup_fw_config_ struct fw_config *again = forms_read(f->level, buf_text(&out), NULL);
	assert_true(fw_config_equal(c, again));
	forms_survive(c);
}

static const struct equal_fact {
	const char *fact, *a, *b;
	bool equal;
} equals[] = {
	{ "written back by the API: the order of options does not matter", "[OPTIONS]\nenable: 1\nebtables: 0\n",
	  "[OPTIONS]\nebtables: 0\nenable: 1\n", true },
	{ "written back by the API: comments that stand alone do not matter", "# a\n[OPTIONS]\n# b\nenable: 1\n",
	  "[OPTIONS]\nenable: 1\n", true },
	{ "written back by the API: the order of a set's members does not matter", "[IPSET net]\n10.0.0.2\n10.0.0.1\n",
	  "[IPSET net]\n10.0.0.1\n10.0.0.2\n", true },
	{ "written back by the API: an empty section is none", "[RULES]\n[OPTIONS]\n", "", true },
	{ "an empty group is not the same as none", "[group web]\n", "", false },
	{ "the order of rules matters", "[RULES]\nIN DROP\nOUT DROP\n", "[RULES]\nOUT DROP\nIN DROP\n", false },
	{ "a rule's comment matters", "[RULES]\nIN DROP # a\n", "[RULES]\nIN DROP\n", false },
	{ "a disabled rule is another rule", "[RULES]\n|IN DROP\n", "[RULES]\nIN DROP\n", false },
	{ "a member's nomatch matters", "[IPSET net]\n!10.0.0.1\n", "[IPSET net]\n10.0.0.1\n", false },
	{ "an alias's letter case does not matter", "[ALIASES]\nGw 10.0.0.1\n", "[ALIASES]\ngw 10.0.0.1\n", true },
	{ "the letter case of a section's name does not matter", "[group WEB]\n", "[GROUP web]\n", true },
};

static void files_mean_the_same_or_not(void **state)
{
	const struct equal_fact *f = *state;
	_cleanup_fw_config_ struct fw_config *a = forms_read(FW_CLUSTER, f->a, NULL), *b = forms_read(FW_CLUSTER, f->b, NULL);

	assert_true(fw_config_equal(a, b) == f->equal);
	assert_true(fw_config_equal(b, a) == f->equal);
}

enum name_kind { SET, GROUP, ALIAS };

static const struct name_fact {
	const char *fact;
	enum name_kind kind;
	size_t length;
	const char *name; /* NULL: letters of that length */
	bool good;
} names[] = {
	{ "name of a group: 2 characters", GROUP, 2, NULL, true },
	{ "name of a group: 1 character is refused", GROUP, 1, NULL, false },
	{ "name of a group: 18 characters", GROUP, 18, NULL, true },
	{ "name of a group: 19 characters are refused", GROUP, 19, NULL, false },
	{ "name of an IP set: 2 characters", SET, 2, NULL, true },
	{ "name of an IP set: 1 character is refused", SET, 1, NULL, false },
	{ "name of an IP set: 64 characters", SET, 64, NULL, true },
	{ "name of an IP set: 65 characters are refused", SET, 65, NULL, false },
	{ "name of an alias: 2 characters", ALIAS, 2, NULL, true },
	{ "name of an alias: 1 character is refused", ALIAS, 1, NULL, false },
	{ "name of an alias: 64 characters", ALIAS, 64, NULL, true },
	{ "name of an alias: 65 characters are refused", ALIAS, 65, NULL, false },
	{ "name with digits, '-' and '_'", GROUP, 0, "a-1_Z", true },
	{ "name that begins with a digit", GROUP, 0, "1a", false },
	{ "name that begins with '-'", SET, 0, "-a", false },
	{ "name that begins with '_'", ALIAS, 0, "_a", false },
	{ "name with a dot", SET, 0, "a.b", false },
	{ "name with a letter beyond ASCII", ALIAS, 0, "b\xc3\xbcro", false },
};

static void name_is_taken_or_refused(void **state)
{
	const struct name_fact *f = *state;
	static const char *const forms[][2] = { [SET] = { "[IPSET %s]\n", "ipsets: { \"%s\": [] }" },
						[GROUP] = { "[group %s]\n", "groups: { \"%s\": [] }" },
						[ALIAS] = { "[ALIASES]\n%s 10.0.0.1\n", "aliases: { \"%s\": 10.0.0.1 }" } };
	_cleanup_fw_issues_ struct fw_issues issues = { 0 };
	_cleanup_free_ char *fault = NULL, *name = f->name ? xstrdup(f->name) : xcalloc(f->length + 1, 1);

	if (!f->name)
		memset(name, 'a', f->length);
	assert_true(fw_name_valid(name, f->kind == GROUP ? FW_GROUP_NAME_MAX : FW_NAME_MAX) == f->good);
	_cleanup_free_ char *text = xasprintf(forms[f->kind][0], name), *map = xasprintf(forms[f->kind][1], name);
	_cleanup_fw_config_ struct fw_config *c = forms_read(FW_CLUSTER, text, &issues);
	_cleanup_fw_config_ struct fw_config *yaml = forms_read_yaml(FW_CLUSTER, map, &fault);
	size_t named = 0;
	for (size_t i = 0; i < issues.n; i++)
		named += streq(issues.v[i].code, "bad-name");
	assert_int_equal(named, !f->good);
	assert_true((yaml != NULL) == f->good);
}

static const struct path_fact {
	const char *fact, *path;
	enum fw_level level;
	const char *id;
} paths[] = {
	{ "file /etc/pve/firewall/cluster.fw is the cluster's", "/etc/pve/firewall/cluster.fw", FW_CLUSTER, NULL },
	{ "file /etc/pve/nodes/NODE/host.fw is a node's", "/etc/pve/nodes/pve/host.fw", FW_HOST, NULL },
	{ "file /etc/pve/local/host.fw is a node's", "/etc/pve/local/host.fw", FW_HOST, NULL },
	{ "file /etc/pve/firewall/VMID.fw is a guest's", "/etc/pve/firewall/100.fw", FW_GUEST, "100" },
	{ "file /etc/pve/sdn/firewall/VNET.fw is a vnet's", "/etc/pve/sdn/firewall/v1.fw", FW_VNET, "v1" },
	{ "a vnet may be called cluster", "/etc/pve/sdn/firewall/cluster.fw", FW_VNET, "cluster" },
	{ "a vnet may be called host, in a folder of one's own", "sdn/host.fw", FW_VNET, "host" },
	{ "a file beside cluster.fw that is no guest's is a vnet's", "mine/dmz.fw", FW_VNET, "dmz" },
	{ "folder that only ends in sdn", "my-sdn/cluster.fw", FW_CLUSTER, NULL },
};

static void path_tells_the_level(void **state)
{
	const struct path_fact *f = *state;
	_cleanup_free_ char *id = NULL;

	assert_int_equal(fw_level_of_file(f->path, &id), f->level);
	assert_true(streq_null(id, f->id));
}

static void limits_hold(void **state UNUSED)
{
	_cleanup_buf_ struct buf lines = { 0 };
	struct fw_config *c = NULL;

	assert_fails(fw_read("x.fw", FW_HOST, NULL, "[RULES]\0\n", 9, NULL, &c, &err), ERR_RECIPE, "NUL");
	for (int i = 0; i <= FW_FILE_LINES_MAX; i++)
		buf_addc(&lines, '\n');
	assert_fails(fw_read("x.fw", FW_HOST, NULL, buf_text(&lines), lines.len, NULL, &c, &err), ERR_RECIPE, "lines");
}

int main(void)
{
	static const char *const limits[] = { "files have a largest size and are text" };
	struct facts f = { 0 };

	FACTS(&f, paths, path_tells_the_level);
	FACTS(&f, texts, text_reads_as_the_facts_say);
	FACTS(&f, equals, files_mean_the_same_or_not);
	FACTS(&f, names, name_is_taken_or_refused);
	FACTS(&f, limits, limits_hold);
	return facts_run(&f, "sections 1 and 4: files, names, aliases, sets, groups");
}
