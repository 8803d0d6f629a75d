#include "lab/upstream.h"
#include "base/buf.h"
#include "base/fs.h"
#include "lab/child.h"
#include "lab/delegate.h"
#include "lab/netns.h"
#include "lab/web.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

enum { UP_MS = 30000, LOOK_MS = 50 };

/* Beside each stands its certificate's names, in image/names. */
static const struct upstream_host hosts[] = {
	{ "cloudflare-dns.com", { "1.1.1.1", "1.0.0.1" } },
	{ "dns.google", { "8.8.8.8", "8.8.4.4" } },
	{ "dns.quad9.net", { "9.9.9.9", "149.112.112.112" } },
	{ "example.com", { "81.92.112.10" } },
	{ "one.one.one.one", { "1.1.1.1", "1.0.0.1" } },
	{ "six.example.com", { "2606:4700:4700::1111", "2a0c:5a80:0:80::10" } },
	{ "www.example.com", { "81.92.112.10" } },
	{ 0 },
};

struct upstream {
	struct child *dnsmasq, *dnsdist;
	struct web *web;
	struct delegate *delegate;
};

const struct upstream_host *upstream_hosts(void)
{
	return hosts;
}

/* Its own addresses on the loopback device, its end of each segment. */
static int set_addresses(const struct upstream_spec *s, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };
	char text[ADDR_TEXT_MAX];

	for (const struct upstream_host *h = hosts; h->name; h++)
		for (size_t i = 0; i < ARRAY_SIZE(h->addresses) && h->addresses[i]; i++)
			buf_addf(&b,
				 strchr(h->addresses[i], ':') ? "addr replace %s/128 dev lo nodad\n"
							      : "addr replace %s/32 dev lo\n",
				 h->addresses[i]);
	for (size_t i = 0; i < s->n_links; i++) {
		const struct upstream_link *l = &s->links[i];

		buf_addf(&b, "addr add %s dev %s\n", addr_cidr_text(&l->address, text), l->device);
		if (l->address6.addr.family)
			buf_addf(&b, "addr add %s dev %s nodad\n",
				 addr_cidr_text(&l->address6, text), l->device);
		buf_addf(&b, "link set %s up\n", l->device);
	}
	if (netns_sysctl(s->netns, "net/ipv4/ip_forward", "1", err) < 0 ||
	    netns_sysctl(s->netns, "net/ipv6/conf/all/forwarding", "1", err) < 0)
		return -1;
	return netns_ip(s->netns, buf_text(&b), s->clock, err);
}

static void add_segment(struct buf *b, const struct upstream_link *l)
{
	char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX], mask[ADDR_TEXT_MAX], own[ADDR_TEXT_MAX],
		dns[ADDR_TEXT_MAX];
	struct addr netmask = addr_netmask(4, l->address.prefix);

	buf_addf(b, "dhcp-range=set:%s,%s,%s,%s,12h\n", l->device, addr_text(&l->dhcp.first, first),
		 addr_text(&l->dhcp.last, last), addr_text(&netmask, mask));
	buf_addf(b, "dhcp-option=tag:%s,option:router,%s\n", l->device,
		 addr_text(&l->address.addr, own));
	buf_addf(b, "dhcp-option=tag:%s,option:dns-server,%s\n", l->device,
		 addr_text(l->dns.family ? &l->dns : &l->address.addr, dns));
	if (l->address6.addr.family) {
		struct addr network = addr_network(&l->address6);

		buf_addf(b, "enable-ra\ndhcp-range=%s,ra-only,%d,1h\n", addr_text(&network, first),
			 l->address6.prefix);
	}
}

/* "no-ping": nobody else is on these segments, and the check delays every lease by three seconds.
 */
