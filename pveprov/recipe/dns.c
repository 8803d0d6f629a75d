#include "recipe/part.h"
#include "base/text.h"

const char *const recipe_resolver_names[] = {
	"adguard", "cloudflare", "cloudflare-security", "google",
	"mullvad", "quad9",	 "quad9-unfiltered",	NULL,
};

static int parse_dnscrypt(struct field_ctx *c, const struct tree *t, void *texts)
{
	const struct field list = { t->key, FIELD_TEXTS };
	const struct field one = { NULL, FIELD_ENUM, .names = recipe_resolver_names };
	struct field_texts *names = texts;
	int result = field_value(c, &list, t, names), index;

	if (result < 0)
		return result;
	const struct tree *e = t->kind == TREE_SCALAR ? t : t->first;
	for (size_t i = 0; i < names->n; i++, e = e->next) {
		if (field_value(c, &one, e, &index) < 0) {
			result = -1;
			continue;
		}
		for (size_t k = 0; k < i; k++)
			if (streq(names->v[k], names->v[i]))
				result = field_error(c, e->pos, "resolver '%s' was named already",
						     names->v[i]);
	}
	return result;
}

static json_t *dnscrypt_schema(void)
{
	static const struct field one = { "name", FIELD_ENUM, .names = recipe_resolver_names };

	return json_pack("{s:s,s:o}", "type", "array", "items", field_value_schema(&one));
}

/* Only the form is checked here; what a stamp holds is checked where it is used (render/stamp). */
static int parse_stamps(struct field_ctx *c, const struct tree *t, void *texts)
{
	static const char base64url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const struct field list = { t->key, FIELD_TEXTS };
	struct field_texts *stamps = texts;
	int result = field_value(c, &list, t, stamps);

	if (result < 0)
		return result;
	const struct tree *e = t->kind == TREE_SCALAR ? t : t->first;
	for (size_t i = 0; i < stamps->n; i++, e = e->next)
		if (!starts_with(stamps->v[i], "sdns://") ||
		    !text_consists_of(stamps->v[i] + 7, base64url))
			result = field_error(c, e->pos,
					     "expected a DNS stamp (sdns://...), found '%.60s'",
					     e->text);
	return result;
}

static json_t *stamps_schema(void)
{
	return json_pack("{s:s,s:{s:s,s:s}}", "type", "array", "items", "type", "string", "pattern",
			 "^sdns://[A-Za-z0-9_-]+$");
}

const struct field recipe_dns_fields[] = {
	{ "dnscrypt", FIELD_CUSTOM, offsetof(struct recipe_dns, dnscrypt), .parse = parse_dnscrypt,
	  .schema = dnscrypt_schema,
	  .help = "Encrypted resolvers by name; cloudflare unless told." },
	{ "stamps", FIELD_CUSTOM, offsetof(struct recipe_dns, stamps), .parse = parse_stamps,
	  .schema = stamps_schema, .help = "Further resolvers by their DNS stamps." },
	{ 0 },
};
