#include "data/fw_macro.h"
#include "base/text.h"

/* Sorted by name, letter case ignored. */
static const struct fw_macro macros[] = {
	{ "Amanda", 0, "udp", "10080" },
	{ "Amanda", 0, "tcp", "10080" },
	{ "Auth", 0, "tcp", "113" },
	{ "BGP", 0, "tcp", "179" },
	{ "BitTorrent", 0, "tcp", "6881:6889" },
	{ "BitTorrent", 0, "udp", "6881" },
	{ "BitTorrent32", 0, "tcp", "6881:6999" },
	{ "BitTorrent32", 0, "udp", "6881" },
	{ "Ceph", 0, "tcp", "6789" },
	{ "Ceph", 0, "tcp", "3300" },
	{ "Ceph", 0, "tcp", "6800:7300" },
	{ "Citrix", 0, "tcp", "1494" },
	{ "Citrix", 0, "udp", "1604" },
	{ "Citrix", 0, "tcp", "2598" },
	{ "CVS", 0, "tcp", "2401" },
	{ "DAAP", 0, "tcp", "3689" },
	{ "DAAP", 0, "udp", "3689" },
	{ "DCC", 0, "tcp", "6277" },
	{ "DHCPfwd", 0, "udp", "67:68", "67:68" },
	{ "DHCPv6", 6, "udp", "546:547", "546:547" },
	{ "Distcc", 0, "tcp", "3632" },
	{ "DNS", 0, "udp", "53" },
	{ "DNS", 0, "tcp", "53" },
	{ "Finger", 0, "tcp", "79" },
	{ "FTP", 0, "tcp", "21" },
	{ "Git", 0, "tcp", "9418" },
	{ "GNUnet", 0, "tcp", "2086" },
	{ "GNUnet", 0, "udp", "2086" },
	{ "GNUnet", 0, "tcp", "1080" },
	{ "GNUnet", 0, "udp", "1080" },
	{ "GRE", 0, "47" },
	{ "HKP", 0, "tcp", "11371" },
	{ "HTTP", 0, "tcp", "80" },
	{ "HTTPS", 0, "tcp", "443" },
	{ "ICPV2", 0, "udp", "3130" },
	{ "ICQ", 0, "tcp", "5190" },
	{ "IMAP", 0, "tcp", "143" },
	{ "IMAPS", 0, "tcp", "993" },
	{ "IPIP", 0, "94" },
	{ "IPsec", 0, "udp", "500", "500" },
	{ "IPsec", 0, "50" },
	{ "IPsecah", 0, "udp", "500", "500" },
	{ "IPsecah", 0, "51" },
	{ "IPsecnat", 0, "udp", "500" },
	{ "IPsecnat", 0, "udp", "4500" },
	{ "IPsecnat", 0, "50" },
	{ "IRC", 0, "tcp", "6667" },
	{ "Jetdirect", 0, "tcp", "9100" },
	{ "L2TP", 0, "udp", "1701" },
	{ "LDAP", 0, "tcp", "389" },
	{ "LDAPS", 0, "tcp", "636" },
	{ "Mail", 0, "tcp", "25" },
	{ "Mail", 0, "tcp", "465" },
	{ "Mail", 0, "tcp", "587" },
	{ "MDNS", 0, "udp", "5353" },
	{ "MSNP", 0, "tcp", "1863" },
	{ "MSSQL", 0, "tcp", "1433" },
	{ "Munin", 0, "tcp", "4949" },
	{ "MySQL", 0, "tcp", "3306" },
	{ "NeighborDiscovery", 6, "icmpv6", "router-solicitation" },
	{ "NeighborDiscovery", 6, "icmpv6", "router-advertisement" },
	{ "NeighborDiscovery", 6, "icmpv6", "neighbor-solicitation" },
	{ "NeighborDiscovery", 6, "icmpv6", "neighbor-advertisement" },
	{ "NNTP", 0, "tcp", "119" },
	{ "NNTPS", 0, "tcp", "563" },
	{ "NTP", 0, "udp", "123" },
	{ "OpenVPN", 0, "udp", "1194" },
	{ "OSPF", 0, "89" },
	{ "PCA", 0, "udp", "5632" },
	{ "PCA", 0, "tcp", "5631" },
	{ "Ping", 4, "icmp", "echo-request" },
	{ "Ping", 6, "icmpv6", "echo-request" },
	{ "PMG", 0, "tcp", "8006" },
	{ "POP3", 0, "tcp", "110" },
	{ "POP3S", 0, "tcp", "995" },
	{ "PostgreSQL", 0, "tcp", "5432" },
	{ "PPtP", 0, "47" },
	{ "PPtP", 0, "tcp", "1723" },
	{ "Printer", 0, "tcp", "515" },
	{ "Razor", 0, "tcp", "2703" },
	{ "Rdate", 0, "tcp", "37" },
	{ "RDP", 0, "tcp", "3389" },
	{ "RIP", 0, "udp", "520" },
	{ "RNDC", 0, "tcp", "953" },
	{ "Rsync", 0, "tcp", "873" },
	{ "SANE", 0, "tcp", "6566" },
	{ "SixXS", 0, "tcp", "3874" },
	{ "SixXS", 0, "udp", "3740" },
	{ "SixXS", 0, "41" },
	{ "SixXS", 0, "udp", "5072,8374" },
	{ "SMB", 0, "udp", "135,445" },
	{ "SMB", 0, "udp", "137:139" },
	{ "SMB", 0, "udp", "1024:65535", "137" },
	{ "SMB", 0, "tcp", "135,139,445" },
	{ "SMBswat", 0, "tcp", "901" },
	{ "SMTP", 0, "tcp", "25" },
	{ "SMTPS", 0, "tcp", "465" },
	{ "SNMP", 0, "udp", "161:162" },
	{ "SNMP", 0, "tcp", "161" },
	{ "SPAMD", 0, "tcp", "783" },
	{ "SPICEproxy", 0, "tcp", "3128" },
	{ "Squid", 0, "tcp", "3128" },
	{ "SSH", 0, "tcp", "22" },
	{ "Submission", 0, "tcp", "587" },
	{ "SVN", 0, "tcp", "3690" },
	{ "Syslog", 0, "udp", "514" },
	{ "Syslog", 0, "tcp", "514" },
	{ "Telnet", 0, "tcp", "23" },
	{ "Telnets", 0, "tcp", "992" },
	{ "TFTP", 0, "udp", "69" },
	{ "Time", 0, "tcp", "37" },
	{ "Trcrt", 4, "udp", "33434:33524" },
	{ "Trcrt", 4, "icmp", "echo-request" },
	{ "Trcrt", 6, "udp", "33434:33524" },
	{ "Trcrt", 6, "icmpv6", "echo-request" },
	{ "VNC", 0, "tcp", "5900:5999" },
	{ "VNCL", 0, "tcp", "5500" },
	{ "Web", 0, "tcp", "80" },
	{ "Web", 0, "tcp", "443" },
	{ "Webcache", 0, "tcp", "8080" },
	{ "Webmin", 0, "tcp", "10000" },
	{ "Whois", 0, "tcp", "43" },
};

const struct fw_macro *fw_macro_find(const char *name, size_t *ret_n)
{
	for (size_t i = 0; i < ARRAY_SIZE(macros); i++) {
		if (strcasecmp(macros[i].name, name) != 0)
			continue;
		size_t n = 1;
		while (i + n < ARRAY_SIZE(macros) && streq(macros[i + n].name, macros[i].name))
			n++;
		*ret_n = n;
		return &macros[i];
	}
	return NULL;
}

const char *fw_macro_name(size_t index)
{
	const char *last = "";

	for (size_t i = 0; i < ARRAY_SIZE(macros); i++) {
		if (streq(macros[i].name, last))
			continue;
		last = macros[i].name;
		if (index-- == 0)
			return last;
	}
	return NULL;
}

const char *fw_macro_nearest(const char *name)
{
	const char *names[ARRAY_SIZE(macros) + 1] = { NULL };

	for (size_t i = 0; (names[i] = fw_macro_name(i));)
		i++;
	return text_nearest(name, names);
}
