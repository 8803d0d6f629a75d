#include "lab/format.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/addr.h"
#include "lab/firewall_format.h"

#include <ctype.h>
#include <regex.h>

typedef bool format_fn(const char *value);

static bool matches(const char *pattern, const char *value)
{
	_cleanup_free_ char *whole = xasprintf("^(%s)$", pattern);
	regex_t r;
	bool ok;

	if (regcomp(&r, whole, REG_EXTENDED | REG_NOSUB))
		return true;
	ok = regexec(&r, value, 0, NULL, 0) == 0;
	regfree(&r);
	return ok;
}

static bool is_vmid(const char *v)
{
	uint64_t n;

	return text_to_u64(v, 100, 999999999, &n);
}

static bool is_dns_name(const char *v)
{
	return strlen(v) <= 253 && matches("([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)(\\.[a-zA-Z0-9]"
					   "([a-zA-Z0-9-]*[a-zA-Z0-9])?)*",
					   v);
}

static bool is_config_id(const char *v)
{
	return matches("[a-zA-Z][a-zA-Z0-9_-]+", v);
}

static bool is_iface(const char *v)
{
	return matches("[a-zA-Z][a-zA-Z0-9_]{1,20}([:.][0-9]+)?", v);
}

static bool is_bridge(const char *v)
{
	return matches("[-_.a-zA-Z0-9]+", v);
}

static bool is_storage(const char *v)
{
	return matches("[a-zA-Z][a-zA-Z0-9_.-]*[a-zA-Z0-9]", v);
}

static bool is_node(const char *v)
{
	return matches("[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?", v);
}

static bool is_pool(const char *v)
{
	return matches("[A-Za-z0-9_./-]+", v);
}

static bool is_user(const char *v)
{
	return matches("[^ :/]+@[A-Za-z][A-Za-z0-9._-]+", v);
}

static bool is_token(const char *v)
{
	return matches("[^ :/]+@[A-Za-z][A-Za-z0-9._-]+![A-Za-z][A-Za-z0-9._-]+", v);
}

static bool is_realm(const char *v)
{
	return matches("[A-Za-z][A-Za-z0-9._-]+", v);
}

static bool is_ip(const char *v)
{
	struct addr a;

	return addr_parse(v, &a);
}

static bool is_ipv4(const char *v)
{
	struct addr a;

	return addr_parse(v, &a) && a.family == 4;
}

static bool is_ipv6(const char *v)
{
	struct addr a;

	return addr_parse(v, &a) && a.family == 6;
}

static bool is_cidr4(const char *v)
{
	struct addr_cidr c;

	return addr_cidr_parse(v, &c) && c.addr.family == 4;
}

static bool is_cidr6(const char *v)
{
	struct addr_cidr c;

	return addr_cidr_parse(v, &c) && c.addr.family == 6;
}

static bool is_tag(const char *v)
{
	return matches("[a-z0-9_][a-z0-9_+.-]*", v);
}

static bool is_volume(const char *v)
{
	return matches("[a-zA-Z][a-zA-Z0-9_.-]*[a-zA-Z0-9]:.+", v);
}

static bool is_size(const char *v)
{
	return matches("[0-9]+(\\.[0-9]+)?[KMGT]?", v);
}

static bool is_ipconfig(const char *v)
{
	return matches("((ip|gw|ip6|gw6)=[^,=]+)(,(ip|gw|ip6|gw6)=[^,=]+)*", v);
}

static bool is_mac(const char *v)
{
	struct addr_mac m;

	return addr_mac_parse(v, &m) && !(m.bytes[0] & 1);
}

struct format {
	const char *name;
	format_fn *fn;
	const char *text; /* %s: the value */
};

