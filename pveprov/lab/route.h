#pragma once
/*
 * route.h: which function answers which endpoint. Each family of endpoints has a table beside its
 * code; an endpoint of api_table that no table names is "not implemented", as an unknown path is.
 */
#include "lab/api_table.h"
#include "lab/request.h"

struct route {
	const char *method;
	const char *path; /* as in api_table */
	route_fn *fn;
};

/* Ended by a NULL method. */
extern const struct route access_routes[], agent_routes[], cluster_routes[], container_routes[],
	firewall_alias_routes[], firewall_group_routes[], firewall_log_routes[],
	firewall_option_routes[], firewall_ref_routes[], firewall_rule_routes[],
	firewall_set_routes[], mapping_routes[], network_routes[], pci_routes[], pool_routes[],
	sdn_routes[], snapshot_routes[], storage_routes[], task_routes[], user_routes[],
	vm_routes[], vm_config_routes[], vm_power_routes[];

struct route_match {
	const struct api_endpoint *endpoint;
	route_fn *fn;
};

/*
 * Finds the endpoint of a path as it was sent; its variables, decoded, go into params. False: no
 * such path, or not with this method. A path without variables wins over one with.
 */
bool route_find(const char *method, const char *path, struct route_match *ret, json_t *params);

/* The handler of an endpoint, NULL where there is none (for the table's test). */
route_fn *route_handler(const struct api_endpoint *e);
