#include "fw_world.h"
#include "base/proc.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/ioctl.h>

enum { WAIT_MS = 20000, FENCE = 0x88b5, PROTOCOLS = 7 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	abort();
}

void fw_world_mac(enum fw_where where, int bridge, uint8_t ret[static 6])
{
	memcpy(ret, (const uint8_t[]){ 2, 0, 0, 0, where == FW_AT_NODE ? 0xb : 0xe, (uint8_t)bridge }, 6);
}

static struct place new_place(const char *name)
{
	struct place p = { .name = name };

	if (place_new(&p) < 0)
		die("unshare");
	return p;
}

static void add_bridges(struct buf *node, struct buf *out, int out_ns)
{
	for (int i = 0; i < FW_BRIDGES; i++) {
		buf_addf(node,
			 "link add vmbr%d address 02:00:00:00:0b:%02x type bridge forward_delay 0 mcast_snooping 0\n"
			 "link add c%d type veth peer name e%d address 02:00:00:00:0e:%02x netns /proc/%d/fd/%d\n"
			 "link set c%d master vmbr%d\nlink set c%d up\nlink set vmbr%d up\n"
			 "addr add 10.255.%d.1/24 dev vmbr%d\naddr add fd00:%d::1/64 dev vmbr%d nodad\n"
			 "neigh add 10.255.%d.2 lladdr 02:00:00:00:0e:%02x dev vmbr%d nud permanent\n"
			 "neigh add fd00:%d::2 lladdr 02:00:00:00:0e:%02x dev vmbr%d nud permanent\n"
			 "neigh add fe80::1 lladdr 02:00:00:00:0e:%02x dev vmbr%d nud permanent\n",
			 i, i, i, i, i, (int)getpid(), out_ns, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i);
		buf_addf(out, "link set e%d up\n", i);
	}
	/* the node is whoever it is called; what comes from vmbr3 goes out again */
	buf_adds(node, "link set lo up\n"
		       "route add default via 10.255.0.2 dev vmbr0\nroute add local default dev lo table 100\n"
		       "route add default via 10.255.1.2 dev vmbr1 table 101\nrule add iif vmbr3 table 101\n");
	for (int i = 0; i < 3; i++)
		buf_addf(node, "rule add iif vmbr%d table 100\n", i);
}

static void add_routes6(struct buf *node)
{
	buf_adds(node, "route add default via fd00:0::2 dev vmbr0\nroute add local default dev lo table 100\n");
	for (int i = 0; i < 3; i++)
		buf_addf(node, "rule add iif vmbr%d table 100\n", i);
}

/* As Proxmox plugs a NIC with firewall=1; without it the tap is in the bridge itself. */
static void add_nic(struct buf *node, struct buf *guest, int guest_ns, const char *vmid, const struct fw_nic *nic)
{
	const char *i = nic->id + strlen("net");
	char mac[ADDR_MAC_TEXT_MAX];

	buf_addf(node, "link add tap%si%s type veth peer name g%si%s address %s netns /proc/%d/fd/%d\nlink set tap%si%s up\n",
		 vmid, i, vmid, i, addr_mac_text(&nic->mac, mac), (int)getpid(), guest_ns, vmid, i);
	buf_addf(guest, "link set g%si%s up\n", vmid, i);
	if (!nic->firewall) {
		buf_addf(node, "link set tap%si%s master vmbr0\n", vmid, i);
		return;
	}
	buf_addf(node,
		 "link add fwbr%si%s type bridge forward_delay 0 mcast_snooping 0\nlink set fwbr%si%s up\n"
		 "link add fwln%si%s type veth peer name fwpr%sp%s\nlink set fwln%si%s master fwbr%si%s\n"
		 "link set tap%si%s master fwbr%si%s\nlink set fwpr%sp%s master vmbr0\nlink set fwln%si%s up\nlink set fwpr%sp%s up\n",
		 vmid, i, vmid, i, vmid, i, vmid, i, vmid, i, vmid, i, vmid, i, vmid, i, vmid, i, vmid, i, vmid, i);
}

