#include "step/passthrough.h"

#include "base/text.h"
#include "data/propstring.h"

static const char *live_hostpci(const struct machine *m, size_t i)
{
	_cleanup_free_ char *key = xasprintf("hostpci%zu", i);

	return m->config ? json_text(m->config, key) : NULL;
}

static char *own_mapping_name(const struct machine *m, const char *path)
{
	char *name = xasprintf("%s-%s", m->vm->name, path);

	for (char *c = name; *c; c++)
		if (*c == ':' || *c == '.')
			*c = '-';
	return name;
}

/* The mapping of that name (NULL: any) that holds the device on the machine's node. */
static const struct pve_mapping *mapping_of(const struct machine *m, const char *name,
					    const char *path)
{
	const struct session *s = m->session;

	for (size_t i = 0; i < s->n_mappings; i++)
		for (size_t k = 0; k < s->mappings[i].n_entries; k++) {
			const struct pve_mapping_entry *e = &s->mappings[i].entries[k];
			_cleanup_free_ char *full = pve_pci_normalise(e->path);
			if (streq(e->node, m->at.node) && (!path || streq_null(full, path)) &&
			    (!name || streq(name, s->mappings[i].name)))
				return &s->mappings[i];
		}
	return NULL;
}

static void set_value(struct machine_pci *pci)
{
	pci->value = xasprintf("%s%s%s", pci->mapping ? "mapping=" : "",
			       pci->mapping ? pci->mapping : pci->path,
			       pci->spec->pcie ? ",pcie=1" : "");
}

/* What is there already, by its address, by the named mapping or by one of ours: nothing needs to
 * be asked. */
static bool fits_already(const struct machine *m, size_t i, struct machine_pci *pci)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	const char *live = live_hostpci(m, i);

	if (!live || propstring_parse(live, "host", &p, NULL) < 0)
		return false;
	const char *host = propstring_get(&p, "host"), *mapping = propstring_get(&p, "mapping");
	_cleanup_free_ char *full = host ? pve_pci_normalise(host) : NULL;
	_cleanup_free_ char *own = pci->path ? own_mapping_name(m, pci->path) : NULL;
	bool by_name =
		mapping && (streq_null(mapping, pci->spec->mapping) || streq_null(mapping, own));
	if (!by_name && !(full && streq_null(full, pci->path) && !pci->spec->mapping))
		return false;
	pci->mapping = by_name ? xstrdup(mapping) : NULL;
	pci->why = xstrdup("as it is configured");
	return true;
}

static void choose_named(const struct machine *m, struct machine_pci *pci, struct problems *p)
{
	const char *name = pci->spec->mapping;
	const struct pve_mapping *found = mapping_of(m, name, pci->path);

	pci->mapping = xstrdup(name);
	pci->why = xstrdup("the recipe names the mapping");
	pci->create = !found && pci->path && !mapping_of(m, name, NULL);
	if (!found && !pci->create) {
		problem_add(p, ERR_NOT_FOUND, "'pveprov pci map' makes one",
			    "%s: there is no PCI mapping '%s' for %s on node '%s'", m->vm->name,
			    name, pci->path ? pci->path : "a device", m->at.node);
	}
}

static void choose_mapping(const struct machine *m, struct machine_pci *pci, struct problems *p)
{
	const struct session *s = m->session;
	const struct pve_mapping *found = mapping_of(m, NULL, pci->path);

	if (s->no_mappings) {
		problem_add(p, ERR_AUTH,
			    "log in as root@pam with a password ('pveprov auth login')",
			    "%s: this server has no PCI mappings (8.0 or newer has), and only "
			    "root@pam with a ticket can "
			    "pass '%s' through by its address",
			    m->vm->name, pci->spec->device);
		pci->mapping = own_mapping_name(m, pci->path);
		return;
	}
	if (found) {
		pci->mapping = xstrdup(found->name);
		pci->why = xasprintf(
			"the mapping holds %s; the raw address is for root@pam with a ticket only",
			pci->path);
		return;
	}
	pci->mapping = own_mapping_name(m, pci->path);
	pci->create = true;
	pci->why =
		xstrdup("the raw address is for root@pam with a ticket only, so a mapping is made");
}

