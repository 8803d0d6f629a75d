/* pci list, map. */
#include "cli/target.h"
#include "pve/mapping.h"

struct options {
	bool all;
	const char *description;
};

static const struct output_column columns[] = {
	{ .key = "id", .header = "ID" },
	{ .key = "device", .header = "DEVICE" },
	{ .key = "iommu_group", .header = "GROUP", .right = true },
	{ .key = "mappings", .header = "MAPPINGS" },
	{ .key = "name", .header = "NAME", .wide = true },
	{ 0 },
};

/* "0000:01:00" maps all functions of the slot. */
static bool entry_covers(const struct pve_mapping_entry *e, const char *node,
			 const struct pve_pci *d)
{
	return streq(e->node, node) && pve_pci_matches(d, e->path);
}

static json_t *mappings_of(const struct pve_mapping *maps, size_t n, const char *node,
			   const struct pve_pci *d)
{
	json_t *names = json_array();

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < maps[i].n_entries; k++)
			if (entry_covers(&maps[i].entries[k], node, d)) {
				json_array_append_new(names, json_string(maps[i].name));
				break;
			}
	return names;
}

static json_t *row_of(const struct pve_pci *d, json_t *mappings)
{
	_cleanup_free_ char *name = xasprintf("%s %s", d->vendor_name ? d->vendor_name : "",
					      d->device_name ? d->device_name : "");
	char ids[16], sub[16] = "";

	snprintf(ids, sizeof(ids), "%04x:%04x", d->vendor, d->device);
	if (d->sub_vendor)
		snprintf(sub, sizeof(sub), "%04x:%04x", d->sub_vendor, d->sub_device);
	return json_pack("{s:s, s:s, s:s, s:i, s:I, s:o, s:s}", "id", d->id, "device", ids,
			 "subsystem", sub, "class", (int)d->class, "iommu_group",
			 (json_int_t)d->iommu_group, "mappings", mappings, "name",
			 name + strspn(name, " "));
}

/* Mappings are a help here, no need: 7.x has none, and an account may see none. */
static void read_mappings(struct app *app, struct pve_client *c, struct arena *a,
			  struct pve_mapping **ret, size_t *ret_n)
{
	_cleanup_err_ struct err *why = NULL;

	*ret = NULL;
	*ret_n = 0;
	if (pve_mapping_list(c, a, ret, ret_n, &why) < 0)
		log_debug(app->log, "no mappings: %s", why->text);
}

static int run_list(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_json_ json_t *rows = json_array();
	struct pve_client *client;
	struct pve_mapping *maps;
	struct pve_pci *devices;
	size_t n, n_maps;
	const char *node;

	if (app_client(app, &client, err) < 0 || target_node(app, client, &a, &node, err) < 0 ||
	    pve_pci_list(client, node, &a, &devices, &n, err) < 0)
		return -1;
	read_mappings(app, client, &a, &maps, &n_maps);
	for (size_t i = 0; i < n; i++)
		if (o->all || !pve_pci_is_bridge(&devices[i]))
			json_array_append_new(
				rows,
				row_of(&devices[i], mappings_of(maps, n_maps, node, &devices[i])));
	return out_list(app->out, "pci.list", columns, rows, err);
}

static const struct pve_mapping *find_mapping(const struct pve_mapping *maps, size_t n,
					      const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (streq(maps[i].name, name))
			return &maps[i];
	return NULL;
}

/* The mapping with our node's entry put in or replaced; *ret_same: it is there as it should be. */
static struct pve_mapping merged(struct arena *a, const struct pve_mapping *old,
				 const struct pve_mapping_entry *entry, const struct args *args,
				 bool *ret_same)
{
	const struct options *o = args->options;
	size_t n = old ? old->n_entries : 0;
	struct pve_mapping m = { .name = args->v[0],
				 .description = o->description ? o->description
						: old	       ? old->description
							       : NULL,
				 .entries = arena_array(a, n + 1, sizeof(*m.entries)) };

	*ret_same = false;
	for (size_t i = 0; i < n; i++) {
		if (streq(old->entries[i].node, entry->node))
			*ret_same |= pve_mapping_entry_equal(&old->entries[i], entry);
		else
			m.entries[m.n_entries++] = old->entries[i];
	}
	*ret_same &= m.n_entries + 1 == n && streq_null(m.description, old->description);
	m.entries[m.n_entries++] = *entry;
	return m;
}

