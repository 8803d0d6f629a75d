#include "render/job.h"

/*
 * Forwarding is not here: nftables.service switches it on once the rules are loaded
 * (firewall_unit.c). A line here would open the house when they are not.
 */
static const char settings[] =
	"# Forwarding is switched on by nftables.service, when the rules are there.\n"
	"# The reverse path is checked by nftables for both families; the kernel's check knows no "
	"marks and would\n"
	"# drop administrators from other networks. The pattern replaces that of systemd's own "
	"50-default.conf.\n"
	"net.ipv4.conf.all.rp_filter = 0\n"
	"net.ipv4.conf.default.rp_filter = 0\n"
	"net.ipv4.conf.*.rp_filter = 0\n"
	"net.ipv4.conf.all.accept_redirects = 0\n"
	"net.ipv4.conf.default.accept_redirects = 0\n"
	"net.ipv4.conf.all.secure_redirects = 0\n"
	"net.ipv4.conf.all.send_redirects = 0\n"
	"net.ipv4.conf.default.send_redirects = 0\n"
	"net.ipv4.conf.all.accept_source_route = 0\n"
	"net.ipv6.conf.all.accept_redirects = 0\n"
	"net.ipv6.conf.default.accept_redirects = 0\n"
	"net.ipv6.conf.all.accept_source_route = 0\n"
	"# Several ports may meet in one switch: answer ARP only for the address of the port that "
	"was asked.\n"
	"net.ipv4.conf.all.arp_ignore = 1\n"
	"net.ipv4.conf.all.arp_announce = 2\n"
	"net.ipv4.tcp_syncookies = 1\n"
	"# These need the module of modules-load.d/router.conf.\n"
	"net.netfilter.nf_conntrack_max = 262144\n"
	"net.netfilter.nf_conntrack_tcp_timeout_established = 7440\n"
	"net.netfilter.nf_conntrack_acct = 1\n";

int sysctl_render(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };
	_cleanup_buf_ struct buf modules = { 0 };

	job_header(j, &b, "#");
	buf_adds(&b, settings);
	if (job_file(j, "/etc/sysctl.d/60-router.conf", &b, err) < 0)
		return -1;
	job_header(j, &modules, "#");
	/* All modules that the rules need, while those of the running kernel are still on the disk.
	 */
	buf_adds(&modules, "nf_conntrack\nnf_tables\n");
	return job_file(j, "/etc/modules-load.d/router.conf", &modules, err);
}
