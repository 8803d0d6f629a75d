#include "firewall/fw_log.h"
#include "base/text.h"
#include "firewall/fw_options.h"

/* The next word, cut off in place; NULL at the end. */
static char *next_word(char **at)
{
	char *w = *at + strspn(*at, " ");

	if (!*w)
		return NULL;
	char *end = w + strcspn(w, " ");
	*at = *end ? end + 1 : end;
	*end = '\0';
	return w;
}

static void read_details(struct arena *a, const char *details, struct fw_log_line *l)
{
	const struct {
		const char *key;
		const char **to;
	} keys[] = { { "IN=", &l->in },	      { "OUT=", &l->out },  { "SRC=", &l->source }, { "DST=", &l->dest },
		     { "PROTO=", &l->proto }, { "SPT=", &l->sport }, { "DPT=", &l->dport } };
	char *copy = arena_strdup(a, details), *at = copy, *w;

	while ((w = next_word(&at)))
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (starts_with(w, keys[i].key) && w[strlen(keys[i].key)] && !*keys[i].to)
				*keys[i].to = w + strlen(keys[i].key);
}

bool fw_log_parse(struct arena *a, const char *text, struct fw_log_line *ret)
{
	char *at = arena_strdup(a, text);
	const char *vmid = next_word(&at), *level = next_word(&at), *chain = next_word(&at), *day = next_word(&at),
		   *zone = next_word(&at);
	uint64_t n;

	if (!zone || !text_to_u64(vmid, 0, 999999999, &n) || !text_to_u64(level, 0, 8, &n) || !strchr(day, '/'))
		return false;
	*ret = (struct fw_log_line){ .vmid = vmid,
				     .level = fw_log_levels[n],
				     .chain = chain,
				     .time = arena_printf(a, "%s %s", day, zone) };
	const char *colon = strstr(at, ": ");
	ret->verdict = colon ? arena_strndup(a, at, (size_t)(colon - at)) : "";
	ret->details = colon ? colon + 2 : at;
	read_details(a, ret->details, ret);
	return true;
}
