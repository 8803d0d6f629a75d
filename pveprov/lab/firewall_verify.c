/* What the server says of a rule: the texts of verify_rule (pve-firewall 6.0.4). */
#include "data/fw_macro.h"
#include "data/fw_proto.h"
#include "lab/firewall_format.h"
#include "lab/firewall_private.h"
#include "lab/sdn.h"

/* Where a kind of rules may stand, and whether they may name an interface. */
static const struct env {
	const char *name, *types;
	bool iface;
} envs[] = {
	{ "cluster", "in out forward group", true }, { "host", "in out forward group", true },
	{ "vm", "in out group", true },		     { "ct", "in out group", true },
	{ "vnet", "forward group", false },	     { "group", "in out forward", false },
};

struct verify {
	const struct request *q;
	const struct env *env;
	json_t *rule, *errors;
	int family;
	char *fatal; /* the server dies of it instead of naming a parameter */
};

static bool has_word(const char *words, const char *word)
{
	const char *at = strstr(words, word);
	size_t n = strlen(word);

	return at && (at == words || at[-1] == ' ') && (!at[n] || at[n] == ' ');
}

/* The first complaint about a parameter counts; text is stolen, NULL is none. */
static void complain(struct verify *v, const char *param, char *text)
{
	if (text && !json_object_get(v->errors, param))
		json_object_set_new(v->errors, param, json_string(text));
	free(text);
}

static const char *field(const struct verify *v, const char *name)
{
	const char *s = json_text(v->rule, name);

	return s && *s && !streq(s, "0") ? s : NULL;
}

/* False: another family was there before. */
static bool set_family(struct verify *v, int family)
{
	if (family && v->family && v->family != family)
		return false;
	v->family = family ? family : v->family;
	return true;
}

static void check_type(struct verify *v)
{
	const char *type = field(v, "type"), *action = field(v, "action");

	if (!type)
		complain(v, "type", xstrdup("missing property"));
	if (!action)
		complain(v, "action", xstrdup("missing property"));
	if (!type || !action)
		return;
	if (!has_word(v->env->types, type))
		complain(v, "type", xasprintf("invalid rule type '%s' for rule_env '%s'", type, v->env->name));
	if (streq(type, "group")) {
		if (!firewall_is_name(action))
			complain(v, "action", xstrdup("invalid characters in security group name"));
		return;
	}
	if (streq(type, "forward") && streq(action, "REJECT"))
		complain(v, "action", xstrdup("cannot define REJECT rules on forward chain"));
	if (!has_word("ACCEPT DROP REJECT", action))
		complain(v, "action", xasprintf("unknown action '%s'", action));
}

static void check_iface(struct verify *v)
{
	const char *iface = field(v, "iface");

	if (!iface)
		return;
	if (!v->env->iface)
		complain(v, "type", xstrdup("parameter -i not allowed for this rule type"));
	if ((streq(v->env->name, "vm") || streq(v->env->name, "ct")) &&
	    (!starts_with(iface, "net") || !iface[3] || iface[3 + strspn(iface + 3, "0123456789")]))
		complain(v, "iface", xstrdup("value does not match the regex pattern 'net\\d+'"));
}

static void check_macro(struct verify *v)
{
	const char *macro = field(v, "macro");
	size_t n;
	const struct fw_macro *m = macro ? fw_macro_find(macro, &n) : NULL;

	if (m)
		json_object_set_new(v->rule, "macro", json_string(m->name));
	else if (macro)
		complain(v, "macro", xasprintf("unknown macro '%s'", macro));
}

/* The macro may not say otherwise than the rule. Of a macro with both families that of the rule is meant, IPv4 in doubt. */
static void check_contradiction(struct verify *v)
{
	size_t n = 0;
	const char *macro = field(v, "macro");
	const struct fw_macro *m = macro ? fw_macro_find(macro, &n) : NULL;
	int family = v->family == 6 || (n && m[n - 1].family == 6 && m[0].family == 6) ? 6 : 4;

	for (size_t i = 0; i < n; i++) {
		const struct {
			const char *param, *value;
		} said[] = { { "proto", m[i].proto }, { "dport", m[i].dport }, { "sport", m[i].sport } };
		for (size_t k = 0; k < ARRAY_SIZE(said) && (!m[i].family || m[i].family == family); k++) {
			const char *own = field(v, said[k].param);
			if (own && said[k].value && !streq(own, said[k].value))
				complain(v, said[k].param, xasprintf("parameter '%s' already define in macro (value = '%s')",
								     said[k].param, said[k].value));
		}
	}
}

