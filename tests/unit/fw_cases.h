#pragma once
/*
 * fw_cases.h: tests/firewall/evaluate.cases and defaults.cases, read: sets of firewall files and facts about the site, and
 * the packets with the verdict on each.
 *
 *     set NAME
 *     local CIDR | ring NODE ADDRESS | nic VMID NETn MAC [unfiltered] | own VMID NETn ADDRESS
 *     file NAME ... end
 *     fact WHAT THE NEXT PACKETS SHOW
 *     DIR TARGET SOURCE DEST PROTO[/PORT] [sport=N] [type=ICMP] [iface=X] [state=S] [flags=F] [mac=M] = VERDICT | PART
 *
 * TARGET is node or VMID:NETn; '-' is an unknown address or protocol. PART is a part of the rule, reason or reply.
 */
#include "firewall/fw_files.h"
#include "firewall/fw_packet.h"

enum { FW_CASES_MAX = 8, FW_CASE_PACKETS_MAX = 100 };

struct fw_case {
	unsigned number; /* of its line */
	const char *line;
	const char *fact; /* it shows; NULL: the set's */
	const char *guest, *nic; /* NULL: the node */
	struct fw_packet packet;
	const char *verdict, *part;
};

struct fw_case_set {
	const char *name;
	struct arena arena;
	struct fw_files files;
	struct fw_site site; /* its first node is "pve" */
	struct fw_node nodes[FW_CASES_MAX];
	struct fw_guest guests[FW_CASES_MAX];
	struct fw_nic nics[FW_CASES_MAX][FW_CASES_MAX];
	struct addr rings[FW_CASES_MAX];
	struct fw_case cases[FW_CASE_PACKETS_MAX];
	size_t n;
};

/* The guest of that name, made where no file and no fact speaks of it. */
struct fw_guest *fw_case_guest(struct fw_case_set *s, const char *id);

struct fw_cases {
	struct fw_case_set **v;
	size_t n;
};

/* Adds the sets of a file under SOURCE; the process ends when it cannot be read. */
void fw_cases_load(const char *file, struct fw_cases *c);
void fw_cases_free(struct fw_cases *c);
