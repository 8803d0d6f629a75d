/* What rules and options of a file stand for: the option that is absent, aliases, sets, addresses. */
#include "base/text.h"
#include "lab/firewall_nft.h"

#include <ctype.h>

/* What counts when a file says nothing. Source: pve-firewall 6.0.4, proxmox-ve-config 0.10 (they agree in these). */
static const struct {
	enum nft_level level;
	const char *key, *value;
} absent[] = {
	{ NFT_CLUSTER, "enable", "0" },
	{ NFT_CLUSTER, "ebtables", "1" },
	{ NFT_CLUSTER, "policy_in", "DROP" },
	{ NFT_CLUSTER, "policy_out", "ACCEPT" },
	{ NFT_CLUSTER, "policy_forward", "ACCEPT" },
	{ NFT_CLUSTER, "log_ratelimit", "1" },
	{ NFT_HOST, "enable", "1" },
	{ NFT_HOST, "nosmurfs", "1" },
	{ NFT_HOST, "tcpflags", "0" },
	{ NFT_HOST, "ndp", "1" },
	{ NFT_HOST, "nftables", "0" },
	{ NFT_HOST, "nf_conntrack_allow_invalid", "0" },
	{ NFT_HOST, "nf_conntrack_tcp_timeout_syn_recv", "60" },
	{ NFT_HOST, "protection_synflood", "0" },
	{ NFT_HOST, "protection_synflood_rate", "200" },
	{ NFT_HOST, "protection_synflood_burst", "1000" },
	{ NFT_GUEST, "enable", "0" },
	{ NFT_GUEST, "dhcp", "1" },
	{ NFT_GUEST, "macfilter", "1" },
	{ NFT_GUEST, "ndp", "1" },
	{ NFT_GUEST, "radv", "0" },
	{ NFT_GUEST, "ipfilter", "0" },
	{ NFT_GUEST, "policy_in", "DROP" },
	{ NFT_GUEST, "policy_out", "ACCEPT" },
};

const char *nft_option(struct nft *n, enum nft_level level, const json_t *file, const char *key)
{
	const json_t *v = json_object_get(json_object_get(file, "options"), key);

	if (json_is_integer(v))
		return arena_printf(&n->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	if (json_is_string(v) && *json_string_value(v))
		return json_string_value(v);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (absent[i].level == level && streq(absent[i].key, key))
			return absent[i].value;
	return NULL;
}

bool nft_on(struct nft *n, enum nft_level level, const json_t *file, const char *key)
{
	const char *value = nft_option(n, level, file, key);

	return value && !streq(value, "0");
}

/* Sets are kept in lower case and looked up as written. */
const json_t *nft_find_set(const json_t *file, const char *name)
{
	return json_object_get(json_object_get(file, "ipset"), name);
}

/* Letter case does not count in names of aliases. */
static bool alias_of(struct nft *n, const json_t *file, const char *name, struct addr_cidr *ret)
{
	char *key = arena_strdup(&n->arena, name);

	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	const char *cidr = json_text(json_object_get(json_object_get(file, "aliases"), key), "cidr");
	return cidr && addr_net_parse(cidr, ret);
}

bool nft_find_alias(struct nft *n, const json_t *own, const char *name, struct addr_cidr *ret)
{
	bool dc = starts_with(name, "dc/"), guest = starts_with(name, "guest/");

	name += dc ? strlen("dc/") : guest ? strlen("guest/") : 0;
	return (!dc && alias_of(n, own, name, ret)) || (!guest && alias_of(n, n->cluster, name, ret));
}

bool nft_local_network(struct nft *n, struct addr_cidr *ret)
{
	if (alias_of(n, n->cluster, "local_network", ret))
		return true;
	*ret = n->site->local;
	return n->site->local_known;
}
