#include "probe/kind.h"

/* Indexes of recipe_probe.with. */
enum { WITH_PROHIBITED, WITH_RESET, WITH_ANY };

static void words(const struct probe *p, struct strv *out)
{
	char text[ADDR_TEXT_MAX];

	strv_add(out, addr_text(&p->address, text));
	strv_addf(out, "%u", p->port);
}

static char *label_of(const char *what, const struct probe *p)
{
	char text[ADDR_TEXT_MAX];

	addr_text(&p->address, text);
	return p->address.family == 6 ? xasprintf("%s [%s]:%u", what, text, p->port)
				      : xasprintf("%s %s:%u", what, text, p->port);
}

static char *tcp_label(const struct probe *p)
{
	return label_of("tcp", p);
}

static char *refused_label(const struct probe *p)
{
	return label_of("refused", p);
}

static char *tcp_expected(const struct probe *p UNUSED)
{
	return xstrdup("a connection");
}

static char *refused_expected(const struct probe *p)
{
	static const char *const texts[] = { [WITH_PROHIBITED] = "No route to host",
					     [WITH_RESET] = "Connection refused",
					     [WITH_ANY] = "an error at once" };

	return xstrdup(texts[p->with]);
}

/*
 * What connect(2) says: an ICMP "admin-prohibited" is EHOSTUNREACH for IPv4 and EACCES for IPv6 (Linux, icmp_err_convert
 * and icmpv6_err_convert). "timed out": neither answer nor refusal, timeout(1) ended it with status 124.
 */
static const char *outcome(const char *text)
{
	static const char *const known[] = { "No route to host", "Connection refused", "Permission denied",
					     "Network is unreachable", "Connection timed out" };

	if (strstr(text, "connected\n"))
		return "connected";
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(text, known[i]))
			return known[i];
	return strstr(text, "status 124") ? "no answer" : NULL;
}

static bool tcp_judge(const struct probe *p UNUSED, const char *text, struct buf *seen)
{
	const char *o = outcome(text);

	if (o)
		buf_adds(seen, o);
	else
		probe_seen_line(text, seen);
	return o && streq(o, "connected");
}

static bool refused_judge(const struct probe *p, const char *text, struct buf *seen)
{
	const char *o = outcome(text);
	bool connected = tcp_judge(p, text, seen);

	if (connected || !o)
		return false;
	bool prohibited = streq(o, p->address.family == 6 ? "Permission denied" : "No route to host");
	bool reset = streq(o, "Connection refused");
	return p->with == WITH_PROHIBITED ? prohibited : p->with == WITH_RESET ? reset : prohibited || reset;
}

const struct probe_kind probe_tcp = { .name = "tcp",
				      .look = "tcp",
				      .timeout_ms = 8000,
				      .words = words,
				      .label = tcp_label,
				      .expected = tcp_expected,
				      .judge = tcp_judge };

const struct probe_kind probe_refused = { .name = "refused",
					  .look = "tcp",
					  .timeout_ms = 8000,
					  .words = words,
					  .label = refused_label,
					  .expected = refused_expected,
					  .judge = refused_judge };
