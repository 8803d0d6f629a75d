#include "probe/kind.h"
#include "base/text.h"

static void words(const struct probe *p, struct strv *out)
{
	strv_add(out, p->interface);
	strv_add(out, p->text);
}

static char *label(const struct probe *p)
{
	return xasprintf("DNS on %s", p->interface);
}

static char *expected(const struct probe *p)
{
	return xasprintf("%s resolves and no packet to port 53 leaves", p->text);
}

/* Lines "address A" for what was resolved, and "plain N" for packets to port 53 that left meanwhile. */
static bool judge(const struct probe *p UNUSED, const char *text, struct buf *seen)
{
	_cleanup_strv_ struct strv lines = { 0 };
	bool resolved = false, counted = false;
	uint64_t plain = 0;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		resolved |= starts_with(lines.v[i], "address ");
		if (starts_with(lines.v[i], "plain "))
			counted = text_to_u64(lines.v[i] + strlen("plain "), 0, UINT64_MAX, &plain);
	}
	if (!counted) {
		probe_seen_line(text, seen);
		return false;
	}
	buf_addf(seen, "%s, %" PRIu64 " packets to port 53", resolved ? "resolved" : "not resolved", plain);
	return resolved && plain == 0;
}

const struct probe_kind probe_encrypted_dns = { .name = "encrypted-dns",
						.look = "dns",
						.timeout_ms = 20000,
						.words = words,
						.label = label,
						.expected = expected,
						.judge = judge };
