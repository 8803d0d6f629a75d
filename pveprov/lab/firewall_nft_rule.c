/*
 * One rule of a file as rules of a chain: its macro expanded, its log line before it. A rule that the server would not
 * apply makes none.
 */
#include "data/fw_macro.h"
#include "data/fw_proto.h"
#include "lab/firewall_nft.h"

const char *nft_word(const struct nft *n, enum nft_direction d)
{
	static const char *const words[] = { "in", "out", "forward" }, *const upper[] = { "IN", "OUT", "FORWARD" };

	return n->proxmox ? words[d] : upper[d];
}

const char *nft_verdict(const struct nft *n, const struct nft_place *at, const char *action)
{
	if (streq(action, "ACCEPT"))
		return "accept";
	/* what came onto the bridge cannot be answered any more */
	if (streq(action, "DROP") || (n->proxmox && at->guest && at->direction == NFT_IN))
		return "drop";
	return "jump do-reject";
}

const char *nft_log(struct nft *n, const struct nft_place *at, const char *level, const char *what)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };

	for (size_t i = 0; level && i < ARRAY_SIZE(levels); i++)
		if (streq(levels[i], level))
			return arena_printf(&n->arena, "%slog prefix \":%s:%zu:%s: %s\" group 0 ", n->limit, at->vmid, i,
					    at->label, what);
	return "";
}

static const char *field(const json_t *rule, const char *name)
{
	const char *s = json_text(rule, name);

	return s && *s ? s : NULL;
}

/* The family that a rule is for: 4, 6, 0 for both; -1: its parts contradict each other. */
static int family_of(struct nft *n, const struct nft_place *at, const json_t *rule)
{
	const char *const fields[] = { "source", "dest" }, *proto = field(rule, "proto");
	int family = proto ? fw_proto_family(proto) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *text = field(rule, fields[i]);
		bool four = nft_match_address(n, at, text, "saddr", 4), six = nft_match_address(n, at, text, "saddr", 6);
		int own = four && six ? 0 : four ? 4 : six ? 6 : -1;
		if (own < 0 || (own && family && own != family))
			return -1;
		family = own ? own : family;
	}
	return family;
}

/* Both families in one line where nothing in it is of a family. */
static bool one_line(const json_t *rule, const struct nft_service *s)
{
	return !field(rule, "source") && !field(rule, "dest") && !(s->proto && fw_proto_is_icmp(s->proto));
}

static void write_line(struct nft *n, const struct nft_place *at, const json_t *rule, const struct nft_service *s,
		       int family, const char *log)
{
	const char *source = family ? nft_match_address(n, at, field(rule, "source"), "saddr", family) : "";
	const char *dest = family ? nft_match_address(n, at, field(rule, "dest"), "daddr", family) : "";
	const char *service = nft_match_service(n, s, family), *name = field(rule, "iface"), *iface = "";
	const char *nfproto = family == 4 ? "meta nfproto ipv4 " : family == 6 ? "meta nfproto ipv6 " : "";

	if (!source || !dest || !service)
		return;
	if (name && !at->nic)
		iface = arena_printf(&n->arena, "%s \"%s\" ", at->direction == NFT_IN ? "iifname" : "oifname", name);
	if (*log)
		nft_line(n, "%s%s%s%s%s%s", iface, nfproto, source, dest, service, log);
	nft_line(n, "%s%s%s%s%s%s", iface, nfproto, source, dest, service, nft_verdict(n, at, json_text(rule, "action")));
}

static void write_service(struct nft *n, const struct nft_place *at, const json_t *rule, const struct nft_service *s,
			  int family, const char *log)
{
	if (!family && one_line(rule, s)) {
		write_line(n, at, rule, s, 0, log);
		return;
	}
	for (int f = 4; f <= 6; f += 2)
		if (!family || f == family)
			write_line(n, at, rule, s, f, log);
}

/* What the rule says and its macro says must not contradict each other, in the family that it is made for. */
static bool fits(const struct fw_macro *m, size_t lines, const struct nft_service *s, int family)
{
	bool only6 = true;

	for (size_t i = 0; i < lines; i++)
		only6 &= m[i].family == 6;
	for (size_t i = 0; i < lines; i++) {
		const char *const pairs[][2] = { { s->proto, m[i].proto }, { s->dport, m[i].dport }, { s->sport, m[i].sport } };
		if (m[i].family && m[i].family != (family == 6 || (only6 && !family) ? 6 : 4))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(pairs); k++)
			if (pairs[k][0] && pairs[k][1] && !streq(pairs[k][0], pairs[k][1]))
				return false;
	}
	return true;
}

