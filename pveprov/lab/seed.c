#include "lab/seed.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/addr.h"
#include "data/digest.h"
#include "data/iso.h"
#include "data/json.h"
#include "data/propstring.h"

enum { NICS_MAX = 32 };

/* %XX is undone; anything else stays (as URI::Escape's uri_unescape). */
static char *unescape(const char *s)
{
	struct buf b = { 0 };

	for (; *s; s++) {
		char hex[3] = { 0 };
		uint64_t byte;

		if (*s == '%' && s[1] && s[2]) {
			hex[0] = s[1];
			hex[1] = s[2];
		}
		if (hex[0] && text_to_hex(hex, 255, &byte)) {
			buf_addc(&b, (char)byte);
			s += 2;
		} else {
			buf_addc(&b, *s);
		}
	}
	buf_text(&b);
	return buf_take(&b);
}

static void add_names(struct buf *b, const json_t *config, int vmid)
{
	_cleanup_free_ char *fallback = xasprintf("VM%d", vmid);
	const char *name = json_text(config, "name");
	const char *search = json_text(config, "searchdomain");

	if (!name)
		name = fallback;
	size_t host = strcspn(name, ".");
	buf_addf(b, "hostname: %.*s\nmanage_etc_hosts: true\n", (int)host, name);
	if (name[host])
		buf_addf(b, "fqdn: %s\n", name);
	else if (search && *search)
		buf_addf(b, "fqdn: %s.%s\n", name, search);
}

static void add_keys(struct buf *b, const char *escaped)
{
	_cleanup_free_ char *text = unescape(escaped);
	_cleanup_strv_ struct strv keys = { 0 };

	strv_split(&keys, text, "\r\n");
	buf_adds(b, "ssh_authorized_keys:\n");
	for (size_t i = 0; i < keys.n; i++)
		if (*text_trim(keys.v[i]))
			buf_addf(b, "  - %s\n", text_trim(keys.v[i]));
}

static void make_user_data(struct buf *b, const json_t *config, int vmid)
{
	const char *user = json_text(config, "ciuser");
	const char *password = json_text(config, "cipassword");
	const char *keys = json_text(config, "sshkeys");

	buf_adds(b, "#cloud-config\n");
	add_names(b, config, vmid);
	if (user)
		buf_addf(b, "user: %s\n", user);
	if (streq_null(user, "root"))
		buf_adds(b, "disable_root: False\n");
	if (password)
		buf_addf(b, "password: %s\n", password);
	if (keys)
		add_keys(b, keys);
	buf_adds(b, "chpasswd:\n  expire: False\n");
	if (!streq_null(user, "root"))
		buf_adds(b, "users:\n  - default\n");
	if (json_flag(config, "ciupgrade", true))
		buf_adds(b, "package_upgrade: true\n");
}

/* The MAC address stands under the model's name: "virtio=BC:24:11:...". */
static const char *nic_mac(const struct propstring *net)
{
	struct addr_mac mac;

	for (size_t i = 0; i < net->n; i++)
		if (addr_mac_parse(net->items[i].value, &mac))
			return net->items[i].value;
	return NULL;
}

static void add_subnet4(struct buf *b, const struct propstring *ip)
{
	const char *address = propstring_get(ip, "ip");
	const char *gateway = propstring_get(ip, "gw");
	char text[ADDR_TEXT_MAX];
	struct addr_cidr cidr;

	if (!address)
		return;
	if (streq(address, "dhcp")) {
		buf_adds(b, "      - type: dhcp4\n");
		return;
	}
	if (!addr_cidr_parse(address, &cidr))
		return;
	buf_addf(b, "      - type: static\n        address: '%s'\n", addr_text(&cidr.addr, text));
	struct addr mask = addr_netmask(4, cidr.prefix);
	buf_addf(b, "        netmask: '%s'\n", addr_text(&mask, text));
	if (gateway)
		buf_addf(b, "        gateway: '%s'\n", gateway);
}

static void add_subnet6(struct buf *b, const struct propstring *ip)
{
	const char *address = propstring_get(ip, "ip6");
	const char *gateway = propstring_get(ip, "gw6");

	if (!address)
		return;
	if (streq(address, "dhcp")) {
		buf_adds(b, "      - type: dhcp6\n");
	} else if (streq(address, "auto")) {
		buf_adds(b, "      - type: ipv6_slaac\n");
	} else {
		buf_addf(b, "      - type: static6\n        address: '%s'\n", address);
		if (gateway)
			buf_addf(b, "        gateway: '%s'\n", gateway);
	}
}

