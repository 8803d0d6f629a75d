#include "pve/net.h"
#include "base/text.h"

/* Comments come back with a line end; NULL for none. */
static const char *trimmed(const json_t *j, const char *key, struct arena *a)
{
	const char *text = json_text(j, key);
	char *copy = text ? text_trim(arena_strdup(a, text)) : NULL;

	return copy && *copy ? copy : NULL;
}

static struct pve_iface read_iface(const json_t *j, struct arena *a)
{
	const char *type = json_text(j, "type"), *method = json_text(j, "method");
	const char *ports = json_text(j, "bridge_ports");
	bool bridge = type && streq(type, "bridge");

	return (struct pve_iface){
		.name = arena_strdup(a, json_text(j, "iface")),
		.type = arena_strdup(a, type ? type : "unknown"),
		.method = arena_strdup(a, method ? method : "manual"),
		.cidr = arena_strdup(a, json_text(j, "cidr")),
		.cidr6 = arena_strdup(a, json_text(j, "cidr6")),
		.gateway = arena_strdup(a, json_text(j, "gateway")),
		.gateway6 = arena_strdup(a, json_text(j, "gateway6")),
		.ports = bridge ? arena_strdup(a, ports ? ports : "") : NULL,
		.slaves = arena_strdup(a, json_text(j, "slaves")),
		.raw_device = arena_strdup(a, json_text(j, "vlan-raw-device")),
		.comment = trimmed(j, "comments", a),
		.mtu = json_int(j, "mtu", 0),
		.active = json_flag(j, "active", false),
		.autostart = json_flag(j, "autostart", false),
		.vlan_aware = json_flag(j, "bridge_vlan_aware", false),
	};
}

int pve_net_list(struct pve_client *c, const char *node, struct arena *a, struct pve_net *ret,
		 struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/network", node);
	_cleanup_json_ json_t *answer = NULL;
	struct pve_net net = { 0 };
	size_t i;
	json_t *j;

	if (pve_call(c, "GET", path, NULL, 0, &answer, err) < 0)
		return -1;
	json_t *data = json_list(answer, "data");
	net.ifaces = arena_array(a, json_array_size(data) + 1, sizeof(*net.ifaces));
	json_array_foreach(data, i, j) {
		struct pve_iface f = read_iface(j, a);
		if (f.name)
			net.ifaces[net.n++] = f;
	}
	const char *changes = json_text(answer, "changes");
	net.changes = changes && *changes ? arena_strdup(a, changes) : NULL;
	*ret = net;
	return 0;
}

const struct pve_iface *pve_net_find(const struct pve_net *net, const char *name)
{
	for (size_t i = 0; i < net->n; i++)
		if (streq(net->ifaces[i].name, name))
			return &net->ifaces[i];
	return NULL;
}

bool pve_net_has_port(const char *ports, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = ports; s && *s; s += strcspn(s, " ,;")) {
		s += strspn(s, " ,;");
		if (strncmp(s, name, len) == 0 && strcspn(s, " ,;") == len)
			return len > 0;
	}
	return false;
}

/* An option without value is left out; with `update` it is named in `delete`, as an update merges.
 */
static void add_option(struct pve_params *p, struct strv *gone, const char *key, const char *value)
{
	if (value && *value)
		pve_params_add(p, key, value);
	else
		strv_add(gone, key);
}

static int stage(struct pve_client *c, const char *node, const struct pve_bridge *b, bool update,
		 struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_strv_ struct strv gone = { 0 };
	_cleanup_free_ char *mtu = b->mtu ? xasprintf("%" PRId64, b->mtu) : NULL;
	_cleanup_free_ char *path = update ? pve_path("/nodes/%s/network/%s", node, b->name)
					   : pve_path("/nodes/%s/network", node);

	if (!update)
		pve_params_add(&p, "iface", b->name);
	pve_params_add(&p, "type", "bridge");
	pve_params_add_bool(&p, "autostart", true);
	pve_params_add(&p, "bridge_ports", b->ports ? b->ports : "");
	add_option(&p, &gone, "cidr", b->cidr);
	add_option(&p, &gone, "cidr6", b->cidr6);
	add_option(&p, &gone, "comments", b->comment);
	add_option(&p, &gone, "mtu", mtu);
	add_option(&p, &gone, "bridge_vlan_aware", b->vlan_aware ? "1" : NULL);
	if (update && gone.n) {
		_cleanup_free_ char *names = strv_join(&gone, ",");
		pve_params_add(&p, "delete", names);
	}
	if ((update ? pve_put : pve_post)(c, path, &p, NULL, err) < 0)
		return err_wrap(err, "bridge '%s'", b->name);
	return 0;
}

int pve_net_create_bridge(struct pve_client *c, const char *node, const struct pve_bridge *b,
			  struct err **err)
{
	return stage(c, node, b, false, err);
}

int pve_net_update_bridge(struct pve_client *c, const char *node, const struct pve_bridge *b,
			  struct err **err)
{
	return stage(c, node, b, true, err);
}

int pve_net_delete(struct pve_client *c, const char *node, const char *iface, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/network/%s", node, iface);

	return pve_delete(c, path, NULL, NULL, err);
}

int pve_net_apply(struct pve_client *c, const char *node, const struct pve_watch *w,
		  struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/network", node);
	struct pve_job job = {
		.method = "PUT",
		.path = path,
		.node = node,
		.type = "srvreload",
		.id = "networking",
		.what = "apply the network",
	};

	return pve_run(c, &job, w, err);
}

int pve_net_revert(struct pve_client *c, const char *node, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/network", node);

	return pve_delete(c, path, NULL, NULL, err);
}
