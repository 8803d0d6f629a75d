#include "render/ruleset.h"

/* Never a source on a unicast network (RFC 6890). */
#define MARTIANS4                                                                                  \
	"{ 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 192.0.0.0/24, 192.0.2.0/24, 198.18.0.0/15, "    \
	"198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/4, 240.0.0.0/4 }"
#define MARTIANS6 "{ ::1, ::ffff:0:0/96, 100::/64, 2001:db8::/32, ff00::/8 }"

void ruleset_prerouting(const struct job *j, struct buf *b)
{
	const char *wan = j->router->wan.interface, *admin = j->router->admin;

	buf_addf(b,
		 "\n\t# ---- before routing: nothing unbelievable gets as far as a "
		 "decision\n\tchain antispoof {\n"
		 "\t\ttype filter hook prerouting priority raw; policy accept;\n"
		 "\t\tiifname \"%s\" counter name wan.rx\n\t\tiifname \"lo\" accept\n",
		 wan);
	buf_adds(b, "\t\tip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 "
		    "accept comment "
		    "\"DHCP before there is an address\"\n");
	buf_addf(b,
		 "\t\tiifname { \"%s\", \"%s\" } udp sport 67 udp dport 68 accept comment \"DHCP "
		 "before there is a "
		 "route\"\n",
		 wan, admin);
	buf_adds(b, "\t\tip saddr " MARTIANS4 " counter name spoofed drop\n"
		    "\t\tip6 saddr " MARTIANS6 " counter name spoofed drop\n"
		    "\t\tip6 saddr fe80::/10 accept comment \"never forwarded\"\n"
		    "\t\tip6 saddr :: icmpv6 type { nd-neighbor-solicit, nd-router-solicit, "
		    "mld2-listener-report } "
		    "accept\n");
	buf_addf(b, "\t\tiifname \"%s\" ip saddr $INSIDE4 counter name spoofed drop\n", admin);
	buf_addf(b,
		 "\t\tiifname \"%s\" accept comment \"answers leave through it again, whatever the "
		 "routes say\"\n",
		 admin);
	buf_adds(b, "\t\tfib saddr . iif oif missing counter name spoofed drop comment \"strict "
		    "reverse path\"\n\t}\n");
}

void ruleset_admin_return(const struct job *j, struct buf *b)
{
	buf_addf(b,
		 "\tchain admin_in {\n\t\ttype filter hook prerouting priority mangle; policy "
		 "accept;\n"
		 "\t\tiifname \"%s\" ct state new fib saddr . iif oif missing ct mark "
		 "set " RULESET_ADMIN_MARK " comment \"not on its own network\"\n\t}\n",
		 j->router->admin);
	buf_adds(b,
		 "\tchain admin_out {\n\t\ttype route hook output priority mangle; policy accept;\n"
		 "\t\tct mark " RULESET_ADMIN_MARK " meta mark set " RULESET_ADMIN_MARK "\n\t}\n");
}
