/*
 * The firewall's files as the node has them under /etc/pve: text in the server's form (save_*fw_conf of pve-firewall 6.0.4),
 * in the lab's directory as a folder that the client's commands take: cluster.fw, NODE/host.fw, VMID.fw, sdn/VNET.fw.
 */
#include "base/fs.h"
#include "lab/firewall_private.h"

#include <fcntl.h>

static void add_comment(struct buf *b, const json_t *o)
{
	const char *comment = json_text(o, "comment");

	buf_addf(b, comment && *comment ? " # %s\n" : "\n", comment);
}

static void add_options(struct buf *b, const json_t *options)
{
	const char *key;
	json_t *v;

	if (json_object_size(options))
		buf_adds(b, "[OPTIONS]\n\n");
	json_object_foreach((json_t *)options, key, v) {
		if (json_is_integer(v))
			buf_addf(b, "%s: %" JSON_INTEGER_FORMAT "\n", key, json_integer_value(v));
		else
			buf_addf(b, "%s: %s\n", key, json_string_value(v));
	}
	if (json_object_size(options))
		buf_addc(b, '\n');
}

static void add_aliases(struct buf *b, const json_t *aliases)
{
	json_t *list = firewall_sorted(aliases), *a;
	size_t i;

	if (json_array_size(list))
		buf_adds(b, "[ALIASES]\n\n");
	json_array_foreach(list, i, a) {
		buf_addf(b, "%s %s", json_text(a, "name"), json_text(a, "cidr"));
		add_comment(b, a);
	}
	if (json_array_size(list))
		buf_addc(b, '\n');
	json_decref(list);
}

static void add_sets(struct buf *b, const json_t *sets)
{
	const char *name;
	json_t *set, *e;
	size_t i;

	json_object_foreach((json_t *)sets, name, set) {
		buf_addf(b, "[IPSET %s]", name);
		add_comment(b, set);
		buf_addc(b, '\n');
		json_array_foreach(json_object_get(set, "entries"), i, e) {
			buf_addf(b, "%s%s", json_flag(e, "nomatch", false) ? "!" : "", json_text(e, "cidr"));
			add_comment(b, e);
		}
		buf_addc(b, '\n');
	}
}

static void add_rule(struct buf *b, const json_t *r)
{
	static const struct {
		const char *api, *file;
	} fields[] = { { "iface", "-i" },   { "source", "-source" }, { "dest", "-dest" }, { "proto", "-p" },
		       { "dport", "-dport" }, { "sport", "-sport" },	 { "log", "-log" },	  { "icmp-type", "-icmp-type" } };
	const char *macro = json_text(r, "macro"), *action = json_text(r, "action");

	buf_adds(b, json_flag(r, "enable", false) ? "" : "|");
	for (const char *t = json_text(r, "type"); t && *t; t++)
		buf_addc(b, (char)(*t >= 'a' ? *t - 'a' + 'A' : *t));
	buf_addf(b, macro ? " %s(%s)" : " %s%s", macro ? macro : "", action);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (json_text(r, fields[i].api) && *json_text(r, fields[i].api))
			buf_addf(b, " %s %s", fields[i].file, json_text(r, fields[i].api));
	add_comment(b, r);
}

static void add_rules(struct buf *b, const char *head, const json_t *object, const json_t *rules, bool always)
{
	const json_t *r;
	size_t i;

	if (!always && !json_array_size(rules))
		return;
	buf_adds(b, head);
	add_comment(b, object);
	buf_addc(b, '\n');
	json_array_foreach((json_t *)rules, i, r)
		add_rule(b, r);
	buf_addc(b, '\n');
}

void firewall_text(const json_t *file, struct buf *out)
{
	const char *name;
	json_t *group;

	add_options(out, json_object_get(file, "options"));
	add_aliases(out, json_object_get(file, "aliases"));
	add_sets(out, json_object_get(file, "ipset"));
	add_rules(out, "[RULES]", NULL, json_object_get(file, "rules"), false);
	json_object_foreach(json_object_get(file, "groups"), name, group) {
		_cleanup_free_ char *head = xasprintf("[group %s]", name);
		add_rules(out, head, group, json_object_get(group, "rules"), true);
	}
}

static char *path_of(const struct lab *l, const char *name)
{
	_cleanup_free_ char *dir = fs_join(l->state_dir, "firewall");

	if (streq(name, "host"))
		return xasprintf("%s/%s/host.fw", dir, l->node);
	return starts_with(name, "vnet/") ? xasprintf("%s/sdn/%s.fw", dir, name + strlen("vnet/"))
					  : xasprintf("%s/%s.fw", dir, name);
}

/* Nothing but the client's eyes reads them: no sync, no temporary file. An empty file is none. */
void firewall_save(const struct lab *l)
{
	const char *name;
	json_t *file;

	json_object_foreach(l->firewall->files, name, file) {
		_cleanup_free_ char *path = path_of(l, name), *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
		_cleanup_buf_ struct buf text = { 0 };
		firewall_text(file, &text);
		if (!text.len) {
			unlink(path);
			continue;
		}
		_cleanup_close_ int fd = fs_mkdirs(dir, 0700, NULL) < 0
						 ? -1
						 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
		if (fd < 0 || write(fd, text.data, text.len) != (ssize_t)text.len)
			log_warning(l->log, "cannot write '%s'", path);
	}
}

void firewall_unsave(const struct lab *l, const char *name)
{
	_cleanup_free_ char *path = path_of(l, name);

	unlink(path);
}
