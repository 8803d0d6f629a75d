#pragma once
/*
 * fw_proto.h: protocols, ports and ICMP types as the firewall's rules name them.
 * Names are those of Debian's /etc/protocols and /etc/services and of iptables' ICMP help.
 */
#include "base/arena.h"

enum { FW_ICMP = 1, FW_TCP = 6, FW_UDP = 17, FW_ICMPV6 = 58 };

/* The number of a protocol's name or number; -1: unknown. */
int fw_proto_number(const char *name);

/* The names in the table's order, NULL after the last. */
const char *fw_proto_name(size_t index);

/* Whether rules with that protocol may have ports: tcp, udp, udplite, sctp, dccp. */
bool fw_proto_has_ports(const char *name);
bool fw_proto_is_icmp(const char *name); /* icmp, icmpv6, ipv6-icmp */

/* 4 or 6 where the protocol belongs to one family, else 0. */
int fw_proto_family(const char *name);

struct fw_ports {
	struct fw_port_range {
		uint16_t first, last;
	} *v;
	size_t n;
};

/* The port of a service's name as /etc/services has it; and the names in order, NULL after the last. */
bool fw_service_port(const char *name, uint16_t *ret);
const char *fw_service_name(size_t index);

/*
 * Parses "22", "80,443", "8000:8100,http"; NULL result with *why otherwise. At most 15 numbers, a range counts two.
 */
struct fw_ports *fw_ports_parse(struct arena *a, const char *text, const char **why);
bool fw_ports_contain(const struct fw_ports *p, uint16_t port);

/* An ICMP type's name or number. family 4 or 6. code is -1 where the name means every code. False: unknown. */
bool fw_icmp_parse(int family, const char *name, int *ret_type, int *ret_code);

/* The names of a family's types, NULL after the last. */
const char *fw_icmp_name(int family, size_t index);
