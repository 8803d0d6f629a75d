/*
 * sim_push.c: the guest's half of a push, played (sim_exec.h). The manifest is compared with the
 * guest's files; a switch takes effect at once or with a reboot, keeps the former state aside, and
 * undoes itself when nobody confirms it.
 *
 * Units and packages are files too: /sim/enabled/UNIT, /sim/masked/UNIT, /sim/package/NAME. A link
 * is a file with the mode of one.
 */
#include "lab/sim_exec.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/digest.h"
#include "data/json.h"

enum { LINK_MODE = 0120777, BLOCK = 512, REBOOT_MORE_S = 300 };

static const char boot_id_path[] = "/proc/sys/kernel/random/boot_id";
static const char last_path[] = "/var/lib/pveprov/last";

struct sim_change {
	char *id;
	int64_t until_ms; /* when it undoes itself */
	bool rebooted;
	struct guest *before;
};

static bool has_file(const struct guest *g, const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	return guest_file(g, path) != NULL;
}

static void set_file(struct guest *g, const char *dir, const char *name, bool there)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	if (there)
		guest_write(g, path, "", 0, 0644);
	else
		guest_remove(g, path);
}

/* What one line of the manifest finds, as push.sh words it; NULL: nothing differs. */
static const char *difference(const struct guest *g, const struct strv *w)
{
	const char *kind = w->v[0], *name = w->v[1];
	const struct buf *data = guest_file(g, name);
	char hex[DIGEST_SHA256_HEX];

	if (streq(kind, "file") || streq(kind, "secret")) {
		if (!data)
			return "create";
		return w->n > 3 && streq(digest_sha256(data->data, data->len, hex), w->v[3])
			       ? NULL
			       : "change";
	}
	if (streq(kind, "link"))
		return !data ? "create" : w->n > 2 && streq(data->data, w->v[2]) ? NULL : "change";
	if (streq(kind, "absent"))
		return data ? "remove" : NULL;
	if (streq(kind, "enable"))
		return has_file(g, "/sim/enabled", name) ? NULL : "enable";
	if (streq(kind, "disable"))
		return has_file(g, "/sim/enabled", name) ? "disable" : NULL;
	if (streq(kind, "mask"))
		return has_file(g, "/sim/masked", name) ? NULL : "mask";
	if (streq(kind, "package"))
		return has_file(g, "/sim/package", name) ? NULL : "package";
	return NULL;
}

static bool names_interface(const char *path)
{
	size_t n = strlen(path);

	return starts_with(path, "/etc/systemd/network/") && n > 5 && streq(path + n - 5, ".link");
}

struct manifest {
	struct strv lines;
	char *id;
	int64_t confirm_s;
	size_t n_changes;
	bool reboots;
};

static void manifest_clear(struct manifest *m)
{
	strv_free(&m->lines);
	free(m->id);
}

/* Reads it and writes its differences as facts. */
static void manifest_read(const struct guest *g, const char *text, struct manifest *m,
			  struct buf *out)
{
	strv_split(&m->lines, text, "\n");
	for (size_t i = 0; i < m->lines.n; i++) {
		_cleanup_strv_ struct strv w = { 0 };
		const char *found;
		strv_split(&w, m->lines.v[i], " ");
		if (w.n < 2)
			continue;
		if (streq(w.v[0], "id")) {
			free(m->id);
			m->id = xstrdup(w.v[1]);
		} else if (streq(w.v[0], "confirm")) {
			text_to_i64(w.v[1], 0, 86400, &m->confirm_s);
		} else if ((found = difference(g, &w))) {
			m->n_changes++;
			m->reboots |= names_interface(w.v[1]);
			if (out)
				buf_addf(out, "@change %s %s\n", found, w.v[1]);
		}
	}
}

