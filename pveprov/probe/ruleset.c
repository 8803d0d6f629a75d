#include "probe/kind.h"

static void words(const struct probe *p, struct strv *out)
{
	strv_add(out, p->text);
}

static char *label(const struct probe *p UNUSED)
{
	return xstrdup("ruleset");
}

static char *expected(const struct probe *p)
{
	return xasprintf("loaded as in %s", p->text);
}

/* "same"; or "differs" and some lines of the difference; or what nft said. */
static bool judge(const struct probe *p UNUSED, const char *text, struct buf *seen)
{
	if (starts_with(text, "same")) {
		buf_adds(seen, "the same");
		return true;
	}
	_cleanup_strv_ struct strv lines = { 0 };
	strv_split(&lines, text, "\n");
	_cleanup_free_ char *all = strv_join(&lines, "; ");
	probe_seen_line(all, seen);
	return false;
}

const struct probe_kind probe_ruleset = { .name = "ruleset",
					  .look = "ruleset",
					  .timeout_ms = 15000,
					  .words = words,
					  .label = label,
					  .expected = expected,
					  .judge = judge };
