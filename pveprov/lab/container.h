#pragma once
/* container.h: the containers of the world: they are there, to be listed and to have a firewall; nothing changes them. */
#include "lab/request.h"

const struct world_container *container_find(const struct lab *l, int vmid); /* NULL: none */

/* Adds those that the caller may see to GET /cluster/resources. */
void container_resources(const struct request *q, json_t *list);
