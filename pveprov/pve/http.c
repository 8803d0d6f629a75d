#include "pve/http.h"

int http_exchange(struct http *h, const struct http_request *q, struct http_response *ret,
		  struct err **err)
{
	return h->ops->exchange(h, q, ret, err);
}

void http_hold(struct http *h, size_t n, bool spend)
{
	if (h->ops->hold)
		h->ops->hold(h, n, spend);
}

void http_response_free(struct http_response *r)
{
	free(r->reason);
	buf_free(&r->body);
	*r = (struct http_response){ 0 };
}

struct http *http_close(struct http *h)
{
	if (h)
		h->ops->close(h);
	return NULL;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 32 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool http_fingerprint_parse(const char *text, uint8_t ret[static 32])
{
	uint8_t bytes[32];
	bool colons = strlen(text) == 95;

	for (size_t i = 0; i < 32; i++) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
		text += 2;
		if (colons && i < 31 && *text++ != ':')
			return false;
	}
	if (*text)
		return false;
	memcpy(ret, bytes, sizeof(bytes));
	return true;
}
