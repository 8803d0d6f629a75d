#pragma once
/* frame.h: first packets of connections, byte by byte, with a mark in them by which they are known again. */
#include "data/addr.h"

enum { FRAME_BYTES_MAX = 256, FRAME_MARK = 8, FRAME_ETHER = 14 };

struct frame {
	struct addr source, dest;
	int proto; /* 1, 2, 6, 17, 47, 58, 132 */
	uint16_t sport, dport;
	int icmp_type, icmp_code;
	uint8_t tcp_flags;
	char mark[FRAME_MARK];
};

/* Whether there is a form for the protocol. */
bool frame_knows(int proto);

/* The packet from its IP header on; its length. */
size_t frame_packet(const struct frame *f, uint8_t out[static FRAME_BYTES_MAX]);

/* The same in an Ethernet frame to a MAC address (to the group's one where the destination is a group). */
size_t frame_ether(const struct frame *f, const uint8_t to[6], const uint8_t from[6], uint8_t out[static FRAME_BYTES_MAX]);

/* Whether these bytes (from the IP header on) are the packet itself, or the refusal of it: a reset, an ICMP error. */
bool frame_is(const struct frame *f, const uint8_t *data, size_t len);
bool frame_refuses(const struct frame *f, const uint8_t *data, size_t len);