static void write_match(struct nft *n, const struct nft_place *at, const json_t *rule, bool in_group)
{
	struct nft_service s = { field(rule, "proto"), field(rule, "dport"), field(rule, "sport"), field(rule, "icmp-type") };
	const char *macro = field(rule, "macro"), *action = json_text(rule, "action");
	/* the daemon's groups do not say in their log lines what they do */
	const char *what = in_group && !n->proxmox ? "" : arena_printf(&n->arena, "%s: ", action);
	const char *log = nft_log(n, at, field(rule, "log"), what);
	int family = family_of(n, at, rule);
	size_t lines = 0;
	const struct fw_macro *m = macro ? fw_macro_find(macro, &lines) : NULL;

	if (family < 0 || (macro && !m) || (at->direction == NFT_FORWARD && streq(action, "REJECT")) ||
	    ((s.dport || s.sport || s.icmp_type) && !s.proto) || !nft_match_service(n, &s, family ? family : 4))
		return;
	if (!m)
		write_service(n, at, rule, &s, family, log);
	if (!m || !fits(m, lines, &s, family))
		return;
	for (size_t i = 0; i < lines; i++) {
		const struct nft_service line = { m[i].proto, m[i].dport ? m[i].dport : s.dport,
						  m[i].sport ? m[i].sport : s.sport, s.icmp_type };
		if (!m[i].family || !family || m[i].family == family)
			write_service(n, at, rule, &line, m[i].family ? m[i].family : family, log);
	}
}

const char *nft_group_chain(struct nft *n, const char *group, enum nft_direction direction, bool guest)
{
	/* proxmox-firewall has two tables, in which REJECT is not the same */
	return arena_printf(&n->arena, "%s%s-%s-%s", n->proxmox && guest ? "guest-" : "", n->proxmox ? "group" : "GROUP",
			    group, nft_word(n, direction));
}

static bool has_type(const json_t *rule, enum nft_direction d)
{
	static const char *const types[] = { "in", "out", "forward" };
	const char *type = json_text(rule, "type");

	return type && streq(type, types[d]);
}

void nft_group(struct nft *n, const char *name, const json_t *group, enum nft_direction direction, bool guest)
{
	const char *chain = nft_group_chain(n, name, direction, guest);
	struct nft_place at = { .chain = chain, .label = nft_group_chain(n, name, direction, false), .vmid = "0",
				.direction = direction, .guest = guest };
	const json_t *rule;
	size_t i;

	buf_addf(n->out, "\tchain %s {\n", chain);
	json_array_foreach(json_object_get(group, "rules"), i, rule)
		if (has_type(rule, direction) && json_flag(rule, "enable", false) && !field(rule, "iface"))
			write_match(n, &at, rule, true);
	buf_adds(n->out, "\t}\n");
}

/* Groups are kept in lower case and looked up as written; one that does not exist is empty. */
static void write_jump(struct nft *n, const struct nft_place *at, const json_t *rule)
{
	const char *name = json_text(rule, "action"), *iface = field(rule, "iface"), *match = "";

	if (!json_object_get(json_object_get(n->cluster, "groups"), name))
		return;
	if (iface && !at->nic)
		match = arena_printf(&n->arena, "%s \"%s\" ", at->direction == NFT_IN ? "iifname" : "oifname", iface);
	nft_line(n, "%sjump %s", match, nft_group_chain(n, name, at->direction, at->guest));
}

void nft_rules(struct nft *n, const struct nft_place *at, const json_t *file)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(file, "rules"), i, rule) {
		const char *iface = field(rule, "iface"), *type = json_text(rule, "type");
		if (!json_flag(rule, "enable", false) || !type || (at->nic && iface && !streq(iface, at->nic)))
			continue;
		/* proxmox-firewall cannot have an interface in this direction */
		if (at->direction == NFT_FORWARD && iface)
			continue;
		if (streq(type, "group"))
			write_jump(n, at, rule);
		else if (has_type(rule, at->direction))
			write_match(n, at, rule, false);
	}
}
