#include "step/steps.h"

#include "base/text.h"
#include "step/mark.h"

static const struct pve_mapping *find_mapping(const struct session *s, const char *name)
{
	for (size_t i = 0; i < s->n_mappings; i++)
		if (streq(s->mappings[i].name, name))
			return &s->mappings[i];
	return NULL;
}

static int read_again(struct session *s, struct err **err)
{
	s->has_mappings = false;
	s->mappings = NULL;
	s->n_mappings = 0;
	return session_read_pci(s, err);
}

static int check(const struct step *step, struct step_run *run, struct step_changes *ret,
		 struct err **err)
{
	const struct machine *m = step->subject;

	for (size_t i = 0; i < m->vm->n_passthrough; i++) {
		const struct machine_pci *pci = &m->pci[i];
		if (!pci->create)
			continue;
		if (run->phase == STEP_APPLYING && read_again(m->session, err) < 0)
			return -1;
		if (!find_mapping(m->session, pci->mapping))
			step_changed(ret, STEP_CREATE, STEP_LIVE,
				     "Mapping.Modify on /mapping/pci; Sys.Audit on /",
				     "PCI mapping '%s' for %s on node '%s'", pci->mapping,
				     pci->path, m->at.node);
	}
	return 0;
}

static int create(const struct machine *m, const struct machine_pci *pci, struct err **err)
{
	struct session *s = m->session;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_free_ char *mark = mark_text(s->recipe->name, 0, "pci");
	struct pve_mapping_entry entry = { 0 };
	const struct pve_mapping mapping = {
		.name = pci->mapping, .description = mark, .entries = &entry, .n_entries = 1
	};

	if (pve_mapping_entry_of(s->devices, s->n_devices, m->at.node, pci->path, &a, &entry, err) <
	    0)
		return -1;
	return pve_mapping_create(s->client, &mapping, err);
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	const struct machine *m = step->subject;

	for (size_t i = 0; i < m->vm->n_passthrough; i++) {
		const struct machine_pci *pci = &m->pci[i];
		if (!pci->create || find_mapping(m->session, pci->mapping))
			continue;
		step_line(run, "mapping %s", pci->path);
		if (create(m, pci, err) < 0)
			return -1;
	}
	return 0;
}

const struct step_ops step_mapping = { .name = "mapping", .check = check, .apply = apply };

static bool is_ours(const struct session *s, const struct pve_mapping *mapping)
{
	_cleanup_mark_ struct mark mark = { 0 };

	return mapping->description && mark_find(mapping->description, &mark) &&
	       streq(mark.recipe, s->recipe->name);
}

/* Every mapping with our mark: the recipe may have named another device since. */
static int check_remove(const struct step *step, struct step_run *run, struct step_changes *ret,
			struct err **err)
{
	struct session *s = step->ctx;

	if ((run->phase == STEP_APPLYING ? read_again(s, err) : session_read_pci(s, err)) < 0)
		return -1;
	for (size_t i = 0; i < s->n_mappings; i++)
		if (is_ours(s, &s->mappings[i]))
			step_changed(ret, STEP_DELETE, STEP_DESTROYS,
				     "Mapping.Modify on /mapping/pci", "PCI mapping '%s'",
				     s->mappings[i].name);
	return 0;
}

static int remove_all(const struct step *step, struct step_run *run, struct err **err)
{
	struct session *s = step->ctx;

	(void)run;
	for (size_t i = 0; i < s->n_mappings; i++)
		if (is_ours(s, &s->mappings[i]) &&
		    pve_mapping_delete(s->client, s->mappings[i].name, err) < 0)
			return -1;
	return 0;
}

const struct step_ops step_mapping_remove = { .name = "remove-mapping",
					      .check = check_remove,
					      .apply = remove_all };
