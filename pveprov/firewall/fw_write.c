#include "firewall/fw_write.h"

#include <ctype.h>

static const char *const headers[FW_SECTION_KINDS] = {
	[FW_OPTIONS] = "OPTIONS", [FW_ALIASES] = "ALIASES", [FW_IPSET] = "IPSET",
	[FW_RULES] = "RULES",	  [FW_GROUP] = "group",
};

static void write_comment(const char *comment, struct buf *out)
{
	if (comment && *comment)
		buf_addf(out, " # %s", comment);
}

void fw_rule_write(const struct fw_rule *r, const char *comment, struct buf *out)
{
	if (!r->enabled)
		buf_addc(out, '|');
	for (const char *p = fw_type_name(r->type); *p; p++)
		buf_addc(out, (char)toupper((unsigned char)*p));
	if (r->macro)
		buf_addf(out, " %s(%s)", r->macro, r->action);
	else
		buf_addf(out, " %s", r->action);
	for (size_t i = 0; i < FW_FIELDS; i++) {
		const char *value = fw_field_get(r, &fw_fields[i]);
		bool is_iface = streq(fw_fields[i].api, "iface");
		if (!value || (r->type == FW_GROUP_RULE && !is_iface))
			continue;
		buf_addf(out, " %s %s", fw_fields[i].file, value);
	}
	write_comment(comment, out);
}

static void write_entry(const struct fw_section *s, const struct fw_entry *e, struct buf *out)
{
	if (e->lead)
		buf_adds(out, e->lead);
	if (e->bad) {
		buf_addf(out, "%s\n", e->bad);
		return;
	}
	switch (s->kind) {
	case FW_OPTIONS:
		buf_addf(out, "%s: %s", e->key, e->value);
		break;
	case FW_ALIASES:
		buf_addf(out, "%s %s", e->key, e->value);
		write_comment(e->comment, out);
		break;
	case FW_IPSET:
		buf_addf(out, "%s%s", e->nomatch ? "!" : "", e->value);
		write_comment(e->comment, out);
		break;
	case FW_RULES:
	case FW_GROUP:
		fw_rule_write(&e->rule, e->comment, out);
		break;
	case FW_SECTION_KINDS:
		break;
	}
	buf_addc(out, '\n');
}

void fw_write(const struct fw_config *c, struct buf *out)
{
	for (const struct fw_section *s = c->first; s; s = s->next) {
		if (s->lead)
			buf_adds(out, s->lead);
		else if (s != c->first)
			buf_addc(out, '\n');
		buf_addf(out, "[%s%s%s]", headers[s->kind], s->name ? " " : "", s->name ? s->name : "");
		write_comment(s->comment, out);
		buf_addc(out, '\n');
		/* the server leaves one line free below a header */
		if (s->first && !s->first->lead)
			buf_addc(out, '\n');
		for (const struct fw_entry *e = s->first; e; e = e->next)
			write_entry(s, e, out);
	}
	if (c->tail)
		buf_adds(out, c->tail);
}