static void add_status(struct sim *s, const struct sim_vm *vm, struct buf *out)
{
	const struct buf *boot = guest_file(vm->guest, boot_id_path),
			 *last = guest_file(vm->guest, last_path);

	buf_addf(out, "@boot %s", boot ? boot->data : "\n");
	if (vm->change)
		buf_addf(out, "@pending %s %s\n", vm->change->id,
			 vm->change->rebooted && !sim_has_agent(s, vm) ? "rebooting" : "switched");
	if (last)
		buf_addf(out, "@last %s\n", last->data);
	buf_adds(out, "@end\n");
}

/* The content of a member of a tar; NULL: not there. Names are as bundle_tar() writes them. */
static const char *tar_member(const struct buf *tar, const char *name, size_t *ret_len,
			      const char **ret_target)
{
	for (size_t at = 0; at + BLOCK <= tar->len;) {
		const char *h = tar->data + at, *file = h;
		char full[257], digits[13];
		size_t len;
		if (!*h)
			return NULL;
		memcpy(digits, h + 124, 12);
		digits[12] = '\0';
		len = strtoul(digits, NULL, 8);
		snprintf(full, sizeof(full), "%.155s%s%.100s", h + 345, h[345] ? "/" : "", file);
		if (streq(full[0] == '/'	    ? full + 1
			  : starts_with(full, "./") ? full + 2
						    : full,
			  name)) {
			*ret_len = len;
			*ret_target = h + 157;
			return h + BLOCK;
		}
		at += BLOCK + (len + BLOCK - 1) / BLOCK * BLOCK;
	}
	return NULL;
}

static void apply_line(struct guest *g, const struct strv *w, const struct buf *tar)
{
	const char *kind = w->v[0], *name = w->v[1], *data, *target;
	_cleanup_free_ char *member = xasprintf("files%s", name);
	uint64_t mode = 0644;
	size_t len;

	if (streq(kind, "file") || streq(kind, "secret")) {
		data = tar_member(tar, member, &len, &target);
		if (w->n > 2)
			mode = strtoul(w->v[2], NULL, 8);
		if (data)
			guest_write(g, name, data, len, (unsigned)mode);
	} else if (streq(kind, "link") && w->n > 2) {
		guest_write(g, name, w->v[2], strlen(w->v[2]), LINK_MODE);
	} else if (streq(kind, "absent")) {
		guest_remove(g, name);
	} else if (streq(kind, "enable") || streq(kind, "disable")) {
		set_file(g, "/sim/enabled", name, *kind == 'e');
	} else if (streq(kind, "mask")) {
		set_file(g, "/sim/masked", name, true);
		set_file(g, "/sim/enabled", name, false);
	}
}

static void install_packages(struct sim *s, struct guest *g, const struct manifest *m,
			     struct guest_result *ret)
{
	for (size_t i = 0; i < m->lines.n; i++) {
		_cleanup_strv_ struct strv w = { 0 };
		strv_split(&w, m->lines.v[i], " ");
		if (w.n < 2 || !streq(w.v[0], "package") || has_file(g, "/sim/package", w.v[1]))
			continue;
		buf_addf(&ret->out, "installing %s\n", w.v[1]);
		set_file(g, "/sim/package", w.v[1], true);
		ret->ms += sim_time(s, "package");
	}
}

static void do_push(struct sim *s, struct sim_vm *vm, bool may_reboot, const struct buf *tar,
		    struct guest_result *ret)
{
	__attribute__((cleanup(manifest_clear))) struct manifest m = { 0 }, left = { 0 };
	const char *target;
	size_t len = 0;
	const char *text = tar_member(tar, "manifest", &len, &target);
	_cleanup_free_ char *copy = text ? xstrndup(text, len) : NULL;

