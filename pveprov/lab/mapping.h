#pragma once
/* mapping.h: PCI mappings of the cluster: names that stand for devices, which a token may use. */
#include "lab/request.h"

struct mappings {
	json_t *pci; /* id -> {map: [texts], description?} */
};

struct mappings *mappings_new(struct lab *l);
struct mappings *mappings_free(struct mappings *m);

/*
 * The path ("0000:01:00") of a mapping on this node, checked against the hardware as at the start
 * of a VM; malloc'd. NULL with *ret_why (malloc'd), the text the start task ends with.
 */
char *mapping_resolve(const struct lab *l, const char *id, char **ret_why);
