#include "lab/node_network.h"
#include "lab/acl.h"
#include "lab/diff.h"
#include "lab/firewall.h"
#include "lab/interfaces.h"
#include "lab/job.h"
#include "lab/route.h"
#include "data/json.h"

enum { FIRST_PRIORITY = 3 };

/* active: the interface exists in the kernel and is up: what is started, and the ports of bridges.
 */
static void set_active(json_t *interfaces)
{
	const char *name;
	json_t *i;

	json_object_foreach(interfaces, name, i) {
		json_object_del(i, "active");
		if (json_flag(i, "autostart", false))
			json_object_set_new(i, "active", json_integer(1));
	}
	json_object_foreach(interfaces, name, i) {
		_cleanup_strv_ struct strv ports = { 0 };
		const char *text = json_text(i, "bridge_ports");
		if (!text)
			text = json_text(i, "slaves");
		strv_split(&ports, text && json_flag(i, "active", false) ? text : "", " ");
		for (size_t k = 0; k < ports.n; k++) {
			json_t *port = json_object_get(interfaces, ports.v[k]);
			if (port)
				json_object_set_new(port, "active", json_integer(1));
		}
	}
}

static json_t *world_interface(const struct world_interface *w, int priority)
{
	static const char *const types[] = { "eth", "bridge", "bond" };
	json_t *i = interface_new(types[w->type], priority);
	_cleanup_strv_ struct strv ports = { 0 };
	_cleanup_free_ char *joined = NULL;
	char text[ADDR_TEXT_MAX];

	if (w->autostart)
		interface_set(i, "autostart", "1");
	for (size_t k = 0; k < w->ports.n; k++)
		strv_add(&ports, w->ports.v[k]);
	joined = strv_join(&ports, " ");
	if (w->type != 0)
		interface_set(i, w->type == 1 ? "bridge_ports" : "slaves", joined);
	if (w->cidr.addr.family)
		interface_set(i, "cidr", addr_cidr_text(&w->cidr, text));
	if (w->gateway.family)
		interface_set(i, "gateway", addr_text(&w->gateway, text));
	if (w->vlan_aware)
		interface_set(i, "bridge_vlan_aware", "1");
	if (w->comment)
		interface_set(i, "comments", w->comment);
	return i;
}

struct network *network_new(struct lab *l)
{
	struct network *n = xcalloc(1, sizeof(*n));
	const struct world_interface *w = l->world->interfaces.v;

	n->current = json_object();
	for (size_t i = 0; i < l->world->interfaces.n; i++)
		json_object_set_new(n->current, w[i].name,
				    world_interface(&w[i], FIRST_PRIORITY + (int)i));
	set_active(n->current);
	n->current_s = lab_wall_s(l);
	return n;
}

struct network *network_free(struct network *n)
{
	if (!n)
		return NULL;
	json_decref(n->current);
	json_decref(n->staged);
	free(n);
	return NULL;
}

static void ignore_answer(void *ctx, const char *error, const json_t *result UNUSED)
{
	const struct lab *l = ctx;

	if (error)
		log_warning(l->log, "network: %s", error);
}

static void ignore_line(void *ctx UNUSED, const char *text UNUSED)
{
}

void network_apply_now(struct lab *l)
{
	struct hv_request r = { .op = HV_NETWORK, .network = l->network->current };

	l->hypervisor->ops->begin(l->hypervisor, &r, ignore_line, ignore_answer, l);
}

bool network_has_bridge(const struct lab *l, const char *name)
{
	const json_t *i = json_object_get(l->network->current, name);

	return i && streq(json_text(i, "type"), "bridge") && json_flag(i, "active", false);
}

const char *network_node_address(const struct lab *l)
{
	const char *name, *first = NULL;
	json_t *i;

	json_object_foreach(l->network->current, name, i) {
		const char *address = json_text(i, "address");
		if (address && json_text(i, "gateway"))
			return address;
		if (address && !first)
			first = address;
	}
	return first ? first : "127.0.0.1";
}

