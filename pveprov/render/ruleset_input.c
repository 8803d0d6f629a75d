#include "render/ruleset.h"

static const char *const protocol_of[] = {
	[RECIPE_ALLOW_TCP] = "tcp",
	[RECIPE_ALLOW_UDP] = "udp",
};

/* RFC 4890: without these IPv6 does not work on a link. Advertisements of routers are believed on
 * wan only. */
void ruleset_icmp6(const struct job *j, struct buf *b)
{
	buf_adds(b, "\tchain icmp6 {\n"
		    "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 "
		    "accept\n"
		    "\t\ticmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, "
		    "mld2-listener-report } accept\n");
	buf_addf(b, "\t\tiifname \"%s\" icmpv6 type nd-router-advert ip6 hoplimit 255 accept\n",
		 j->router->wan.interface);
	if (job_admin_dynamic6(j))
		buf_addf(
			b,
			"\t\tiifname \"%s\" icmpv6 type nd-router-advert ip6 hoplimit 255 accept\n",
			j->router->admin);
	buf_addf(b,
		 "\t\tiifname != { \"%s\", \"%s\" } icmpv6 type nd-router-solicit ip6 hoplimit 255 "
		 "accept\n\t}\n",
		 j->router->wan.interface, j->router->admin);
}

static void echo(struct buf *b, const char *limit)
{
	buf_addf(b, "\t\ticmp type echo-request limit rate %s packets accept\n", limit);
	buf_addf(b, "\t\ticmpv6 type echo-request limit rate %s packets accept\n", limit);
}

static void from_admin(const struct job *j, struct buf *b)
{
	buf_addf(b, "\t# %s: administration, nothing else\n\tchain in.%s {\n", j->router->admin,
		 j->router->admin);
	buf_adds(b, "\t\tudp sport 67 udp dport 68 accept comment \"DHCP answers that belong to no "
		    "connection\"\n");
	if (job_admin_dynamic6(j))
		buf_adds(b, "\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept\n");
	echo(b, "20/second burst 20");
	buf_adds(b, "\t\ttcp dport 22 ct state new goto ssh\n\t\tgoto refuse\n\t}\n");
}

static void from_wan(const struct job *j, struct buf *b)
{
	const struct recipe_wan *wan = &j->router->wan;

	buf_addf(b, "\t# %s: closed, and silent about it\n\tchain in.%s {\n", wan->interface,
		 wan->interface);
	if (wan->addressing == RECIPE_ADDRESS_DHCP)
		buf_adds(b, "\t\tudp sport 67 udp dport 68 accept comment \"the server may answer "
			    "from another "
			    "address\"\n");
	if (wan->delegation)
		buf_adds(b, "\t\tip6 saddr fe80::/10 ip6 daddr fe80::/10 udp sport 547 udp dport "
			    "546 accept comment "
			    "\"the request was multicast\"\n");
	echo(b, "10/second burst 20");
	buf_adds(b,
		 "\t\tmeta pkttype != host drop\n"
		 "\t\tlimit rate 6/minute burst 10 packets log prefix \"router wan: \" level info\n"
		 "\t\tcounter name wan.dropped drop\n\t}\n");
}

static int allow(const struct recipe_allow *a, struct buf *b, struct err **err)
{
	char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];

	buf_adds(b, "\t\t");
	if (a->has_from)
		buf_addf(b, "%s saddr %s-%s ", a->from.first.family == 6 ? "ip6" : "ip",
			 addr_text(&a->from.first, first), addr_text(&a->from.last, last));
	switch (a->kind) {
	case RECIPE_ALLOW_DNS:
		return buf_adds(b, "meta l4proto { tcp, udp } th dport 53 accept\n");
	case RECIPE_ALLOW_DHCP:
		return buf_adds(b, "udp dport 67 accept\n");
	case RECIPE_ALLOW_SSH:
		return buf_adds(b, "tcp dport 22 ct state new goto ssh\n");
	case RECIPE_ALLOW_PING: /* every network may, within a limit; named, it has none */
		return buf_adds(b, "meta l4proto { icmp, icmpv6 } accept\n");
	default:
		if (ruleset_ports(b, protocol_of[a->kind], &a->ports, err) < 0)
			return -1;
		return buf_adds(b, " accept\n");
	}
}

static int from_network(const struct recipe_network *n, struct buf *b, struct err **err)
{
	buf_addf(b, "\tchain in.%s {\n", n->interface);
	buf_adds(b,
		 "\t\tfib daddr . iif type != { local, broadcast, multicast } goto refuse comment "
		 "\"the router's address in another network\"\n");
	echo(b, "200/second burst 100");
	for (size_t i = 0; i < n->n_allow; i++)
		if (allow(&n->allow[i], b, err) < 0)
			return err_wrap(err, "network '%s'", n->interface);
	buf_adds(b, "\t\tgoto refuse\n\t}\n");
	return 0;
}

static void by_interface(const struct job *j, struct buf *b)
{
	buf_addf(b, "\t\tiifname vmap { \"%s\" : goto in.%s, \"%s\" : goto in.%s", j->router->admin,
		 j->router->admin, j->router->wan.interface, j->router->wan.interface);
	for (size_t i = 0; i < j->router->n_networks; i++)
		buf_addf(b, ", \"%s\" : goto in.%s", j->router->networks[i].interface,
			 j->router->networks[i].interface);
	buf_adds(b, " }\n");
}

int ruleset_input(const struct job *j, struct buf *b, struct err **err)
{
	buf_adds(b, "\n\t# ---- to the router\n\tchain input {\n"
		    "\t\ttype filter hook input priority filter; policy drop;\n"
		    "\t\tiifname \"lo\" accept\n"
		    "\t\tct state vmap { established : accept, related : accept, invalid : goto "
		    "invalid }\n"
		    "\t\tmeta l4proto icmpv6 jump icmp6\n");
	by_interface(j, b);
	buf_adds(b, "\t\tcounter name unknown.dropped\n\t}\n");
	ruleset_icmp6(j, b);
	buf_adds(b,
		 "\t# A person connects a few times a minute; our own attempts stay below half of "
		 "this.\n"
		 "\tchain ssh {\n"
		 "\t\tupdate @ssh.tries4 { ip saddr limit rate over 12/minute burst 12 packets } "
		 "counter name ssh.flood drop\n"
		 "\t\tupdate @ssh.tries6 { ip6 saddr limit rate over 12/minute burst 12 packets } "
		 "counter name ssh.flood drop\n"
		 "\t\tlimit rate 6/minute burst 12 packets log prefix \"router ssh: \" level info\n"
		 "\t\tcounter name ssh.accepted accept\n\t}\n");
	from_admin(j, b);
	from_wan(j, b);
	for (size_t i = 0; i < j->router->n_networks; i++)
		if (from_network(&j->router->networks[i], b, err) < 0)
			return -1;
	/* The router's own names are asked encrypted; a program that does otherwise shall fail
	 * loudly. */
	buf_addf(b,
		 "\tchain output {\n\t\ttype filter hook output priority filter; policy accept;\n"
		 "\t\toifname \"%s\" meta l4proto { tcp, udp } th dport 53 counter name plain.dns "
		 "reject with icmpx "
		 "admin-prohibited\n\t}\n",
		 j->router->wan.interface);
	return 0;
}