static int choose_one(struct machine *m, size_t i, struct problems *p, struct err **err)
{
	struct machine_pci *pci = &m->pci[i];

	pci->spec = &m->vm->passthrough[i];
	pci->path = pci->spec->device ? pve_pci_normalise(pci->spec->device) : NULL;
	if (!fits_already(m, i, pci)) {
		bool raw = !pci->spec->mapping && pve_auth_is_root(m->session->client);
		if (!raw && session_read_pci(m->session, err) < 0)
			return -1;
		if (raw)
			pci->why = xstrdup(
				"the account is root@pam with a ticket, which may use the address");
		else if (pci->spec->mapping)
			choose_named(m, pci, p);
		else
			choose_mapping(m, pci, p);
	}
	set_value(pci);
	return 0;
}

int passthrough_choose(struct machine *m, struct problems *p, struct err **err)
{
	for (size_t i = 0; i < m->vm->n_passthrough; i++)
		if (!m->pci[i].value && choose_one(m, i, p, err) < 0)
			return -1;
	return 0;
}

bool passthrough_is_port(const char *interface, const char *id)
{
	uint64_t bus, device, function;
	_cleanup_strv_ struct strv parts = { 0 };

	strv_split(&parts, id, ":.");
	if (parts.n != 4 || !text_to_hex(parts.v[1], 255, &bus) ||
	    !text_to_hex(parts.v[2], 31, &device) || !text_to_hex(parts.v[3], 7, &function))
		return false;
	_cleanup_free_ char *slot = xasprintf("enp%" PRIu64 "s%" PRIu64, bus, device);
	_cleanup_free_ char *port = xasprintf("%sf%" PRIu64, slot, function);
	size_t len = strlen(interface);
	if (len > 3 && streq(interface + len - 3, "np0"))
		len -= 3;
	return (len == strlen(port) && strncmp(interface, port, len) == 0) ||
	       (function == 0 && len == strlen(slot) && strncmp(interface, slot, len) == 0);
}

static void check_group(const struct machine *m, const struct machine_pci *pci,
			const struct pve_pci *d, struct problems *p)
{
	const struct session *s = m->session;

	if (d->iommu_group < 0) {
		problem_add(p, ERR_GUARD,
			    "switch the IOMMU on: VT-d or AMD-Vi in the firmware, for Intel also "
			    "intel_iommu=on on the "
			    "node's kernel command line",
			    "%s: '%s' cannot be passed through: the IOMMU of node '%s' is off",
			    m->vm->name, d->id, m->at.node);
		return;
	}
	for (size_t i = 0; i < s->n_devices; i++) {
		const struct pve_pci *o = &s->devices[i];
		if (o->iommu_group != d->iommu_group || pve_pci_matches(o, pci->path) ||
		    pve_pci_is_bridge(o))
			continue;
		problem_add(p, ERR_GUARD,
			    "move the card to another slot, or pass the whole group through",
			    "%s: '%s' shares IOMMU group %" PRId64
			    " with '%s' (%s), which would be torn from the node too",
			    m->vm->name, d->id, d->iommu_group, o->id,
			    o->device_name ? o->device_name : "no name");
	}
}

static void check_ports(const struct machine *m, const struct pve_pci *d, struct problems *p)
{
	const struct session *s = m->session;

	for (size_t i = 0; i < s->net.n; i++) {
		const struct pve_iface *f = &s->net.ifaces[i];
		if (passthrough_is_port(f->name, d->id) && (f->cidr || f->cidr6))
			problem_add(p, ERR_GUARD, NULL,
				    "%s: '%s' is the node's '%s' with the address %s", m->vm->name,
				    d->id, f->name, f->cidr ? f->cidr : f->cidr6);
		_cleanup_strv_ struct strv members = { 0 };
		strv_split(&members, f->ports ? f->ports : f->slaves ? f->slaves : "", " ");
		for (size_t k = 0; k < members.n; k++)
			if (passthrough_is_port(members.v[k], d->id))
				problem_add(p, ERR_GUARD, "take the port out of it first",
					    "%s: '%s' is a port of the node's '%s'", m->vm->name,
					    d->id, f->name);
	}
}

struct holder {
	const struct machine *m;
	const struct pve_vm_entry *entry;
	char *found; /* "hostpci0: ..." */
};