/* What the files say now, changes included. */
static json_t *pending(const struct network *n)
{
	return n->staged ? n->staged : n->current;
}

static json_t *stage(struct lab *l)
{
	struct network *n = l->network;

	if (!n->staged)
		n->staged = json_deep_copy(n->current);
	n->staged_s = lab_wall_s(l);
	return n->staged;
}

static char *dated(const char *file, int64_t at_s)
{
	char text[64];
	time_t t = at_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S.000000000 +0000", &tm);
	return xasprintf("%s\t%s", file, text);
}

/* The diff of what is staged; "" where nothing is. */
static void changes(const struct network *n, struct buf *out)
{
	_cleanup_buf_ struct buf from = { 0 }, to = { 0 };
	_cleanup_free_ char *from_name = dated("/etc/network/interfaces", n->current_s);
	_cleanup_free_ char *to_name = dated("/etc/network/interfaces.new", n->staged_s);

	if (!n->staged)
		return;
	interfaces_text(n->current, &from);
	interfaces_text(n->staged, &to);
	diff_unified(from_name, buf_text(&from), to_name, buf_text(&to), out);
}

static bool type_wanted(const char *filter, const char *type)
{
	if (!filter || streq(filter, type))
		return true;
	return streq(type, "bridge") &&
	       (starts_with(filter, "any_") || streq(filter, "include_sdn"));
}

/* Bridges are there only for those who may use or see them. */
static bool may_see(const struct request *q, const char *name, const json_t *interface)
{
	_cleanup_free_ char *path = xasprintf("/sdn/zones/localnetwork/%s", name);

	return !streq(json_text(interface, "type"), "bridge") ||
	       acl_has(q->lab, &q->who, path, "SDN.Audit|SDN.Use", false);
}

static void get_list(struct request *q)
{
	struct network *n = q->lab->network;
	_cleanup_buf_ struct buf diff = { 0 };
	json_t *list = json_array(), *i;
	const char *name;

	json_object_foreach(pending(n), name, i) {
		if (!type_wanted(param_text(q, "type"), json_text(i, "type")) ||
		    !may_see(q, name, i))
			continue;
		json_t *e = json_copy(i);
		json_object_set_new(e, "iface", json_string(name));
		json_array_append_new(list, e);
	}
	changes(n, &diff);
	if (diff.len)
		request_extra(q, "changes", json_string(diff.data));
	reply_data(q, list);
}

/* The interface of the path; answers an error where there is none. */
static json_t *need_interface(struct request *q)
{
	json_t *i = json_object_get(pending(q->lab->network), param_text(q, "iface"));

	if (!i)
		reply_param_error(q, "iface", "interface does not exist");
	return i;
}

static void get_one(struct request *q)
{
	json_t *i = need_interface(q);

	if (i)
		reply_data(q, json_incref(i));
}

/* false: answered. */
static bool check_gateway(struct request *q, const char *option)
{
	const char *name;
	json_t *i;

	if (!param_given(q, option))
		return true;
	json_object_foreach(pending(q->lab->network), name, i)
		if (json_text(i, option) && !streq(name, param_text(q, "iface"))) {
			reply_param_error(q, option,
					  "Default gateway already exists on interface '%s'.",
					  name);
			return false;
		}
	return true;
}

static bool check_ports(struct request *q)
{
	_cleanup_strv_ struct strv ports = { 0 };
	const char *name, *text = param_text(q, "bridge_ports");
	json_t *i;

	strv_split(&ports, text ? text : "", ", ;");
	json_object_foreach(pending(q->lab->network), name, i) {
		_cleanup_strv_ struct strv used = { 0 };
		const char *list = json_text(i, "bridge_ports");
		strv_split(&used, list && !streq(name, param_text(q, "iface")) ? list : "", " ");
		for (size_t k = 0; k < ports.n; k++)
			if (strv_contains(&used, ports.v[k])) {
				reply_error(q, 500,
					    "interface '%s' - unable to assign port '%s': already "
					    "used on interface '%s'",
					    param_text(q, "iface"), ports.v[k], name);
				return false;
			}
	}
	return true;
}

