#include "render/ruleset.h"

/* Never a destination on the internet (RFC 6890). */
#define PRIVATE4                                                                                   \
	"{ 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 169.254.0.0/16, 172.16.0.0/12, 192.0.2.0/24, "    \
	"192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, 240.0.0.0/4 }"
#define PRIVATE6 "{ 2001:db8::/32, fc00::/7, fec0::/10 }"

static void verdicts(const struct job *j, struct buf *b)
{
	const struct recipe_router *r = j->router;

	buf_adds(b, "\t\tiifname . oifname vmap {");
	for (size_t i = 0; i < r->n_networks; i++) {
		const char *from = r->networks[i].interface;
		buf_addf(b, "%s\n\t\t\t\"%s\" . \"%s\" : goto to.%s", i ? "," : "", from,
			 r->wan.interface, r->wan.interface);
		for (size_t k = 0; k < r->n_networks; k++)
			if (job_forwards(j, from, r->networks[k].interface))
				buf_addf(b, ",\n\t\t\t\"%s\" . \"%s\" : goto fwd.%s.%s", from,
					 r->networks[k].interface, from, r->networks[k].interface);
	}
	buf_adds(b, "\n\t\t}\n");
}

static void to_wan(const struct job *j, struct buf *b)
{
	const struct recipe_wan *wan = &j->router->wan;

	buf_addf(b, "\tchain to.%s {\n", wan->interface);
	if (wan->private_destinations == RECIPE_PRIVATE_REJECT)
		buf_adds(b, "\t\tip daddr " PRIVATE4
			    " counter name private.rejected reject with icmpx no-route\n"
			    "\t\tip6 daddr " PRIVATE6
			    " counter name private.rejected reject with icmpx no-route\n");
	/* Unique local addresses are not translated: nobody out there could answer. */
	buf_adds(b, "\t\tip6 saddr fc00::/7 counter name private.rejected reject with icmpx "
		    "no-route\n");
	if (!wan->delegation)
		buf_adds(b, "\t\tmeta nfproto ipv6 goto refuse comment \"no prefix of the "
			    "internet's\"\n");
	buf_adds(b, "\t\taccept\n\t}\n");
}

static int forward_ports(const struct recipe_forward *f, struct buf *b, struct err **err)
{
	if (!f->tcp.n && !f->udp.n) {
		buf_adds(b, "\t\taccept\n");
		return 0;
	}
	const struct {
		const char *protocol;
		const struct field_texts *ports;
	} kinds[] = { { "tcp", &f->tcp }, { "udp", &f->udp } };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!kinds[i].ports->n)
			continue;
		buf_adds(b, "\t\t");
		if (ruleset_ports(b, kinds[i].protocol, kinds[i].ports, err) < 0)
			return err_wrap(err, "forward from '%s' to '%s'", f->from, f->to);
		buf_adds(b, " accept\n");
	}
	return 0;
}

/* All forwards of one pair of networks. */
static int pair(const struct job *j, const char *from, const char *to, struct buf *b,
		struct err **err)
{
	buf_addf(b, "\tchain fwd.%s.%s {\n", from, to);
	for (size_t i = 0; i < j->router->n_forwards; i++) {
		const struct recipe_forward *f = &j->router->forwards[i];
		if (streq(f->from, from) && streq(f->to, to) && forward_ports(f, b, err) < 0)
			return -1;
	}
	buf_adds(b, "\t\ticmp type echo-request accept\n\t\ticmpv6 type echo-request accept\n"
		    "\t\tgoto refuse\n\t}\n");
	return 0;
}

static int pairs(const struct job *j, struct buf *b, struct err **err)
{
	const struct recipe_router *r = j->router;

	for (size_t i = 0; i < r->n_networks; i++)
		for (size_t k = 0; k < r->n_networks; k++)
			if (job_forwards(j, r->networks[i].interface, r->networks[k].interface) &&
			    pair(j, r->networks[i].interface, r->networks[k].interface, b, err) < 0)
				return -1;
	return 0;
}

static const char *const protocols[] = { "tcp", "udp" };

/*
 * IPv6 is not translated: a port forward to an IPv6 address lets its port through. An address
 * without a network part ("::50") is matched by its host bits, so that it survives a change of the
 * delegated prefix.
 */
static void pinholes(const struct job *j, struct buf *b)
{
	static const uint8_t no_network[8];
	char text[ADDR_TEXT_MAX];

	buf_adds(b, "\tchain pinholes {\n");
	for (size_t i = 0; i < j->router->n_port_forwards; i++) {
		const struct recipe_port_forward *f = &j->router->port_forwards[i];
		if (f->to.family != 6)
			continue;
		bool host_only = memcmp(f->to.bytes, no_network, sizeof(no_network)) == 0;
		buf_addf(b, "\t\tip6 daddr %s%s %s dport %" PRId64 " counter accept\n",
			 host_only ? "& ::ffff:ffff:ffff:ffff == " : "", addr_text(&f->to, text),
			 protocols[f->protocol], f->port);
	}
	buf_adds(b, "\t}\n");
}

