#include "lab/delegate.h"
#include "base/buf.h"
#include "lab/netns.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

enum {
	SERVER_PORT = 547,
	MESSAGE_MAX = 1500,
	HEADER = 4, /* type, transaction id */
	RENEW_S = 1800,
	REBIND_S = 2880,
	VALID_S = 7200,
};

/* RFC 8415, sections 7.3 and 21. */
enum { SOLICIT = 1, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE };
enum {
	OPT_CLIENTID = 1,
	OPT_SERVERID,
	OPT_IA_NA,
	OPT_STATUS = 13,
	OPT_RAPID_COMMIT,
	OPT_IA_PD = 25,
	OPT_IAPREFIX
};
enum { STATUS_OK = 0, STATUS_NO_ADDRS = 2 };

static const uint8_t server_duid[] = {
	0, 3, 0, 1, 0x02, 0x50, 0x76, 0x70, 0x72, 0x76
}; /* DUID-LL, Ethernet */

struct option {
	const uint8_t *data;
	size_t len;
};

/* What a message asks for. */
struct question {
	uint8_t type;
	const uint8_t *id; /* three bytes */
	struct option client, server, ia_pd, ia_na;
	bool rapid;
};

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static bool read_question(const uint8_t *m, size_t len, struct question *q)
{
	*q = (struct question){ 0 };
	if (len < HEADER)
		return false;
	q->type = m[0];
	q->id = m + 1;
	for (size_t at = HEADER; at < len;) {
		if (len - at < 4 || len - at - 4 < get16(m + at + 2))
			return false;
		struct option o = { m + at + 4, get16(m + at + 2) };
		switch (get16(m + at)) {
		case OPT_CLIENTID:
			q->client = o;
			break;
		case OPT_SERVERID:
			q->server = o;
			break;
		case OPT_IA_PD:
			q->ia_pd = o;
			break;
		case OPT_IA_NA:
			q->ia_na = o;
			break;
		case OPT_RAPID_COMMIT:
			q->rapid = true;
			break;
		default:
			break;
		}
		at += 4 + o.len;
	}
	return q->client.len > 0 && q->client.len <= DELEGATE_DUID_MAX;
}

/* The type of the answer; 0: none is due. */
static uint8_t answer_type(const struct question *q)
{
	bool ours = q->server.len == sizeof(server_duid) &&
		    memcmp(q->server.data, server_duid, q->server.len) == 0;

	switch (q->type) {
	case SOLICIT:
		return q->rapid ? REPLY : ADVERTISE;
	case REQUEST:
	case RENEW:
	case RELEASE:
		return ours ? REPLY : 0;
	case REBIND:
		return REPLY;
	default:
		return 0;
	}
}

static int client_index(struct delegate_state *s, const struct option *duid)
{
	for (int i = 0; i < DELEGATE_CLIENTS; i++) {
		struct delegate_client *c = &s->clients[i];

		if (c->duid_len == duid->len && memcmp(c->duid, duid->data, duid->len) == 0)
			return i;
		if (c->duid_len == 0) {
			memcpy(c->duid, duid->data, duid->len);
			c->duid_len = duid->len;
			return i;
		}
	}
	return -1;
}

static void put16(struct buf *b, unsigned v)
{
	buf_addc(b, (char)(v >> 8));
	buf_addc(b, (char)v);
}

static void put32(struct buf *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b, v & 0xffff);
}

static void put_option(struct buf *b, unsigned code, const void *data, size_t len)
{
	put16(b, code);
	put16(b, (unsigned)len);
	buf_add(b, data, len);
}

static void put_prefix(struct buf *b, const struct option *asked, const struct addr *prefix)
{
	put16(b, OPT_IA_PD);
	put16(b, 12 + 4 + 25);
	buf_add(b, asked->data, 4); /* the client's own id of the association */
	put32(b, RENEW_S);
	put32(b, REBIND_S);
	put16(b, OPT_IAPREFIX);
	put16(b, 25);
	put32(b, VALID_S / 2);
	put32(b, VALID_S);
	buf_addc(b, DELEGATE_PREFIX);
	buf_add(b, prefix->bytes, 16);
}

/* Addresses come by router advertisement: the request for one is refused in the words of the RFC.
 */
static void put_no_address(struct buf *b, const struct option *asked)
{
	put16(b, OPT_IA_NA);
	put16(b, 12 + 4 + 2);
	buf_add(b, asked->data, 4);
	put32(b, 0);
	put32(b, 0);
	put16(b, OPT_STATUS);
	put16(b, 2);
	put16(b, STATUS_NO_ADDRS);
}

