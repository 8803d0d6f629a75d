#pragma once
/*
 * world.h: what a lab node consists of before anybody asks it for anything: one YAML file, read
 * once, never changed. Everything lives in the world's arena. Secrets that the file leaves out are
 * made up by the lab when it starts.
 */
#include "data/field.h"

#include <jansson.h>

/* An interface of the node as /etc/network/interfaces has it, and what the made-up network behind
 * it offers. */
struct world_interface {
	const char *name; /* eno1, vmbr0 */
	int type;	  /* index: eth, bridge, bond */
	bool autostart;
	struct addr_cidr cidr; /* family 0: manual */
	struct addr gateway;   /* family 0: none */
	struct field_texts ports;
	bool vlan_aware;
	const char *comment;
	struct addr_range dhcp; /* leases that the network behind a bridge hands out; family 0: no
				   server there */
	struct addr dhcp_router;
	struct addr dhcp_dns;
};

enum world_storage_type { WORLD_STORAGE_DIR, WORLD_STORAGE_LVM, WORLD_STORAGE_LVMTHIN };

struct world_storage {
	const char *name;
	int type; /* enum world_storage_type */
	const char *path;
	struct field_texts content; /* images, iso, snippets ... */
	int64_t total_mib;
};

struct world_machine {
	const char *id; /* text of the number */
	const char *name;
	bool is_template;
	const char *image;   /* which guest: a name of guests (sim) or of an image (qemu) */
	const char *storage; /* of its first disk and cloud-init drive */
	int64_t disk_mib;
	bool cloudinit;		   /* has a cloud-init drive (ide2) */
	bool running;		   /* started with the lab */
	const struct tree *config; /* further keys of its configuration: cores: 2, net0:
				      "virtio,bridge=vmbr0" ... */
};

/* A container that is just there: listed, and with a firewall. */
struct world_container {
	const char *id; /* text of the number */
	const char *name;
	bool running;
	const struct tree *config; /* net0: "name=eth0,bridge=vmbr0,firewall=1" ... */
};

enum world_zone_type { WORLD_ZONE_SIMPLE, WORLD_ZONE_VLAN, WORLD_ZONE_QINQ, WORLD_ZONE_VXLAN, WORLD_ZONE_EVPN };

struct world_zone {
	const char *name;
	int type; /* enum world_zone_type */
};

/* A vnet of SDN, applied. */
struct world_vnet {
	const char *name;
	const char *zone;
	const char *alias;
	int64_t tag; /* 0: none */
};

struct world_user {
	const char *name;     /* user@realm */
	const char *password; /* NULL: made up at start */
	const char *totp;     /* base32 secret of a second factor; NULL: none */
	const char *comment;
};

struct world_token {
	const char *name;   /* user@realm!id */
	const char *secret; /* NULL: made up at start */
	bool privsep;
};

struct world_acl {
	const char *path;
	const char *who; /* user or token */
	const char *role;
	bool propagate;
};

struct world_role {
	const char *name;
	struct field_texts privileges;
};

/* One function of a PCI card. */
struct world_pci {
	const char *id;	      /* 0000:01:00.0 */
	const char *class_id; /* 0x020000 */
	const char *vendor, *vendor_name;
	const char *device, *device_name;
	const char *subsystem_vendor, *subsystem_device;
	int64_t iommu_group;
};

struct world_mapping {
	const char *name;
	struct field_texts map; /* node=pve,path=0000:01:00,id=8086:1521,... */
};

/* How long a kind of task takes on `sim`, milliseconds of the node's time. */
struct world_time {
	const char *type; /* qmclone, qmstart, qmsnapshot, srvreload ... */
	int64_t ms;
};

enum world_effect {
	WORLD_EFFECT_STATUS, /* answer with status and text instead */
	WORLD_EFFECT_DELAY,  /* answer later */
	WORLD_EFFECT_DROP,   /* close the connection without an answer, the call not made */
	WORLD_EFFECT_CUT,    /* make the call, close the connection without an answer */
	WORLD_EFFECT_TASK,   /* the task fails with `text` */
	WORLD_EFFECT_AGENT,  /* the guest agent comes `ms` later */
	WORLD_EFFECT_LOCK,   /* hold the VM's lock file for `ms` */
};

/* A rule that makes something go wrong. What is left out matches everything. */
struct world_fault {
	const char *method;
	const char *path; /* shell pattern over the path below /api2/json */
	const char *task; /* task type */
	int64_t vmid;	  /* 0: any */
	int64_t nth;	  /* from which matching call on; 1 is the first */
	int64_t times;	  /* how often; 0: for ever */
	int effect;	  /* enum world_effect */
	int64_t status;
	const char *text;
	int64_t ms;
};

/* One scripted answer of a sim guest: the first whose pattern matches the command line wins. */
struct world_answer {
	const char *match; /* shell pattern over the argv joined with blanks */
	const char *input; /* shell pattern over stdin; NULL: any */
	int64_t status;
	const char *out;
	const char *err;
	int64_t ms;
};

/* A kind of guest on `sim`. */
struct world_guest {
	const char *name; /* referred to by world_machine.image */
	const char *os;	  /* ID of os-release: debian, arch ... */
	const char *os_name;
	const char *os_version;
	int64_t boot_ms;      /* from power on to the agent */
	int64_t address_ms;   /* to the first address */
	int64_t cloudinit_ms; /* to the end of cloud-init (first boot) */
	bool agent;	      /* installed */
	struct world_answer *answers;
	size_t n_answers;
};

struct world {
	struct arena arena;
	const char *file;
	const char *node;
	const char *version; /* 9.2.11 */
	const char *kernel;
	bool ifupdown2;
	struct addr client; /* where the API's clients are, for the node's firewall; family 0: it
			       lets everybody in */
	const char *tap; /* Unix socket of a test that looks on: see tap.h */
	struct field_items interfaces; /* struct world_interface */
	struct field_items storages;   /* struct world_storage */
	struct field_items machines;   /* struct world_machine */
	struct field_items containers; /* struct world_container */
	struct field_items zones;      /* struct world_zone */
	struct field_items vnets;      /* struct world_vnet */
	struct field_items users;      /* struct world_user */
	struct field_items tokens;     /* struct world_token */
	struct field_items acl;	       /* struct world_acl */
	struct field_items roles;      /* struct world_role: beside the built-in ones */
	struct field_items pci;	       /* struct world_pci */
	struct field_items mappings;   /* struct world_mapping */
	struct field_items times;      /* struct world_time */
	struct field_items faults;     /* struct world_fault */
	struct field_items guests;     /* struct world_guest */
};

int world_load(const char *path, struct world **ret, struct err **err);

const struct world_guest *world_guest(const struct world *w, const char *name); /* NULL: none */

/* The configuration of a machine as GET config shows it, before digests and identifiers are added;
 * new reference. */
json_t *world_machine_config(const struct world *w, const struct world_machine *m);

struct world *world_free(struct world *w);
DEFINE_CLEANUP(struct world *, world_free)
