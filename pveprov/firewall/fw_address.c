#include "firewall/fw_address.h"
#include "base/strv.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

bool fw_name_valid(const char *name, size_t max)
{
	size_t n = strlen(name);

	return n >= 2 && n <= max && (name[0] | 32) >= 'a' && (name[0] | 32) <= 'z' && strspn(name, NAME_BYTES) == n;
}

const char *fw_cidr_text(struct arena *a, const struct addr_cidr *c)
{
	char text[ADDR_TEXT_MAX];
	struct addr_cidr net = { .addr = addr_network(c), .prefix = c->prefix };

	if (c->prefix == (c->addr.family == 4 ? 32 : 128))
		return arena_strdup(a, addr_text(&c->addr, text));
	return arena_strdup(a, addr_cidr_text(&net, text));
}

const char *fw_cidr_read(struct arena *a, const char *text)
{
	const char *slash = strchr(text, '/');
	bool whole = slash && streq(slash, strchr(text, ':') ? "/128" : "/32");

	return arena_strndup(a, text, whole ? (size_t)(slash - text) : strlen(text));
}

/* Source: clean_cidr and parse_ip_or_cidr of pve-firewall 6.0.4. */
const char *fw_member_stored(struct arena *a, const char *text)
{
	struct addr_cidr c;

	return strchr(text, '/') && addr_net_parse(text, &c) ? fw_cidr_text(a, &c) : text;
}

static const struct {
	const char *prefix;
	enum fw_scope_name scope;
} scopes[] = { { "dc/", FW_DC_SCOPE }, { "guest/", FW_GUEST_SCOPE }, { "sdn/", FW_SDN_SCOPE } };

/* A name with an optional scope; false: it does not look like one. */
static bool parse_name(const char *text, bool sdn, struct fw_address *r)
{
	r->scope = FW_ANY_SCOPE;
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (starts_with(text, scopes[i].prefix) && (sdn || scopes[i].scope != FW_SDN_SCOPE)) {
			text += strlen(scopes[i].prefix);
			r->scope = scopes[i].scope;
			break;
		}
	}
	r->name = text;
	return fw_name_valid(text, FW_NAME_MAX);
}

static struct fw_address *parse_list(struct arena *a, struct fw_address *r, const char *text, const char **why)
{
	_cleanup_strv_ struct strv items = { 0 };

	strv_split(&items, text, ",");
	if (!*text || text[0] == ',' || text[strlen(text) - 1] == ',' || strstr(text, ",,")) {
		*why = "extraneous commas in list";
		return NULL;
	}
	r->list = arena_array(a, items.n, sizeof(*r->list));
	for (size_t i = 0; i < items.n; i++) {
		struct addr_cidr *c = &r->list[r->n++];
		if (strchr(items.v[i], '-')) {
			*why = "you can't use a range in a list";
			return NULL;
		}
		if (!addr_net_parse(items.v[i], c)) {
			*why = arena_printf(a, "invalid IP address '%s'", items.v[i]);
			return NULL;
		}
		struct addr net = addr_network(c);
		if (addr_compare(&net, &c->addr) != 0) {
			*why = arena_printf(a, "invalid IP address '%s': host bits are set, write '%s'", items.v[i],
					    fw_cidr_text(a, c));
			return NULL;
		}
		if (r->family && r->family != c->addr.family) {
			*why = arena_printf(a, "detected mixed ipv4/ipv6 addresses in address list '%s'", text);
			return NULL;
		}
		r->family = c->addr.family;
	}
	return r;
}

struct fw_address *fw_address_parse(struct arena *a, const char *text, const char **why)
{
	struct fw_address *r = arena_alloc(a, sizeof(*r));
	const char *copy = arena_strdup(a, text);

	/* the scope counts, too */
	if (text[0] == '+' && strlen(text) > FW_NAME_MAX + 1) {
		*why = "ipset name too long";
		return NULL;
	}
	if (text[0] == '+') {
		r->kind = FW_ADDRESS_SET;
		if (parse_name(copy + 1, true, r))
			return r;
		*why = arena_printf(a, "invalid ipset name '%s'", text);
		return NULL;
	}
	r->kind = FW_ADDRESS_ALIAS;
	if (parse_name(copy, false, r)) {
		if (strlen(text) <= FW_NAME_MAX)
			return r;
		*why = "alias name too long";
		return NULL;
	}
	r->scope = FW_ANY_SCOPE;
	r->name = NULL;
	if (strchr(text, '-') && !strchr(text, ',')) {
		r->kind = FW_ADDRESS_RANGE;
		if (addr_range_parse(text, &r->range)) {
			r->family = r->range.first.family;
			return r;
		}
		*why = arena_printf(a, "invalid IP address range '%s'", text);
		return NULL;
	}
	r->kind = FW_ADDRESS_LIST;
	return parse_list(a, r, copy, why);
}
