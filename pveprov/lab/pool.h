#pragma once
/* pool.h: resource pools: VMs under one name, with privileges on /pool/NAME. */
#include "lab/request.h"

struct pools {
	json_t *list; /* name -> {comment?, members: [vmid]} */
};

struct pools *pools_new(void);
struct pools *pools_free(struct pools *p);

/* The pool of a VM, NULL where there is none. */
const char *pool_of(const struct lab *l, const char *vmid);

/* Puts a VM into a pool, or (pool NULL) out of any. */
void pool_set(struct lab *l, int vmid, const char *pool);
