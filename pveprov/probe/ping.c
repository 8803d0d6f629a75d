#include "probe/kind.h"

static void words(const struct probe *p, struct strv *out)
{
	char text[ADDR_TEXT_MAX];

	strv_add(out, addr_text(&p->address, text));
}

static char *label(const struct probe *p)
{
	char text[ADDR_TEXT_MAX];

	return xasprintf("ping %s", addr_text(&p->address, text));
}

static char *expected(const struct probe *p UNUSED)
{
	return xstrdup("an answer");
}

/* "3 packets transmitted, 2 received, 33% packet loss, time 402ms": the first may wait for ARP */
static bool judge(const struct probe *p UNUSED, const char *text, struct buf *seen)
{
	const char *line = strstr(text, " packets transmitted");

	if (!line) {
		probe_seen_line(text, seen);
		return false;
	}
	while (line > text && line[-1] != '\n')
		line--;
	probe_seen_line(line, seen);
	return !strstr(line, ", 0 received");
}

const struct probe_kind probe_ping = { .name = "ping",
				       .look = "ping",
				       .timeout_ms = 12000,
				       .words = words,
				       .label = label,
				       .expected = expected,
				       .judge = judge };