static int start_dnsmasq(struct upstream *u, const struct upstream_spec *s, struct err **err)
{
	_cleanup_free_ char *conf = fs_join(s->dir, "dnsmasq.conf"),
			    *log = fs_join(s->dir, "dnsmasq.log");
	_cleanup_buf_ struct buf b = { 0 };

	buf_adds(&b, "user=root\ngroup=root\nno-resolv\nno-hosts\nno-ping\nbind-dynamic\ndhcp-"
		     "authoritative\n"
		     "log-facility=-\nlog-dhcp\naddress=/#/\n");
	buf_addf(&b, "dhcp-leasefile=%s/leases\n", s->dir);
	for (const struct upstream_host *h = hosts; h->name; h++)
		for (size_t i = 0; i < ARRAY_SIZE(h->addresses) && h->addresses[i]; i++)
			buf_addf(&b, "host-record=%s,%s\n", h->name, h->addresses[i]);
	for (size_t i = 0; i < s->n_links; i++)
		add_segment(&b, &s->links[i]);
	if (fs_write(conf, b.data, b.len, 0600, err) < 0)
		return -1;
	_cleanup_free_ char *option = xasprintf("--conf-file=%s", conf);
	const char *const argv[] = { "dnsmasq", "--keep-in-foreground", "--pid-file=", option,
				     NULL };
	const struct child_spec spec = { .argv = argv, .output = log, .netns = s->netns };

	return child_start(&spec, &u->dnsmasq, err);
}

/* A string of dnsdist's configuration language (Lua). */
static void add_quoted(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *s);
	}
	buf_addc(b, '"');
}

static int start_dnsdist(struct upstream *u, const struct upstream_spec *s, struct err **err)
{
	_cleanup_free_ char *conf = fs_join(s->dir, "dnsdist.conf"),
			    *log = fs_join(s->dir, "dnsdist.log");
	_cleanup_buf_ struct buf b = { 0 };

	buf_adds(&b, "setSecurityPollSuffix(\"\")\nsetLocal(\"127.0.0.1:5300\")\nsetACL({\"0.0.0.0/"
		     "0\"})\n"
		     "newServer({address=\"127.0.0.1:53\", checkName=\"one.one.one.one.\"})\n"
		     "addDOHLocal(\"0.0.0.0:443\", ");
	add_quoted(&b, s->image->certificate);
	buf_adds(&b, ", ");
	add_quoted(&b, s->image->private_key);
	buf_adds(&b, ", \"/dns-query\")\n");
	if (fs_write(conf, b.data, b.len, 0600, err) < 0)
		return -1;
	const char *const argv[] = {
		"dnsdist", "--supervised", "--disable-syslog", "-C", conf, NULL
	};
	const struct child_spec spec = { .argv = argv, .output = log, .netns = s->netns };

	return child_start(&spec, &u->dnsdist, err);
}

/* Waits until a server of the namespace accepts connections on its loopback, or has died. */
static int wait_up(const struct upstream_spec *s, struct child *c, const char *name, int port,
		   struct err **err)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons((uint16_t)port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct deadline d = deadline_in(s->clock, UP_MS);

	for (;;) {
		_cleanup_close_ int fd =
			netns_connect(s->netns, (const struct sockaddr *)&to, sizeof(to));
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		if (fd >= 0 && poll(&p, 1, LOOK_MS) > 0 && !(p.revents & (POLLERR | POLLHUP)))
			return 0;
		if (!child_alive(c)) {
			_cleanup_free_ char *words = child_last_words(c);
			return err_set(err, ERR_INTERNAL, "'%s' of the made-up internet ended: %s",
				       name, words);
		}
		if (deadline_check(&d, err, "the start of '%s'", name) < 0 ||
		    clock_sleep(s->clock, LOOK_MS, err) < 0)
			return -1;
	}
}

static int start_delegation(struct upstream *u, const struct upstream_spec *s, struct err **err)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i].delegated6.family)
			return delegate_open(s->netns, s->links[i].device, &s->links[i].delegated6,
					     s->clock, &u->delegate, err);
	return 0;
}

int upstream_open(const struct upstream_spec *spec, struct upstream **ret, struct err **err)
{
	_cleanup_(upstream_freep) struct upstream *u = xcalloc(1, sizeof(*u));

	if (set_addresses(spec, err) < 0 || start_dnsmasq(u, spec, err) < 0 ||
	    wait_up(spec, u->dnsmasq, "dnsmasq", 53, err) < 0 || start_dnsdist(u, spec, err) < 0 ||
	    web_open(spec->netns, spec->image->repository, &u->web, err) < 0 ||
	    wait_up(spec, u->dnsdist, "dnsdist", 443, err) < 0 ||
	    start_delegation(u, spec, err) < 0)
		return -1;
	*ret = TAKE_PTR(u);
	return 0;
}

struct upstream *upstream_free(struct upstream *u)
{
	if (!u)
		return NULL;
	child_free(u->dnsdist);
	child_free(u->dnsmasq);
	web_free(u->web);
	delegate_free(u->delegate);
	free(u);
	return NULL;
}
