/* libnetfilter_log is used here only. */
#include "lab/firewall_logger.h"
#include "lab/firewall_line.h"
#include "lab/netns.h"

#include <event2/event.h>
#include <fcntl.h>
#include <libnetfilter_log/libnetfilter_log.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

enum { COPY_MAX = 256 /* bytes of a packet: all headers */, MESSAGE_MAX = 64 << 10 };

struct firewall_logger {
	struct nflog_handle *handle;
	struct nflog_g_handle *group;
	struct event *event;
	int names; /* a socket of the namespace: device numbers are names there */
	int file;
};

static const char *device(const struct firewall_logger *g, uint32_t number, struct ifreq *r)
{
	if (!number)
		return NULL;
	*r = (struct ifreq){ .ifr_ifindex = (int)number };
	if (ioctl(g->names, SIOCGIFNAME, r) < 0)
		snprintf(r->ifr_name, sizeof(r->ifr_name), "%u", number); /* it is gone */
	return r->ifr_name;
}

static void append(const struct firewall_logger *g, const struct buf *line)
{
	ssize_t ignored UNUSED = write(g->file, line->data, line->len);
}

static int on_packet(struct nflog_g_handle *group UNUSED, struct nfgenmsg *message, struct nflog_data *d, void *ctx)
{
	struct firewall_logger *g = ctx;
	struct nfulnl_msg_packet_hdr *header = nflog_get_msg_packet_hdr(d);
	_cleanup_buf_ struct buf line = { 0 };
	struct ifreq names[4];
	struct timeval at;
	char *data = NULL;
	int len = nflog_get_payload(d, &data);
	struct firewall_packet p = {
		.prefix = nflog_get_prefix(d),
		.time_s = nflog_get_timestamp(d, &at) == 0 ? at.tv_sec : time(NULL),
		.family = message->nfgen_family,
		.ethertype = header ? ntohs(header->hw_protocol) : 0,
		.in = device(g, nflog_get_indev(d), &names[0]),
		.out = device(g, nflog_get_outdev(d), &names[1]),
		.physin = device(g, nflog_get_physindev(d), &names[2]),
		.physout = device(g, nflog_get_physoutdev(d), &names[3]),
		.mac = (const uint8_t *)nflog_get_msg_packet_hwhdr(d),
		.mark = nflog_get_nfmark(d),
		.data = (const uint8_t *)data,
		.len = len > 0 ? (size_t)len : 0,
	};

	p.mac_len = p.mac ? nflog_get_msg_packet_hwhdrlen(d) : 0;
	firewall_line(&p, &line);
	append(g, &line);
	return 0;
}

static void on_readable(evutil_socket_t fd, short what UNUSED, void *ctx)
{
	struct firewall_logger *g = ctx;
	_cleanup_free_ char *message = xmalloc(MESSAGE_MAX);
	ssize_t n;

	while ((n = recv(fd, message, MESSAGE_MAX, MSG_DONTWAIT)) > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)))
		if (n > 0)
			nflog_handle_packet(g->handle, message, (int)n);
}

/* In the namespace: each of its sockets belongs there for good. */
static int open_sockets(void *ctx)
{
	struct firewall_logger *g = ctx;

	g->names = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	g->handle = nflog_open();
	if (g->names < 0 || !g->handle || fcntl(nflog_fd(g->handle), F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	/* as the real one: what is traced (iptables -j TRACE) comes here, too, but for IPv6 */
	if (nflog_bind_pf(g->handle, AF_INET) < 0 || nflog_bind_pf(g->handle, AF_BRIDGE) < 0)
		return -1;
	g->group = nflog_bind_group(g->handle, FIREWALL_LOG_GROUP);
	/* a threshold of one packet: the kernel otherwise keeps it for up to a second */
	return !g->group || nflog_set_mode(g->group, NFULNL_COPY_PACKET, COPY_MAX) < 0 || nflog_set_qthresh(g->group, 1) < 0 ?
		       -1 :
		       nflog_callback_register(g->group, on_packet, g);
}

int firewall_logger_open(struct event_base *base, int netns, const char *path, struct firewall_logger **ret, struct err **err)
{
	_cleanup_(firewall_logger_freep) struct firewall_logger *g = xcalloc(1, sizeof(*g));
	_cleanup_buf_ struct buf line = { 0 };

	g->names = -1;
	g->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (g->file < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot open '%s'", path);
	if (netns_call(netns, open_sockets, g) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot read what the firewall logs (NFLOG group %d)", FIREWALL_LOG_GROUP);
	g->event = event_new(base, nflog_fd(g->handle), EV_READ | EV_PERSIST, on_readable, g);
	event_add(g->event, NULL);
	firewall_line_status(time(NULL), 5, "starting pvefw logger", &line);
	append(g, &line);
	*ret = TAKE_PTR(g);
	return 0;
}

struct firewall_logger *firewall_logger_free(struct firewall_logger *g)
{
	if (!g)
		return NULL;
	if (g->event)
		event_free(g->event);
	if (g->group)
		nflog_unbind_group(g->group);
	if (g->handle)
		nflog_close(g->handle);
	closep(&g->names);
	closep(&g->file);
	free(g);
	return NULL;
}
