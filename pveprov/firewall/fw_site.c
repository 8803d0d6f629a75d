#include "firewall/fw_site.h"
#include "base/text.h"
#include "firewall/fw_address.h"
#include "firewall/fw_options.h"

enum { SWITCH_SECONDS = 60 };

const struct fw_guest *fw_site_guest(const struct fw_site *s, const char *id)
{
	for (size_t i = 0; i < s->n_guests; i++)
		if (streq(s->guests[i].id, id))
			return &s->guests[i];
	return NULL;
}

const struct fw_node *fw_site_node(const struct fw_site *s, const char *name)
{
	for (size_t i = 0; i < s->n_nodes; i++)
		if (streq(s->nodes[i].name, name))
			return &s->nodes[i];
	return NULL;
}

bool fw_nic_has_address(const struct fw_nic *nic, const struct addr *a)
{
	struct addr own = { .family = 6, .bytes = { 0xfe, 0x80 } };

	memcpy(own.bytes + 8, nic->mac.bytes, 3);
	own.bytes[8] ^= 2;
	own.bytes[11] = 0xff;
	own.bytes[12] = 0xfe;
	memcpy(own.bytes + 13, nic->mac.bytes + 3, 3);
	if (a->family == 6 && addr_compare(&own, a) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(nic->own); i++)
		if (a->family && nic->own[i].family == a->family && addr_compare(&nic->own[i], a) == 0)
			return true;
	return false;
}

bool fw_site_enabled(const struct fw_site *s)
{
	uint64_t n = 0;

	text_to_u64(fw_option_effective(s->cluster, FW_CLUSTER, "enable"), 0, INT64_MAX, &n);
	return n == 1 || (n > 1 && (s->now_s == 0 || s->now_s - (int64_t)n <= SWITCH_SECONDS));
}

bool fw_node_nftables(const struct fw_node *n)
{
	return n && fw_option_on(n->config, FW_HOST, "nftables");
}

bool fw_site_local_network(const struct fw_site *s, struct addr_cidr *ret)
{
	const struct fw_entry *alias = fw_alias(s->cluster, "local_network");

	if (alias)
		return addr_net_parse(alias->value, ret);
	*ret = s->local_network;
	return s->local_network_known;
}
