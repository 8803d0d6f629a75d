#include "step/preflight.h"

#include "base/text.h"
#include "pve/storage.h"
#include "step/passthrough.h"
#include "step/wanted.h"

static void check_id(const struct machine *m, struct problems *p)
{
	const struct pve_vm_entry *entry = session_entry(m->session, m->vm->id);
	_cleanup_free_ char *mark = machine_mark(m);
	_cleanup_free_ char *hint = xasprintf(
		"choose another id; to hand that machine over to the recipe, add the line '%s' "
		"to its notes",
		mark);

	if (!m->exists || m->ours)
		return;
	problem_add(p, ERR_CONFLICT, hint,
		    "%s: id %" PRId64 " is taken by %s '%s' on node '%s', which is not ours",
		    m->vm->name, m->vm->id, entry && entry->template ? "template" : "VM",
		    entry && entry->name ? entry->name : "", m->at.node);
}

static char *template_list(const struct session *s)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; i < s->n_vms; i++)
		if (s->vms[i].template)
			strv_addf(&names, "%u%s%s", s->vms[i].id, s->vms[i].name ? " " : "",
				  s->vms[i].name ? s->vms[i].name : "");
	_cleanup_free_ char *list = strv_join(&names, ", ");
	return names.n ? xasprintf("templates the account can see: %s", list)
		       : xstrdup("the account sees no template at all ('pveprov template build' "
				 "makes one)");
}

/* Storages whose images can be snapshots, where the template's own answer (it is a base image) does
 * not tell. */
static bool storage_snapshots(const char *type, const char *volume)
{
	static const char *const always[] = { "btrfs", "lvmthin", "rbd", "zfspool" };
	static const char *const qcow2[] = { "cephfs", "cifs", "dir", "glusterfs", "nfs" };

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (streq(type, always[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(qcow2); i++)
		if (streq(type, qcow2[i]))
			return strstr(volume, ".qcow2") != NULL;
	return false;
}

static bool is_disk(const char *key, const char *value)
{
	static const char *const buses[] = {
		"efidisk", "ide", "sata", "scsi", "tpmstate", "virtio"
	};

	for (size_t i = 0; i < ARRAY_SIZE(buses); i++) {
		size_t len = strlen(buses[i]);
		if (strncmp(key, buses[i], len) == 0 && text_consists_of(key + len, "0123456789"))
			return !strstr(value, "media=cdrom") && !strstr(value, "cloudinit");
	}
	return false;
}

/* Where the clone's disk will lie. */
static const char *first_storage(struct session *s, const json_t *config)
{
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)config, key, value)
		if (json_is_string(value) && is_disk(key, json_string_value(value)))
			return pve_storage_of_volume(json_string_value(value), &s->arena);
	return NULL;
}

static int check_snapshot_feature(const struct machine *m, const json_t *config, struct problems *p,
				  struct err **err)
{
	struct session *s = m->session;
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_storage *storages = NULL;
	size_t n = 0;
	bool can = false;
	const char *key;
	const json_t *value;

	if (pve_vm_feature(s->client, m->template, "snapshot", &can, err) < 0)
		return -1;
	if (can)
		return 0;
	if (pve_storage_list(s->client, s->node, &a, &storages, &n, err) < 0)
		return -1;
	json_object_foreach((json_t *)config, key, value) {
		const char *volume = json_string_value(value);
		const char *name =
			volume && is_disk(key, volume) ? pve_storage_of_volume(volume, &a) : NULL;
		for (size_t i = 0; name && i < n; i++)
			if (streq(storages[i].name, name) &&
			    !storage_snapshots(storages[i].type, volume))
				problem_add(p, ERR_GUARD,
					    "move the template's disk to a storage that can (a "
					    "directory with "
					    "qcow2, LVM-thin, ZFS, Ceph), or leave 'snapshot' out",
					    "%s: disk %s of template %u lies on storage '%s' (%s), "
					    "which cannot do snapshots",
					    m->vm->name, key, m->template.id, name,
					    storages[i].type);
	}
	return 0;
}

static int check_clone_feature(const struct machine *m, struct problems *p, struct err **err)
{
	bool can = false;

	if (m->vm->full)
		return 0;
	if (pve_vm_feature(m->session->client, m->template, "clone", &can, err) < 0)
		return -1;
	if (!can)
		problem_add(p, ERR_GUARD, "write 'full: true' in the recipe for a full clone",
			    "%s: the storage of template %u cannot make linked clones", m->vm->name,
			    m->template.id);
	return 0;
}

static void check_template_config(const struct machine *m, const json_t *config, struct problems *p)
{
	if (!wanted_has_cloudinit(config))
		problem_add(p, ERR_GUARD, "add one: Hardware, Add, CloudInit Drive",
			    "%s: template %u has no cloud-init drive, so its addresses, keys and "
			    "name would be ignored "
			    "silently",
			    m->vm->name, m->template.id);
	if (!wanted_has_agent(config))
		problem_add(p, ERR_GUARD,
			    "switch the option 'QEMU Guest Agent' on, and install qemu-guest-agent "
			    "in it",
			    "%s: the agent option of template %u is off", m->vm->name,
			    m->template.id);
}

static int check_template(struct machine *m, struct problems *p, struct err **err)
{
	struct session *s = m->session;
	const struct pve_vm_entry *entry = session_entry(s, m->vm->template_id);
	_cleanup_json_ json_t *config = NULL;
	_cleanup_err_ struct err *why = NULL;

	if (m->exists)
		return 0;
	if (!entry) {
		_cleanup_free_ char *list = template_list(s);
		problem_add(p, ERR_NOT_FOUND, list, "%s: there is no template %" PRId64,
			    m->vm->name, m->vm->template_id);
		return 0;
	}
	if (!streq(entry->node, s->node))
		problem_add(p, ERR_CONFLICT, NULL,
			    "%s: template %u is on node '%s', the recipe builds on '%s'",
			    m->vm->name, entry->id, entry->node, s->node);
	if (!entry->template && !m->vm->full)
		problem_add(p, ERR_CONFLICT,
			    "make it one ('Convert to template'), or write 'full: true'",
			    "%s: VM %u '%s' is not a template, so it cannot be cloned as a linked "
			    "clone",
			    m->vm->name, entry->id, entry->name ? entry->name : "");
	if (pve_vm_config(s->client, m->template, false, &config, &why) < 0)
		return problem_take(p, TAKE_PTR(why), err);
	check_template_config(m, config, p);
	m->storage = m->vm->full && m->vm->storage ? m->vm->storage : first_storage(s, config);
	if (entry->template && check_clone_feature(m, p, err) < 0)
		return -1;
	return m->vm->snapshot ? check_snapshot_feature(m, config, p, err) : 0;
}

int preflight_world(struct session *s, struct problems *p, struct err **err)
{
	if (preflight_net(s, p, err) < 0)
		return -1;
	for (size_t i = 0; i < s->n_machines; i++) {
		struct machine *m = &s->machines[i];
		check_id(m, p);
		if (check_template(m, p, err) < 0 || passthrough_choose(m, p, err) < 0 ||
		    passthrough_check(m, p, err) < 0)
			return err_wrap(err, "%s", m->vm->name);
	}
	return 0;
}
