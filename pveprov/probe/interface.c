#include "probe/kind.h"
#include "data/json.h"

static void words(const struct probe *p, struct strv *out)
{
	strv_add(out, p->interface);
}

static char *label(const struct probe *p)
{
	return xasprintf("interface %s", p->interface);
}

static char *expected(const struct probe *p)
{
	char text[ADDR_TEXT_MAX] = "an address";

	if (p->cidr.addr.family)
		addr_cidr_text(&p->cidr, text);
	return xasprintf("%s, %s", p->optional ? "there" : "up", text);
}

/* The address that is asked for, or any IPv4 one where DHCP gives it. */
static bool has_address(const struct probe *p, const json_t *info, struct buf *seen)
{
	size_t i;
	json_t *a;
	bool found = false;

	json_array_foreach(info, i, a) {
		struct addr addr;
		const char *local = json_text(a, "local");
		if (!local || streq_null(json_text(a, "scope"), "link") || !addr_parse(local, &addr))
			continue;
		int64_t prefix = json_int(a, "prefixlen", 0);
		buf_addf(seen, ", %s/%" PRId64, local, prefix);
		if (!p->cidr.addr.family)
			found |= addr.family == 4;
		else
			found |= addr_compare(&addr, &p->cidr.addr) == 0 && prefix == p->cidr.prefix;
	}
	return found;
}

static bool has_flag(const json_t *link, const char *flag)
{
	size_t i;
	json_t *f;

	json_array_foreach(json_list(link, "flags"), i, f)
		if (streq_null(json_string_value(f), flag))
			return true;
	return false;
}

static bool judge(const struct probe *p, const char *text, struct buf *seen)
{
	_cleanup_json_ json_t *links = probe_ip_json(text, seen);
	const json_t *link = links ? probe_ip_link(links) : NULL;

	if (!link) {
		if (links)
			buf_adds(seen, "not there");
		return false;
	}
	bool up = has_flag(link, "UP") && (p->optional || has_flag(link, "LOWER_UP"));
	buf_adds(seen, !has_flag(link, "UP") ? "down" : has_flag(link, "LOWER_UP") ? "up" : "up, no carrier");
	bool addressed = has_address(p, json_list(link, "addr_info"), seen);
	return up && addressed;
}

const struct probe_kind probe_interface = { .name = "interface",
					    .look = "interface",
					    .timeout_ms = 5000,
					    .words = words,
					    .label = label,
					    .expected = expected,
					    .judge = judge };
