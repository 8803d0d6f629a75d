#include "firewall/fw_write.h"
#include "firewall/fw_yaml.h"

/* A double-quoted YAML scalar: the only form that can hold everything. */
static void quoted(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			buf_addf(out, "\\x%02x", (unsigned char)*text);
		else
			buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

static void address(struct buf *out, const struct fw_entry *e)
{
	_cleanup_free_ char *value = xasprintf("%s%s", e->nomatch ? "!" : "", e->value);

	if (!e->comment) {
		quoted(out, value);
		return;
	}
	buf_adds(out, "{ cidr: ");
	quoted(out, value);
	buf_adds(out, ", comment: ");
	quoted(out, e->comment);
	buf_adds(out, " }");
}

static void rules(struct buf *out, int indent, const struct fw_section *s)
{
	for (const struct fw_entry *e = s->first; e; e = e->next) {
		_cleanup_buf_ struct buf line = { 0 };
		if (e->bad)
			continue;
		fw_rule_write(&e->rule, e->comment, &line);
		buf_addf(out, "%*s- ", indent, "");
		quoted(out, buf_text(&line));
		buf_addc(out, '\n');
	}
}

/* Of a set or group; what the entries are indented by. */
static int head(struct buf *out, int indent, const struct fw_section *s)
{
	buf_addf(out, "%*s%s:", indent, "", s->name);
	if (s->comment) {
		indent += 2;
		buf_addf(out, "\n%*scomment: ", indent, "");
		quoted(out, s->comment);
		buf_addf(out, "\n%*s%s:", indent, "", s->kind == FW_IPSET ? "members" : "rules");
	}
	buf_adds(out, s->first ? "\n" : " []\n");
	return indent + 2;
}

static void section(struct buf *out, int indent, const struct fw_config *c, const struct fw_section *s)
{
	if (s->name)
		indent = head(out, indent, s);
	if (s->kind == FW_RULES || s->kind == FW_GROUP) {
		rules(out, indent, s);
		return;
	}
	for (const struct fw_entry *e = s->first; e; e = e->next) {
		if (!fw_entry_counts(c, s, e))
			continue;
		buf_addf(out, "%*s%s", indent, "", s->kind == FW_IPSET ? "- " : e->key);
		if (s->kind != FW_IPSET)
			buf_adds(out, ": ");
		if (s->kind == FW_OPTIONS)
			quoted(out, e->value);
		else
			address(out, e);
		buf_addc(out, '\n');
	}
}

static void config(struct buf *out, int indent, const struct fw_config *c)
{
	static const char *const keys[FW_SECTION_KINDS] = { "options", "aliases", "ipsets", "rules", "groups" };

	for (enum fw_section_kind k = 0; k < FW_SECTION_KINDS; k++) {
		bool begun = false;
		for (const struct fw_section *s = c->first; s; s = s->next) {
			if (s->kind != k || (!s->first && !s->name) || !fw_section_counts(c, s))
				continue;
			if (!begun)
				buf_addf(out, "%*s%s:\n", indent, "", keys[k]);
			begun = true;
			section(out, indent + 2, c, s);
		}
	}
}

static bool is_empty(const struct fw_config *c)
{
	for (const struct fw_section *s = c->first; s; s = s->next)
		if (s->first || s->name)
			return false;
	return true;
}

void fw_yaml_write(const struct fw_files *f, struct buf *out)
{
	static const struct {
		enum fw_level level;
		const char *key;
	} levels[] = { { FW_CLUSTER, "cluster" }, { FW_HOST, "nodes" }, { FW_GUEST, "guests" }, { FW_VNET, "vnets" } };

	buf_adds(out, "pveprov: 1\nfirewall:\n");
	for (size_t l = 0; l < ARRAY_SIZE(levels); l++) {
		bool begun = false;
		for (size_t i = 0; i < f->n; i++) {
			const struct fw_config *c = f->v[i];
			if (c->level != levels[l].level || is_empty(c))
				continue;
			if (!begun)
				buf_addf(out, "  %s:\n", levels[l].key);
			begun = true;
			if (c->id) {
				buf_adds(out, "    ");
				quoted(out, c->id);
				buf_adds(out, ":\n");
			}
			config(out, c->id ? 6 : 4, c);
		}
	}
}
