/* Every macro with every line of it, typed from the facts and not from the code. */
#include "facts.h"
#include "base/buf.h"
#include "data/fw_macro.h"

/* "PROTO:DPORTS sport PORTS; ...", a number alone is a protocol; "4" and "6" in front: that family only. */
static const struct macro_fact {
	const char *fact, *lines;
} macros[] = {
	{ "macro Amanda", "udp:10080; tcp:10080" },
	{ "macro Auth", "tcp:113" },
	{ "macro BGP", "tcp:179" },
	{ "macro BitTorrent", "tcp:6881:6889; udp:6881" },
	{ "macro BitTorrent32", "tcp:6881:6999; udp:6881" },
	{ "macro Ceph", "tcp:6789; tcp:3300; tcp:6800:7300" },
	{ "macro CVS", "tcp:2401" },
	{ "macro Citrix", "tcp:1494; udp:1604; tcp:2598" },
	{ "macro DAAP", "tcp:3689; udp:3689" },
	{ "macro DCC", "tcp:6277" },
	{ "macro DHCPfwd", "udp:67:68 sport 67:68" },
	{ "macro DNS", "udp:53; tcp:53" },
	{ "macro Distcc", "tcp:3632" },
	{ "macro FTP", "tcp:21" },
	{ "macro Finger", "tcp:79" },
	{ "macro GNUnet", "tcp:2086; udp:2086; tcp:1080; udp:1080" },
	{ "macro GRE", "47" },
	{ "macro Git", "tcp:9418" },
	{ "macro HKP", "tcp:11371" },
	{ "macro HTTP", "tcp:80" },
	{ "macro HTTPS", "tcp:443" },
	{ "macro ICPV2", "udp:3130" },
	{ "macro ICQ", "tcp:5190" },
	{ "macro IMAP", "tcp:143" },
	{ "macro IMAPS", "tcp:993" },
	{ "macro IPIP", "94" },
	{ "macro IPsec", "udp:500 sport 500; 50" },
	{ "macro IPsecah", "udp:500 sport 500; 51" },
	{ "macro IPsecnat", "udp:500; udp:4500; 50" },
	{ "macro IRC", "tcp:6667" },
	{ "macro Jetdirect", "tcp:9100" },
	{ "macro L2TP", "udp:1701" },
	{ "macro LDAP", "tcp:389" },
	{ "macro LDAPS", "tcp:636" },
	{ "macro MSNP", "tcp:1863" },
	{ "macro MSSQL", "tcp:1433" },
	{ "macro Mail", "tcp:25; tcp:465; tcp:587" },
	{ "macro MDNS", "udp:5353" },
	{ "macro Munin", "tcp:4949" },
	{ "macro MySQL", "tcp:3306" },
	{ "macro NNTP", "tcp:119" },
	{ "macro NNTPS", "tcp:563" },
	{ "macro NTP", "udp:123" },
	{ "macro OSPF", "89" },
	{ "macro OpenVPN", "udp:1194" },
	{ "macro PCA", "udp:5632; tcp:5631" },
	{ "macro PMG", "tcp:8006" },
	{ "macro POP3", "tcp:110" },
	{ "macro POP3S", "tcp:995" },
	{ "macro PPtP", "47; tcp:1723" },
	{ "macro Ping, with an IPv6 form", "4 icmp:echo-request; 6 icmpv6:echo-request" },
	{ "macro PostgreSQL", "tcp:5432" },
	{ "macro Printer", "tcp:515" },
	{ "macro RDP", "tcp:3389" },
	{ "macro RIP", "udp:520" },
	{ "macro RNDC", "tcp:953" },
	{ "macro Razor", "tcp:2703" },
	{ "macro Rdate", "tcp:37" },
	{ "macro Rsync", "tcp:873" },
	{ "macro SANE", "tcp:6566" },
	{ "macro SMB", "udp:135,445; udp:137:139; udp:1024:65535 sport 137; tcp:135,139,445" },
	{ "macro SMBswat", "tcp:901" },
	{ "macro SMTP", "tcp:25" },
	{ "macro SMTPS", "tcp:465" },
	{ "macro SNMP", "udp:161:162; tcp:161" },
	{ "macro SPAMD", "tcp:783" },
	{ "macro SSH", "tcp:22" },
	{ "macro SVN", "tcp:3690" },
	{ "macro SixXS", "tcp:3874; udp:3740; 41; udp:5072,8374" },
	{ "macro SPICEproxy", "tcp:3128" },
	{ "macro Squid", "tcp:3128" },
	{ "macro Submission", "tcp:587" },
	{ "macro Syslog", "udp:514; tcp:514" },
	{ "macro TFTP", "udp:69" },
	{ "macro Telnet", "tcp:23" },
	{ "macro Telnets", "tcp:992" },
	{ "macro Time", "tcp:37" },
	{ "macro Trcrt, with an IPv6 form",
	  "4 udp:33434:33524; 4 icmp:echo-request; 6 udp:33434:33524; 6 icmpv6:echo-request" },
	{ "macro VNC", "tcp:5900:5999" },
	{ "macro VNCL", "tcp:5500" },
	{ "macro Web", "tcp:80; tcp:443" },
	{ "macro Webcache", "tcp:8080" },
	{ "macro Webmin", "tcp:10000" },
	{ "macro Whois", "tcp:43" },
	{ "macro NeighborDiscovery, IPv6 only",
	  "6 icmpv6:router-solicitation; 6 icmpv6:router-advertisement; 6 icmpv6:neighbor-solicitation; "
	  "6 icmpv6:neighbor-advertisement" },
	{ "macro DHCPv6, IPv6 only, both ways", "6 udp:546:547 sport 546:547" },
};

