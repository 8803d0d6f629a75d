#pragma once
/*
 * recipe.h: a recipe as typed data. Read once from YAML (recipe_load), checked as a whole, never
 * changed afterwards. Everything lives in the recipe's arena. Positions are kept for errors that
 * only the live node can show.
 */
#include "data/field.h"
#include "firewall/fw_files.h"

/* How an interface gets an address of one family. */
enum recipe_addressing {
	RECIPE_ADDRESS_NONE,
	RECIPE_ADDRESS_DHCP,
	RECIPE_ADDRESS_STATIC,
	RECIPE_ADDRESS_AUTO, /* IPv6 only: router advertisements */
};

struct recipe_ssh {
	const char *user;	 /* root */
	struct field_texts keys; /* "agent", a path of a public key, or a literal key */
};

struct recipe_bridge {
	const char *name; /* vmbr1 */
	struct tree_pos pos;
	struct addr_cidr cidr; /* of the node on it; family 0: none */
	bool vlan_aware;
	struct field_texts ports;
};

struct recipe_nic {
	const char *name; /* inside the guest, at most 15 bytes */
	struct tree_pos pos;
	const char *bridge;
	const char *model; /* virtio */
	bool has_mac;
	struct addr_mac mac; /* has_mac, or derived from recipe name, VM id and index (recipe_load
				fills it in) */
	enum recipe_addressing addressing;
	struct addr_cidr address; /* RECIPE_ADDRESS_STATIC */
	struct addr gateway;	  /* family 0: none */
	enum recipe_addressing addressing6;
	struct addr_cidr address6;
	struct addr gateway6;
	int64_t vlan; /* 0: none */
	bool firewall;
};

struct recipe_passthrough {
	struct tree_pos pos;
	const char *device;  /* "01:00" (all functions) or "0000:01:00.0", lower case; NULL with
				mapping only */
	const char *mapping; /* name of a PCI mapping; NULL: chosen by what the account can do */
	bool pcie;
	struct field_texts names; /* of the ports, in function order */
};

enum recipe_allow_kind {
	RECIPE_ALLOW_DNS,
	RECIPE_ALLOW_DHCP,
	RECIPE_ALLOW_SSH,
	RECIPE_ALLOW_PING,
	RECIPE_ALLOW_TCP,
	RECIPE_ALLOW_UDP
};

/* One thing that a network may reach on the router itself. */
struct recipe_allow {
	enum recipe_allow_kind kind;
	struct tree_pos pos;
	struct field_texts ports; /* TCP, UDP: "22" or "5900-5999", checked */
	bool has_from;
	struct addr_range from; /* source addresses */
};

struct recipe_network {
	const char *interface; /* vm1, lan ... */
	struct tree_pos pos;
	struct addr_cidr address;  /* IPv4 of the router there; default: the NIC's; always set after
				      loading */
	struct addr_cidr address6; /* family 0: by prefix delegation when wan has it */
	bool has_dhcp;
	struct addr_range dhcp;
	int64_t lease_ms;   /* default: 1 h on a NIC (machines come and go), 12 h on a port (people)
			     */
	const char *domain; /* default: the interface's name */
	struct recipe_allow *allow; /* default: DNS, and DHCP where there is a range */
	size_t n_allow;
	bool optional;		  /* may have no carrier */
	struct field_items hosts; /* struct recipe_host */
};

/* A reserved DHCP address. */
struct recipe_host {
	const char *name;
	struct tree_pos pos;
	struct addr_mac mac;
	struct addr address;
};

/* Traffic from one network to another. */
struct recipe_forward {
	struct tree_pos pos;
	const char *from, *to;
	struct field_texts tcp, udp; /* ports; both empty: everything */
};

/* A port of wan's address that leads to a machine inside. */
struct recipe_port_forward {
	struct tree_pos pos;
	int protocol; /* index: tcp, udp */
	int64_t port;
	struct addr to;
	int64_t to_port; /* 0: the same */
};

enum recipe_private { RECIPE_PRIVATE_REJECT, RECIPE_PRIVATE_ALLOW };

struct recipe_wan {
	const char *interface;
	struct tree_pos pos;
	enum recipe_addressing addressing;
	struct addr_cidr address;
	struct addr gateway;
	bool delegation;	  /* IPv6 prefix delegation */
	int private_destinations; /* enum recipe_private: what happens to private addresses towards
				     wan */
};

struct recipe_dns {
	struct field_texts dnscrypt; /* of recipe_resolver_names; default: cloudflare where no
					stamps are given */
	struct field_texts stamps;   /* further "sdns://..." */
};

struct recipe_etckeeper {
	const char *branch, *user, *email; /* default: master, root, root@<name of the VM> */
};