static const struct format formats[] = {
	{ "CIDRv4", is_cidr4, "value does not look like a valid IPv4 CIDR network" },
	{ "CIDRv6", is_cidr6, "value does not look like a valid IPv6 CIDR network" },
	{ "address", is_ip, "value does not look like a valid IP address" },
	{ "disk-size", is_size, "value does not look like a valid disk size: %s" },
	{ "dns-name", is_dns_name, "value does not look like a valid DNS name" },
	{ "ipv4", is_ipv4, "value does not look like a valid IPv4 address" },
	{ "ipv6", is_ipv6, "value does not look like a valid IPv6 address" },
	{ "mac-addr", is_mac, "value does not look like a valid unicast MAC address" },
	{ "pve-bridge-id", is_bridge, "invalid bridge name '%s'" },
	{ "pve-configid", is_config_id, "invalid configuration ID '%s'" },
	{ "pve-iface", is_iface, "invalid network interface name '%s'" },
	{ "pve-node", is_node, "value does not look like a valid node name" },
	{ "pve-poolid", is_pool, "value '%s' does not look like a valid pool name" },
	{ "pve-qm-ipconfig", is_ipconfig, "invalid ipconfig '%s'" },
	{ "pve-realm", is_realm, "value does not look like a valid realm" },
	{ "pve-storage-id", is_storage, "storage ID '%s' contains illegal characters" },
	{ "pve-tag", is_tag, "invalid characters in tag" },
	{ "pve-tokenid", is_token, "value '%s' does not look like a valid token ID" },
	{ "pve-userid", is_user, "value '%s' does not look like a valid user name" },
	{ "pve-vmid", is_vmid, "value does not look like a valid VM ID" },
	{ "pve-volume-id", is_volume, "unable to parse volume ID '%s'" },
};

/* Formats that have more than one thing to say. */
static const struct {
	const char *name;
	char *(*complain)(const char *value);
} talkative[] = {
	{ "IPorCIDR", firewall_complain_cidr },
	{ "IPorCIDRorAlias", firewall_complain_member },
	{ "pve-fw-addr-spec", firewall_complain_address },
	{ "pve-fw-conntrack-helper", firewall_complain_helpers },
	{ "pve-fw-dport-spec", firewall_complain_dport },
	{ "pve-fw-icmp-type-spec", firewall_complain_icmp_type },
	{ "pve-fw-protocol-spec", firewall_complain_proto },
	{ "pve-fw-sport-spec", firewall_complain_sport },
};

