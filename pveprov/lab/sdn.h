#pragma once
/*
 * sdn.h: the zones and vnets of the world, as they are applied on the node: they are there, nothing changes them.
 */
#include "lab/request.h"

/* The vnet of that name; NULL: none. */
const struct world_vnet *sdn_vnet(const struct lab *l, const char *name);

/* "/sdn/zones/ZONE/VNET", where privileges on a vnet are looked for; malloc'd. */
char *sdn_path(const struct world_vnet *v);

/* {name: {comment}} of the IP sets that SDN gives to rules, of those vnets that the caller may see; new reference. */
json_t *sdn_sets(const struct request *q);

/* Adds the zones to GET /cluster/resources. */
void sdn_resources(const struct request *q, json_t *list);
