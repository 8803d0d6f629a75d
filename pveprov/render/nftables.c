#include "render/firewall_unit.h"
#include "render/ruleset.h"
#include "base/text.h"

void ruleset_interfaces(const struct job *j, bool with_wan, struct buf *b)
{
	buf_adds(b, "{");
	if (with_wan)
		buf_addf(b, " \"%s\",", j->router->wan.interface);
	for (size_t i = 0; i < j->router->n_networks; i++)
		buf_addf(b, "%s \"%s\"", i ? "," : "", j->router->networks[i].interface);
	buf_adds(b, " }");
}

static bool port_is_safe(const char *s)
{
	_cleanup_free_ char *copy = xstrdup(s);
	char *last = strchr(copy, '-');
	uint64_t a, z;

	if (last)
		*last++ = '\0';
	return text_to_u64(copy, 1, 65535, &a) &&
	       (!last || (text_to_u64(last, 1, 65535, &z) && a <= z));
}

int ruleset_ports(struct buf *b, const char *protocol, const struct field_texts *ports,
		  struct err **err)
{
	if (!ports->n)
		return err_set(err, ERR_RECIPE, "%s without a port", protocol);
	buf_addf(b, "%s dport {", protocol);
	for (size_t i = 0; i < ports->n; i++) {
		if (!port_is_safe(ports->v[i]))
			return err_set(err, ERR_RECIPE,
				       "'%s' is neither a port nor a range of ports", ports->v[i]);
		buf_addf(b, "%s %s", i ? "," : "", ports->v[i]);
	}
	return buf_adds(b, " }");
}

static void define_inside(const struct job *j, struct buf *b)
{
	char text[ADDR_TEXT_MAX];

	buf_adds(b, "define INSIDE4 = {");
	for (size_t i = 0; i < j->router->n_networks; i++) {
		const struct addr_cidr *c = &j->router->networks[i].address;
		struct addr_cidr net = { addr_network(c), c->prefix };
		buf_addf(b, "%s %s", i ? "," : "", addr_cidr_text(&net, text));
	}
	buf_adds(b, " }\n");
}

/*
 * A table of its own that no reload empties. nft add element inet bans ban4 '{ 9.9.9.9 timeout 1d
 * }' works at once, on running connections too.
 */
static void bans(const struct job *j, struct buf *b)
{
	static const char *const families[] = { "4", "6" };

	buf_adds(b, "\n# Bans survive a reload: nft add element inet bans ban4 '{ ADDRESS timeout "
		    "1d }'\n"
		    "add table inet bans\n"
		    "add chain inet bans source { type filter hook prerouting priority -310; "
		    "policy accept; }\n"
		    "add chain inet bans target { type filter hook forward priority -10; policy "
		    "accept; }\n"
		    "flush chain inet bans source\nflush chain inet bans target\n");
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const char *f = families[i], *ip = i ? "ip6" : "ip",
			   *type = i ? "ipv6_addr" : "ipv4_addr";
		buf_addf(b,
			 "add set inet bans ban%s { type %s; flags interval, timeout; auto-merge; "
			 "}\n",
			 f, type);
		/* The admin interface is exempt: a ban must not lock the administrator out. */
		buf_addf(b,
			 "add rule inet bans source iifname != \"%s\" %s saddr @ban%s counter "
			 "drop\n",
			 j->router->admin, ip, f);
		buf_addf(b,
			 "add rule inet bans target %s daddr @ban%s counter reject with icmpx "
			 "admin-prohibited\n",
			 ip, f);
	}
}

static void counters_of_pairs(const struct job *j, struct buf *b)
{
	const struct recipe_router *r = j->router;

	for (size_t i = 0; i < r->n_networks; i++) {
		const char *a = r->networks[i].interface;
		buf_addf(b, "\tcounter fwd.%s.%s { }\n\tcounter fwd.%s.%s { }\n", a,
			 r->wan.interface, r->wan.interface, a);
		for (size_t k = 0; k < r->n_networks; k++) {
			const char *c = r->networks[k].interface;
			if (job_forwards(j, a, c) || job_forwards(j, c, a))
				buf_addf(b, "\tcounter fwd.%s.%s { }\n", a, c);
		}
	}
}