static void take_options(struct request *q, json_t *interface)
{
	static const char *const not_options[] = { "node", "iface", "type", "delete", NULL };
	_cleanup_strv_ struct strv gone = { 0 }, skip = { 0 };
	const char *name;
	json_t *value;

	strv_add_all(&skip, not_options);
	json_object_foreach(q->param, name, value)
		if (!strv_contains(&skip, name) && json_is_string(value))
			interface_set(interface, name, json_string_value(value));
	strv_split(&gone, param_given(q, "delete") ? param_text(q, "delete") : "", ", ;");
	for (size_t i = 0; i < gone.n; i++)
		interface_unset(interface, gone.v[i]);
}

static int next_priority(const json_t *interfaces)
{
	int64_t highest = FIRST_PRIORITY - 1;
	const char *name;
	json_t *i;

	json_object_foreach((json_t *)(uintptr_t)interfaces, name, i)
		highest = MAX(highest, json_int(i, "priority", 0));
	return (int)highest + 1;
}

static void post(struct request *q)
{
	const char *name = param_text(q, "iface");
	json_t *i, *staged;

	if (json_object_get(pending(q->lab->network), name)) {
		reply_param_error(q, "iface", "interface already exists");
		return;
	}
	if (!check_gateway(q, "gateway") || !check_gateway(q, "gateway6") || !check_ports(q))
		return;
	staged = stage(q->lab);
	i = interface_new(param_text(q, "type"), next_priority(staged));
	take_options(q, i);
	json_object_set_new(staged, name, i);
	reply_null(q);
}

static void put_one(struct request *q)
{
	if (!need_interface(q) || !check_gateway(q, "gateway") || !check_gateway(q, "gateway6") ||
	    !check_ports(q))
		return;
	take_options(q, json_object_get(stage(q->lab), param_text(q, "iface")));
	reply_null(q);
}

static void delete_one(struct request *q)
{
	if (!need_interface(q))
		return;
	json_object_del(stage(q->lab), param_text(q, "iface"));
	reply_null(q);
}

static void delete_staged(struct request *q)
{
	struct network *n = q->lab->network;

	json_decref(n->staged);
	n->staged = NULL;
	reply_null(q);
}

static void reloaded(struct job *j)
{
	struct network *n = j->lab->network;

	if (j->error) {
		job_fail(j, "%s", j->error);
		return;
	}
	set_active(n->current);
	firewall_machines_changed(j->lab);
	job_done(j);
}

/* The new file takes the old one's place before anything is tried, so a failed reload leaves
 * nothing staged. */
static void reload(struct job *j)
{
	struct network *n = j->lab->network;

	if (n->staged) {
		json_decref(n->current);
		n->current = n->staged;
		n->current_s = n->staged_s;
		n->staged = NULL;
	}
	job_hypervisor(j, &(struct hv_request){ .op = HV_NETWORK, .network = n->current },
		       reloaded);
}

static void put_all(struct request *q)
{
	if (!q->lab->world->ifupdown2)
		reply_error(q, 500, "you need ifupdown2 to reload network configuration");
	else
		job_start(q, "srvreload", "networking", reload);
}

const struct route network_routes[] = {
	{ "GET", "/nodes/{node}/network", get_list },
	{ "POST", "/nodes/{node}/network", post },
	{ "PUT", "/nodes/{node}/network", put_all },
	{ "DELETE", "/nodes/{node}/network", delete_staged },
	{ "GET", "/nodes/{node}/network/{iface}", get_one },
	{ "PUT", "/nodes/{node}/network/{iface}", put_one },
	{ "DELETE", "/nodes/{node}/network/{iface}", delete_one },
	{ NULL },
};