/* Nobody lives in the local network, but its broadcast address is one to the node. */
static void add_broadcast(const struct fw_site *s, struct buf *node)
{
	struct addr_cidr local;
	char text[ADDR_TEXT_MAX];

	if (!fw_site_local_network(s, &local) || local.addr.family != 4)
		return;
	struct addr last = addr_broadcast(&local);
	buf_addf(node, "route add broadcast %s dev vmbr0 table local\n", addr_text(&last, text));
}

static void lay_cables(struct fw_world *w)
{
	_cleanup_buf_ struct buf node = { 0 }, node6 = { 0 }, out = { 0 }, guest = { 0 };

	add_bridges(&node, &out, w->out.ns);
	add_broadcast(w->site, &node);
	add_routes6(&node6);
	for (size_t i = 0; i < w->site->n_guests; i++)
		for (size_t k = 0; k < w->site->guests[i].n_nics; k++)
			add_nic(&node, &guest, w->guest.ns, w->site->guests[i].id, &w->site->guests[i].nics[k]);
	place_ip(&w->node, NULL, buf_text(&node));
	place_ip(&w->node, "-6", buf_text(&node6));
	place_ip(&w->out, NULL, buf_text(&out));
	if (guest.len)
		place_ip(&w->guest, NULL, buf_text(&guest));
}

static void set_sysctls(struct fw_world *w)
{
	/* every source is believed, answers are not rationed, nobody talks on his own */
	static const char script[] =
		"for f in /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/icmp_ratelimit /proc/sys/net/ipv6/icmp/ratelimit "
		"/proc/sys/net/ipv6/conf/*/accept_ra /proc/sys/net/ipv6/conf/*/accept_redirects; do echo 0 >$f; done; "
		"for f in ip_forward conf/all/accept_local; do echo 1 >/proc/sys/net/ipv4/$f; done";

	if (RUN(&w->node, "sh", "-c", script) != 0)
		die("sysctl");
}

static int open_ear(const struct place *p, uint16_t protocol)
{
	int fd = place_socket(p, AF_PACKET, SOCK_RAW | SOCK_NONBLOCK), bytes = 4 << 20;
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind(fd, (const void *)&all, sizeof(all)) < 0)
		die("packet socket");
	return fd;
}

void fw_world_begin(struct fw_world *w, const struct fw_site *site)
{
	int on = 1;

	*w = (struct fw_world){ .site = site };
	w->node = new_place("node");
	w->out = new_place("out");
	w->guest = new_place("guest");
	lay_cables(w);
	set_sysctls(w);
	w->ears[FW_AT_NODE] = open_ear(&w->node, FENCE);
	w->ears[FW_AT_OUT] = open_ear(&w->out, 3 /* ETH_P_ALL */);
	w->ears[FW_AT_GUEST] = open_ear(&w->guest, 3);
	w->raw[0] = place_raw(&w->node, AF_INET, IPPROTO_RAW);
	w->raw[1] = place_raw(&w->node, AF_INET6, IPPROTO_RAW);
	setsockopt(w->raw[1], IPPROTO_IPV6, 36 /* IPV6_HDRINCL */, &on, sizeof(on));
	setsockopt(w->raw[0], SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
}

void fw_world_end(struct fw_world *w)
{
	const int fds[] = { w->ears[0], w->ears[1], w->ears[2], w->raw[0], w->raw[1], w->node.ns, w->out.ns, w->guest.ns };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

int fw_world_load(struct fw_world *w, const char *rules)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };

	return place_feed(&w->node, argv, rules);
}

/* --- sending --- */

static int index_of(const struct place *p, const char *device)
{
	struct ifreq r = { 0 };
	_cleanup_close_ int fd = place_socket(p, AF_INET, SOCK_DGRAM);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	if (ioctl(fd, SIOCGIFINDEX, &r) < 0)
		die(device);
	return r.ifr_ifindex;
}

static const struct place *place_of(const struct fw_world *w, enum fw_where where)
{
	return where == FW_AT_NODE ? &w->node : where == FW_AT_OUT ? &w->out : &w->guest;
}

