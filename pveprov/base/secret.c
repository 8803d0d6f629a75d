#include "base/secret.h"

void secret_free(struct secret *s)
{
	if (s->text) {
		explicit_bzero(s->text, s->len);
		free(s->text);
	}
	*s = (struct secret){ 0 };
}

void secret_set(struct secret *s, const char *text, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	secret_free(s);
	*s = (struct secret){ .text = copy, .len = len };
}

bool secret_is_set(const struct secret *s)
{
	return s->text && s->len;
}
