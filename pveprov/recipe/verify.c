#include "recipe/part.h"
#include "base/text.h"

#define AT(m) offsetof(struct recipe_probe, m)

/* "192.168.1.1:22", "[fd00::1]:22" */
static int parse_endpoint(struct field_ctx *c, const struct tree *t, void *probe)
{
	struct recipe_probe *p = probe;
	const char *expected = "an address with its port like 192.168.1.1:22";
	const char *text = field_scalar(c, t, expected);
	const char *colon = text ? strrchr(text, ':') : NULL;
	char address[ADDR_TEXT_MAX];
	uint64_t port;

	if (!text)
		return -1;
	bool brackets = colon && colon > text && text[0] == '[' && colon[-1] == ']';
	size_t len = colon ? (size_t)(colon - text) - (brackets ? 2 : 0) : 0;
	if (colon && len < sizeof(address) && text_to_u64(colon + 1, 1, 65535, &port)) {
		struct addr a;
		memcpy(address, text + brackets, len);
		address[len] = '\0';
		if (addr_parse(address, &a) && (a.family == 6) == brackets) {
			p->address = a;
			p->port = (int64_t)port;
			return 0;
		}
	}
	return field_error(c, t->pos, "expected %s, found '%.60s'", expected, t->text);
}

static int parse_nameserver(struct field_ctx *c, const struct tree *t, void *address)
{
	static const struct field one = { NULL, FIELD_ADDR };

	return field_value(c, &one, t, address);
}

static const struct field lease_fields[] = {
	{ "interface", FIELD_NAME, AT(interface), .required = true, .max = 15,
	  .help = "The machine's interface." },
	{ "within", FIELD_CIDR, AT(within), .required = true,
	  .help = "The network its address must be in." },
	{ 0 },
};

static const struct field route_fields[] = {
	{ "via", FIELD_ADDR, AT(address), .required = true, .help = "The gateway." },
	{ "only", FIELD_BOOL, AT(only), .help = "Whether there must be no other default route." },
	{ 0 },
};

static const struct field resolver_fields[] = {
	{ "nameservers", FIELD_LIST, AT(nameservers), .required = true, .min = 1, .max = 8,
	  .parse = parse_nameserver, .schema = recipe_text_schema, .size = sizeof(struct addr),
	  .help = "Exactly these, in this order." },
	{ "search", FIELD_CUSTOM, AT(name), .parse = recipe_domain_parse,
	  .schema = recipe_text_schema, .help = "The search domain." },
	{ 0 },
};

static const char *const refusals[] = { "admin-prohibited", "reset", "any", NULL };

static const struct field refused_fields[] = {
	{ "tcp", FIELD_CUSTOM, .required = true, .parse = parse_endpoint,
	  .schema = recipe_text_schema, .help = "Address and port that must refuse." },
	{ "with", FIELD_ENUM, AT(with), .names = refusals,
	  .help = "How: admin-prohibited shows as \"No route to host\", reset as \"Connection "
		  "refused\"." },
	{ 0 },
};

/* In the order of enum recipe_probe_kind. */
static const struct field probes[] = {
	[RECIPE_PROBE_LEASE] = { "lease", FIELD_MAP, .fields = lease_fields,
				 .help = "The interface has an address in this network." },
	[RECIPE_PROBE_DEFAULT_ROUTE] = { "default-route", FIELD_MAP, .fields = route_fields,
					 .help = "The default route leads there." },
	[RECIPE_PROBE_RESOLVER] = { "resolver", FIELD_MAP, .fields = resolver_fields,
				    .help = "What the machine resolves names with." },
	[RECIPE_PROBE_PING] = { "ping", FIELD_ADDR, AT(address), .help = "The address answers." },
	[RECIPE_PROBE_RESOLVE] = { "resolve", FIELD_CUSTOM, AT(name), .parse = recipe_domain_parse,
				   .schema = recipe_text_schema,
				   .help = "The name has an address." },
	[RECIPE_PROBE_REFUSED] = { "refused", FIELD_MAP, .fields = refused_fields,
				   .help = "A connection is refused." },
	[RECIPE_PROBE_TCP] = { "tcp", FIELD_CUSTOM, .parse = parse_endpoint,
			       .schema = recipe_text_schema, .help = "A connection opens." },
	{ 0 },
};

static int parse_probe(struct field_ctx *c, const struct tree *t, void *probe)
{
	struct recipe_probe *p = probe;
	const char *names[ARRAY_SIZE(probes)] = { NULL };

	for (size_t i = 0; probes[i].key; i++)
		names[i] = probes[i].key;
	p->pos = t->pos;
	if (t->kind != TREE_MAP || t->n != 1)
		return field_error(c, t->pos, "expected one probe like 'ping: 192.168.1.1'");
	for (size_t i = 0; probes[i].key; i++) {
		if (!streq(probes[i].key, t->first->key))
			continue;
		p->kind = (enum recipe_probe_kind)i;
		return field_value(c, &probes[i], t->first, (char *)p + probes[i].offset);
	}
	const char *near = text_nearest(t->first->key, names);
	return field_error(c, t->first->key_pos, "unknown probe '%s'%s%s%s", t->first->key,
			   near ? "; did you mean '" : "", near ? near : "",
			   near ? "'?"
				: "; there are lease, default-route, resolver, ping, resolve, "
				  "refused, tcp");
}

static json_t *probe_schema(void)
{
	json_t *s = field_schema(probes);

	json_object_set_new(s, "minProperties", json_integer(1));
	json_object_set_new(s, "maxProperties", json_integer(1));
	return s;
}

const struct field recipe_verify_fields[] = {
	{ "pos", FIELD_POS, offsetof(struct recipe_verify, pos) },
	{ "from", FIELD_NAME, offsetof(struct recipe_verify, from), .required = true, .max = 63,
	  .help = "The machine the probes run in." },
	{ "probes", FIELD_LIST, offsetof(struct recipe_verify, probes), .required = true, .min = 1,
	  .max = 200, .parse = parse_probe, .schema = probe_schema,
	  .size = sizeof(struct recipe_probe), .help = "What must be true there." },
	{ 0 },
};

void recipe_verify_check(struct recipe_reader *r)
{
	const struct recipe_verify *v = &r->recipe->verify;
	const struct recipe_vm *vm = v->from ? recipe_vm(r->recipe, v->from) : NULL;

	if (!v->from || !r->whole)
		return;
	if (!vm) {
		field_error(&r->fields, v->pos, "'from': '%s' is no machine of this recipe",
			    v->from);
		return;
	}
	for (size_t i = 0; i < v->n_probes; i++) {
		const struct recipe_probe *p = &v->probes[i];
		if (p->kind == RECIPE_PROBE_LEASE && !recipe_vm_nic(vm, p->interface))
			field_error(&r->fields, p->pos, "'%s' has no interface '%s'", vm->name,
				    p->interface);
	}
}