static void check_ports(struct verify *v, const char *param, const char *proto, char *(*fn)(const char *), bool icmp)
{
	const char *ports = field(v, param);

	if (!ports)
		return;
	complain(v, param, fn(ports));
	if (!proto)
		complain(v, "proto", xasprintf("missing property - '%s' requires this property", param));
	else if (!fw_proto_has_ports(proto) && !icmp)
		complain(v, param, xasprintf("protocol '%s' does not support ports", proto));
}

static void check_icmp_type(struct verify *v, const char *proto, bool icmp)
{
	const char *type = field(v, "icmp-type");

	if (!type)
		return;
	if (!icmp)
		complain(v, "proto", xstrdup("missing property - 'icmp-type' requires this property"));
	if (field(v, "dport"))
		complain(v, "icmp-type", xstrdup("'icmp-type' cannot be specified together with 'dport'"));
	if (icmp && !firewall_is_icmp_type(streq(proto, "icmp") ? 4 : 6, type))
		complain(v, "icmp-type", xasprintf("invalid icmp-type '%s' for proto '%s'", type, proto));
}

static void check_protocol(struct verify *v)
{
	const char *proto = field(v, "proto");
	bool icmp = proto && fw_proto_is_icmp(proto);

	if (proto)
		complain(v, "proto", firewall_complain_proto(proto));
	if (icmp)
		set_family(v, streq(proto, "icmp") ? 4 : 6);
	check_ports(v, "dport", proto, icmp ? firewall_complain_dport : firewall_complain_sport, icmp);
	check_icmp_type(v, proto, icmp);
	check_ports(v, "sport", proto, firewall_complain_sport, false);
}

/* Sets are looked for in all scopes, whichever is named. */
static bool has_set(const struct verify *v, const char *name)
{
	json_t *sdn = sdn_sets(v->q);
	bool has = json_object_get(json_object_get(firewall_file_of(v->q), "ipset"), name) ||
		   json_object_get(json_object_get(firewall_file(v->q->lab, "cluster"), "ipset"), name) ||
		   json_object_get(sdn, name);

	json_decref(sdn);
	return has;
}

static void check_set(struct verify *v, const char *param, const char *value)
{
	static const char *const scopes[] = { "guest/", "dc/", "sdn/" };
	const char *name = value + 1;

	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
		if (starts_with(value + 1, scopes[i]))
			name = value + 1 + strlen(scopes[i]);
	if (!firewall_is_name(name))
		complain(v, param, xasprintf("invalid ipset name '%s'", value));
	else if (!has_set(v, name))
		complain(v, param, xasprintf("no such ipset '%s'", name));
}

/* An alias may be there in another scope than the one that is named: no error, and no family. */
static void check_alias(struct verify *v, const char *param, const char *value)
{
	const char *slash = strchr(value, '/'), *name = slash ? slash + 1 : value;
	_cleanup_free_ char *anywhere = xasprintf("guest/%s", name), *cluster = xasprintf("dc/%s", name);
	const json_t *a = firewall_alias(v->q, value);

	if (!a && !firewall_alias(v->q, anywhere) && !firewall_alias(v->q, cluster))
		complain(v, param, xasprintf("no such alias '%s'", value));
	if (a && !set_family(v, (int)json_int(a, "ipversion", 0)) && !v->fatal)
		v->fatal = xstrdup("detected mixed ipv4/ipv6 addresses in rule");
}

static void check_address(struct verify *v, const char *param)
{
	const char *value = field(v, param);
	int family;

	if (!value)
		return;
	char *why = firewall_read_addresses(value, &family);
	if (!why && !set_family(v, family))
		why = xstrdup("detected mixed ipv4/ipv6 addresses in rule");
	complain(v, param, why);
	if (value[0] == '+')
		check_set(v, param, value);
	else if (firewall_is_alias(value))
		check_alias(v, param, value);
}

char *firewall_verify(const struct request *q, json_t *rule, json_t *errors)
{
	struct verify v = { .q = q, .rule = rule, .errors = errors, .env = &envs[0] };

	for (size_t i = 0; i < ARRAY_SIZE(envs); i++)
		if (streq(envs[i].name, firewall_env(q)))
			v.env = &envs[i];
	check_type(&v);
	check_iface(&v);
	check_macro(&v);
	check_protocol(&v);
	check_address(&v, "source");
	check_address(&v, "dest");
	json_object_del(rule, "ipversion");
	if (v.family)
		json_object_set_new(rule, "ipversion", json_integer(v.family));
	if (!json_object_size(errors))
		check_contradiction(&v);
	return v.fatal;
}
