#pragma once
/*
 * node.h: the nodes of the cluster, their versions and packages.
 */
#include "pve/client.h"

struct pve_node {
	const char *name;
	bool online;
	const char
		*fingerprint; /* of its certificate, as the server prints it; NULL where not told */
};

int pve_node_list(struct pve_client *c, struct arena *a, struct pve_node **ret, size_t *ret_n,
		  struct err **err);

/* "9.2.11" -> 9, 2, 11. Works without any privilege. */
struct pve_version {
	unsigned major, minor, patch;
	char text[32];
};
int pve_version_get(struct pve_client *c, struct pve_version *ret, struct err **err);
bool pve_version_parse(const char *text, struct pve_version *ret);
bool pve_version_at_least(const struct pve_version *v, unsigned major, unsigned minor,
			  unsigned patch);

/* kernel, memory, cpu ... as the server sends it. */
int pve_node_status(struct pve_client *c, const char *node, json_t **ret, struct err **err);

/* The installed version of a package ("ifupdown2"), NULL in *ret: not installed. Needs Sys.Audit on
 * the node. */
int pve_node_package(struct pve_client *c, const char *node, const char *package, struct arena *a,
		     const char **ret, struct err **err);