static int check_entry(const struct pve_mapping_entry *e, const char *device, struct err **err)
{
	if (e->iommu_group >= 0)
		return 0;
	err_set(err, ERR_GUARD, "device '%s' is in no IOMMU group: the IOMMU of '%s' is off",
		device, e->node);
	return err_hint(err, "see 'pveprov explain iommu'");
}

static int run_map(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_free_ char *path = pve_pci_normalise(args->v[1]);
	struct pve_mapping_entry entry;
	struct pve_client *client;
	struct pve_mapping *maps;
	struct pve_pci *devices;
	const char *node;
	size_t n, n_maps;
	bool same;

	if (!path) {
		err_set(err, ERR_USAGE, "'%s' is no PCI address", args->v[1]);
		return err_hint(err, "such as 01:00 (all functions) or 0000:01:00.0");
	}
	if (app_client(app, &client, err) < 0 || target_node(app, client, &a, &node, err) < 0 ||
	    pve_pci_list(client, node, &a, &devices, &n, err) < 0 ||
	    pve_mapping_entry_of(devices, n, node, path, &a, &entry, err) < 0 ||
	    check_entry(&entry, path, err) < 0 ||
	    pve_mapping_list(client, &a, &maps, &n_maps, err) < 0)
		return -1;
	const struct pve_mapping *old = find_mapping(maps, n_maps, args->v[0]);
	const struct pve_mapping m = merged(&a, old, &entry, args, &same);
	if (same) {
		progress_line(app->progress, PROGRESS_NORMAL, "mapping %s: no changes", m.name);
		return 0;
	}
	if ((old ? pve_mapping_update(client, &m, err) : pve_mapping_create(client, &m, err)) < 0)
		return -1;
	progress_line(app->progress, PROGRESS_NORMAL, "mapping %s: %s on %s", m.name, entry.path,
		      node);
	return 0;
}

const struct command cmd_pci_list = {
	.group = "pci",
	.name = "list",
	.summary = "list the PCI devices of a node",
	.about = "Lists devices with their IOMMU group and the mappings that name them. Devices of "
		 "one group can only be "
		 "passed through together; group -1 means that the IOMMU is off. Needs Sys.Audit "
		 "on /.",
	.options = (const struct option_spec[]){ { OPTION_FLAG(struct options, all), .name = "all",
						   .letter = 'a', .help = "Bridges too" },
						 { 0 } },
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){ { "pci list --node pve", "what could be passed through" },
					  { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run_list,
};

const struct command cmd_pci_map = {
	.group = "pci",
	.name = "map",
	.summary = "make a mapping of a PCI device",
	.about = "A mapping gives a device a name in the cluster, so that an API token may pass it "
		 "through: the raw address is "
		 "reserved to root@pam. The ids and the IOMMU group are read from the node. A "
		 "mapping that is there gets, "
		 "or keeps, this node's entry; entries of other nodes stay. Needs Mapping.Modify "
		 "on /mapping/pci, and "
		 "Proxmox VE 8 or newer.",
	.operands =
		(const struct operand[]){
			{ .name = "NAME", .help = "Name of the mapping" },
			{ .name = "DEVICE",
			  .help = "01:00 (all functions of the slot) or 01:00.0" },
			{ 0 } },
	.options =
		(const struct option_spec[]){ { OPTION_TEXT(struct options, description),
						.name = "description", .letter = 'd', .arg = "TEXT",
						.help = "Keep this text with it" },
					      { 0 } },
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "pci map router-card 01:00",
						"map a network card with all its ports" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_GUARD,
	.run = run_map,
};
