#include "render/job.h"

/*
 * 05-: before 10-cloud-init-*, 10-netplan-* and whatever a distribution ships; the first file that
 * matches an interface is the only one used.
 */
#define FILE_FORMAT "/etc/systemd/network/05-%s.%s"

/* The mark of connections that came in on the admin interface, and the table that answers them
 * there. */
#define ADMIN_MARK  "0x76"
#define ADMIN_TABLE "76"

/* Nothing that a DHCP server says may touch names, time or the resolver of the router. */
static const char dhcp4[] = "UseDNS=no\n"
			    "RoutesToDNS=no\n"
			    "UseDomains=no\n"
			    "UseHostname=no\n"
			    "UseNTP=no\n"
			    "UseTimezone=no\n"
			    "SendHostname=no\n";

static int put(const struct job *j, const char *interface, const char *type, struct buf *b,
	       struct err **err)
{
	_cleanup_free_ char *path = xasprintf(FILE_FORMAT, interface, type);

	return job_file(j, path, b, err);
}

/* By what stays: the address we chose for a virtual NIC, the place of a passed-through port. Never
 * by eth number. */
static int link_nic(const struct job *j, const struct recipe_nic *nic, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };
	char mac[ADDR_MAC_TEXT_MAX];

	job_header(j, &b, "#");
	buf_addf(&b,
		 "[Match]\nPermanentMACAddress=%s\nType=ether\n\n[Link]\nName=%s\nDescription=%s\n",
		 addr_mac_text(&nic->mac, mac), nic->name, nic->name);
	return put(j, nic->name, "link", &b, err);
}

static int link_port(const struct job *j, const struct render_port *port, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	job_header(j, &b, "#");
	buf_addf(&b, "[Match]\nPath=%s\nType=ether\n\n[Link]\nName=%s\nDescription=%s\n",
		 port->pci_path, port->name, port->name);
	return put(j, port->name, "link", &b, err);
}

static void begin(const struct job *j, struct buf *b, const char *interface, const char *required)
{
	job_header(j, b, "#");
	buf_addf(b, "[Match]\nName=%s\n\n[Link]\nRequiredForOnline=%s\n\n[Network]\n", interface,
		 required);
	buf_adds(b, "LinkLocalAddressing=ipv6\nLLMNR=no\nMulticastDNS=no\n");
}

/*
 * Administrators in other networks: the firewall marks their connections, table 76 sends the
 * answers back through vm0's gateway, though the main table's only default route is wan's.
 */
static void admin_route(struct buf *b, const char *gateway, const char *family)
{
	buf_addf(b, "\n[Route]\nGateway=%s\nTable=" ADMIN_TABLE "\n", gateway);
	buf_addf(b,
		 "\n[RoutingPolicyRule]\nFirewallMark=" ADMIN_MARK "\nTable=" ADMIN_TABLE
		 "\nPriority=76\nFamily=%s\n",
		 family);
}

/* The lease is kept while networkd restarts: our own connection runs over it. */
static void admin_dhcp4(struct buf *b)
{
	buf_addf(b, "\n[DHCPv4]\n%sUseRoutes=no\nUseGateway=no\n", dhcp4);
	admin_route(b, "_dhcp4", "ipv4");
}

static void admin_dynamic6(struct buf *b, bool dhcp)
{
	buf_addf(b,
		 "\n[IPv6AcceptRA]\nUseDNS=no\nUseDomains=no\nUseGateway=no\nUseRoutePrefix=no\n"
		 "DHCPv6Client=%s\n",
		 dhcp ? "always" : "no");
	if (dhcp)
		buf_adds(b, "\n[DHCPv6]\nUseDNS=no\nUseHostname=no\nUseNTP=no\n"
			    "UseDelegatedPrefix=no\n");
	admin_route(b, "_ipv6ra", "ipv6");
}

static int network_admin(const struct job *j, struct err **err)
{
	static const struct recipe_nic port = { .addressing = RECIPE_ADDRESS_DHCP };
	const struct recipe_nic *nic = job_nic(j, j->router->admin);
	_cleanup_buf_ struct buf b = { 0 };
	char text[ADDR_TEXT_MAX];

	if (!nic)
		nic = &port;
	bool dynamic = nic->addressing == RECIPE_ADDRESS_DHCP, dynamic6 = job_admin_dynamic6(j);
	bool dhcp6 = nic->addressing6 == RECIPE_ADDRESS_DHCP;
	begin(j, &b, j->router->admin, "no");
	buf_addf(&b, "IPv6AcceptRA=%s\n", dynamic6 ? "yes" : "no");
	if (nic->addressing6 == RECIPE_ADDRESS_STATIC)
		buf_addf(&b, "Address=%s\n", addr_cidr_text(&nic->address6, text));
	if (nic->addressing == RECIPE_ADDRESS_STATIC)
		buf_addf(&b, "Address=%s\n", addr_cidr_text(&nic->address, text));
	if (dynamic)
		buf_adds(&b, "KeepConfiguration=dhcp-on-stop\n");
	buf_addf(&b, "DHCP=%s\n", dynamic ? (dhcp6 ? "yes" : "ipv4") : (dhcp6 ? "ipv6" : "no"));
	if (dynamic)
		admin_dhcp4(&b);
	else if (nic->gateway.family)
		admin_route(&b, addr_text(&nic->gateway, text), "ipv4");
	if (dynamic6)
		admin_dynamic6(&b, dhcp6);
	else if (nic->gateway6.family)
		admin_route(&b, addr_text(&nic->gateway6, text), "ipv6");
	return put(j, j->router->admin, "network", &b, err);
}

