#include "render/distribution.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct distribution distributions[] = {
	[RENDER_DEBIAN] = {
		.name = "Debian",
		/* dnsmasq-base: the package dnsmasq would start a second server by itself. */
		.packages = LIST("dnscrypt-proxy", "dnsmasq-base", "etckeeper", "git", "nftables"),
		.enable = LIST("dnscrypt-proxy.service", "etckeeper.timer", "nftables-lockdown.service",
			       "nftables.service", "systemd-networkd-wait-online.service",
			       "systemd-networkd.service"),
		.disable = LIST("networking.service"),
		/*
		 * The socket takes 127.0.2.1:53 and hands it over whatever listen_addresses says; systemd-resolved
		 * and resolvconf write their own resolv.conf.
		 */
		.mask = LIST("dnscrypt-proxy-resolvconf.service", "dnscrypt-proxy.socket",
			     "systemd-resolved.service"),
		.absent = LIST("/etc/netplan", "/etc/network/interfaces.d/50-cloud-init"),
		.nft = "/usr/sbin/nft",
		.dnsmasq = "/usr/sbin/dnsmasq",
		.dnscrypt_proxy = "/usr/sbin/dnscrypt-proxy",
		.wait_online = "/usr/lib/systemd/systemd-networkd-wait-online",
		.sysctl = "/usr/lib/systemd/systemd-sysctl",
		.dnsmasq_group = "nogroup",
		.high_package_manager = "apt",
		.low_package_manager = "dpkg",
	},
	[RENDER_ARCH] = {
		.name = "Arch",
		.packages = LIST("dnscrypt-proxy", "dnsmasq", "etckeeper", "git", "nftables"),
		.enable = LIST("dnscrypt-proxy.service", "etckeeper.timer", "nftables-lockdown.service",
			       "nftables.service", "systemd-networkd-wait-online.service",
			       "systemd-networkd.service"),
		.disable = LIST("dnsmasq.service"),
		.mask = LIST("dnscrypt-proxy.socket", "systemd-resolved.service"),
		.absent = LIST("/etc/netplan"),
		.nft = "/usr/bin/nft",
		.dnsmasq = "/usr/bin/dnsmasq",
		.dnscrypt_proxy = "/usr/bin/dnscrypt-proxy",
		.wait_online = "/usr/lib/systemd/systemd-networkd-wait-online",
		.sysctl = "/usr/lib/systemd/systemd-sysctl",
		.dnsmasq_group = "dnsmasq",
		.high_package_manager = "pacman",
		.low_package_manager = "pacman",
	},
};

const struct distribution *distribution_get(enum render_distribution id)
{
	return &distributions[id];
}

int distribution_apply(const struct distribution *d, struct bundle *out, struct err **err)
{
	strv_add_all(&out->packages, d->packages);
	strv_add_all(&out->enable, d->enable);
	strv_add_all(&out->disable, d->disable);
	strv_add_all(&out->mask, d->mask);
	for (size_t i = 0; d->absent[i]; i++)
		if (bundle_absent(out, d->absent[i], err) < 0)
			return -1;
	return 0;
}