static void send_frame(struct fw_world *w, enum fw_where where, const char *device, const uint8_t *data, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = index_of(place_of(w, where), device), .sll_halen = 6 };

	if (sendto(w->ears[where], data, len, 0, (const void *)&to, sizeof(to)) < 0)
		die(device);
}

/* What the output chain takes away comes back as an error of the system call. */
static void send_raw(struct fw_world *w, const struct fw_shot *s)
{
	bool v4 = s->frame.source.family == 4;
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	uint8_t data[FRAME_BYTES_MAX];
	size_t n = frame_packet(&s->frame, data);
	char name[IFNAMSIZ] = "";

	memcpy(&to4.sin_addr, s->frame.dest.bytes, 4);
	memcpy(&to6.sin6_addr, s->frame.dest.bytes, 16);
	if (addr_is_link_local(&s->frame.dest) || (!v4 && s->frame.dest.bytes[0] == 0xff))
		to6.sin6_scope_id = (uint32_t)index_of(&w->node, "vmbr0");
	if (s->device)
		snprintf(name, sizeof(name), "%s", s->device);
	setsockopt(w->raw[!v4], SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name));
	if (sendto(w->raw[!v4], data, n, 0, v4 ? (const void *)&to4 : (const void *)&to6, v4 ? sizeof(to4) : sizeof(to6)) < 0 &&
	    errno != EPERM && errno != EACCES && errno != ENETUNREACH && errno != EINVAL)
		die("raw socket");
}

/* --- listening --- */

static void hear(const struct fw_shot *s, enum fw_where where, const uint8_t *data, size_t len, struct fw_outcome *o)
{
	if (len <= FRAME_ETHER || !s)
		return;
	o->arrived[where] |= where != s->from && frame_is(&s->frame, data + FRAME_ETHER, len - FRAME_ETHER);
	/* what out sends to itself by way of the node (vmbr3 to vmbr1) arrives, too */
	o->arrived[where] |= where == s->from && s->bridge == 3 && frame_is(&s->frame, data + FRAME_ETHER, len - FRAME_ETHER);
	o->refused |= frame_refuses(&s->frame, data + FRAME_ETHER, len - FRAME_ETHER);
}

/* Reads until the fence of that number has come so many times. */
static void wait_fence(struct fw_world *w, const struct fw_shot *s, enum fw_where where, uint32_t number, size_t times,
		       struct fw_outcome *o)
{
	struct pollfd wait = { .fd = w->ears[where], .events = POLLIN };
	uint8_t data[2048];
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);

	while (times) {
		ssize_t n = recvfrom(wait.fd, data, sizeof(data), 0, (void *)&from, &len);
		if (n < 0 && poll(&wait, 1, WAIT_MS) != 1)
			die("no fence came");
		if (n < 0 || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (n >= 18 && data[12] == FENCE >> 8 && data[13] == (FENCE & 255)) {
			uint32_t seen;
			memcpy(&seen, data + FRAME_ETHER, sizeof(seen));
			times -= seen == number;
			continue;
		}
		hear(s, where, data, (size_t)n, o);
	}
}

/* Over the whole segment: to everybody but the sender. */
static uint32_t send_fence(struct fw_world *w, enum fw_where where, const char *device, const uint8_t mac[6])
{
	uint8_t data[60] = { 0 };
	uint32_t number = ++w->fences;

	memset(data, 0xff, 6);
	memcpy(data + 6, mac, 6);
	data[12] = FENCE >> 8;
	data[13] = FENCE & 255;
	memcpy(data + FRAME_ETHER, &number, sizeof(number));
	send_frame(w, where, device, data, sizeof(data));
	return number;
}

static size_t count_nics(const struct fw_world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->site->n_guests; i++)
		n += w->site->guests[i].n_nics;
	return n;
}

/* The node's own ears: raw sockets get what has passed its input chain. */
struct node_ears {
	int fd[2 * PROTOCOLS];
};

static const int protocols[PROTOCOLS] = { 1, 2, 6, 17, 47, 58, 132 };

