/* Source: pve-container 6 (LXC.pm vmstatus, API2/LXC.pm). */
#include "lab/container.h"
#include "base/text.h"
#include "data/digest.h"
#include "data/json.h"
#include "lab/acl.h"
#include "lab/route.h"

enum { MIB = 1 << 20, DEFAULT_MIB = 512 };

static int vmid_of(const struct world_container *c)
{
	uint64_t n;

	return text_to_u64(c->id, 100, INT32_MAX, &n) ? (int)n : 0;
}

const struct world_container *container_find(const struct lab *l, int vmid)
{
	const struct world_container *c = l->world->containers.v;

	for (size_t i = 0; i < l->world->containers.n; i++)
		if (vmid_of(&c[i]) == vmid)
			return &c[i];
	return NULL;
}

static bool may_see(const struct request *q, const struct world_container *c)
{
	_cleanup_free_ char *path = xasprintf("/vms/%s", c->id);

	return acl_has(q->lab, &q->who, path, "VM.Audit", true);
}

/* Numbers are numbers where the API says so. */
static json_t *config_of(const struct world_container *c)
{
	static const char *const numbers[] = { "cores", "memory", "swap", "onboot", "unprivileged" };
	json_t *config = json_pack("{s:s, s:s}", "hostname", c->name ? c->name : c->id, "arch", "amd64");
	uint64_t n;

	for (const struct tree *t = c->config ? c->config->first : NULL; t; t = t->next) {
		bool number = false;
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			number |= streq(numbers[i], t->key);
		if (t->kind == TREE_SCALAR)
			json_object_set_new(config, t->key,
					    number && text_to_u64(t->text, 0, INT32_MAX, &n) ? json_integer((json_int_t)n)
											    : json_string(t->text));
	}
	return config;
}

/* What lists and status/current share. */
static json_t *status_of(const struct request *q, const struct world_container *c)
{
	json_t *config = config_of(c);
	json_int_t memory = json_int(config, "memory", DEFAULT_MIB), up = c->running ? lab_now_ms(q->lab) / 1000 : 0;
	json_t *e = json_pack("{s:s, s:i, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "type",
			      "lxc", "vmid", vmid_of(c), "name", json_text(config, "hostname"), "status",
			      c->running ? "running" : "stopped", "cpus", (json_int_t)json_int(config, "cores", 1), "maxmem",
			      memory * MIB, "maxswap", (json_int_t)json_int(config, "swap", 0) * MIB, "maxdisk",
			      (json_int_t)4096 * MIB, "uptime", up, "cpu", 0, "mem", 0, "swap", 0, "disk", 0, "netin", 0,
			      "netout", 0, "diskread", 0, "diskwrite", 0);

	json_decref(config);
	return e;
}

void container_resources(const struct request *q, json_t *list)
{
	const struct world_container *c = q->lab->world->containers.v;

	for (size_t i = 0; i < q->lab->world->containers.n; i++) {
		if (!may_see(q, &c[i]))
			continue;
		json_t *e = status_of(q, &c[i]);
		json_object_set_new(e, "id", json_sprintf("lxc/%s", c[i].id));
		json_object_set_new(e, "node", json_string(q->lab->node));
		json_object_set_new(e, "template", json_integer(0));
		json_object_set(e, "maxcpu", json_object_get(e, "cpus"));
		json_object_del(e, "cpus");
		json_object_del(e, "swap");
		json_object_del(e, "maxswap");
		json_array_append_new(list, e);
	}
}

static void get_containers(struct request *q)
{
	const struct world_container *c = q->lab->world->containers.v;
	json_t *list = json_array();

	for (size_t i = 0; i < q->lab->world->containers.n; i++)
		if (may_see(q, &c[i]))
			json_array_append_new(list, status_of(q, &c[i]));
	reply_data(q, list);
}

static const struct world_container *need(struct request *q)
{
	int vmid = (int)param_int(q, "vmid", 0);
	const struct world_container *c = container_find(q->lab, vmid);

	if (!c)
		reply_error(q, 500, "Configuration file 'nodes/%s/lxc/%d.conf' does not exist", q->lab->node, vmid);
	return c;
}

static void get_config(struct request *q)
{
	const struct world_container *c = need(q);
	char hex[41];

	if (!c)
		return;
	json_t *config = config_of(c);
	_cleanup_free_ char *text = json_dump_text(config);
	json_object_set_new(config, "digest", json_string(digest_sha1(text, strlen(text), hex)));
	reply_data(q, config);
}

static void get_status(struct request *q)
{
	const struct world_container *c = need(q);

	if (!c)
		return;
	json_t *e = status_of(q, c);
	json_object_set_new(e, "ha", json_pack("{s:i}", "managed", 0));
	reply_data(q, e);
}

const struct route container_routes[] = {
	{ "GET", "/nodes/{node}/lxc", get_containers },
	{ "GET", "/nodes/{node}/lxc/{vmid}/config", get_config },
	{ "GET", "/nodes/{node}/lxc/{vmid}/status/current", get_status },
	{ 0 },
};
