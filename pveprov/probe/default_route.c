#include "probe/kind.h"
#include "data/json.h"

static void words(const struct probe *p UNUSED, struct strv *out UNUSED)
{
}

static char *label(const struct probe *p UNUSED)
{
	return xstrdup("default route");
}

static char *expected(const struct probe *p)
{
	char via[ADDR_TEXT_MAX] = "";

	if (p->address.family)
		addr_text(&p->address, via);
	return xasprintf("%s%s%s%s%s", p->only ? "exactly one" : "one", *via ? ", via " : "", via,
			 p->interface ? ", on " : "", p->interface ? p->interface : "");
}

static bool judge(const struct probe *p, const char *text, struct buf *seen)
{
	_cleanup_json_ json_t *routes = probe_ip_json(text, seen);
	size_t i, n = 0, right = 0;
	json_t *r;

	if (!routes)
		return false;
	json_array_foreach(routes, i, r) {
		const char *via = json_text(r, "gateway"), *dev = json_text(r, "dev");
		struct addr gateway = { 0 };
		if (!dev)
			continue;
		buf_addf(seen, "%svia %s on %s", n++ ? ", " : "", via ? via : "nobody", dev);
		bool good = !p->interface || streq(p->interface, dev);
		if (p->address.family)
			good = good && via && addr_parse(via, &gateway) && addr_compare(&gateway, &p->address) == 0;
		right += good;
	}
	if (n == 0)
		buf_adds(seen, "no default route");
	return p->only ? n == 1 && right == 1 : right >= 1;
}

const struct probe_kind probe_default_route = { .name = "default-route",
						.look = "route",
						.timeout_ms = 5000,
						.words = words,
						.label = label,
						.expected = expected,
						.judge = judge };