static void wan_dhcp6(struct buf *b)
{
	buf_adds(b, "\n[IPv6AcceptRA]\nUseDNS=no\nUseDomains=no\nDHCPv6Client=always\n");
	buf_adds(b, "\n[DHCPv6]\nUseDNS=no\nUseHostname=no\nUseNTP=no\nPrefixDelegationHint=::/56\n"
		    "WithoutRA=solicit\n");
}

static int network_wan(const struct job *j, struct err **err)
{
	const struct recipe_wan *wan = &j->router->wan;
	bool dhcp = wan->addressing == RECIPE_ADDRESS_DHCP;
	_cleanup_buf_ struct buf b = { 0 };
	char text[ADDR_TEXT_MAX];

	begin(j, &b, wan->interface, "routable");
	buf_addf(&b, "IPv6AcceptRA=%s\n", wan->delegation ? "yes" : "no");
	if (dhcp || wan->delegation)
		buf_addf(&b, "DHCP=%s\n", !wan->delegation ? "ipv4" : dhcp ? "yes" : "ipv6");
	if (wan->addressing == RECIPE_ADDRESS_STATIC) {
		buf_addf(&b, "Address=%s\n", addr_cidr_text(&wan->address, text));
		if (wan->gateway.family)
			buf_addf(&b, "Gateway=%s\n", addr_text(&wan->gateway, text));
	}
	if (dhcp)
		buf_addf(&b, "KeepConfiguration=dhcp-on-stop\n\n[DHCPv4]\n%sRouteMetric=100\n",
			 dhcp4);
	if (wan->delegation)
		wan_dhcp6(&b);
	return put(j, wan->interface, "network", &b, err);
}

/* Router advertisements: from the delegated prefix, from the static one, or both. */
static void network_ipv6(const struct job *j, const struct recipe_network *n, size_t index,
			 struct buf *b)
{
	const struct recipe_wan *wan = &j->router->wan;
	bool fixed = n->address6.addr.family == 6;
	char text[ADDR_TEXT_MAX];

	buf_adds(b, "IPv6SendRA=yes\n");
	if (fixed)
		buf_addf(b, "Address=%s\n", addr_cidr_text(&n->address6, text));
	if (wan->delegation)
		buf_addf(b,
			 "DHCPPrefixDelegation=yes\n\n[DHCPPrefixDelegation]\nUplinkInterface=%s\n"
			 "SubnetId=0x%zx\nToken=static:::1\nAnnounce=yes\n",
			 wan->interface, index);
	buf_adds(b, "\n[IPv6SendRA]\nManaged=no\nOtherInformation=no\n");
	/* Without an uplink there is no way to the IPv6 internet through us. */
	if (!wan->delegation)
		buf_adds(b, "RouterLifetimeSec=0\n");
	if (job_allows(n, RECIPE_ALLOW_DNS))
		buf_addf(b, "EmitDNS=yes\nDNS=_link_local\nEmitDomains=yes\nDomains=%s\n",
			 job_domain(n));
	else
		buf_adds(b, "EmitDNS=no\nEmitDomains=no\n");
	/* Longer prefixes are of no use to autoconfiguration, and networkd warns of them. */
	if (fixed && n->address6.prefix <= 64) {
		struct addr_cidr net = { addr_network(&n->address6), n->address6.prefix };
		buf_addf(b, "\n[IPv6Prefix]\nPrefix=%s\nAddressAutoconfiguration=%s\n",
			 addr_cidr_text(&net, text), n->address6.prefix == 64 ? "yes" : "no");
	}
}

static int network_inside(const struct job *j, const struct recipe_network *n, size_t index,
			  struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };
	char text[ADDR_TEXT_MAX];

	begin(j, &b, n->interface, "no");
	/* A port without a cable still has its address; a machine inside is never believed to be a
	 * router. */
	buf_addf(&b, "Address=%s\nConfigureWithoutCarrier=yes\nIPv6AcceptRA=no\n",
		 addr_cidr_text(&n->address, text));
	if (job_ipv6(j, n))
		network_ipv6(j, n, index, &b);
	return put(j, n->interface, "network", &b, err);
}

int networkd_render(const struct job *j, struct err **err)
{
	for (size_t i = 0; i < j->vm->n_nics; i++)
		if (link_nic(j, &j->vm->nics[i], err) < 0)
			return -1;
	for (size_t i = 0; i < j->facts->n_ports; i++)
		if (link_port(j, &j->facts->ports[i], err) < 0)
			return -1;
	if (network_admin(j, err) < 0 || network_wan(j, err) < 0)
		return -1;
	for (size_t i = 0; i < j->router->n_networks; i++)
		if (network_inside(j, &j->router->networks[i], i, err) < 0)
			return -1;
	return 0;
}
