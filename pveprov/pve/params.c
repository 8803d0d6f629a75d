#include "pve/params.h"

static bool unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void encode(struct buf *b, const char *s, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (unreserved(c)) {
			buf_addc(b, (char)c);
		} else {
			char e[3] = { '%', hex[c >> 4], hex[c & 15] };
			buf_add(b, e, sizeof(e));
		}
	}
}

/* Growing moves the bytes: the old place is wiped, so that no password stays behind. */
static void make_room(struct buf *b, size_t n)
{
	if (b->cap && b->cap - b->len > n)
		return;
	struct buf bigger = { .ceiling = b->ceiling };
	if (!buf_reserve(&bigger, MAX(b->len * 2 + n, (size_t)512)))
		return;
	buf_add(&bigger, b->data, b->len);
	bigger.overflow = b->overflow;
	if (b->data)
		explicit_bzero(b->data, b->len);
	buf_free(b);
	*b = bigger;
}

void pve_params_add_len(struct pve_params *p, const char *key, const char *value, size_t len)
{
	make_room(&p->encoded, 3 * (strlen(key) + len) + 2);
	if (p->encoded.len)
		buf_addc(&p->encoded, '&');
	encode(&p->encoded, key, strlen(key));
	buf_addc(&p->encoded, '=');
	encode(&p->encoded, value, len);
}

void pve_params_add(struct pve_params *p, const char *key, const char *value)
{
	if (value)
		pve_params_add_len(p, key, value, strlen(value));
}

void pve_params_addf(struct pve_params *p, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *value = xvasprintf(fmt, ap);
	va_end(ap);
	pve_params_add(p, key, value);
}

void pve_params_add_int(struct pve_params *p, const char *key, int64_t value)
{
	pve_params_addf(p, key, "%" PRId64, value);
}

void pve_params_add_bool(struct pve_params *p, const char *key, bool value)
{
	pve_params_add(p, key, value ? "1" : "0");
}

void pve_params_add_all(struct pve_params *p, const struct pve_params *more)
{
	if (!more || pve_params_empty(more))
		return;
	make_room(&p->encoded, more->encoded.len + 1);
	if (p->encoded.len)
		buf_addc(&p->encoded, '&');
	buf_add(&p->encoded, more->encoded.data, more->encoded.len);
}

bool pve_params_empty(const struct pve_params *p)
{
	return p->encoded.len == 0;
}

void pve_params_free(struct pve_params *p)
{
	if (p->encoded.data)
		explicit_bzero(p->encoded.data, p->encoded.len);
	buf_free(&p->encoded);
}

char *pve_path(const char *fmt, ...)
{
	_cleanup_buf_ struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			buf_addc(&b, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == 's') {
			const char *segment = va_arg(ap, const char *);
			encode(&b, segment, strlen(segment));
		} else if (*fmt == 'u') {
			buf_addf(&b, "%u", va_arg(ap, unsigned));
		} else if (*fmt == '%') {
			buf_addc(&b, '%');
		} else {
			abort(); /* a fault in our own code: no other conversion is known */
		}
	}
	va_end(ap);
	return buf_take(&b);
}

char *pve_percent_encode(const char *text)
{
	_cleanup_buf_ struct buf b = { 0 };

	encode(&b, text, strlen(text));
	return buf_take(&b);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *pve_percent_decode(const char *text)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (; *text; text++) {
		int high = *text == '%' ? nibble(text[1]) : -1;
		int low = high >= 0 ? nibble(text[2]) : -1;
		if (low >= 0 && (high || low)) {
			buf_addc(&b, (char)(high << 4 | low));
			text += 2;
		} else {
			buf_addc(&b, *text);
		}
	}
	return buf_take(&b);
}
