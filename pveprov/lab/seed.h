#pragma once
/*
 * seed.h: the cloud-init drive of a machine as Proxmox makes it: user-data, network-config (version
 * 1) and meta-data from ciuser, cipassword, sshkeys, ipconfigN, nameserver, searchdomain, ciupgrade
 * and the name. The instance-id is the SHA-1 of user-data and network-config, so any change of them
 * makes cloud-init run again. (Layout: Cloudinit.pm of qemu-server.)
 */
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

struct seed {
	struct buf user_data;
	struct buf network_config;
	struct buf meta_data;
};

/* What the node's own resolv.conf says: used where the machine's configuration says nothing. Either
 * may be NULL. */
struct seed_node {
	const char *nameserver;
	const char *searchdomain;
};

/* config: as GET config shows it, cipassword in clear or hashed as it was given. */
int seed_make(const json_t *config, int vmid, const struct seed_node *node, struct seed *ret,
	      struct err **err);

/* Whether the machine has a cloud-init drive at all (else the values above do nothing). */
bool seed_wanted(const json_t *config);

/* Writes the ISO image labelled "cidata". */
int seed_write(const struct seed *s, const char *path, struct err **err);

void seed_free(struct seed *s);
#define _cleanup_seed_ _cleanup_(seed_free)
