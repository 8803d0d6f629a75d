#pragma once
/*
 * node_network.h: the node's network configuration. Changes are staged (interfaces.new) for
 * everyone together, until they are applied or thrown away.
 */
#include "lab/request.h"

struct network {
	json_t *current;	     /* name -> interface, see interfaces.h */
	json_t *staged;		     /* NULL: nothing is pending */
	int64_t current_s, staged_s; /* when the files were written */
};

struct network *network_new(struct lab *l);
struct network *network_free(struct network *n);

/* Hands the configuration to the hypervisor, at the start of the lab. */
void network_apply_now(struct lab *l);

/* Whether a bridge is there now (not only staged). */
bool network_has_bridge(const struct lab *l, const char *name);

/* The address of the node itself, for GET /cluster/status. */
const char *network_node_address(const struct lab *l);
