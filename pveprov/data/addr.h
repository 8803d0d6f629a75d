#pragma once
/*
 * addr.h: IP addresses, networks, ranges and MAC addresses as values. All pure; nothing resolves
 * names. Text accepted is the strict form only (no leading zeros, no octal, no zone ids).
 */
#include "base/err.h"

struct addr {
	uint8_t family;	   /* 4, 6; 0: not set */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four */
};

/* An address with its prefix length; host bits are kept ("192.168.1.1/24"). */
struct addr_cidr {
	struct addr addr;
	uint8_t prefix;
};

/* first <= last, same family. */
struct addr_range {
	struct addr first;
	struct addr last;
};

struct addr_mac {
	uint8_t bytes[6];
};

enum { ADDR_TEXT_MAX = 64, ADDR_MAC_TEXT_MAX = 18 }; /* bytes, with the NUL */

/* Parsers: false for anything but the whole strict form; *ret only on success. */
bool addr_parse(const char *s, struct addr *ret);
bool addr_cidr_parse(const char *s, struct addr_cidr *ret);   /* the prefix is required */
bool addr_net_parse(const char *s, struct addr_cidr *ret);    /* ... or a single address: of all bits */
bool addr_range_parse(const char *s, struct addr_range *ret); /* "a-b", or one address */
bool addr_mac_parse(const char *s, struct addr_mac *ret);     /* six pairs with ':' (or '-') */

/* Writers into a buffer of the size above; they return it. IPv6 as in RFC 5952, MAC in lower case.
 */
const char *addr_text(const struct addr *a, char text[static ADDR_TEXT_MAX]);
const char *addr_cidr_text(const struct addr_cidr *c, char text[static ADDR_TEXT_MAX]);
const char *addr_mac_text(const struct addr_mac *m, char text[static ADDR_MAC_TEXT_MAX]);

/* <0, 0, >0; IPv4 before IPv6. */
int addr_compare(const struct addr *a, const struct addr *b);

struct addr addr_network(const struct addr_cidr *c);   /* host bits cleared */
struct addr addr_broadcast(const struct addr_cidr *c); /* host bits set */
struct addr addr_netmask(uint8_t family, uint8_t prefix);
bool addr_cidr_contains(const struct addr_cidr *net, const struct addr *a);
bool addr_cidr_overlaps(const struct addr_cidr *a, const struct addr_cidr *b);
bool addr_range_contains(const struct addr_range *r, const struct addr *a);

/* The address `offset` after a; false on overflow. */
bool addr_offset(const struct addr *a, uint32_t offset, struct addr *ret);

bool addr_is_link_local(const struct addr *a); /* 169.254.0.0/16, fe80::/10 */
bool addr_is_loopback(const struct addr *a);
bool addr_is_private(const struct addr *a); /* RFC 1918, RFC 6598, fc00::/7 */
bool addr_mac_equal(const struct addr_mac *a, const struct addr_mac *b);
