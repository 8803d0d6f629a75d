#pragma once
/* firewall_nft.h: shared by the parts of firewall_compile() only. */
#include "base/arena.h"
#include "data/json.h"
#include "lab/firewall_compile.h"

struct nft {
	struct arena arena;
	struct buf *out;
	struct buf *named; /* the sets that `out` names */
	json_t *sets;      /* "v4-0-management" and what it is called in this load */
	const struct firewall_site *site;
	const json_t *cluster, *host; /* files; NULL: none */
	bool proxmox;	   /* proxmox-firewall; else the iptables daemon */
	const char *limit; /* of log lines: "limit rate 1/second burst 5 packets "; "" */
};

enum nft_direction { NFT_IN, NFT_OUT, NFT_FORWARD };

/* Where rules of a file become rules of a chain. */
struct nft_place {
	const char *chain;	     /* nft's name */
	const char *label;	     /* its name in log lines */
	const char *vmid;	     /* "0": the node */
	enum nft_direction direction;
	const json_t *own; /* whose aliases and sets come before the cluster's; NULL: none */
	const char *nic;	     /* the guest's NIC whose chain it is; NULL: the node */
	bool guest;		     /* the chain filters a guest, also in a group's body */
};

/* The table of each backend, of the families inet and bridge. */
const char *nft_table(const struct nft *n);

/*
 * The set of those elements, made where it is new: its name tells its content, so that it never changes. (The elements of a
 * new set of intervals take effect just after the rules that look into it, seen with Linux 6.18: only what is new may then
 * be missed for a moment.) `type`: ipv4_addr, ipv6_addr, inet_service.
 */
const char *nft_named_set(struct nft *n, const char *type, const char *elements);

/* The set of that name in a file, "" or "-nomatch" behind it. */
const char *nft_set_name(const struct nft *n, int family, const char *vmid, const char *name, const char *suffix);

/* One line of a table, indented. */
void nft_line(struct nft *n, const char *fmt, ...) PRINTF(2, 3);

/* The rules of a file in the place's direction. */
void nft_rules(struct nft *n, const struct nft_place *at, const json_t *file);

/* --- options: what the file says, or what the code does when it says nothing (NULL: no such option) --- */

enum nft_level { NFT_CLUSTER, NFT_HOST, NFT_GUEST };

const char *nft_option(struct nft *n, enum nft_level level, const json_t *file, const char *key);
bool nft_on(struct nft *n, enum nft_level level, const json_t *file, const char *key);

/* --- names --- */

/* The set of that name as written in a file; NULL: none. */
const json_t *nft_find_set(const json_t *file, const char *name);

/* The address of an alias, "dc/x", "guest/x" or "x"; false: none. */
bool nft_find_alias(struct nft *n, const json_t *own, const char *name, struct addr_cidr *ret);

/* The alias local_network, else the network that is known. */
bool nft_local_network(struct nft *n, struct addr_cidr *ret);

/* The chain of a security group for a direction, and its name (arena). */
void nft_group(struct nft *n, const char *name, const json_t *group, enum nft_direction direction, bool guest);
const char *nft_group_chain(struct nft *n, const char *group, enum nft_direction direction, bool guest);

/* --- the conditions of a rule: NULL where it is not to be made; else text with a blank behind it, or "" --- */

/* Protocol, ports and ICMP type, of a rule or of one line of its macro. */
struct nft_service {
	const char *proto, *dport, *sport, *icmp_type;
};

const char *nft_match_service(struct nft *n, const struct nft_service *s, int family);
const char *nft_match_address(struct nft *n, const struct nft_place *at, const char *text, const char *field, int family);

/* A log statement of the level for the place, with a blank behind it; "" for nolog. `what`: "policy DROP: ". */
const char *nft_log(struct nft *n, const struct nft_place *at, const char *level, const char *what);

/* The verdict of ACCEPT, DROP, REJECT as this backend has it there. */
const char *nft_verdict(const struct nft *n, const struct nft_place *at, const char *action);

/* "in", "out", "forward"; "IN", "OUT", "FORWARD" for the iptables daemon. */
const char *nft_word(const struct nft *n, enum nft_direction d);

/* --- sets --- */

struct nft_members {
	struct nft_member {
		struct addr_cidr net;
		bool nomatch;
	} *v;
	size_t n;
};

void nft_members_add(struct nft *n, struct nft_members *m, const struct addr_cidr *net, bool nomatch);

/* The members of an IP set; `own`: the file it is in. Members that the server skips are left out. */
void nft_members_of(struct nft *n, const json_t *set, const json_t *own, struct nft_members *m);

/* The set in both families, as this backend keeps it. `vmid`: "0" for the cluster's. */
void nft_set(struct nft *n, const char *vmid, const char *name, const struct nft_members *m);

/* All sets of the cluster and of the site's guests. */
void nft_sets(struct nft *n);

/* The sources that a NIC may have (ipfilter-netN with what is added to it); false: any. */
bool nft_ipfilter(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic, struct nft_members *ret);

/* The addresses of a family as elements of an nft set: "10.0.0.0-10.0.0.9, 10.0.0.20"; "" where there is none. */
const char *nft_elements(struct nft *n, const struct nft_members *m, int family);

/* A condition on saddr or daddr ("saddr"): it is, or is not, in the set. */
const char *nft_in_set(struct nft *n, int family, const char *field, const char *vmid, const char *name);

/* --- the two backends: chains for the node and the guests --- */
void nft_daemon(struct nft *n);	 /* pve-firewall */
void nft_proxmox(struct nft *n); /* proxmox-firewall */

/* Whether a guest's NIC has rules. */
bool nft_filtered(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic);
