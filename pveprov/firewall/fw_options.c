#include "firewall/fw_options.h"
#include "base/strv.h"
#include "base/text.h"

#include <ctype.h>

const char *const fw_log_levels[] = { "emerg",	"alert", "crit",  "err",   "warning",
				      "notice", "info",	 "debug", "nolog", NULL };
static const char *const policies[] = { "ACCEPT", "REJECT", "DROP", NULL };
static const char *const forward_policies[] = { "ACCEPT", "DROP", NULL };
static const char *const helpers[] = { "amanda", "ftp",	 "irc",	 "netbios-ns", "pptp",
				       "sane",	 "sip",	 "snmp", "tftp",       NULL };
/* Those of /etc/ethertypes that the server's reader takes: it wants decimal digits where the file has hexadecimal ones. */
static const char *const ethertypes[] = {
	"IPv4", "0800",	  "X25",  "0805",  "ARP",  "0806",    "FR_ARP", "0808",	      "TEB",  "6558",	  "RAW_FR", "6559",
	"RARP", "8035",	  "802_1Q", "8100", "IPX",  "8137",   "NetBEUI", "8191",      "MPLS", "8847",	  "MPLS_MULTI",
	"8848", "PPP_DISC", "8863", "PPP_SES", "8864", "ATMFATE", "8884", "FCOE",     "8906", "FIP",	  "8914",   "ROCE",
	"8915", NULL,
};

#define BOOL(level_, key_, absent_, ...) { .key = key_, .level = level_, .type = FW_BOOLEAN, .absent = absent_, __VA_ARGS__ }
#define INT(level_, key_, absent_, min_, max_, ...) \
	{ .key = key_, .level = level_, .type = FW_INTEGER, .absent = absent_, .min = min_, .max = max_, __VA_ARGS__ }
#define CHOICE(level_, key_, absent_, choices_) \
	{ .key = key_, .level = level_, .type = FW_CHOICE, .absent = absent_, .choices = choices_ }
#define LOG(level_, key_) { .key = key_, .level = level_, .type = FW_LEVEL, .absent = "nolog" }

static const struct fw_option_spec specs[] = {
	INT(FW_CLUSTER, "enable", "0", 0, INT64_MAX,
	    .note = "more than 1 is a time: on for 60 s from then (iptables daemon only)"),
	BOOL(FW_CLUSTER, "ebtables", "1"),
	CHOICE(FW_CLUSTER, "policy_in", "DROP", policies),
	CHOICE(FW_CLUSTER, "policy_out", "ACCEPT", policies),
	CHOICE(FW_CLUSTER, "policy_forward", "ACCEPT", forward_policies),
	{ .key = "log_ratelimit", .level = FW_CLUSTER, .type = FW_RATELIMIT, .absent = "1,rate=1/second,burst=5" },

	BOOL(FW_HOST, "enable", "1"),
	BOOL(FW_HOST, "nosmurfs", "1", .note = "on when absent, IPv4 only"),
	BOOL(FW_HOST, "tcpflags", "0"),
	BOOL(FW_HOST, "ndp", "1"),
	BOOL(FW_HOST, "nftables", "0", .note = "the 60 s switch of the cluster does not work with it"),
	BOOL(FW_HOST, "log_nf_conntrack", "0"),
	BOOL(FW_HOST, "nf_conntrack_allow_invalid", "0", .note = "acts on forwarded packets only"),
	BOOL(FW_HOST, "protection_synflood", "0"),
	INT(FW_HOST, "protection_synflood_rate", "200", 0, INT32_MAX),
	INT(FW_HOST, "protection_synflood_burst", "1000", 0, INT32_MAX),
	INT(FW_HOST, "protection_limit", NULL, 0, INT32_MAX, .file_only = true,
	    .note = "is read by nobody: the code looks at protection_synflood_limit"),
	INT(FW_HOST, "nf_conntrack_max", "262144", 32768, INT32_MAX),
	INT(FW_HOST, "nf_conntrack_tcp_timeout_established", "432000", 7875, INT32_MAX),
	INT(FW_HOST, "nf_conntrack_tcp_timeout_syn_recv", "60", 30, 60),
	{ .key = "nf_conntrack_helpers", .level = FW_HOST, .type = FW_HELPERS, .absent = "" },
	LOG(FW_HOST, "log_level_in"),
	LOG(FW_HOST, "log_level_out"),
	LOG(FW_HOST, "log_level_forward"),
	LOG(FW_HOST, "tcp_flags_log_level"),
	LOG(FW_HOST, "smurf_log_level"),

	BOOL(FW_GUEST, "enable", "0"),
	BOOL(FW_GUEST, "dhcp", "1", .note = "absent behaves as 1 whatever the manual says: only 'dhcp: 0' closes it"),
	BOOL(FW_GUEST, "ndp", "1"),
	BOOL(FW_GUEST, "radv", "0", .note = "0 drops router advertisements of the guest: a router wants 1"),
	BOOL(FW_GUEST, "macfilter", "1"),
	BOOL(FW_GUEST, "ipfilter", "0", .note = "drops what a router forwards"),
	CHOICE(FW_GUEST, "policy_in", "DROP", policies),
	CHOICE(FW_GUEST, "policy_out", "ACCEPT", policies),
	LOG(FW_GUEST, "log_level_in"),
	LOG(FW_GUEST, "log_level_out"),
	BOOL(FW_GUEST, "ips", "0", .file_only = true),
	{ .key = "ips_queues", .level = FW_GUEST, .type = FW_QUEUES, .file_only = true },
	{ .key = "layer2_protocols", .level = FW_GUEST, .type = FW_ETHERTYPES, .file_only = true },

	BOOL(FW_VNET, "enable", "0"),
	CHOICE(FW_VNET, "policy_forward", "ACCEPT", forward_policies),
	LOG(FW_VNET, "log_level_forward"),
};

