#pragma once
/*
 * fw_live.h: the firewall as a node has it now, read through the API into the same model as the files.
 */
#include "firewall/fw_diff.h"
#include "firewall/fw_files.h"
#include "pve/client.h"

/* What to read: the cluster's file, the nodes', guests', vnets'. */
struct fw_scope {
	bool cluster;
	const char *const *nodes; /* NULL-terminated; NULL: none */
	const struct fw_guest_ref {
		const char *node, *id, *kind; /* "qemu" or "lxc" */
		bool absent;		      /* not there yet: nothing is read of it */
	} *guests;
	size_t n_guests;
	const char *const *vnets; /* NULL-terminated; NULL: none */
	bool vnets_if_known;	  /* a server that knows no firewall of vnets has none */
};

/* Reads the files of the scope into `f`. */
int fw_live_read(struct pve_client *c, const struct fw_scope *scope, struct fw_files *f, struct err **err);

/* One list or one options object of the API into a config: for fw_apply, which looks again before each write. */
int fw_live_options(const json_t *data, struct fw_config *c, struct err **err);
int fw_live_rules(const json_t *data, struct fw_config *c, struct fw_section *s, struct err **err);

/*
 * Reads what the site needs beside the files: guests' NICs, nodes' addresses, the local network where it can be told.
 * `f` holds live or wanted files; everything returned lives in the arena.
 */
int fw_live_site(struct pve_client *c, const struct fw_files *f, const struct fw_scope *scope, struct arena *a,
		 struct fw_site *ret, struct err **err);

/* The path of a change or of its list (the first `depth` segments; 0: all), percent-encoded. malloc'd. */
char *fw_change_path(const struct fw_change *c, size_t depth);
