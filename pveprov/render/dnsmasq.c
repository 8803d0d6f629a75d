#include "render/job.h"

#define STATE_DIR "/var/lib/dnsmasq"

static void dns(const struct job *j, const struct recipe_network *n, struct buf *b)
{
	const char *domain = job_domain(n);
	char text[ADDR_TEXT_MAX];

	/* Only what this instance knows is answered here; the rest goes to dnscrypt-proxy, never to
	 * a DHCP's server. */
	buf_addf(b, "domain=%s\nlocal=/%s/\nno-hosts\nno-resolv\nserver=127.0.0.1\nserver=::1\n",
		 domain, domain);
	buf_addf(b, "host-record=%s.%s,%s", j->facts->hostname, domain,
		 addr_text(&n->address.addr, text));
	if (n->address6.addr.family == 6)
		buf_addf(b, ",%s", addr_text(&n->address6.addr, text));
	buf_adds(b, "\ndomain-needed\nbogus-priv\nstop-dns-rebind\nrebind-localhost-ok\n"
		    "cache-size=10000\ndns-forward-max=500\nedns-packet-max=1232\n");
}

/* Names of a network that this one may reach are answered by that network's own instance. */
static void dns_of_others(const struct job *j, const struct recipe_network *n, struct buf *b)
{
	for (size_t i = 0; i < j->router->n_networks; i++) {
		const struct recipe_network *other = &j->router->networks[i];
		char address[ADDR_TEXT_MAX], net[ADDR_TEXT_MAX];

		if (!job_forwards(j, n->interface, other->interface) ||
		    !job_allows(other, RECIPE_ALLOW_DNS))
			continue;
		struct addr_cidr cidr = { addr_network(&other->address), other->address.prefix };
		addr_text(&other->address.addr, address);
		buf_addf(b, "server=/%s/%s\nrev-server=%s,%s\nrebind-domain-ok=/%s/\n",
			 job_domain(other), address, addr_cidr_text(&cidr, net), address,
			 job_domain(other));
	}
}

static void dhcp(const struct recipe_network *n, struct buf *b)
{
	char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX], mask[ADDR_TEXT_MAX], mac[ADDR_MAC_TEXT_MAX];
	struct addr netmask = addr_netmask(4, n->address.prefix);
	const struct recipe_host *hosts = n->hosts.v;
	const char *router = addr_text(&n->address.addr, one);

	buf_addf(b, "dhcp-option=option:router,%s\n", router);
	if (job_allows(n, RECIPE_ALLOW_DNS))
		buf_addf(b,
			 "dhcp-option=option:dns-server,%s\ndhcp-option=option:domain-search,%s\n",
			 router, job_domain(n));
	else
		buf_adds(b, "dhcp-option=option:dns-server\n");
	/* Authoritative: a machine that comes back with a lease we do not know is answered at once.
	 */
	buf_addf(b, "dhcp-authoritative\ndhcp-range=%s,%s,%s,%" PRId64 "\n",
		 addr_text(&n->dhcp.first, one), addr_text(&n->dhcp.last, two),
		 addr_text(&netmask, mask), MAX(n->lease_ms / 1000, INT64_C(120)));
	buf_addf(b, "dhcp-leasefile=" STATE_DIR "/%s.leases\n", n->interface);
	buf_adds(b, "dhcp-name-match=set:bad-name,wpad\ndhcp-name-match=set:bad-name,localhost\n"
		    "dhcp-ignore-names=tag:bad-name\n");
	for (size_t i = 0; i < n->hosts.n; i++)
		buf_addf(b, "dhcp-host=%s,%s,%s\n", addr_mac_text(&hosts[i].mac, mac),
			 hosts[i].name, addr_text(&hosts[i].address, one));
}

static int network(const struct job *j, const struct recipe_network *n, struct err **err)
{
	_cleanup_free_ char *path = xasprintf("/etc/dnsmasq-%s.conf", n->interface);
	_cleanup_buf_ struct buf b = { 0 };

	job_header(j, &b, "#");
	/* Dynamic: starts before its interface exists and survives the loss of it. */
	buf_addf(&b, "interface=%s\nexcept-interface=lo\nbind-dynamic\nlog-facility=-\n",
		 n->interface);
	if (job_allows(n, RECIPE_ALLOW_DNS)) {
		dns(j, n, &b);
		dns_of_others(j, n, &b);
	} else {
		buf_adds(&b, "port=0\n");
	}
	if (n->has_dhcp)
		dhcp(n, &b);
	return job_file(j, path, &b, err);
}

/* Not dnsmasq's debug mode (-d): that runs as root and serves one TCP client at a time. */
static const char unit[] = "[Unit]\n"
			   "Description=DHCP and DNS for %%i\n"
			   "Documentation=man:dnsmasq(8)\n"
			   "After=network-pre.target nftables.service dnscrypt-proxy.service\n"
			   "Wants=nss-lookup.target\n"
			   "Before=nss-lookup.target\n"
			   "StartLimitIntervalSec=0\n"
			   "\n"
			   "[Service]\n"
			   "Type=exec\n"
			   "StateDirectory=dnsmasq\n"
			   "ExecStart=%s --conf-file=/etc/dnsmasq-%%i.conf --keep-in-foreground "
			   "--user=dnsmasq --group=%s --pid-file=\n"
			   "Restart=always\n"
			   "RestartSec=2\n"
			   "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_BIND_SERVICE CAP_NET_RAW "
			   "CAP_SETUID CAP_SETGID CAP_CHOWN "
			   "CAP_DAC_OVERRIDE\n"
			   "NoNewPrivileges=yes\n"
			   "PrivateDevices=yes\n"
			   "PrivateTmp=yes\n"
			   "ProtectSystem=strict\n"
			   "ProtectHome=yes\n"
			   "ProtectKernelTunables=yes\n"
			   "ProtectKernelModules=yes\n"
			   "ProtectControlGroups=yes\n"
			   "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET\n"
			   "RestrictNamespaces=yes\n"
			   "LockPersonality=yes\n"
			   "MemoryDenyWriteExecute=yes\n"
			   "\n"
			   "[Install]\n"
			   "WantedBy=multi-user.target\n";

int dnsmasq_render(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < j->router->n_networks; i++) {
		const struct recipe_network *n = &j->router->networks[i];
		if (!job_serves(n))
			continue;
		if (network(j, n, err) < 0)
			return -1;
		strv_addf(&j->out->enable, "dnsmasq@%s.service", n->interface);
	}
	job_header(j, &b, "#");
	buf_addf(&b, unit, j->distribution->dnsmasq, j->distribution->dnsmasq_group);
	return job_file(j, "/etc/systemd/system/dnsmasq@.service", &b, err);
}
