#include "frame.h"

#include <arpa/inet.h>

enum { ICMP = 1, IGMP = 2, TCP = 6, UDP = 17, GRE = 47, ICMPV6 = 58, SCTP = 132, RST = 4 };

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t add(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)(i & 1 ? p[i] : p[i] << 8);
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t crc32c(const uint8_t *p, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

bool frame_knows(int proto)
{
	return proto == ICMP || proto == IGMP || proto == TCP || proto == UDP || proto == GRE || proto == ICMPV6 ||
	       proto == SCTP;
}

static size_t transport(const struct frame *f, uint8_t *p);

/* An ICMP error carries the packet that it is about: here one of a connection that nobody has. */
static size_t icmp(const struct frame *f, uint8_t *p)
{
	bool error = f->source.family == 4 ? f->icmp_type == 3 || f->icmp_type == 4 || f->icmp_type == 5 ||
						     f->icmp_type == 11 || f->icmp_type == 12
					   : f->icmp_type < 128;
	struct frame inner = { .source = f->dest, .dest = f->source, .proto = UDP, .sport = f->sport, .dport = 9 };
	uint8_t packet[FRAME_BYTES_MAX];

	p[0] = (uint8_t)f->icmp_type;
	p[1] = (uint8_t)MAX(f->icmp_code, 0);
	put16(p + 4, f->sport); /* identifier */
	if (!error) {
		memcpy(p + 24, f->mark, FRAME_MARK); /* behind the longest of the NDP headers */
		return 32;
	}
	memcpy(inner.mark, f->mark, FRAME_MARK);
	size_t n = frame_packet(&inner, packet);
	memcpy(p + 8, packet, n);
	return 8 + n;
}

static size_t transport(const struct frame *f, uint8_t *p)
{
	memset(p, 0, FRAME_BYTES_MAX - 60);
	switch (f->proto) {
	case ICMP:
	case ICMPV6:
		return icmp(f, p);
	case TCP:
		put16(p, f->sport);
		put16(p + 2, f->dport);
		put16(p + 6, 1); /* sequence number */
		p[12] = 5 << 4;
		p[13] = f->tcp_flags;
		put16(p + 14, 8192);
		memcpy(p + 20, f->mark, FRAME_MARK);
		return 28;
	case UDP:
		put16(p, f->sport);
		put16(p + 2, f->dport);
		put16(p + 4, 16);
		memcpy(p + 8, f->mark, FRAME_MARK);
		return 16;
	case SCTP: /* an INIT chunk */
		put16(p, f->sport);
		put16(p + 2, f->dport);
		p[12] = 1;
		put16(p + 14, 20);
		p[19] = 1;
		put16(p + 20, 1);
		put16(p + 24, 1);
		put16(p + 26, 1);
		memcpy(p + 28, f->mark, 4);
		return 32;
	default:
		if (f->proto == IGMP)
			p[0] = 0x11;
		memcpy(p + 8, f->mark, FRAME_MARK);
		return 16;
	}
}

static void checksum(const struct frame *f, uint8_t *p, size_t len)
{
	static const int at[] = { [ICMP] = 2, [IGMP] = 2, [TCP] = 16, [UDP] = 6, [ICMPV6] = 2 };
	bool pseudo = f->proto == TCP || f->proto == UDP || f->proto == ICMPV6;
	size_t bytes = f->source.family == 4 ? 4 : 16;
	uint32_t sum = add(p, len, 0);

	if (f->proto == SCTP) {
		uint32_t crc = crc32c(p, len);
		for (int i = 0; i < 4; i++)
			p[8 + i] = (uint8_t)(crc >> (8 * i));
		return;
	}
	if (f->proto == GRE)
		return;
	if (pseudo)
		sum = add(f->dest.bytes, bytes, add(f->source.bytes, bytes, sum)) + (uint32_t)f->proto + (uint32_t)len;
	put16(p + at[f->proto], folded(sum));
}

size_t frame_packet(const struct frame *f, uint8_t out[static FRAME_BYTES_MAX])
{
	size_t header = f->source.family == 4 ? 20 : 40, len = transport(f, out + header);

	memset(out, 0, header);
	checksum(f, out + header, len);
	if (f->source.family == 4) {
		out[0] = 0x45;
		put16(out + 2, (unsigned)(header + len));
		out[8] = 64;
		out[9] = (uint8_t)f->proto;
		memcpy(out + 12, f->source.bytes, 4);
		memcpy(out + 16, f->dest.bytes, 4);
		put16(out + 10, folded(add(out, header, 0)));
	} else {
		out[0] = 0x60;
		put16(out + 4, (unsigned)len);
		out[6] = (uint8_t)f->proto;
		out[7] = 255; /* neighbour discovery counts with this only */
		memcpy(out + 8, f->source.bytes, 16);
		memcpy(out + 24, f->dest.bytes, 16);
	}
	return header + len;
}

size_t frame_ether(const struct frame *f, const uint8_t to[6], const uint8_t from[6], uint8_t out[static FRAME_BYTES_MAX])
{
	const uint8_t *d = f->dest.bytes;
	uint8_t packet[FRAME_BYTES_MAX];
	size_t n = frame_packet(f, packet);

	memcpy(out, to, 6);
	if (f->dest.family == 4 && d[0] == 255)
		memset(out, 0xff, 6);
	else if (f->dest.family == 4 && d[0] >= 224)
		memcpy(out, (const uint8_t[]){ 1, 0, 0x5e, d[1] & 0x7f, d[2], d[3] }, 6);
	else if (f->dest.family == 6 && d[0] == 0xff)
		memcpy(out, (const uint8_t[]){ 0x33, 0x33, d[12], d[13], d[14], d[15] }, 6);
	memcpy(out + 6, from, 6);
	put16(out + 12, f->source.family == 4 ? 0x0800 : 0x86dd);
	memcpy(out + FRAME_ETHER, packet, n);
	return FRAME_ETHER + n;
}

struct seen {
	int proto;
	const uint8_t *source, *dest, *payload;
	size_t len; /* of the payload */
};

static bool dissect(const struct frame *f, const uint8_t *data, size_t len, struct seen *s)
{
	bool v4 = f->source.family == 4;

	if (len < (v4 ? 24 : 44) || data[0] >> 4 != (v4 ? 4 : 6))
		return false;
	size_t header = v4 ? (size_t)(data[0] & 15) * 4 : 40;
	*s = (struct seen){ v4 ? data[9] : data[6], data + (v4 ? 12 : 8), data + (v4 ? 16 : 24), data + header, len - header };
	return true;
}

static bool has_mark(const struct frame *f, const struct seen *s)
{
	return memmem(s->payload, s->len, f->mark, f->proto == SCTP ? 4 : FRAME_MARK) != NULL;
}

bool frame_is(const struct frame *f, const uint8_t *data, size_t len)
{
	size_t n = f->source.family == 4 ? 4 : 16;
	struct seen s;

	return dissect(f, data, len, &s) && s.proto == f->proto && memcmp(s.dest, f->dest.bytes, n) == 0 && has_mark(f, &s);
}

bool frame_refuses(const struct frame *f, const uint8_t *data, size_t len)
{
	size_t n = f->source.family == 4 ? 4 : 16;
	struct seen s;
	uint8_t ports[4];

	if (!dissect(f, data, len, &s) || memcmp(s.dest, f->source.bytes, n) != 0)
		return false;
	put16(ports, f->dport);
	put16(ports + 2, f->sport);
	if (s.proto == TCP)
		return f->proto == TCP && memcmp(s.payload, ports, 4) == 0 && s.len > 13 && (s.payload[13] & RST);
	return (s.proto == ICMP ? s.payload[0] == 3 : s.proto == ICMPV6 && s.payload[0] == 1) && has_mark(f, &s);
}
