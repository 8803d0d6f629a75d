#include "render/job.h"

void job_header(const struct job *j, struct buf *b, const char *mark)
{
	buf_addf(b, "%s Written by pveprov from the recipe of '%s': change that, not this file.\n",
		 mark, j->vm->name);
	if (!j->facts->assumed)
		return;
	buf_addf(b, "%s Assumed, not read from the machine: %s", mark, j->distribution->name);
	for (size_t i = 0; i < j->facts->n_ports; i++)
		buf_addf(b, ", %s at %s", j->facts->ports[i].name, j->facts->ports[i].pci_path);
	buf_adds(b, ".\n");
}

int job_file(const struct job *j, const char *path, struct buf *b, struct err **err)
{
	if (b->overflow)
		return err_set(err, ERR_INTERNAL, "file '%s' is too large", path);
	return bundle_file(j->out, path, 0644, buf_text(b), b->len, err);
}

const struct recipe_nic *job_nic(const struct job *j, const char *interface)
{
	for (size_t i = 0; i < j->vm->n_nics; i++)
		if (streq(j->vm->nics[i].name, interface))
			return &j->vm->nics[i];
	return NULL;
}

bool job_admin_dynamic6(const struct job *j)
{
	const struct recipe_nic *nic = job_nic(j, j->router->admin);

	return nic &&
	       (nic->addressing6 == RECIPE_ADDRESS_AUTO || nic->addressing6 == RECIPE_ADDRESS_DHCP);
}

const char *job_domain(const struct recipe_network *n)
{
	return n->domain ? n->domain : n->interface;
}

bool job_allows(const struct recipe_network *n, enum recipe_allow_kind kind)
{
	for (size_t i = 0; i < n->n_allow; i++)
		if (n->allow[i].kind == kind)
			return true;
	return false;
}

bool job_serves(const struct recipe_network *n)
{
	return n->has_dhcp || job_allows(n, RECIPE_ALLOW_DNS);
}

bool job_ipv6(const struct job *j, const struct recipe_network *n)
{
	return n->address6.addr.family == 6 || j->router->wan.delegation;
}

bool job_forwards(const struct job *j, const char *from, const char *to)
{
	for (size_t i = 0; i < j->router->n_forwards; i++)
		if (streq(j->router->forwards[i].from, from) &&
		    streq(j->router->forwards[i].to, to))
			return true;
	return false;
}

int render_router(const struct recipe *r, const struct recipe_vm *vm,
		  const struct render_facts *facts, struct bundle *out, struct err **err)
{
	static int (*const nouns[])(const struct job *, struct err **) = {
		cloudinit_render,     dnscrypt_render, dnsmasq_render,	etckeeper_render,
		firewall_unit_render, networkd_render, nftables_render, online_render,
		resolv_render,	      sysctl_render,
	};
	const struct job j = {
		.vm = vm,
		.router = vm->router,
		.facts = facts,
		.distribution = distribution_get(facts->distribution),
		.out = out,
	};

	if (check_job(r, &j, err) < 0 || distribution_apply(j.distribution, out, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(nouns); i++)
		if (nouns[i](&j, err) < 0)
			return err_wrap(err, "cannot render router '%s'", vm->name);
	return 0;
}