static bool check_single(const char *name, const char *value, struct buf *why)
{
	for (size_t i = 0; i < ARRAY_SIZE(talkative); i++) {
		_cleanup_free_ char *text =
			streq(talkative[i].name, name) ? talkative[i].complain(value) : NULL;
		if (text) {
			buf_addf(why, "%s\n", text);
			return false;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		const char *mark;
		if (!streq(formats[i].name, name) || formats[i].fn(value))
			continue;
		mark = strstr(formats[i].text, "%s");
		buf_add(why, formats[i].text,
			mark ? (size_t)(mark - formats[i].text) : strlen(formats[i].text));
		if (mark)
			buf_addf(why, "%s%s", value, mark + 2);
		buf_addc(why, '\n');
		return false;
	}
	return true;
}

bool format_check(const char *format, const char *value, struct buf *why)
{
	size_t n = strlen(format);
	_cleanup_strv_ struct strv items = { 0 };
	_cleanup_free_ char *single = NULL;

	if (n > 4 && streq(format + n - 4, "-opt"))
		single = xstrndup(format, n - 4);
	if (single)
		return !*value || check_single(single, value, why);
	if (n <= 5 || !streq(format + n - 5, "-list"))
		return check_single(format, value, why);
	single = xstrndup(format, n - 5);
	strv_split(&items, value, ", ;");
	for (size_t i = 0; i < items.n; i++)
		if (!check_single(single, items.v[i], why))
			return false;
	return true;
}

static const struct api_param *field_by_name(const struct api_param *fields, const char *name)
{
	for (const struct api_param *f = fields; f->name; f++) {
		size_t n = strlen(f->name);
		if (streq(f->name, name) ||
		    (n > 3 && streq(f->name + n - 3, "[n]") && strncmp(f->name, name, n - 3) == 0 &&
		     isdigit(name[n - 3])))
			return f;
	}
	return NULL;
}

static const struct api_param *default_field(const struct api_param *fields)
{
	for (const struct api_param *f = fields; f->name; f++)
		if (f->default_key)
			return f;
	return NULL;
}

/* One "key=value" or bare value. `seen` collects names; errors are lines "key: text". */
static void check_part(const char *of, const struct api_param *fields, const char *part,
		       struct strv *seen, struct buf *why)
{
	const char *eq = strchr(part, '=');
	_cleanup_free_ char *key = eq ? xstrndup(part, (size_t)(eq - part)) : NULL;
	const struct api_param *f = key ? field_by_name(fields, key) : default_field(fields),
			       *target;
	_cleanup_buf_ struct buf inner = { 0 };

	if (!key && !f) {
		/* "net0: virtio": the model alone is the key of its alias. */
		f = field_by_name(fields, part);
		if (!f || !f->key_alias) {
			buf_adds(why,
				 "value without key, but schema does not define a default key\n");
			return;
		}
		eq = NULL;
	}
	if (!f) {
		buf_addf(why,
			 "%s.%s: property is not defined in schema and the schema does not allow "
			 "additional properties\n",
			 of, key);
		return;
	}
	if (f->key_alias) {
		if (strv_contains(seen, f->key_alias)) {
			buf_addf(why, "duplicate key in comma-separated list property: %s\n",
				 f->key_alias);
			return;
		}
		strv_add(seen, f->key_alias);
	}
	target = f->alias ? field_by_name(fields, f->alias) : f;
	if (!target)
		return;
	if (strv_contains(seen, target->name)) {
		buf_addf(why, "duplicate key in comma-separated list property: %s\n", target->name);
		return;
	}
	strv_add(seen, target->name);
	if (!eq && key == NULL && f->key_alias)
		return;
	if (!format_check_value(target, eq ? eq + 1 : part, &inner))
		buf_addf(why, "%s.%s: %s\n", of, target->name, text_trim(inner.data));
}

static bool check_properties(const char *of, const struct api_param *fields, const char *value,
			     struct buf *why)
{
	_cleanup_strv_ struct strv parts = { 0 }, seen = { 0 };
	_cleanup_buf_ struct buf bad = { 0 };

	strv_split(&parts, value, ",");
	for (size_t i = 0; i < parts.n; i++) {
		check_part(of, fields, parts.v[i], &seen, &bad);
		if (bad.len && starts_with(bad.data, "duplicate")) {
			buf_adds(why, bad.data);
			return false;
		}
	}
	for (const struct api_param *f = fields; f->name; f++)
		if (!f->optional && !f->alias && !strv_contains(&seen, f->name) &&
		    f->type != API_LIST)
			buf_addf(&bad, "%s.%s: property is missing and it is not optional\n", of,
				 f->name);
	if (!bad.len)
		return true;
	buf_addf(why, "format error\n%s", bad.data);
	return false;
}

static bool check_type(const struct api_param *p, const char *value, struct buf *why)
{
	static const char *const names[] = { "string", "boolean", "integer", "number", "array" };
	bool ok = true;

	if (p->type == API_FLAG)
		ok = streq(value, "1") || streq(value, "0") ||
		     /* inside property strings Perl's parser takes words too */
		     (p->default_key &&
		      (streq(value, "on") || streq(value, "yes") || streq(value, "true")));
	else if (p->type == API_INT)
		ok = matches("[+-]?[0-9]+", value);
	else if (p->type == API_NUMBER)
		ok = matches("[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?", value);
	if (!ok)
		buf_addf(why, "type check ('%s') failed - got '%s'", names[p->type], value);
	return ok;
}

static bool value_listed(const char *values, const char *value)
{
	_cleanup_strv_ struct strv list = { 0 };

	strv_split(&list, values, ", ");
	return strv_contains(&list, value);
}

/* Characters, not bytes. */
static size_t utf8_length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool check_limits(const struct api_param *p, const char *value, struct buf *why)
{
	size_t length = utf8_length(value);

	if (p->has_min && strtod(value, NULL) < (double)p->min) {
		buf_addf(why, "value must have a minimum value of %" PRId64, p->min);
		return false;
	}
	if (p->has_max && strtod(value, NULL) > (double)p->max) {
		buf_addf(why, "value must have a maximum value of %" PRId64, p->max);
		return false;
	}
	if (p->max_length && length > p->max_length) {
		buf_addf(why, "value may only be %u characters long", p->max_length);
		return false;
	}
	if (p->min_length && length < p->min_length) {
		buf_addf(why, "value must be at least %u characters long", p->min_length);
		return false;
	}
	return true;
}

bool format_check_value(const struct api_param *p, const char *value, struct buf *why)
{
	_cleanup_buf_ struct buf inner = { 0 };

	if (!check_type(p, value, why))
		return false;
	if ((p->fields && *value && !check_properties(p->name, p->fields, value, &inner)) ||
	    (p->format && !format_check(p->format, value, &inner))) {
		buf_addf(why, "invalid format - %s", inner.data);
		return false;
	}
	if (!check_limits(p, value, why))
		return false;
	if (p->pattern && !matches(p->pattern, value)) {
		buf_adds(why, "value does not match the regex pattern");
		return false;
	}
	if (p->values && !value_listed(p->values, value)) {
		buf_addf(why, "value '%s' does not have a value in the enumeration '%s'", value,
			 p->values);
		return false;
	}
	return true;
}