static void accounting(const struct job *j, struct buf *b)
{
	const struct recipe_router *r = j->router;
	const char *wan = r->wan.interface;
	const char *comma = "";

	buf_adds(b, "\t# Only what was let through is counted.\n\tchain account {\n"
		    "\t\ttype filter hook forward priority filter + 10; policy accept;\n"
		    "\t\tcounter name iifname . oifname map {");
	for (size_t i = 0; i < r->n_networks; i++) {
		const char *a = r->networks[i].interface;
		buf_addf(b,
			 "%s\n\t\t\t\"%s\" . \"%s\" : \"fwd.%s.%s\", \"%s\" . \"%s\" : "
			 "\"fwd.%s.%s\"",
			 comma, a, wan, a, wan, wan, a, wan, a);
		comma = ",";
		for (size_t k = 0; k < r->n_networks; k++) {
			const char *c = r->networks[k].interface;
			if (job_forwards(j, a, c) || job_forwards(j, c, a))
				buf_addf(b, ",\n\t\t\t\"%s\" . \"%s\" : \"fwd.%s.%s\"", a, c, a, c);
		}
	}
	buf_adds(b, "\n\t\t}\n");
	for (size_t i = 0; i < 2; i++) {
		const char *family = i ? "ip6" : "ip", *digit = i ? "6" : "4";
		buf_addf(b,
			 "\t\tiifname != \"%s\" oifname \"%s\" update @client.tx%s { iifname . %s "
			 "saddr }\n",
			 wan, wan, digit, family);
		buf_addf(b,
			 "\t\tiifname \"%s\" oifname != \"%s\" update @client.rx%s { oifname . %s "
			 "daddr }\n",
			 wan, wan, digit, family);
	}
	buf_adds(b, "\t}\n");
}

int ruleset_forward(const struct job *j, struct buf *b, struct err **err)
{
	const char *wan = j->router->wan.interface;

	buf_addf(b,
		 "\n\t# ---- through the router\n\tchain clamp {\n"
		 "\t\ttype filter hook forward priority mangle; policy accept;\n"
		 "\t\toifname \"%s\" tcp flags & (syn | rst) == syn tcp option maxseg size set rt "
		 "mtu\n"
		 "\t\tiifname \"%s\" tcp flags & (syn | rst) == syn tcp option maxseg size set rt "
		 "mtu\n\t}\n",
		 wan, wan);
	buf_adds(b,
		 "\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n"
		 "\t\tct state vmap { established : accept, related : accept, invalid : goto "
		 "invalid }\n");
	buf_addf(b, "\t\tct status dnat iifname != \"%s\" accept comment \"port forwards\"\n",
		 j->router->admin);
	verdicts(j, b);
	buf_addf(b, "\t\tiifname \"%s\" meta nfproto ipv6 jump pinholes\n", wan);
	buf_addf(b, "\t\tiifname \"%s\" counter name wan.dropped drop\n\t\tgoto refuse\n\t}\n",
		 wan);
	to_wan(j, b);
	pinholes(j, b);
	if (pairs(j, b, err) < 0)
		return -1;
	accounting(j, b);
	return 0;
}

static void port_forwards(const struct job *j, struct buf *b)
{
	char text[ADDR_TEXT_MAX];

	buf_adds(b, "\tchain dstnat {\n\t\ttype nat hook prerouting priority dstnat; policy "
		    "accept;\n\t\tiifname ");
	ruleset_interfaces(j, true, b);
	/* "To the public address": local, and none of our addresses inside. */
	buf_adds(b, " ip daddr != $INSIDE4 fib daddr type local jump port_forwards\n\t}\n\tchain "
		    "port_forwards {\n");
	for (size_t i = 0; i < j->router->n_port_forwards; i++) {
		const struct recipe_port_forward *f = &j->router->port_forwards[i];
		if (f->to.family != 4)
			continue;
		buf_addf(b,
			 "\t\tmeta nfproto ipv4 %s dport %" PRId64 " counter dnat ip to %s:%" PRId64
			 "\n",
			 protocols[f->protocol], f->port, addr_text(&f->to, text),
			 f->to_port ? f->to_port : f->port);
	}
	buf_adds(b, "\t}\n");
}

void ruleset_nat(const struct job *j, struct buf *b)
{
	const struct recipe_router *r = j->router;

	buf_adds(b, "\n\t# ---- translation\n");
	port_forwards(j, b);
	buf_addf(b,
		 "\tchain srcnat {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
		 "\t\toifname \"%s\" ip saddr $INSIDE4 masquerade\n",
		 r->wan.interface);
	/* Where both ends share a network the answer must come back through us; elsewhere the
	 * client's address stays. */
	buf_adds(b, "\t\tct status dnat iifname . oifname {");
	for (size_t i = 0; i < r->n_networks; i++)
		buf_addf(b, "%s \"%s\" . \"%s\"", i ? "," : "", r->networks[i].interface,
			 r->networks[i].interface);
	buf_adds(b, " } masquerade comment \"hairpin\"\n\t}\n");
	buf_addf(b,
		 "\tchain postrouting {\n\t\ttype filter hook postrouting priority 300; policy "
		 "accept;\n"
		 "\t\toifname \"%s\" counter name wan.tx\n\t}\n",
		 r->wan.interface);
}
