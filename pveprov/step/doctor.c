#include "step/doctor.h"

#include "step/preflight.h"
#include "step/privileges.h"

static void row(json_t *rows, const char *check, const char *status, const char *fmt, ...)
	PRINTF(4, 5);

static void row(json_t *rows, const char *check, const char *status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	json_array_append_new(
		rows, json_pack("{s:s, s:s, s:s}", "check", check, "status", status, "text", text));
}

/* Problems that a look added since `before` become rows of that look. */
static void rows_of_problems(json_t *rows, const char *check, const struct problems *p,
			     size_t before, const char *well)
{
	for (size_t i = before; i < p->texts.n; i++)
		row(rows, check, "missing", "%s", p->texts.v[i]);
	if (p->texts.n == before)
		row(rows, check, "ok", "%s", well);
}

static int look_at_server(struct session *s, json_t *rows, struct err **err)
{
	const struct pve_version *version;

	if (session_version(s, &version, err) < 0)
		return -1;
	row(rows, "server", "ok", "Proxmox VE %s at %s, node '%s'", version->text,
	    pve_client_endpoint(s->client), s->node);
	row(rows, "account", "ok", "%s%s", pve_auth_user(s->client),
	    pve_auth_is_root(s->client) ? ", a ticket: may pass devices through by their address"
					: ": devices are passed through by a PCI mapping");
	return 0;
}

static int look_at_network(struct session *s, json_t *rows, struct problems *p, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_err_ struct err *why = NULL;
	const char *version = NULL;

	if (pve_node_package(s->client, s->node, "ifupdown2", &a, &version, &why) < 0) {
		if (why->kind != ERR_AUTH && why->kind != ERR_NOT_FOUND)
			return err_move(err, TAKE_PTR(why));
		row(rows, "ifupdown2", "unknown", "%s", why->text);
	} else if (version) {
		row(rows, "ifupdown2", "ok", "%s", version);
	} else {
		row(rows, "ifupdown2", "missing",
		    "not installed: network changes cannot take effect");
		problem_add(p, ERR_GUARD, "install it on the node: apt install ifupdown2",
			    "node '%s' has no ifupdown2", s->node);
	}
	if (s->net.changes)
		row(rows, "network", "unknown",
		    "changes are staged by somebody: 'pveprov net plan' shows them");
	return 0;
}

static int look_at_pci(struct session *s, json_t *rows, struct err **err)
{
	_cleanup_err_ struct err *why = NULL;
	size_t cards = 0;
	bool iommu = false;

	if (session_read_pci(s, &why) < 0) {
		if (why->kind != ERR_AUTH)
			return err_move(err, TAKE_PTR(why));
		row(rows, "devices", "unknown", "%s", why->text);
		return 0;
	}
	for (size_t i = 0; i < s->n_devices; i++) {
		cards += s->devices[i].class >> 8 == 0x0200;
		iommu |= s->devices[i].iommu_group >= 0;
	}
	row(rows, "devices", iommu ? "ok" : "missing", "%zu network functions; the IOMMU is %s",
	    cards, iommu ? "on" : "off");
	return 0;
}

static void look_at_templates(const struct session *s, json_t *rows)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; i < s->n_vms; i++)
		if (s->vms[i].template)
			strv_addf(&names, "%u", s->vms[i].id);
	_cleanup_free_ char *list = strv_join(&names, ", ");
	row(rows, "templates", names.n ? "ok" : "missing", "%s",
	    names.n ? list : "none that the account can see");
}

static int look_at_privileges(struct session *s, json_t *rows, struct problems *p, struct err **err)
{
	_cleanup_strv_ struct strv needs = { 0 };
	size_t before = p->texts.n;

	if (s->n_machines)
		privileges_of_job(s, &needs);
	else
		privileges_of_node(s, &needs);
	if (privileges_check(s, &needs, p, err) < 0)
		return -1;
	_cleanup_free_ char *well = xasprintf("all %zu that the job needs", needs.n);
	rows_of_problems(rows, "privileges", p, before, well);
	return 0;
}

static void look_at_keys(const struct session *s, const struct recipe_ssh *ssh, json_t *rows,
			 struct problems *p)
{
	_cleanup_strv_ struct strv keys = { 0 };
	_cleanup_err_ struct err *why = NULL;

	if (keys_collect(ssh, &s->o.ssh, s->o.clock, &keys, &why) == 0) {
		row(rows, "ssh keys", "ok", "%zu", keys.n);
		return;
	}
	row(rows, "ssh keys", "missing", "%s", why->text);
	problem_add(p, ERR_USAGE, why->hint, "%s", why->text);
}

int doctor_look(struct session *s, json_t *rows, struct problems *p, struct err **err)
{
	if (look_at_server(s, rows, err) < 0 || look_at_privileges(s, rows, p, err) < 0 ||
	    look_at_network(s, rows, p, err) < 0 || look_at_pci(s, rows, err) < 0)
		return -1;
	look_at_templates(s, rows);
	look_at_keys(s, &s->recipe->ssh, rows, p);
	if (s->n_machines == 0)
		return 0;
	size_t before = p->texts.n;
	if (preflight_world(s, p, err) < 0)
		return -1;
	rows_of_problems(rows, "recipe", p, before, "nothing stands in its way");
	return 0;
}
