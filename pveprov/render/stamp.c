#include "render/stamp.h"
#include "base/buf.h"
#include "data/addr.h"
#include "data/digest.h"

#define SCHEME	     "sdns://"
#define PROMISES_ALL (STAMP_DNSSEC | STAMP_NO_LOGS | STAMP_NO_FILTER)

enum { PROTOCOL_DNSCRYPT = 0x01, PROTOCOL_DOH = 0x02, PROPS_BYTES = 8, STAMP_BYTES_MAX = 1024 };

/* Sorted, as recipe_resolver_names. Addresses are those that the operators publish and have
 * certificates for. */
static const struct stamp_resolver resolvers[] = {
	{ "adguard", "94.140.14.14", "dns.adguard-dns.com", "/dns-query",
	  STAMP_DNSSEC | STAMP_NO_LOGS },
	{ "cloudflare", "1.1.1.1", "cloudflare-dns.com", "/dns-query", PROMISES_ALL },
	{ "cloudflare-security", "1.1.1.2", "security.cloudflare-dns.com", "/dns-query",
	  STAMP_DNSSEC | STAMP_NO_LOGS },
	{ "google", "8.8.8.8", "dns.google", "/dns-query", STAMP_DNSSEC | STAMP_NO_FILTER },
	{ "mullvad", "194.242.2.2", "dns.mullvad.net", "/dns-query", PROMISES_ALL },
	{ "quad9", "9.9.9.9", "dns.quad9.net", "/dns-query", STAMP_DNSSEC | STAMP_NO_LOGS },
	{ "quad9-unfiltered", "9.9.9.10", "dns10.quad9.net", "/dns-query",
	  STAMP_NO_LOGS | STAMP_NO_FILTER },
};

const struct stamp_resolver *stamp_resolver(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(resolvers); i++)
		if (streq(resolvers[i].name, name))
			return &resolvers[i];
	return NULL;
}

static void add_prefixed(struct buf *b, const char *s)
{
	buf_addc(b, (char)strlen(s));
	buf_adds(b, s);
}

char *stamp_doh(const char *address, const char *host, const char *path, unsigned promises)
{
	_cleanup_buf_ struct buf b = { 0 };
	char props[PROPS_BYTES] = { (char)promises }; /* little endian */

	buf_addc(&b, PROTOCOL_DOH);
	buf_add(&b, props, sizeof(props));
	add_prefixed(&b, address);
	add_prefixed(&b, ""); /* no certificate is pinned: they change every few weeks */
	add_prefixed(&b, host);
	add_prefixed(&b, path);
	_cleanup_free_ char *text = digest_base64url(b.data, b.len);
	return xasprintf(SCHEME "%s", text);
}

/* base64url without padding, as digest_unbase64() wants it. */
static int decode(const char *text, struct buf *out)
{
	_cleanup_buf_ struct buf plain = { 0 };

	if (strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") !=
	    strlen(text))
		return -1;
	for (const char *p = text; *p; p++)
		buf_addc(&plain, *p == '-' ? '+' : *p == '_' ? '/' : *p);
	while (plain.len % 4)
		buf_addc(&plain, '=');
	return digest_unbase64(buf_text(&plain), out);
}

/* "9.9.9.9", "9.9.9.9:8443", "[2620:fe::fe]:443": with the port that stands for none. */
static char *with_port(const char *address)
{
	struct addr a;

	if (addr_parse(address, &a))
		return xasprintf("%s:443", address);
	if (address[0] == '[' && address[strlen(address) - 1] == ']')
		return xasprintf("%s:443", address);
	return xstrdup(address);
}

int stamp_check(const char *stamp, char **ret_address, struct err **err)
{
	_cleanup_buf_ struct buf b = { .ceiling = STAMP_BYTES_MAX };

	if (!starts_with(stamp, SCHEME) || strlen(stamp) > STAMP_BYTES_MAX ||
	    decode(stamp + strlen(SCHEME), &b) < 0 || b.len < 1 + PROPS_BYTES + 1)
		return err_set(err, ERR_RECIPE, "'%.40s' is no DNS stamp", stamp);
	if (b.data[0] != PROTOCOL_DNSCRYPT && b.data[0] != PROTOCOL_DOH)
		return err_set(err, ERR_RECIPE,
			       "stamp '%.40s' is for protocol %d, not DNSCrypt or DoH", stamp,
			       b.data[0]);
	size_t len = (unsigned char)b.data[1 + PROPS_BYTES];
	const char *address = b.data + 1 + PROPS_BYTES + 1;
	if (len > b.len - (1 + PROPS_BYTES + 1))
		return err_set(err, ERR_RECIPE, "stamp '%.40s' is cut off", stamp);
	/* An address without digits would have to be resolved, and there is nobody to do it. */
	if (!len || strspn(address, "0123456789abcdefABCDEF.:[]") < len ||
	    strchr("abcdefABCDEF:", address[0]))
		return err_set(err, ERR_RECIPE, "stamp '%.40s' has no address in it", stamp);
	_cleanup_free_ char *text = xstrndup(address, len);
	*ret_address = with_port(text);
	return 0;
}
