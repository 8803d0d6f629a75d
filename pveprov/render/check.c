#include "render/job.h"
#include "base/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

enum { INTERFACE_BYTES_MAX = 15, LABEL_BYTES_MAX = 63, DOMAIN_BYTES_MAX = 253 };

/* Everything that is written unquoted passes through these three; nothing else from a recipe does.
 */
static bool interface_is_safe(const char *s)
{
	/* "all" and "default" are no interfaces to sysctl, "lo" is taken. */
	return strlen(s) <= INTERFACE_BYTES_MAX && text_consists_of(s, LETTERS DIGITS "_-") &&
	       strchr(LETTERS, s[0]) && !streq(s, "lo") && !streq(s, "all") && !streq(s, "default");
}

static bool label_is_safe(const char *s, size_t len)
{
	return len > 0 && len <= LABEL_BYTES_MAX && strspn(s, LETTERS DIGITS "_-") >= len &&
	       s[0] != '-' && s[len - 1] != '-';
}

static bool domain_is_safe(const char *s)
{
	if (strlen(s) > DOMAIN_BYTES_MAX)
		return false;
	for (;; s++) {
		size_t n = strcspn(s, ".");
		if (!label_is_safe(s, n))
			return false;
		s += n;
		if (!*s)
			return true;
	}
}

/* "router.yaml:14:9: " before the text, where the place is known. */
static int bad(const struct recipe *r, struct tree_pos pos, struct err **err)
{
	return pos.line ? err_wrap(err, "%s:%d:%d", r->file ? r->file : "recipe", (int)pos.line,
				   (int)pos.column)
			: -1;
}

static bool port_exists(const struct job *j, const char *interface)
{
	for (size_t i = 0; i < j->facts->n_ports; i++)
		if (streq(j->facts->ports[i].name, interface))
			return true;
	return false;
}

static int check_interface(const struct job *j, const char *name, struct strv *seen,
			   struct err **err)
{
	if (!name || !interface_is_safe(name))
		return err_set(err, ERR_RECIPE,
			       "'%s' is no interface name: a letter, then letters, digits, '_' or "
			       "'-', at most %d in all",
			       name ? name : "", INTERFACE_BYTES_MAX);
	if (!job_nic(j, name) && !port_exists(j, name)) {
		err_set(err, ERR_RECIPE,
			"interface '%s' is neither a nic of '%s' nor a port of its card", name,
			j->vm->name);
		return err_hint(err, "name it in 'nics' or in the 'names' of 'passthrough'");
	}
	if (strv_contains(seen, name))
		return err_set(err, ERR_RECIPE, "interface '%s' has two roles", name);
	strv_add(seen, name);
	return 0;
}

static int check_network(const struct recipe_network *n, struct err **err)
{
	if (n->address.addr.family != 4)
		return err_set(err, ERR_RECIPE, "network '%s' has no IPv4 address", n->interface);
	if (!domain_is_safe(job_domain(n)))
		return err_set(err, ERR_RECIPE, "network '%s': '%s' is no domain name",
			       n->interface, job_domain(n));
	if (n->has_dhcp && !job_allows(n, RECIPE_ALLOW_DHCP)) {
		err_set(err, ERR_RECIPE, "network '%s' has a DHCP range but may not use DHCP",
			n->interface);
		return err_hint(err, "add 'dhcp' to its 'allow'");
	}
	const struct recipe_host *hosts = n->hosts.v;
	for (size_t i = 0; i < n->hosts.n; i++)
		if (!label_is_safe(hosts[i].name, strlen(hosts[i].name)))
			return err_set(err, ERR_RECIPE, "network '%s': '%s' is no host name",
				       n->interface, hosts[i].name);
	return 0;
}

static bool network_exists(const struct recipe_router *r, const char *name)
{
	for (size_t i = 0; i < r->n_networks; i++)
		if (streq(r->networks[i].interface, name))
			return true;
	return false;
}

static int check_forward(const struct recipe_router *r, const struct recipe_forward *f,
			 struct err **err)
{
	const char *const ends[] = { f->from, f->to };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (!network_exists(r, ends[i])) {
			err_set(err, ERR_RECIPE,
				"forward from '%s' to '%s': '%s' is no network of the router",
				f->from, f->to, ends[i]);
			return err_hint(err, "networks reach '%s' without a forward",
					r->wan.interface);
		}
	if (streq(f->from, f->to))
		return err_set(err, ERR_RECIPE, "forward from '%s' to itself", f->from);
	return 0;
}

static int check_router(const struct recipe *r, const struct job *j, struct err **err)
{
	const struct recipe_router *router = j->router;
	_cleanup_strv_ struct strv seen = { 0 };

	const char *const hosts[] = { j->vm->name, j->facts->hostname };

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (!label_is_safe(hosts[i], strlen(hosts[i])))
			return err_set(err, ERR_RECIPE, "'%s' is no host name", hosts[i]);
	if (!router->n_networks)
		return err_set(err, ERR_RECIPE, "router '%s' has no networks", j->vm->name);
	if (check_interface(j, router->admin, &seen, err) < 0)
		return bad(r, router->pos, err);
	if (check_interface(j, router->wan.interface, &seen, err) < 0)
		return bad(r, router->wan.pos, err);
	for (size_t i = 0; i < router->n_networks; i++)
		if (check_interface(j, router->networks[i].interface, &seen, err) < 0 ||
		    check_network(&router->networks[i], err) < 0)
			return bad(r, router->networks[i].pos, err);
	for (size_t i = 0; i < router->n_forwards; i++)
		if (check_forward(router, &router->forwards[i], err) < 0)
			return bad(r, router->forwards[i].pos, err);
	return 0;
}

/* Interfaces that exist but have no role still get a name. */
static int check_names(const struct recipe *r, const struct job *j, struct err **err)
{
	_cleanup_strv_ struct strv seen = { 0 };

	for (size_t i = 0; i < j->vm->n_nics; i++)
		if (check_interface(j, j->vm->nics[i].name, &seen, err) < 0)
			return bad(r, j->vm->nics[i].pos, err);
	for (size_t i = 0; i < j->facts->n_ports; i++) {
		const struct render_port *p = &j->facts->ports[i];
		if (check_interface(j, p->name, &seen, err) < 0)
			return bad(r, j->router->pos, err);
		if (!text_consists_of(p->pci_path, LETTERS DIGITS ":.-"))
			return err_set(err, ERR_INTERNAL, "'%s' is no PCI path", p->pci_path);
	}
	return 0;
}

int check_job(const struct recipe *r, const struct job *j, struct err **err)
{
	return check_router(r, j, err) < 0 ? -1 : check_names(r, j, err);
}
