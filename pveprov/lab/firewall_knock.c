#include "lab/firewall_knock.h"
#include "lab/netns.h"
#include "lab/node_network.h"

#include <netinet/in.h>

enum { KNOCK_S = 1 };

struct firewall_knock {
	struct lab *lab;
	int port, listener, fd; /* fd: of the knock under way; -1: none */
	struct event *answers, *knock;
	bool failed;
};

static socklen_t endpoint(const struct addr *a, int port, struct sockaddr_storage *ret)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	memcpy(&in.sin_addr, a->bytes, 4);
	memcpy(&in6.sin6_addr, a->bytes, 16);
	*ret = (struct sockaddr_storage){ 0 };
	if (a->family == 4)
		memcpy(ret, &in, sizeof(in));
	else
		memcpy(ret, &in6, sizeof(in6));
	return a->family == 4 ? sizeof(in) : sizeof(in6);
}

static void answer(evutil_socket_t fd, short what UNUSED, void *ctx UNUSED)
{
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (peer >= 0)
		close(peer);
}

static void end(struct firewall_knock *k, bool failed)
{
	if (failed != k->failed)
		log_info(k->lab->log, "firewall: new connections to the API are %s", failed ? "refused" : "let in");
	k->failed = failed;
	if (k->knock)
		event_free(k->knock);
	k->knock = NULL;
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

static void knocked(evutil_socket_t fd, short what, void *ctx)
{
	struct firewall_knock *k = ctx;
	int error = ETIMEDOUT;
	socklen_t len = sizeof(error);

	if (what & EV_WRITE)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	end(k, error != 0);
}

void firewall_knock(struct firewall_knock *k)
{
	const struct timeval wait = { .tv_sec = KNOCK_S };
	struct sockaddr_storage from, to;
	struct addr node;

	if (k->fd >= 0 || !addr_parse(network_node_address(k->lab), &node) || node.family != k->lab->world->client.family)
		return;
	socklen_t len = endpoint(&node, k->port, &to);
	endpoint(&k->lab->world->client, 0, &from);
	const struct hypervisor *h = k->lab->hypervisor;
	k->fd = netns_connect_from(h->ops->outside(h), (const void *)&from, (const void *)&to, len);
	if (k->fd < 0) {
		end(k, true);
		return;
	}
	k->knock = event_new(k->lab->base, k->fd, EV_WRITE, knocked, k);
	event_add(k->knock, &wait);
}

bool firewall_knock_failed(const struct firewall_knock *k)
{
	return k->failed;
}

void firewall_knock_forget(struct firewall_knock *k)
{
	if (k)
		end(k, false);
}

struct firewall_knock *firewall_knock_new(struct lab *l, int port)
{
	const struct hypervisor *h = l->hypervisor;
	struct addr any = { .family = l->world->client.family };
	struct sockaddr_storage here;

	if (!h->ops->netns || !h->ops->outside || !any.family)
		return NULL;
	socklen_t len = endpoint(&any, port, &here);
	int fd = netns_listen(h->ops->netns(h), (const void *)&here, len);
	if (fd < 0) {
		log_warning(l->log, "firewall: nobody can listen on port %d of the node", port);
		return NULL;
	}
	struct firewall_knock *k = xcalloc(1, sizeof(*k));
	*k = (struct firewall_knock){ .lab = l, .port = port, .listener = fd, .fd = -1 };
	k->answers = event_new(l->base, fd, EV_READ | EV_PERSIST, answer, NULL);
	event_add(k->answers, NULL);
	return k;
}

struct firewall_knock *firewall_knock_free(struct firewall_knock *k)
{
	if (!k)
		return NULL;
	event_free(k->answers);
	if (k->knock)
		event_free(k->knock);
	if (k->fd >= 0)
		close(k->fd);
	close(k->listener);
	free(k);
	return NULL;
}