size_t delegate_answer(struct delegate_state *s, const uint8_t *message, size_t len,
		       uint8_t *answer, size_t answer_max, struct addr *ret_prefix)
{
	_cleanup_buf_ struct buf b = { .ceiling = answer_max };
	struct question q;

	if (!read_question(message, len, &q))
		return 0;
	uint8_t type = answer_type(&q);
	int index = type ? client_index(s, &q.client) : -1;
	if (index < 0)
		return 0;
	struct addr prefix = s->pool;
	prefix.bytes[DELEGATE_PREFIX / 8 - 1] =
		(uint8_t)(prefix.bytes[DELEGATE_PREFIX / 8 - 1] + index);
	buf_addc(&b, (char)type);
	buf_add(&b, q.id, 3);
	put_option(&b, OPT_CLIENTID, q.client.data, q.client.len);
	put_option(&b, OPT_SERVERID, server_duid, sizeof(server_duid));
	if (q.type == SOLICIT && q.rapid)
		put_option(&b, OPT_RAPID_COMMIT, "", 0);
	if (q.type == RELEASE)
		put_option(&b, OPT_STATUS, "\0\0", 2);
	else if (q.ia_pd.len >= 12)
		put_prefix(&b, &q.ia_pd, &prefix);
	if (q.type != RELEASE && q.ia_na.len >= 12)
		put_no_address(&b, &q.ia_na);
	if (b.overflow)
		return 0;
	if (type == REPLY && q.type != RELEASE && q.ia_pd.len >= 12)
		*ret_prefix = prefix;
	memcpy(answer, b.data, b.len);
	return b.len;
}

struct delegate {
	int netns;
	char device[IF_NAMESIZE];
	const struct clock *clock;
	struct delegate_state state;
	int sock, stop_fd;
	pthread_t thread;
	bool serving;
};

/* Before the client learns its prefix, the way to it is there. */
static void add_route(struct delegate *d, const struct addr *prefix, const struct sockaddr_in6 *via)
{
	char network[ADDR_TEXT_MAX], gateway[INET6_ADDRSTRLEN];
	_cleanup_free_ char *line = NULL;

	inet_ntop(AF_INET6, &via->sin6_addr, gateway, sizeof(gateway));
	line = xasprintf("route replace %s/%d via %s dev %s\n", addr_text(prefix, network),
			 DELEGATE_PREFIX, gateway, d->device);
	netns_ip(d->netns, line, d->clock, NULL);
}

static void serve_one(struct delegate *d)
{
	uint8_t message[MESSAGE_MAX], answer[MESSAGE_MAX];
	struct sockaddr_in6 from;
	socklen_t from_len = sizeof(from);
	struct addr prefix = { 0 };
	ssize_t n =
		recvfrom(d->sock, message, sizeof(message), 0, (struct sockaddr *)&from, &from_len);

	if (n <= 0)
		return;
	size_t len =
		delegate_answer(&d->state, message, (size_t)n, answer, sizeof(answer), &prefix);
	if (prefix.family)
		add_route(d, &prefix, &from);
	if (len)
		sendto(d->sock, answer, len, 0, (struct sockaddr *)&from, from_len);
}

static void *serve(void *arg)
{
	struct delegate *d = arg;
	struct pollfd p[] = { { .fd = d->sock, .events = POLLIN },
			      { .fd = d->stop_fd, .events = POLLIN } };

	while (!p[1].revents) {
		if (poll(p, ARRAY_SIZE(p), -1) > 0 && p[0].revents)
			serve_one(d);
	}
	return NULL;
}

/* Inside the namespace. */
static int open_socket(void *ctx)
{
	struct delegate *d = ctx;
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(SERVER_PORT) };
	struct ipv6_mreq all = { .ipv6mr_interface = if_nametoindex(d->device) };

	d->sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->sock < 0 || inet_pton(AF_INET6, "ff02::1:2", &all.ipv6mr_multiaddr) != 1 ||
	    setsockopt(d->sock, SOL_SOCKET, SO_BINDTODEVICE, d->device,
		       (socklen_t)strlen(d->device)) < 0 ||
	    bind(d->sock, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(d->sock, IPPROTO_IPV6, IPV6_JOIN_GROUP, &all, sizeof(all)) < 0)
		return -1;
	return 0;
}

int delegate_open(int netns, const char *device, const struct addr *pool, const struct clock *clock,
		  struct delegate **ret, struct err **err)
{
	struct delegate *d = xcalloc(1, sizeof(*d));

	d->netns = netns;
	d->clock = clock;
	d->sock = -1;
	d->state.pool = *pool;
	snprintf(d->device, sizeof(d->device), "%s", device);
	d->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (netns_call(netns, open_socket, d) < 0) {
		err_set_errno(err, ERR_INTERNAL,
			      "the provider's DHCPv6 server cannot listen on '%s'", device);
		delegate_free(d);
		return -1;
	}
	if (pthread_create(&d->thread, NULL, serve, d) != 0)
		abort(); /* no memory for a thread is no memory */
	d->serving = true;
	*ret = d;
	return 0;
}

struct delegate *delegate_free(struct delegate *d)
{
	const uint64_t one = 1;

	if (!d)
		return NULL;
	if (d->serving) {
		ssize_t ignored UNUSED = write(d->stop_fd, &one, sizeof(one));
		pthread_join(d->thread, NULL);
	}
	closep(&d->sock);
	closep(&d->stop_fd);
	free(d);
	return NULL;
}
