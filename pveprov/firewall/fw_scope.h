#pragma once
/*
 * fw_scope.h: which firewall files of a cluster a command is about, found from wanted files or from words.
 */
#include "firewall/fw_live.h"

struct fw_scope_wish {
	const struct fw_files *wanted;
	const char *const *words; /* NULL-terminated; NULL: none */
	const char *node;	  /* whose a bare host.fw is; NULL: the only node's */
	bool guests_may_come;	  /* a wanted guest that is not there is one without a firewall */
	bool all;		  /* every guest and vnet that the account may see */
};

/*
 * The scope of the wanted files and of the words ("cluster"; "node" NAME; "vm" ID; "vnet" NAME): always with the cluster's file and
 * all nodes' files, as the guard needs them. A wanted host.fw of "localhost" becomes `node`'s, or the only node's.
 * ERR_NOT_FOUND: a guest or node that does not exist. Vnets are not looked up: reading one that is not there fails.
 */
int fw_scope_find(struct pve_client *c, const struct fw_scope_wish *wish, struct arena *a, struct fw_scope *ret,
		  struct err **err);

/* The guest of that VMID in the scope, or NULL. */
const struct fw_guest_ref *fw_scope_guest(const struct fw_scope *s, const char *id);