struct recipe_router {
	struct tree_pos pos;
	const char *admin; /* interface for administration only */
	struct recipe_wan wan;
	struct recipe_network *networks;
	size_t n_networks;
	struct recipe_forward *forwards;
	size_t n_forwards;
	struct recipe_port_forward *port_forwards;
	size_t n_port_forwards;
	struct recipe_dns dns;
	struct recipe_etckeeper etckeeper;
};

struct recipe_vm {
	const char *name; /* also the host name */
	struct tree_pos pos;
	int64_t id;
	int64_t template_id;
	const char *storage; /* of a full clone; NULL: linked */
	bool full;
	const char *machine; /* NULL: the template's */
	int64_t cores;	     /* 0: the template's */
	int64_t memory_mib;  /* 0: the template's */
	int64_t balloon_mib; /* -1: the template's */
	bool onboot;
	struct recipe_nic *nics;
	size_t n_nics;
	struct recipe_passthrough *passthrough;
	size_t n_passthrough;
	const char *snapshot;	/* NULL: none */
	struct addr nameserver; /* family 0: none */
	const char *searchdomain;
	bool keep_cicustom;
	struct recipe_router *router; /* NULL: not a router */
};

enum recipe_probe_kind {
	RECIPE_PROBE_LEASE,
	RECIPE_PROBE_DEFAULT_ROUTE,
	RECIPE_PROBE_RESOLVER,
	RECIPE_PROBE_PING,
	RECIPE_PROBE_RESOLVE,
	RECIPE_PROBE_REFUSED,
	RECIPE_PROBE_TCP,
};

struct recipe_probe {
	enum recipe_probe_kind kind;
	struct tree_pos pos;
	const char *interface;		/* lease */
	struct addr_cidr within;	/* lease */
	struct addr address;		/* default-route via, ping, tcp/refused address */
	bool only;			/* default-route */
	struct field_items nameservers; /* struct addr; resolver */
	const char *name;		/* resolve; resolver: search domain */
	int64_t port;			/* tcp, refused */
	int with;			/* refused: index of admin-prohibited, reset, any */
};

struct recipe_verify {
	const char *from; /* name of the VM the probes run in */
	struct tree_pos pos;
	struct recipe_probe *probes;
	size_t n_probes;
};

struct recipe {
	struct arena arena;
	const char *file;
	const char *name;
	const char *node; /* NULL: the only one */
	struct recipe_ssh ssh;
	struct recipe_bridge *bridges;
	size_t n_bridges;
	struct recipe_vm *vms;
	size_t n_vms;
	struct recipe_verify verify; /* from NULL: none */
	struct fw_files firewall; /* the Proxmox firewall; empty: none */
};

/* Where a recipe comes from and what it may refer to. */
struct recipe_source {
	const char *name; /* stands in errors */
	const char *text; /* YAML, not NUL-terminated */
	size_t len;
	const char *dir; /* where relative paths of ${file:PATH} begin; NULL: files are refused */
	const char *(*env)(void *ctx,
			   const char *name); /* ${env:NAME}: value or NULL; NULL hook: refused */
	void *ctx;
};

/* Reads and checks a recipe. All its errors at once, kind ERR_RECIPE, "file:line:column: ..." each
 * on a line. */
int recipe_read(const struct recipe_source *source, struct recipe **ret, struct err **err);

/* As recipe_read() from a file ("-": standard input), with its folder as `dir`. */
int recipe_load_env(const char *path, const char *(*env)(void *ctx, const char *name), void *ctx,
		    struct recipe **ret, struct err **err);
int recipe_load(const char *path, struct recipe **ret, struct err **err); /* no ${env:NAME} */

/* As recipe_read() from memory: no ${env:NAME}, no ${file:PATH}. */
int recipe_parse(const char *name, const char *text, size_t len, struct recipe **ret,
		 struct err **err);

const struct recipe_vm *recipe_vm(const struct recipe *r, const char *name); /* NULL: none */

/* The interface of a VM's recipe by its name inside the guest, or NULL. */
const struct recipe_nic *recipe_vm_nic(const struct recipe_vm *vm, const char *name);

/* BC:24:11 (Proxmox's own prefix) and a hash of recipe, VM and index of the NIC: the same in every
 * run. */
struct addr_mac recipe_derived_mac(const char *recipe_name, int64_t vm_id, size_t index);

/* Resolvers that `dnscrypt` may name, sorted, NULL-terminated. render/stamp knows their addresses.
 */
extern const char *const recipe_resolver_names[];

/* The JSON schema of recipe.schema.json; new reference. */
json_t *recipe_schema(void);

struct recipe *recipe_free(struct recipe *r);
DEFINE_CLEANUP(struct recipe *, recipe_free)
#define _cleanup_recipe_ _cleanup_(recipe_freep)
