#pragma once
/*
 * fw_packet.h: a packet, and whether one rule matches it: yes, no, or unknown where the packet or the site is not
 * fully known. Pure.
 */
#include "firewall/fw_verify.h"

enum fw_match { FW_NO, FW_MAYBE, FW_YES };
enum fw_state { FW_NEW, FW_ESTABLISHED, FW_INVALID };

/* The flags of a TCP packet of a new connection: SYN alone, others, or a combination that no honest sender makes. */
enum fw_tcp_flags { FW_TCP_SYN, FW_TCP_NOT_SYN, FW_TCP_ODD };

struct fw_packet {
	enum fw_type direction; /* FW_IN, FW_OUT, FW_FORWARD, as seen by the node or guest */
	struct addr source;	/* family 0: unknown */
	struct addr dest;	/* family 0: unknown */
	int family;		/* 4, 6: always known */
	int proto;		/* number; -1: unknown */
	int sport, dport;	/* -1: unknown (sport: any high port) */
	int icmp_type, icmp_code; /* -1: unknown */
	const char *iface;	/* node's interface or net0; NULL: unknown */
	enum fw_state state;
	enum fw_tcp_flags tcp_flags;
	const struct addr_mac *source_mac; /* guest, out; NULL: the NIC's own */
};

/*
 * What conntrack says of the packet: an ICMP message that neither begins a connection nor belongs to one (an error without
 * its cause, an answer without its question) is invalid, and so are odd TCP flags; neighbour discovery is not tracked.
 * Source: nf_conntrack.
 */
enum fw_state fw_packet_state(const struct fw_packet *x);

/* What the option tcpflags is about: odd flags, which conntrack does not like either, and SYN from port 0. */
enum fw_match fw_match_tcp_flags(const struct fw_packet *x);

enum fw_match fw_and(enum fw_match a, enum fw_match b); /* the weaker one */
enum fw_match fw_not(enum fw_match a);

/* An address against a rule's source or dest (already verified). `nft`: how nomatch members work. */
enum fw_match fw_match_address(struct arena *a, const struct fw_site *s, const struct fw_place *p, const char *spec,
			       const struct addr *address, int family, bool nft);

/* An address against an IP set of a file. The set management has local_network beside its members. */
enum fw_match fw_match_set(struct arena *a, const struct fw_site *s, const struct fw_place *p,
			   const struct fw_section *set, const struct addr *address, int family, bool nft);

/* The set management, which exists even where cluster.fw has none. */
enum fw_match fw_match_management(struct arena *a, const struct fw_site *s, const struct addr *address, int family,
				  bool nft);

/* A verified rule (its macro expanded) against the packet; type, enable and groups are the caller's. */
enum fw_match fw_match_rule(struct arena *a, const struct fw_site *s, const struct fw_place *p,
			    const struct fw_rule *r, const struct fw_packet *x, bool nft);

enum fw_match fw_match_protocol(const struct fw_packet *x, int proto);

/* Protocol and ports alone, as the built-in rules are written; NULL dport or sport: any. */
enum fw_match fw_match_service(const struct fw_packet *x, int proto, int dport_first, int dport_last);
