#include "recipe/part.h"
#include "base/text.h"

static bool is_port_range(const char *text)
{
	char first[8];
	uint64_t a, b;
	size_t n = strcspn(text, "-");

	if (n >= sizeof(first))
		return false;
	memcpy(first, text, n);
	first[n] = '\0';
	return text_to_u64(first, 1, 65535, &a) &&
	       (!text[n] || (text_to_u64(text + n + 1, 1, 65535, &b) && a < b));
}

int recipe_ports_parse(struct field_ctx *c, const struct tree *t, void *texts)
{
	const struct field list = { t->key, FIELD_TEXTS };
	struct field_texts *ports = texts;
	int result = field_value(c, &list, t, ports);

	if (result < 0)
		return result;
	if (!ports->n)
		return field_error(c, tree_place(t), "'%s': expected at least one port", t->key);
	const struct tree *e = t->kind == TREE_SCALAR ? t : t->first;
	for (size_t i = 0; i < ports->n; i++, e = e->next)
		if (!is_port_range(ports->v[i]))
			result = field_error(c, e->pos,
					     "expected a port from 1 to 65535 or a range like "
					     "5900-5999, found '%.60s'",
					     e->text);
	return result;
}

json_t *recipe_ports_schema(void)
{
	static const struct field list = { "ports", FIELD_TEXTS };

	return field_value_schema(&list);
}

json_t *recipe_text_schema(void)
{
	return json_pack("{s:s}", "type", "string");
}

static bool is_label(const char *s, size_t len)
{
	static const char alnum[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

	return len >= 1 && len <= 63 && strspn(s, alnum) >= len && s[0] != '-' && s[len - 1] != '-';
}

bool recipe_is_label(const char *s)
{
	return is_label(s, strlen(s));
}

int recipe_domain_parse(struct field_ctx *c, const struct tree *t, void *text)
{
	const char *name = field_scalar(c, t, "a domain name");
	bool good = name && strlen(name) <= 253;

	if (!name)
		return -1;
	for (const char *label = name; good; label++) {
		size_t n = strcspn(label, ".");
		good = is_label(label, n);
		label += n;
		if (!*label)
			break;
	}
	if (!good)
		return field_error(c, t->pos,
				   "expected a domain name like home.arpa, found '%.60s'", t->text);
	*(const char **)text = name;
	return 0;
}

int recipe_addressing_parse(struct field_ctx *c, const struct tree *t, uint8_t family,
			    bool auto_too, enum recipe_addressing *ret_how, struct addr_cidr *ret)
{
	const char *expected =
		family == 4 ? "dhcp or an address with its prefix like 192.168.1.1/24"
		: auto_too  ? "dhcp, auto or an address with its prefix like fd00::1/64"
			    : "dhcp or an address with its prefix like fd00::1/64";
	const char *text = field_scalar(c, t, expected);
	struct addr_cidr cidr = { 0 };

	if (!text)
		return -1;
	if (streq(text, "dhcp"))
		*ret_how = RECIPE_ADDRESS_DHCP;
	else if (auto_too && streq(text, "auto"))
		*ret_how = RECIPE_ADDRESS_AUTO;
	else if (addr_cidr_parse(text, &cidr) && cidr.addr.family == family)
		*ret_how = RECIPE_ADDRESS_STATIC;
	else
		return field_error(c, t->pos, "expected %s, found '%.60s'", expected, t->text);
	*ret = cidr;
	return 0;
}

bool recipe_is_edge(const struct addr_cidr *network, const struct addr *a)
{
	struct addr first = addr_network(network), last = addr_broadcast(network);

	return a->family == 4 && network->prefix <= 30 &&
	       (addr_compare(a, &first) == 0 || addr_compare(a, &last) == 0);
}

void recipe_gateway_check(struct recipe_reader *r, struct tree_pos pos, enum recipe_addressing how,
			  const struct addr_cidr *address, const struct addr *gateway)
{
	char text[ADDR_TEXT_MAX], net[ADDR_TEXT_MAX];

	if (how == RECIPE_ADDRESS_STATIC && recipe_is_edge(address, &address->addr))
		field_error(&r->fields, pos,
			    "%s is the network's own or broadcast address: no machine can have it",
			    addr_cidr_text(address, net));
	if (!gateway->family)
		return;
	addr_text(gateway, text);
	if (how != RECIPE_ADDRESS_STATIC)
		field_error(&r->fields, pos, "gateway %s needs a static address beside it", text);
	else if (addr_compare(gateway, &address->addr) == 0)
		field_error(&r->fields, pos, "gateway %s is the machine's own address", text);
	else if (!addr_cidr_contains(address, gateway) && !addr_is_link_local(gateway))
		field_error(&r->fields, pos, "gateway %s is not in the network of %s", text,
			    addr_cidr_text(address, net));
}