	if (!copy || vm->change) {
		buf_adds(&ret->err, copy ? "an earlier push waits for confirmation\n"
					 : "no manifest in the stream\n");
		ret->status = copy ? 75 : 1;
		return;
	}
	manifest_read(vm->guest, copy, &m, NULL);
	install_packages(s, vm->guest, &m, ret);
	manifest_read(vm->guest, copy, &left, NULL);
	if (left.n_changes == 0 || (left.reboots && !may_reboot)) {
		buf_adds(&ret->out, left.n_changes ? "@needs-reboot\n@end\n" : "@same\n@end\n");
		return;
	}
	vm->change = xcalloc(1, sizeof(*vm->change));
	*vm->change = (struct sim_change){
		.id = xstrdup(left.id ? left.id : ""),
		.rebooted = left.reboots,
		.before = guest_copy(vm->guest),
		.until_ms = clock_now_ms(s->clock) + ret->ms +
			    (left.confirm_s + (left.reboots ? REBOOT_MORE_S : 0)) * 1000
	};
	for (size_t i = 0; i < left.lines.n; i++) {
		_cleanup_strv_ struct strv w = { 0 };
		strv_split(&w, left.lines.v[i], " ");
		if (w.n >= 2)
			apply_line(vm->guest, &w, tar);
	}
	buf_adds(&ret->out, "@switching\n@end\n");
	if (left.reboots)
		sim_reboot(s, vm);
}

void sim_change_free(struct sim_vm *vm)
{
	if (!vm->change)
		return;
	free(vm->change->id);
	guest_free(vm->change->before);
	free(vm->change);
	vm->change = NULL;
}

static void write_last(struct sim_vm *vm, const char *word, const char *id, const char *why)
{
	_cleanup_free_ char *text = xasprintf("%s %s%s%s", word, id, *why ? " " : "", why);

	guest_write(vm->guest, last_path, text, strlen(text), 0644);
}

static void undo(struct sim *s, struct sim_vm *vm, const char *why)
{
	_cleanup_free_ char *id = xstrdup(vm->change->id);
	bool rebooted = vm->change->rebooted;

	guest_free(vm->guest);
	vm->guest = TAKE_PTR(vm->change->before);
	sim_change_free(vm);
	write_last(vm, "reverted", id, why);
	if (rebooted)
		sim_reboot(s, vm);
}

void sim_push_advance(struct sim *s, struct sim_vm *vm)
{
	if (vm->change && clock_now_ms(s->clock) >= vm->change->until_ms)
		undo(s, vm, "it was not confirmed in time");
}

/* Verbs over a new connection, or through the agent. */
static void ask(struct sim *s, struct sim_vm *vm, const char *verb, const char *id,
		struct guest_result *ret)
{
	bool ours = vm->change && id && streq(vm->change->id, id);

	if (streq(verb, "confirm") && ours) {
		_cleanup_free_ char *copy = xstrdup(id);
		sim_change_free(vm);
		write_last(vm, "confirmed", copy, "");
		buf_adds(&ret->out, "@confirmed\n");
	} else if (streq(verb, "cancel") && ours) {
		undo(s, vm, "cancelled");
	}
	add_status(s, vm, &ret->out);
}

static bool is_shell(const char *const *argv)
{
	return argv[0] && (streq(argv[0], "/bin/sh") || streq(argv[0], "sh")) && argv[1] &&
	       streq(argv[1], "-c") && argv[2];
}

bool sim_push(struct sim *s, struct sim_vm *vm, const char *const *argv, const struct buf *input,
	      struct guest_result *ret)
{
	const char *mark;

	if (!is_shell(argv))
		return false;
	if (strstr(argv[2], "push.sh\" push")) {
		do_push(s, vm, argv[3] && argv[4] && streq(argv[4], "yes"), input, ret);
		return true;
	}
	if (!strstr(input->data, "# push.sh:"))
		return false;
	mark = strstr(input->data, "\n#manifest\n");
	if (mark) {
		__attribute__((cleanup(manifest_clear))) struct manifest m = { 0 };
		manifest_read(vm->guest, mark + strlen("\n#manifest\n"), &m, &ret->out);
		if (m.reboots)
			buf_adds(&ret->out, "@reboots\n");
		add_status(s, vm, &ret->out);
	} else {
		ask(s, vm, argv[3] && argv[4] ? argv[4] : "status",
		    argv[3] && argv[4] ? argv[5] : NULL, ret);
	}
	return true;
}
