#include "probe/kind.h"

static void words(const struct probe *p, struct strv *out)
{
	strv_add(out, p->text);
}

static char *label(const struct probe *p)
{
	return xasprintf("resolve %s", p->text);
}

static char *expected(const struct probe *p UNUSED)
{
	return xstrdup("an address");
}

/* Lines "address 1.1.1.1". */
static bool judge(const struct probe *p UNUSED, const char *text, struct buf *seen)
{
	_cleanup_strv_ struct strv lines = { 0 };
	size_t n = 0;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (starts_with(lines.v[i], "address "))
			buf_addf(seen, "%s%s", n++ ? ", " : "", lines.v[i] + strlen("address "));
	if (n == 0)
		buf_adds(seen, "no address");
	return n > 0;
}

const struct probe_kind probe_resolve = { .name = "resolve",
					  .look = "name",
					  .timeout_ms = 20000,
					  .words = words,
					  .label = label,
					  .expected = expected,
					  .judge = judge };
