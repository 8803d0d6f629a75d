#pragma once
/*
 * fw_files.h: a set of firewall files: a folder of native .fw files, single ones, or the YAML form; and the site they
 * make together. Owns the configs.
 *
 * In a folder: cluster.fw, host.fw (of the node that is named), NODE/host.fw, VMID.fw, sdn/VNET.fw or, as in /etc/pve, sdn/firewall/VNET.fw.
 */
#include "firewall/fw_issue.h"
#include "firewall/fw_site.h"

struct fw_files {
	struct fw_config **v;
	size_t n;
	bool by_hand; /* YAML's 'apply: false': 'pveprov fw apply' brings it about, 'pveprov apply' does not */
};

/*
 * Reads a file (.fw, .yaml) or a folder into the set. `node`: whose file a bare host.fw is; NULL: "localhost".
 * Skipped lines go to issues; errors of YAML are ERR_RECIPE with all places.
 */
int fw_files_load(struct fw_files *f, const char *path, const char *node, struct fw_issues *issues, struct err **err);

/* Takes a config over. A second one of the same level and id replaces the first. */
void fw_files_add(struct fw_files *f, struct fw_config *c);

/* The config of a level and id (NULL for the cluster), or NULL. */
struct fw_config *fw_files_find(const struct fw_files *f, enum fw_level level, const char *id);

/* The site that the files make: nothing is known but what they say. Lives in the arena, borrows the configs. */
struct fw_site fw_files_site(const struct fw_files *f, struct arena *a);

/* The same site with other files: what is known of nodes and guests stays. */
struct fw_site fw_site_with(struct arena *a, const struct fw_site *base, const struct fw_files *f);

void fw_files_free(struct fw_files *f);
#define _cleanup_fw_files_ _cleanup_(fw_files_free)
