#include "lab/route.h"

#include <event2/http.h>

static const struct route *const families[] = {
	access_routes,
	agent_routes,
	cluster_routes,
	container_routes,
	firewall_alias_routes,
	firewall_group_routes,
	firewall_log_routes,
	firewall_option_routes,
	firewall_ref_routes,
	firewall_rule_routes,
	firewall_set_routes,
	mapping_routes,
	network_routes,
	pci_routes,
	pool_routes,
	sdn_routes,
	task_routes,
	snapshot_routes,
	storage_routes,
	user_routes,
	vm_routes,
	vm_config_routes,
	vm_power_routes,
};

route_fn *route_handler(const struct api_endpoint *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (const struct route *r = families[i]; r->method; r++)
			if (streq(r->method, e->method) && streq(r->path, e->path))
				return r->fn;
	return NULL;
}

/* Matches a path against a pattern and collects the variables; *literal counts the equal parts. */
static bool path_matches(const char *pattern, const char *path, json_t *vars, int *literal)
{
	*literal = 0;
	while (*pattern && *path) {
		size_t np = strcspn(pattern + 1, "/"), n = strcspn(path + 1, "/");
		if (n == 0)
			return false;
		if (pattern[1] == '{') {
			_cleanup_free_ char *name = xstrndup(pattern + 2, np - 2),
					    *part = xstrndup(path + 1, n);
			_cleanup_free_ char *value = evhttp_uridecode(part, 0, NULL);
			json_object_set_new(vars, name, json_string(value));
		} else if (np == n && memcmp(pattern + 1, path + 1, n) == 0) {
			(*literal)++;
		} else {
			return false;
		}
		pattern += np + 1;
		path += n + 1;
	}
	return !*pattern && !*path;
}

bool route_find(const char *method, const char *path, struct route_match *ret, json_t *params)
{
	json_t *best_vars = NULL;
	int best = -1;

	for (size_t i = 0; i < api_n_endpoints; i++) {
		const struct api_endpoint *e = &api_endpoints[i];
		json_t *vars = json_object();
		int literal;
		if (streq(e->method, method) && path_matches(e->path, path, vars, &literal) &&
		    literal > best) {
			json_decref(best_vars);
			best_vars = json_incref(vars);
			best = literal;
			ret->endpoint = e;
		}
		json_decref(vars);
	}
	if (best < 0)
		return false;
	json_object_update(params, best_vars);
	json_decref(best_vars);
	ret->fn = route_handler(ret->endpoint);
	return ret->fn != NULL;
}
