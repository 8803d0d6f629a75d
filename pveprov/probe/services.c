#include "probe/kind.h"

/* text: unit names, separated by blanks */
static void words(const struct probe *p, struct strv *out)
{
	strv_split(out, p->text, " ");
}

static char *label(const struct probe *p UNUSED)
{
	return xstrdup("services");
}

static char *expected(const struct probe *p)
{
	_cleanup_strv_ struct strv units = { 0 };

	strv_split(&units, p->text, " ");
	return xasprintf("%zu active", units.n);
}

/* Lines "UNIT STATE". */
static bool judge(const struct probe *p, const char *text, struct buf *seen)
{
	_cleanup_strv_ struct strv lines = { 0 };
	_cleanup_strv_ struct strv units = { 0 };
	size_t active = 0;
	struct buf others = { 0 };

	strv_split(&units, p->text, " ");
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		size_t len = strlen(lines.v[i]);
		if (len > 7 && streq(lines.v[i] + len - 7, " active"))
			active++;
		else
			buf_addf(&others, ", %s", lines.v[i]);
	}
	buf_addf(seen, "%zu active%s", active, buf_text(&others));
	bool ok = active == units.n && others.len == 0;
	buf_free(&others);
	return ok;
}

const struct probe_kind probe_services = { .name = "services",
					   .look = "services",
					   .timeout_ms = 10000,
					   .words = words,
					   .label = label,
					   .expected = expected,
					   .judge = judge };