static int add_nic(struct buf *b, const json_t *config, int n, struct err **err)
{
	_cleanup_propstring_ struct propstring net = { 0 }, ip = { 0 };
	char key[16], ipkey[16];

	snprintf(key, sizeof(key), "net%d", n);
	snprintf(ipkey, sizeof(ipkey), "ipconfig%d", n);
	const char *net_text = json_text(config, key), *ip_text = json_text(config, ipkey);
	if (!net_text || !ip_text)
		return 0;
	if (propstring_parse(net_text, NULL, &net, err) < 0)
		return err_wrap(err, "'%s'", key);
	if (propstring_parse(ip_text, NULL, &ip, err) < 0)
		return err_wrap(err, "'%s'", ipkey);
	const char *mac = nic_mac(&net);
	if (!mac)
		return err_set(err, ERR_INTERNAL, "network interface '%s' has no mac address", key);
	buf_addf(b, "    - type: physical\n      name: eth%d\n      mac_address: '", n);
	for (; *mac; mac++)
		buf_addc(b, *mac >= 'A' && *mac <= 'F' ? (char)(*mac | 0x20) : *mac);
	buf_adds(b, "'\n      subnets:\n");
	add_subnet4(b, &ip);
	add_subnet6(b, &ip);
	return 0;
}

static void add_list(struct buf *b, const char *key, const char *words)
{
	_cleanup_strv_ struct strv list = { 0 };

	strv_split(&list, words ? words : "", " \t,;");
	if (list.n)
		buf_addf(b, "      %s:\n", key);
	for (size_t i = 0; i < list.n; i++)
		buf_addf(b, "      - '%s'\n", list.v[i]);
}

static int make_network(struct buf *b, const json_t *config, const struct seed_node *node,
			struct err **err)
{
	const char *nameserver = json_text(config, "nameserver");
	const char *search = json_text(config, "searchdomain");

	buf_adds(b, "version: 1\nconfig:\n");
	for (int n = 0; n < NICS_MAX; n++)
		if (add_nic(b, config, n, err) < 0)
			return -1;
	if (!nameserver)
		nameserver = node->nameserver;
	if (!search)
		search = node->searchdomain;
	if (nameserver || search)
		buf_adds(b, "    - type: nameserver\n");
	add_list(b, "address", nameserver);
	add_list(b, "search", search);
	return 0;
}

int seed_make(const json_t *config, int vmid, const struct seed_node *node, struct seed *ret,
	      struct err **err)
{
	_cleanup_seed_ struct seed s = { 0 };
	_cleanup_buf_ struct buf both = { 0 };
	char hex[DIGEST_SHA1_HEX];

	make_user_data(&s.user_data, config, vmid);
	if (make_network(&s.network_config, config, node, err) < 0)
		return -1;
	buf_add(&both, s.user_data.data, s.user_data.len);
	buf_add(&both, s.network_config.data, s.network_config.len);
	buf_addf(&s.meta_data, "instance-id: %s\n", digest_sha1(both.data, both.len, hex));
	*ret = s;
	s = (struct seed){ 0 };
	return 0;
}

bool seed_wanted(const json_t *config)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)config, key, value) {
		const char *text = json_string_value(value);

		if (text &&
		    (starts_with(key, "ide") || starts_with(key, "sata") ||
		     starts_with(key, "scsi")) &&
		    strstr(text, "cloudinit"))
			return true;
	}
	return false;
}

int seed_write(const struct seed *s, const char *path, struct err **err)
{
	const struct iso_file files[] = {
		{ "meta-data", s->meta_data.data, s->meta_data.len },
		{ "network-config", s->network_config.data, s->network_config.len },
		{ "user-data", s->user_data.data, s->user_data.len },
		{ "vendor-data", "", 0 },
	};

	return iso_write(path, "cidata", files, ARRAY_SIZE(files), err);
}

void seed_free(struct seed *s)
{
	buf_free(&s->user_data);
	buf_free(&s->network_config);
	buf_free(&s->meta_data);
}
