/*
 * Does the loaded firewall let a client open tcp to the node? The lab's own reading of the chains, for one kind of
 * packet; the client of this project has another one, so that they check each other.
 */
#include "base/strv.h"
#include "base/text.h"
#include "lab/firewall_private.h"
#include "lab/node_network.h"

struct view {
	const struct lab *lab;
	const json_t *cluster, *host;
	const struct addr *client;
	int port;
};

static bool cidr_has(const char *text, const struct addr *a)
{
	struct addr_cidr c;
	struct addr one;

	if (addr_parse(text, &one))
		return addr_compare(&one, a) == 0;
	return addr_cidr_parse(text, &c) && c.addr.family == a->family && addr_cidr_contains(&c, a);
}

static const char *alias_cidr(const struct view *v, const char *name)
{
	_cleanup_free_ char *key = firewall_lower(starts_with(name, "dc/") ? name + 3 : name);

	return json_text(json_object_get(json_object_get(v->cluster, "aliases"), key), "cidr");
}

static bool set_has(const struct view *v, const char *name, bool *ret_exists)
{
	const json_t *s = json_object_get(json_object_get(v->cluster, "ipset"), name), *e;
	bool in = false, out = false;
	size_t i;

	*ret_exists = s != NULL;
	json_array_foreach(json_object_get(s, "entries"), i, e) {
		const char *cidr = json_text(e, "cidr"), *alias = alias_cidr(v, cidr);
		if (!cidr_has(alias ? alias : cidr, v->client))
			continue;
		if (json_flag(e, "nomatch", false))
			out = true;
		else
			in = true;
	}
	return in && !out;
}

/* The network of the node's address, unless an alias says it. */
static bool in_local_network(const struct view *v)
{
	const char *alias = alias_cidr(v, "local_network");
	const char *own = network_node_address(v->lab), *name;
	json_t *i;

	if (alias)
		return cidr_has(alias, v->client);
	json_object_foreach(v->lab->network->current, name, i) {
		const char *cidr = json_text(i, "cidr"), *address = json_text(i, "address");
		if (cidr && address && streq(address, own))
			return cidr_has(cidr, v->client);
	}
	return false;
}

static bool in_management(const struct view *v)
{
	bool exists;

	return set_has(v, "management", &exists) || in_local_network(v);
}

/* A rule's source; false also where the rule is not applied. */
static bool source_matches(const struct view *v, const char *source)
{
	_cleanup_strv_ struct strv items = { 0 };
	struct addr_range r;
	bool exists;

	if (!source)
		return true;
	if (source[0] == '+') {
		const char *name = starts_with(source + 1, "dc/") ? source + 4 : source + 1;
		if (streq(name, "management") && json_object_get(json_object_get(v->cluster, "ipset"), name))
			return in_management(v);
		return set_has(v, name, &exists);
	}
	const char *alias = alias_cidr(v, source);
	if (alias)
		return cidr_has(alias, v->client);
	if (strchr(source, '-') && addr_range_parse(source, &r))
		return addr_range_contains(&r, v->client);
	strv_split(&items, source, ",");
	for (size_t i = 0; i < items.n; i++)
		if (cidr_has(items.v[i], v->client))
			return true;
	return false;
}

static bool port_matches(const char *ports, int port)
{
	_cleanup_strv_ struct strv items = { 0 };
	uint64_t a, b;

	if (!ports)
		return true;
	strv_split(&items, ports, ",");
	for (size_t i = 0; i < items.n; i++) {
		char *colon = strchr(items.v[i], ':');
		if (colon)
			*colon++ = '\0';
		if (text_to_u64(items.v[i], 0, 65535, &a) && text_to_u64(colon ? colon : items.v[i], 0, 65535, &b) &&
		    (uint64_t)port >= a && (uint64_t)port <= b)
			return true;
		if (streq(items.v[i], "ssh") && port == 22)
			return true;
	}
	return false;
}

/* The tcp port of the few macros that open the node's own services. */
static bool macro_matches(const char *macro, int port)
{
	static const struct {
		const char *name;
		int first, last;
	} macros[] = { { "SSH", 22, 22 }, { "PMG", 8006, 8006 }, { "VNC", 5900, 5999 }, { "SPICEproxy", 3128, 3128 },
		       { "Squid", 3128, 3128 } };

	for (size_t i = 0; i < ARRAY_SIZE(macros); i++)
		if (strcasecmp(macros[i].name, macro) == 0)
			return port >= macros[i].first && port <= macros[i].last;
	return false;
}

static bool rule_matches(const struct view *v, const json_t *r)
{
	const char *macro = json_text(r, "macro"), *proto = json_text(r, "proto");

	if (!streq(json_text(r, "type"), "in") || !json_flag(r, "enable", false) || json_text(r, "sport") ||
	    (json_text(r, "iface") && !streq(json_text(r, "iface"), "vmbr0")))
		return false;
	if (macro ? !macro_matches(macro, v->port) : proto && !streq(proto, "tcp") && !streq(proto, "6"))
		return false;
	return port_matches(json_text(r, "dport"), v->port) && source_matches(v, json_text(r, "source"));
}

/* 1: accepted, 0: refused, -1: no rule decides. */
static int walk(const struct view *v, const json_t *rules)
{
	json_t *r;
	size_t i;

	json_array_foreach((json_t *)rules, i, r) {
		if (streq(json_text(r, "type"), "group")) {
			const json_t *g = json_object_get(json_object_get(v->cluster, "groups"), json_text(r, "action"));
			int d = json_flag(r, "enable", false) && g ? walk(v, json_object_get(g, "rules")) : -1;
			if (d >= 0)
				return d;
		} else if (rule_matches(v, r)) {
			return streq(json_text(r, "action"), "ACCEPT");
		}
	}
	return -1;
}

static bool is_management_port(int port)
{
	return port == 8006 || port == 22 || port == 3128 || (port >= 5900 && port <= 5999) ||
	       (port >= 60000 && port <= 60050);
}

bool firewall_decide(const struct lab *l, const json_t *files, const struct addr *client, int port)
{
	struct view v = { .lab = l,
			  .cluster = json_object_get(files, "cluster"),
			  .host = json_object_get(files, "host"),
			  .client = client,
			  .port = port };
	const json_t *host_options = json_object_get(v.host, "options");
	const char *policy = json_text(json_object_get(v.cluster, "options"), "policy_in");
	bool nftables = json_flag(host_options, "nftables", false), exists;
	int d = -1;

	if (nftables && is_management_port(port) && port < 60000 && in_management(&v))
		return true;
	if (!nftables && set_has(&v, "blacklist", &exists))
		return false;
	d = walk(&v, json_object_get(v.host, "rules"));
	if (d < 0)
		d = walk(&v, json_object_get(v.cluster, "rules"));
	if (d >= 0)
		return d;
	if (!nftables && is_management_port(port) && in_management(&v))
		return true;
	return policy && streq(policy, "ACCEPT");
}