static void open_node(struct fw_world *w, const struct fw_shot *s, struct node_ears *e)
{
	const struct addr *dest = &s->frame.dest;
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "vmbr%d", s->bridge);
	int family = s->frame.source.family == 4 ? AF_INET : AF_INET6, index = index_of(&w->node, name);
	struct ip_mreqn group4 = { .imr_ifindex = index };
	struct ipv6_mreq group6 = { .ipv6mr_interface = (unsigned)index };

	memcpy(&group4.imr_multiaddr, dest->bytes, 4);
	memcpy(&group6.ipv6mr_multiaddr, dest->bytes, 16);
	for (size_t i = 0; i < PROTOCOLS; i++) {
		e->fd[i] = place_raw(&w->node, family, protocols[i]);
		if (dest->family == 4 && dest->bytes[0] >= 224 && dest->bytes[0] < 240)
			setsockopt(e->fd[i], IPPROTO_IP, IP_ADD_MEMBERSHIP, &group4, sizeof(group4));
		if (dest->family == 6 && dest->bytes[0] == 0xff)
			setsockopt(e->fd[i], IPPROTO_IPV6, IPV6_JOIN_GROUP, &group6, sizeof(group6));
	}
}

/* IPv6 raw sockets give no header: it is put back for those who look. */
static void listen_node(const struct fw_shot *s, struct node_ears *e, struct fw_outcome *o)
{
	uint8_t data[2048];
	bool v4 = s->frame.source.family == 4;

	for (size_t i = 0; i < PROTOCOLS; i++) {
		struct sockaddr_in6 from;
		socklen_t len = sizeof(from);
		ssize_t n;
		while ((n = recvfrom(e->fd[i], data + 40, sizeof(data) - 40, MSG_DONTWAIT, (void *)&from, &len)) > 0) {
			const uint8_t *at = data + 40;
			if (!v4) {
				bool own = memcmp(&from.sin6_addr, s->frame.source.bytes, 16) == 0;
				at = data;
				data[0] = 0x60;
				data[6] = (uint8_t)protocols[i];
				memcpy(data + 8, &from.sin6_addr, 16);
				memcpy(data + 24, own && s->from != FW_AT_NODE ? s->frame.dest.bytes : s->frame.source.bytes, 16);
				n += 40;
			}
			o->arrived[FW_AT_NODE] |= frame_is(&s->frame, at, (size_t)n);
			o->refused |= s->from == FW_AT_NODE && frame_refuses(&s->frame, at, (size_t)n);
		}
		close(e->fd[i]);
	}
}

struct fw_outcome fw_world_shoot(struct fw_world *w, const struct fw_shot *s)
{
	struct fw_outcome o = { 0 };
	struct node_ears node;
	uint8_t data[FRAME_BYTES_MAX], mac[6];
	char bridge[IFNAMSIZ];

	snprintf(bridge, sizeof(bridge), "vmbr%d", s->bridge == 3 ? 1 : s->bridge);
	open_node(w, s, &node);
	if (s->from == FW_AT_NODE) {
		send_raw(w, s);
	} else {
		size_t n = frame_ether(&s->frame, s->to_mac, s->mac, data);
		send_frame(w, s->from, s->device, data, n);
		uint32_t first = send_fence(w, s->from, s->device, s->own_mac);
		wait_fence(w, s, FW_AT_NODE, first, 1, &o);
		if (s->from == FW_AT_GUEST)
			wait_fence(w, s, FW_AT_OUT, first, 1, &o);
		else if (s->bridge == 0)
			wait_fence(w, s, FW_AT_GUEST, first, count_nics(w), &o);
	}
	/* and back: whatever was answered on the way */
	fw_world_mac(FW_AT_NODE, s->bridge, mac);
	uint32_t second = send_fence(w, FW_AT_NODE, bridge, mac);
	wait_fence(w, s, FW_AT_OUT, second, 1, &o);
	if (s->bridge == 0)
		wait_fence(w, s, FW_AT_GUEST, second, count_nics(w), &o);
	listen_node(s, &node, &o);
	return o;
}
