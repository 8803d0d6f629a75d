#include "lab/firewall_private.h"
#include "data/digest.h"
#include "lab/acl.h"
#include "lab/api_table.h"
#include "lab/firewall_knock.h"
#include "lab/firewall_logger.h"
#include "lab/httpd.h"
#include "lab/sdn.h"

#include <ctype.h>

enum { API_PORT = 8006, DOOR_MS = 500, IPTABLES_MS = 10000, NFTABLES_MS = 5000, SWITCH_S = 60 };

struct firewall *firewall_new(struct lab *l)
{
	struct firewall *f = xcalloc(1, sizeof(*f));

	f->lab = l;
	f->files = json_object();
	return f;
}

struct firewall *firewall_free(struct firewall *f)
{
	if (!f)
		return NULL;
	timer_cancel(f->daemon);
	timer_cancel(f->door);
	timer_cancel(f->lapse);
	timer_cancel(f->soon);
	free(f->rules);
	firewall_knock_free(f->knock);
	json_decref(f->files);
	json_decref(f->in_force);
	firewall_logger_free(f->logger);
	free(f->log);
	free(f);
	return NULL;
}

json_t *firewall_file(struct lab *l, const char *name)
{
	json_t *file = json_object_get(l->firewall->files, name);

	if (!file) {
		file = json_pack("{s:{}, s:{}, s:{}, s:{}, s:[]}", "options", "aliases", "ipset", "groups", "rules");
		json_object_set_new(l->firewall->files, name, file);
	}
	return file;
}

json_t *firewall_file_of(const struct request *q)
{
	const char *vmid = param_text(q, "vmid"), *vnet = param_text(q, "vnet");
	_cleanup_free_ char *of_vnet = vnet ? xasprintf("vnet/%s", vnet) : NULL;

	return firewall_file(q->lab, vmid			     ? vmid
				     : of_vnet			     ? of_vnet
				     : starts_with(q->path, "/nodes/") ? "host"
								     : "cluster");
}

const char *firewall_env(const struct request *q)
{
	if (param_text(q, "group"))
		return "group";
	if (param_text(q, "vnet"))
		return "vnet";
	if (param_text(q, "vmid"))
		return strstr(q->endpoint->path, "/lxc/") ? "ct" : "vm";
	return starts_with(q->path, "/nodes/") ? "host" : "cluster";
}

bool firewall_may(struct request *q, const char *privileges)
{
	const char *name = param_text(q, "vnet");
	const struct world_vnet *v = name ? sdn_vnet(q->lab, name) : NULL;

	if (!name)
		return true;
	if (!v) {
		reply_error(q, 500, "invalid vnet specified at /usr/share/perl5/PVE/API2/Firewall/Helpers.pm line 54.");
		return false;
	}
	_cleanup_free_ char *path = sdn_path(v);
	return acl_require_any(q, path, privileges);
}

static const json_t *option(const json_t *files, const char *file, const char *key)
{
	return json_object_get(json_object_get(json_object_get(files, file), "options"), key);
}

static bool is_nftables(const json_t *files)
{
	const json_t *v = option(files, "host", "nftables");

	return json_integer_value(v) == 1;
}

/* The switch counts by the time it was set at; proxmox-firewall reads the option as a boolean, a time is an error. */
static bool is_on(const struct firewall *f)
{
	int64_t enable = json_integer_value(option(f->in_force, "cluster", "enable"));
	const json_t *host = option(f->in_force, "host", "enable");

	if (!f->in_force || enable == 0 || (host && json_integer_value(host) == 0))
		return false;
	return enable == 1 || (!is_nftables(f->in_force) && lab_wall_s(f->lab) - enable <= SWITCH_S);
}

/* What the files say counts at once, and where packets exist, what becomes of them as soon as that is known. */
static void set_door(const struct firewall *f)
{
	bool refused = f->knock && is_on(f) && firewall_knock_failed(f->knock);

	if (f->lab->world->client.family)
		httpd_door(f->lab->httpd, !refused && firewall_admits(f->lab, &f->lab->world->client, API_PORT));
}