static int look_at_holder(void *ctx, struct err **err)
{
	struct holder *h = ctx;
	_cleanup_json_ json_t *config = NULL;
	_cleanup_err_ struct err *why = NULL;
	const char *key;
	const json_t *value;

	if (pve_vm_config(h->m->session->client, (struct pve_vm){ h->entry->node, h->entry->id },
			  false, &config, &why) < 0)
		/* one that may not be seen, or that went away meanwhile, is no reason to stop */
		return why->kind == ERR_AUTH || why->kind == ERR_NOT_FOUND
			       ? 0
			       : err_move(err, TAKE_PTR(why));
	json_object_foreach(config, key, value) {
		_cleanup_propstring_ struct propstring p = { 0 };
		if (strncmp(key, "hostpci", 7) != 0 || !json_is_string(value) ||
		    propstring_parse(json_string_value(value), "host", &p, NULL) < 0)
			continue;
		for (size_t i = 0; i < h->m->vm->n_passthrough && !h->found; i++) {
			const struct machine_pci *pci = &h->m->pci[i];
			const char *host = propstring_get(&p, "host");
			_cleanup_free_ char *full = host ? pve_pci_normalise(host) : NULL;
			bool same_host =
				full && pci->path &&
				strncmp(full, pci->path, MIN(strlen(full), strlen(pci->path))) == 0;
			if (same_host || (pci->mapping &&
					  streq_null(pci->mapping, propstring_get(&p, "mapping"))))
				h->found = xasprintf("%s: %s", key, json_string_value(value));
		}
	}
	return 0;
}

enum { HOLDERS_MAX = 256 };

/* Which other machine of the node has it? Only their configurations tell. */
static int check_holders(struct machine *m, struct problems *p, struct err **err)
{
	const struct session *s = m->session;
	struct holder *holders = xcalloc(HOLDERS_MAX, sizeof(*holders));
	struct session_job *jobs = xcalloc(HOLDERS_MAX, sizeof(*jobs));
	size_t n = 0;

	for (size_t i = 0; i < s->n_vms && n < HOLDERS_MAX; i++) {
		if (s->vms[i].template || s->vms[i].id == m->at.id ||
		    !streq(s->vms[i].node, m->at.node))
			continue;
		holders[n] = (struct holder){ .m = m, .entry = &s->vms[i] };
		jobs[n] = (struct session_job){ look_at_holder, &holders[n] };
		n++;
	}
	int r = session_parallel(jobs, n, err);
	for (size_t i = 0; i < n; i++) {
		if (r == 0 && holders[i].found)
			problem_add(p, ERR_GUARD, "remove it there first",
				    "%s: the device is in VM %u '%s' already (%s)", m->vm->name,
				    holders[i].entry->id,
				    holders[i].entry->name ? holders[i].entry->name : "",
				    holders[i].found);
		free(holders[i].found);
	}
	free(holders);
	free(jobs);
	return r;
}

static void check_device(const struct machine *m, const struct machine_pci *pci, struct problems *p)
{
	const struct session *s = m->session;
	size_t functions = 0;

	for (size_t i = 0; i < s->n_devices; i++) {
		if (!pve_pci_matches(&s->devices[i], pci->path))
			continue;
		functions++;
		/* the functions of one card share most of what can be wrong: said once */
		if (functions == 1)
			check_group(m, pci, &s->devices[i], p);
		check_ports(m, &s->devices[i], p);
	}
	if (functions == 0)
		problem_add(p, ERR_NOT_FOUND, "'pveprov pci list' shows the node's devices",
			    "%s: node '%s' has no PCI device '%s'", m->vm->name, m->at.node,
			    pci->spec->device);
	else if (pci->spec->names.n > functions)
		problem_add(p, ERR_RECIPE, NULL,
			    "%s: the recipe names %zu ports of '%s', which has %zu", m->vm->name,
			    pci->spec->names.n, pci->spec->device, functions);
}

int passthrough_check(struct machine *m, struct problems *p, struct err **err)
{
	bool any = false;

	for (size_t i = 0; i < m->vm->n_passthrough; i++) {
		if (m->pci[i].path == NULL ||
		    (live_hostpci(m, i) && streq_null(m->pci[i].why, "as it is configured")))
			continue;
		if (session_read_pci(m->session, err) < 0)
			return -1;
		check_device(m, &m->pci[i], p);
		any = true;
	}
	return any ? check_holders(m, p, err) : 0;
}
