#include "probe/kind.h"
#include "data/json.h"

static void words(const struct probe *p, struct strv *out)
{
	strv_add(out, p->interface);
}

static char *label(const struct probe *p)
{
	return xasprintf("lease %s", p->interface);
}

static char *expected(const struct probe *p)
{
	char net[ADDR_TEXT_MAX];

	return xasprintf("an address by DHCP within %s", addr_cidr_text(&p->cidr, net));
}

static bool judge(const struct probe *p, const char *text, struct buf *seen)
{
	_cleanup_json_ json_t *links = probe_ip_json(text, seen);
	const json_t *info = links ? json_list(probe_ip_link(links), "addr_info") : NULL;
	size_t i, n = 0;
	json_t *a;
	bool ok = false;

	if (!links)
		return false;
	json_array_foreach(info, i, a) {
		struct addr addr;
		const char *local = json_text(a, "local");
		if (!local || !streq_null(json_text(a, "family"), "inet") || !addr_parse(local, &addr))
			continue;
		bool dynamic = json_flag(a, "dynamic", false);
		buf_addf(seen, "%s%s/%" PRId64 "%s", n++ ? ", " : "", local, json_int(a, "prefixlen", 0),
			 dynamic ? "" : " (not by DHCP)");
		ok |= dynamic && addr_cidr_contains(&p->cidr, &addr);
	}
	if (n == 0)
		buf_adds(seen, "no IPv4 address");
	return ok;
}

const struct probe_kind probe_lease = { .name = "lease",
					.look = "lease",
					.timeout_ms = 45000,
					.words = words,
					.label = label,
					.expected = expected,
					.judge = judge };
