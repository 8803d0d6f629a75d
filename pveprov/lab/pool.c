#include "lab/pool.h"
#include "lab/acl.h"
#include "lab/route.h"
#include "lab/vm.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/json.h"

struct pools *pools_new(void)
{
	struct pools *p = xcalloc(1, sizeof(*p));

	p->list = json_object();
	return p;
}

struct pools *pools_free(struct pools *p)
{
	if (p)
		json_decref(p->list);
	free(p);
	return NULL;
}

const char *pool_of(const struct lab *l, const char *vmid)
{
	uint64_t id;
	const char *name;
	json_t *pool, *member;
	size_t i;

	if (!l->pools || !text_to_u64(vmid, 1, INT32_MAX, &id))
		return NULL;
	json_object_foreach(l->pools->list, name, pool)
		json_array_foreach(json_list(pool, "members"), i, member)
			if ((uint64_t)json_integer_value(member) == id)
				return name;
	return NULL;
}

void pool_set(struct lab *l, int vmid, const char *name)
{
	const char *key;
	json_t *pool, *member;
	size_t i;

	json_object_foreach(l->pools->list, key, pool)
		json_array_foreach(json_list(pool, "members"), i, member)
			if (json_integer_value(member) == vmid) {
				json_array_remove(json_list(pool, "members"), i);
				break;
			}
	pool = name ? json_object_get(l->pools->list, name) : NULL;
	if (pool)
		json_array_append_new(json_list(pool, "members"), json_integer(vmid));
}

static bool may_see(const struct request *q, const char *name)
{
	_cleanup_free_ char *path = xasprintf("/pool/%s", name);

	return acl_has(q->lab, &q->who, path, "Pool.Audit|Pool.Allocate", false);
}

static json_t *members(const struct lab *l, const json_t *pool)
{
	json_t *list = json_array(), *member;
	size_t i;

	json_array_foreach(json_list(pool, "members"), i, member) {
		struct vm *vm = vm_find(l, (int)json_integer_value(member));
		if (vm)
			json_array_append_new(list, vm_resource(vm));
	}
	return list;
}

static json_t *entry(const char *name, const json_t *pool)
{
	return json_pack("{s:s, s:s*}", "poolid", name, "comment", json_text(pool, "comment"));
}

static void get_pools(struct request *q)
{
	const char *only = param_text(q, "poolid"), *name;
	json_t *list = json_array(), *pool;

	json_object_foreach(q->lab->pools->list, name, pool) {
		if ((only && !streq(only, name)) || !may_see(q, name))
			continue;
		json_t *e = entry(name, pool);
		if (only)
			json_object_set_new(e, "members", members(q->lab, pool));
		json_array_append_new(list, e);
	}
	reply_data(q, list);
}

static void post_pool(struct request *q)
{
	const char *name = param_text(q, "poolid");

	if (json_object_get(q->lab->pools->list, name)) {
		reply_error(q, 500, "create pool failed: pool '%s' already exists", name);
		return;
	}
	json_object_set_new(
		q->lab->pools->list, name,
		json_pack("{s:s*, s:[]}", "comment", param_text(q, "comment"), "members"));
	reply_null(q);
}

static void put_pool(struct request *q)
{
	const char *name = param_text(q, "poolid");
	json_t *pool = json_object_get(q->lab->pools->list, name);
	_cleanup_strv_ struct strv vms = { 0 };
	uint64_t id;

	if (!pool) {
		reply_error(q, 500, "update pools failed: pool '%s' does not exist", name);
		return;
	}
	if (param_given(q, "comment"))
		json_object_set_new(pool, "comment", json_string(param_text(q, "comment")));
	strv_split(&vms, param_given(q, "vms") ? param_text(q, "vms") : "", ", ;");
	for (size_t i = 0; i < vms.n; i++)
		if (text_to_u64(vms.v[i], 1, INT32_MAX, &id))
			pool_set(q->lab, (int)id, param_flag(q, "delete", false) ? NULL : name);
	reply_null(q);
}

static void get_pool(struct request *q)
{
	const char *name = param_text(q, "poolid");
	json_t *pool = json_object_get(q->lab->pools->list, name);
	json_t *e;

	if (!pool) {
		reply_error(q, 500, "pool '%s' does not exist", name);
		return;
	}
	e = json_pack("{s:s*, s:o}", "comment", json_text(pool, "comment"), "members",
		      members(q->lab, pool));
	reply_data(q, e);
}

static void delete_pool(struct request *q)
{
	const char *name = param_text(q, "poolid");
	json_t *pool = json_object_get(q->lab->pools->list, name);

	if (!pool)
		reply_error(q, 500, "delete pool failed: pool '%s' does not exist", name);
	else if (json_array_size(json_list(pool, "members")))
		reply_error(q, 500, "delete pool failed: pool '%s' is not empty (contains VMs)",
			    name);
	else {
		json_object_del(q->lab->pools->list, name);
		reply_null(q);
	}
}

const struct route pool_routes[] = {
	{ "GET", "/pools", get_pools },
	{ "POST", "/pools", post_pool },
	{ "PUT", "/pools", put_pool },
	{ "GET", "/pools/{poolid}", get_pool },
	{ "DELETE", "/pools/{poolid}", delete_pool },
	{ NULL },
};