void ruleset_objects(const struct job *j, struct buf *b)
{
	static const char *const counters[] = { "invalid",   "plain.dns",	"private.rejected",
						"refused",   "spoofed",		"ssh.accepted",
						"ssh.flood", "unknown.dropped", "wan.dropped",
						"wan.rx",    "wan.tx" };
	static const char *const ways[] = { "tx", "rx" };

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		buf_addf(b, "\tcounter %s { }\n", counters[i]);
	counters_of_pairs(j, b);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		buf_addf(b,
			 "\tset client.%s4 { type ifname . ipv4_addr; size 4096; flags dynamic, "
			 "timeout; timeout 1d; "
			 "counter; }\n",
			 ways[i]);
		buf_addf(b,
			 "\tset client.%s6 { type ifname . ipv6_addr; size 8192; flags dynamic, "
			 "timeout; timeout 1d; "
			 "counter; }\n",
			 ways[i]);
	}
	buf_adds(b, "\tset ssh.tries4 { type ipv4_addr; size 4096; flags dynamic, timeout; timeout "
		    "10m; }\n"
		    "\tset ssh.tries6 { type ipv6_addr; size 4096; flags dynamic, timeout; timeout "
		    "10m; }\n");
}

/* Says what the file is. */
static void begin(const struct job *j, struct buf *b, const char *what)
{
	buf_addf(b, "#!%s -f\n", j->distribution->nft);
	job_header(j, b, "#");
	buf_addf(b, "# %s\n", what);
}

/*
 * Our table and no other. Its rules are replaced, its base chains stay: a chain that is deleted and
 * made again has, for a moment, its drop policy and no rules, and packets are lost. Counters and
 * the sets of clients live on, too.
 */
static const char table[] =
	"\nadd table inet router\nflush table inet router\ntable inet router {\n";

static int rules(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	begin(j, &b,
	      "Interfaces by name: loads before they exist. Tables of others are left alone.");
	define_inside(j, &b);
	bans(j, &b);
	buf_adds(&b, table);
	ruleset_objects(j, &b);
	ruleset_prerouting(j, &b);
	ruleset_admin_return(j, &b);
	buf_adds(&b, "\tchain invalid {\n\t\tcounter name invalid drop\n\t}\n"
		     "\t# Inside, a refusal is said: \"No route to host\".\n\tchain refuse {\n"
		     "\t\tmeta pkttype != host drop\n\t\tcounter name refused\n"
		     "\t\tlimit rate 20/second burst 20 packets reject with icmpx "
		     "admin-prohibited\n\t\tdrop\n\t}\n");
	if (ruleset_input(j, &b, err) < 0 || ruleset_forward(j, &b, err) < 0)
		return -1;
	ruleset_nat(j, &b);
	buf_adds(&b, "}\n");
	return job_file(j, FIREWALL_RULES, &b, err);
}

static int lockdown(const struct job *j, struct err **err)
{
	const char *admin = j->router->admin;
	_cleanup_buf_ struct buf b = { 0 };

	begin(j, &b,
	      "Until the rules are loaded, and when they do not load: administration only, nothing "
	      "passes.");
	buf_adds(&b, table);
	ruleset_admin_return(j, &b);
	ruleset_icmp6(j, &b);
	buf_adds(&b, "\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n"
		     "\t\tiifname \"lo\" accept\n\t\tct state established,related accept\n"
		     "\t\tmeta l4proto icmpv6 jump icmp6\n");
	buf_addf(&b,
		 "\t\tiifname \"%s\" udp sport 67 udp dport 68 accept\n"
		 "\t\tiifname \"%s\" tcp dport 22 accept\n"
		 "\t\tiifname \"%s\" icmp type echo-request accept\n\t}\n",
		 admin, admin, admin);
	buf_adds(&b, "\tchain forward {\n\t\ttype filter hook forward priority filter; policy "
		     "drop;\n\t}\n}\n");
	return job_file(j, FIREWALL_LOCKDOWN, &b, err);
}

int nftables_render(const struct job *j, struct err **err)
{
	return rules(j, err) < 0 ? -1 : lockdown(j, err);
}
