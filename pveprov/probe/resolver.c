#include "probe/kind.h"

static void words(const struct probe *p UNUSED, struct strv *out UNUSED)
{
}

static char *label(const struct probe *p UNUSED)
{
	return xstrdup("resolver");
}

static void describe(struct buf *b, const struct strv *servers, const struct strv *search)
{
	_cleanup_free_ char *s = strv_join(servers, " ");
	_cleanup_free_ char *d = strv_join(search, " ");

	buf_addf(b, "name servers %s, search %s", *s ? s : "none", *d ? d : "none");
}

static char *expected(const struct probe *p)
{
	_cleanup_strv_ struct strv servers = { 0 };
	_cleanup_strv_ struct strv search = { 0 };
	struct buf b = { 0 };

	for (size_t i = 0; i < p->n_nameservers; i++) {
		char text[ADDR_TEXT_MAX];
		strv_add(&servers, addr_text(&p->nameservers[i], text));
	}
	if (p->text)
		strv_add(&search, p->text);
	describe(&b, &servers, &search);
	return buf_take(&b);
}

/* resolv.conf(5): several "nameserver" lines, the last "search" or "domain" line counts. */
static void read_file(const char *text, struct strv *servers, struct strv *search)
{
	_cleanup_strv_ struct strv lines = { 0 };

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		_cleanup_strv_ struct strv w = { 0 };
		strv_split(&w, lines.v[i], " \t\r");
		if (w.n >= 2 && streq(w.v[0], "nameserver"))
			strv_add(servers, w.v[1]);
		if (w.n < 2 || (!streq(w.v[0], "search") && !streq(w.v[0], "domain")))
			continue;
		strv_free(search);
		for (size_t k = 1; k < w.n; k++)
			if (!streq(w.v[k], ".")) /* systemd-resolved's word for none */
				strv_add(search, w.v[k]);
	}
}

static bool has(const struct strv *servers, const struct addr *want)
{
	for (size_t i = 0; i < servers->n; i++) {
		struct addr a;
		if (addr_parse(servers->v[i], &a) && addr_compare(&a, want) == 0)
			return true;
	}
	return false;
}

/*
 * A resolver at a link-local address was announced by the router of the link (RFC 8106), which is the one that the
 * IPv4 addresses name: it is shown, but not held against them.
 */
static bool is_announced(const char *server)
{
	_cleanup_free_ char *bare = xstrndup(server, strcspn(server, "%"));
	struct addr a;

	return addr_parse(bare, &a) && a.family == 6 && addr_is_link_local(&a);
}

static bool judge(const struct probe *p, const char *text, struct buf *seen)
{
	_cleanup_strv_ struct strv servers = { 0 };
	_cleanup_strv_ struct strv search = { 0 };
	size_t counted = 0;
	bool ok = true;

	read_file(text, &servers, &search);
	describe(seen, &servers, &search);
	for (size_t i = 0; i < servers.n; i++)
		counted += !is_announced(servers.v[i]);
	if (p->n_nameservers)
		ok = counted == p->n_nameservers;
	for (size_t i = 0; i < p->n_nameservers; i++)
		ok = ok && has(&servers, &p->nameservers[i]);
	return ok && (!p->text || strv_contains(&search, p->text));
}

const struct probe_kind probe_resolver = { .name = "resolver",
					   .look = "resolver",
					   .timeout_ms = 5000,
					   .words = words,
					   .label = label,
					   .expected = expected,
					   .judge = judge };