static char *name_of(const struct macro_fact *f)
{
	const char *name = f->fact + strlen("macro ");

	return xstrndup(name, strcspn(name, ","));
}

static void swap_case(char *s)
{
	for (; *s; s++)
		if ((*s | 32) >= 'a' && (*s | 32) <= 'z')
			*s ^= 32;
}

static void macro_has_these_lines(void **state)
{
	const struct macro_fact *f = *state;
	_cleanup_free_ char *name = name_of(f);
	_cleanup_buf_ struct buf lines = { 0 };
	size_t n = 0, again = 0;
	const struct fw_macro *m = fw_macro_find(name, &n);

	assert_non_null(m);
	assert_string_equal(m->name, name);
	for (size_t i = 0; i < n; i++) {
		buf_adds(&lines, i ? "; " : "");
		if (m[i].family)
			buf_addf(&lines, "%d ", m[i].family);
		buf_addf(&lines, "%s%s%s", m[i].proto, m[i].dport ? ":" : "", m[i].dport ? m[i].dport : "");
		if (m[i].sport)
			buf_addf(&lines, " sport %s", m[i].sport);
	}
	assert_string_equal(buf_text(&lines), f->lines);
	swap_case(name);
	assert_ptr_equal(fw_macro_find(name, &again), m);
}

static void there_are_86(void **state UNUSED)
{
	size_t n = 0;

	assert_int_equal(ARRAY_SIZE(macros), 86);
	for (const char *name; (name = fw_macro_name(n)); n++) {
		size_t k = 0;
		while (k < ARRAY_SIZE(macros)) {
			_cleanup_free_ char *typed = name_of(&macros[k]);
			if (streq(typed, name))
				break;
			k++;
		}
		if (k == ARRAY_SIZE(macros))
			fail_msg("no row for '%s'", name);
	}
	assert_int_equal(n, 86);
}

static const struct near_fact {
	const char *fact, *name, *near;
} names[] = {
	{ "macro nearest name of HTPS", "HTPS", "HTTPS" },
	{ "macro nearest name of ssh2", "ssh2", "SSH" },
	{ "macro nearest name of Nextcloud: none", "Nextcloud", NULL },
};

static void nearest_name(void **state)
{
	const struct near_fact *f = *state;
	const char *near = fw_macro_nearest(f->name);

	if (!streq_null(near, f->near))
		fail_msg("'%s' is nearest", near ? near : "nothing");
}

int main(void)
{
	static const char *const all[] = { "macros: 84, NeighborDiscovery and DHCPv6" };
	struct facts f = { 0 };

	FACTS(&f, macros, macro_has_these_lines);
	FACTS(&f, names, nearest_name);
	FACTS(&f, all, there_are_86);
	return facts_run(&f, "section 3: macros");
}