const struct fw_option_spec *fw_option_next(enum fw_level level, size_t *i)
{
	while (*i < ARRAY_SIZE(specs)) {
		const struct fw_option_spec *s = &specs[(*i)++];
		if (s->level == level)
			return s;
	}
	return NULL;
}

const struct fw_option_spec *fw_option_spec(enum fw_level level, const char *key)
{
	const struct fw_option_spec *s;

	for (size_t i = 0; (s = fw_option_next(level, &i));)
		if (strcasecmp(s->key, key) == 0)
			return s;
	return NULL;
}

bool fw_log_level(const char *name)
{
	for (const char *const *l = fw_log_levels; *l; l++)
		if (streq(*l, name))
			return true;
	return false;
}

static const char *choice(const char *const *choices, const char *value)
{
	for (; *choices; choices++)
		if (strcasecmp(*choices, value) == 0)
			return *choices;
	return NULL;
}

static const char *normal_integer(struct arena *a, const struct fw_option_spec *s, const char *value, const char **why)
{
	uint64_t n;

	if (text_to_u64(value, (uint64_t)s->min, (uint64_t)s->max, &n))
		return arena_strdup(a, value);
	*why = s->max == INT64_MAX ? arena_printf(a, "'%s' is not a whole number from %" PRId64, value, s->min)
				   : arena_printf(a, "'%s' is not a whole number from %" PRId64 " to %" PRId64,
						  value, s->min, s->max);
	return NULL;
}

static bool is_rate(const char *rate)
{
	static const char *const units[] = { "second", "minute", "hour", "day", NULL };
	size_t digits = strspn(rate, "0123456789");

	return digits && rate[0] != '0' && rate[digits] == '/' && choice(units, rate + digits + 1);
}

/* enable=0|1 (its key may be left out, it may not), rate=N/unit, burst=N. */
static const char *normal_ratelimit(struct arena *a, const char *value, const char **why)
{
	_cleanup_strv_ struct strv items = { 0 };
	bool enable = false;
	uint64_t n;

	strv_split(&items, value, ",");
	for (size_t i = 0; i < items.n; i++) {
		const char *item = items.v[i];
		bool other = starts_with(item, "burst=") || starts_with(item, "rate=");
		bool known = starts_with(item, "burst=") ? text_to_u64(item + 6, 0, INT32_MAX, &n)
			     : other ? is_rate(item + 5)
				     : text_to_u64(starts_with(item, "enable=") ? item + 7 : item, 0, 1, &n);
		enable = enable || !other;
		if (!known) {
			*why = arena_printf(a, "'%s' is none of enable=0|1, rate=N/second|minute|hour|day, burst=N",
					    item);
			return NULL;
		}
	}
	if (enable)
		return arena_strdup(a, value);
	*why = arena_printf(a, "'%s' lacks enable=0|1", value);
	return NULL;
}

/* A comma list; every item must be one of the names. */
static const char *normal_list(struct arena *a, const char *const *names, bool exact, const char *value, const char **why)
{
	_cleanup_strv_ struct strv items = { 0 };

	if (*value == ',' || strstr(value, ",,") || (*value && value[strlen(value) - 1] == ',')) {
		*why = "extraneous commas in list";
		return NULL;
	}
	strv_split(&items, value, ",");
	for (size_t i = 0; i < items.n; i++) {
		const char *name = choice(names, items.v[i]);
		if (!name || (exact && !streq(name, items.v[i]))) {
			*why = arena_printf(a, "unknown name '%s'", items.v[i]);
			return NULL;
		}
	}
	return arena_strdup(a, value);
}

static const char *normal_helpers(struct arena *a, const char *value, const char **why)
{
	char *lower = arena_strdup(a, value);

	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return normal_list(a, helpers, false, lower, why);
}

static const char *normal_queues(struct arena *a, const char *value, const char **why)
{
	size_t n = strspn(value, "0123456789");

	if (n && (!value[n] || (value[n] == ':' && text_consists_of(value + n + 1, "0123456789"))))
		return arena_strdup(a, value);
	*why = arena_printf(a, "'%s' is not N or N:M", value);
	return NULL;
}

const char *fw_option_normal(struct arena *a, const struct fw_option_spec *s, const char *value, const char **why)
{
	const char *found;

	switch (s->type) {
	case FW_BOOLEAN:
		if (streq(value, "0") || streq(value, "1"))
			return arena_strdup(a, value);
		*why = arena_printf(a, "'%s' is not 0 or 1", value);
		return NULL;
	case FW_INTEGER:
		return normal_integer(a, s, value, why);
	case FW_CHOICE:
	case FW_LEVEL:
		found = s->type == FW_LEVEL && !*value ? "nolog"
						       : choice(s->type == FW_LEVEL ? fw_log_levels : s->choices, value);
		if (!found)
			*why = arena_printf(a, "'%s' is not one of the values of '%s'", value, s->key);
		return found;
	case FW_RATELIMIT:
		return normal_ratelimit(a, value, why);
	case FW_HELPERS:
		return normal_helpers(a, value, why);
	case FW_QUEUES:
		return normal_queues(a, value, why);
	case FW_ETHERTYPES:
		return normal_list(a, ethertypes, true, value, why);
	}
	return NULL;
}

const char *fw_option_effective(const struct fw_config *c, enum fw_level level, const char *key)
{
	const char *value = fw_option(c, key);
	const struct fw_option_spec *s = fw_option_spec(level, key);

	return value ? value : s ? s->absent : NULL;
}

bool fw_option_on(const struct fw_config *c, enum fw_level level, const char *key)
{
	const char *value = fw_option_effective(c, level, key);

	return value && !streq(value, "0");
}
