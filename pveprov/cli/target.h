#pragma once
/*
 * target.h: what the user named, found on the server: a machine by id or name, a node.
 */
#include "cli/app.h"
#include "pve/cluster.h"

struct target {
	struct pve_client *client; /* the app's */
	const struct pve_vm_entry *entry;
	struct pve_vm vm;
	char *label; /* "VM 100 (router)" */
	struct arena arena;
};

/* Opens the client and finds the machine, on any node. ERR_NOT_FOUND carries the nearest name. */
int target_find(struct app *app, const char *id_or_name, struct target *ret, struct err **err);
void target_free(struct target *t);
#define _cleanup_target_ _cleanup_(target_free)

/* --node, else the context's, else the only one there is; ERR_USAGE names them where there are
 * several. In the arena. */
int target_node(struct app *app, struct pve_client *c, struct arena *a, const char **ret,
		struct err **err);