static void load(struct firewall *f)
{
	json_decref(f->in_force);
	f->in_force = json_deep_copy(f->files);
	firewall_knock_forget(f->knock);
	set_door(f);
	firewall_send(f->lab);
}

static void look(void *ctx)
{
	struct firewall *f = ctx;

	f->daemon = NULL;
	load(f);
}

void firewall_changed(struct lab *l, bool at_once)
{
	struct firewall *f = l->firewall;

	firewall_save(l);
	if (at_once) {
		load(f);
		return;
	}
	if (!f->daemon)
		f->daemon = lab_after(l, is_nftables(f->files) ? NFTABLES_MS : IPTABLES_MS, look, f);
}

void firewall_clone(struct lab *l, int source_vmid, int vmid)
{
	_cleanup_free_ char *from = xasprintf("%d", source_vmid), *to = xasprintf("%d", vmid);
	json_t *file = json_object_get(l->firewall->files, from);

	if (file)
		json_object_set_new(l->firewall->files, to, json_deep_copy(file));
	if (file)
		firewall_changed(l, false);
}

void firewall_forget(struct lab *l, int vmid)
{
	_cleanup_free_ char *name = xasprintf("%d", vmid);

	if (json_object_del(l->firewall->files, name) == 0)
		firewall_changed(l, false);
	firewall_unsave(l, name);
	firewall_machines_changed(l);
}

static void add_pairs(const json_t *object, struct buf *out)
{
	_cleanup_free_ const char **keys = xcalloc(json_object_size(object) + 1, sizeof(*keys));
	size_t n = 0;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)object, key, v)
		if (!json_is_object(v) && !json_is_array(v) && !json_is_null(v))
			keys[n++] = key;
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k && strcmp(keys[k - 1], keys[k]) > 0; k--) {
			const char *t = keys[k];
			keys[k] = keys[k - 1];
			keys[k - 1] = t;
		}
	for (size_t i = 0; i < n; i++) {
		v = json_object_get(object, keys[i]);
		if (json_is_integer(v))
			buf_addf(out, "%s:%" JSON_INTEGER_FORMAT "\n", keys[i], json_integer_value(v));
		else
			buf_addf(out, "%s:%s\n", keys[i], json_string_value(v));
	}
}

void firewall_digest_object(const json_t *object, char hex[static 41])
{
	_cleanup_buf_ struct buf b = { 0 };

	add_pairs(object, &b);
	digest_sha1(buf_text(&b), b.len, hex);
}

void firewall_digest_list(const json_t *list, char hex[static 41])
{
	_cleanup_buf_ struct buf b = { 0 };
	json_t *o;
	size_t i;

	json_array_foreach((json_t *)list, i, o)
		add_pairs(o, &b);
	digest_sha1(buf_text(&b), b.len, hex);
}

bool firewall_check_digest(struct request *q, const char *hex)
{
	const char *given = param_text(q, "digest");

	if (!given || streq(given, hex))
		return true;
	reply_error(q, 500, "detected modified configuration - file changed by other user? Try again.");
	return false;
}

bool firewall_check_list(struct request *q, const json_t *list)
{
	char hex[41];

	firewall_digest_list(list, hex);
	return firewall_check_digest(q, hex);
}

char *firewall_lower(const char *name)
{
	char *s = xstrdup(name);

	for (char *p = s; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return s;
}

bool firewall_admits(const struct lab *l, const struct addr *client, int port)
{
	const struct firewall *f = l->firewall;

	return !is_on(f) || firewall_decide(l, f->in_force, client, port);
}

/* The switch lapses, and the node's own network may change: the door follows without anybody's call. */
static void look_at_door(void *ctx)
{
	struct lab *l = ctx;

	l->firewall->door = lab_after(l, DOOR_MS, look_at_door, l);
	if (l->firewall->knock && is_on(l->firewall))
		firewall_knock(l->firewall->knock);
	set_door(l->firewall);
}

void firewall_watch(struct lab *l)
{
	if (!l->world->client.family)
		return;
	l->firewall->knock = firewall_knock_new(l, API_PORT);
	l->firewall->door = lab_after(l, DOOR_MS, look_at_door, l);
}
