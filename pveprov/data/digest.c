#include "data/digest.h"

#include <openssl/evp.h>

static const char *hex_digest(const EVP_MD *md, const void *data, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	/* fails only when OpenSSL has no memory or lacks the algorithm: nothing can go on then */
	if (EVP_Digest(data, len, raw, &n, md, NULL) != 1)
		abort();
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[2 * (size_t)n] = '\0';
	return hex;
}

const char *digest_sha1(const void *data, size_t len, char hex[static DIGEST_SHA1_HEX])
{
	return hex_digest(EVP_sha1(), data, len, hex);
}

const char *digest_sha256(const void *data, size_t len, char hex[static DIGEST_SHA256_HEX])
{
	return hex_digest(EVP_sha256(), data, len, hex);
}

static char *encode(const void *data, size_t len, const char *alphabet, bool pad)
{
	const unsigned char *in = data;
	char *out = xmalloc((len + 2) / 3 * 4 + 1), *p = out;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = MIN(len - i, (size_t)3);
		uint32_t bits = (uint32_t)in[i] << 16;
		if (have > 1)
			bits |= (uint32_t)in[i + 1] << 8;
		if (have > 2)
			bits |= in[i + 2];
		for (size_t k = 0; k <= have; k++)
			*p++ = alphabet[bits >> (18 - 6 * k) & 63];
		for (size_t k = have; pad && k < 3; k++)
			*p++ = '=';
	}
	*p = '\0';
	return out;
}

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *digest_base64(const void *data, size_t len)
{
	return encode(data, len, standard, true);
}

char *digest_base64url(const void *data, size_t len)
{
	return encode(data, len, url_safe, false);
}

int digest_unbase64(const char *text, struct buf *out)
{
	uint32_t bits = 0;
	unsigned n = 0, padding = 0;

	for (; *text; text++) {
		if (strchr(" \t\r\n", *text))
			continue;
		const char *at = *text == '=' ? NULL : strchr(standard, *text);
		if (at && padding)
			return -1;
		if (!at && (*text != '=' || ++padding > 2))
			return -1;
		bits = bits << 6 | (at ? (uint32_t)(at - standard) : 0);
		if (++n % 4)
			continue;
		/* the bits under the padding must be zero: one text for one value */
		if ((padding == 1 && bits & 0xff) || (padding == 2 && bits & 0xffff))
			return -1;
		const unsigned char bytes[] = { bits >> 16 & 0xff, bits >> 8 & 0xff, bits & 0xff };
		if (buf_add(out, bytes, 3 - padding) < 0)
			return -1;
		bits = 0;
	}
	return n % 4 ? -1 : 0;
}
