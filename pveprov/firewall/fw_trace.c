#include "firewall/fw_trace.h"

static void match(const struct fw_trace *t, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	if (t->from.family)
		buf_addf(out, " %s saddr %s", t->from.family == 4 ? "ip" : "ip6", addr_text(&t->from, text));
	if (t->to.family)
		buf_addf(out, " %s daddr %s", t->to.family == 4 ? "ip" : "ip6", addr_text(&t->to, text));
	if (t->proto >= 0)
		buf_addf(out, " meta l4proto %d", t->proto);
	if (t->proto >= 0 && t->port >= 0)
		buf_addf(out, " th dport %d", t->port);
}

static void table(const struct fw_trace *t, const char *family, struct buf *out)
{
	buf_addf(out, "nft -f - <<'END'\ntable %s pveprov-trace {\n", family);
	buf_adds(out, "\tchain watch {\n\t\ttype filter hook prerouting priority -350; policy accept;\n\t\t");
	match(t, out);
	buf_adds(out, " meta nftrace set 1\n\t}\n");
	if (streq(family, "inet")) {
		buf_adds(out, "\tchain own {\n\t\ttype filter hook output priority -350; policy accept;\n\t\t");
		match(t, out);
		buf_adds(out, " meta nftrace set 1\n\t}\n");
	}
	buf_adds(out, "}\nEND\n");
}

void fw_trace_script(const struct fw_trace *t, struct buf *out)
{
	buf_adds(out, "set -eu\n# clean up, also when interrupted\nclean() {\n"
		      "\tnft delete table inet pveprov-trace 2>/dev/null || :\n");
	if (t->bridge)
		buf_adds(out, "\tnft delete table bridge pveprov-trace 2>/dev/null || :\n");
	buf_adds(out, "}\ntrap clean EXIT HUP INT TERM\nclean\n# mark the packets\n");
	table(t, "inet", out);
	if (t->bridge)
		table(t, "bridge", out);
	buf_addf(out, "# watch what happens to them\ntimeout %d nft monitor trace || :\n", t->seconds);
}
